//! A connection to the engine, over whichever transport its endpoint names.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream, tcp, unix};

use crate::endpoint::{Address, Endpoint};

/// A connection to the engine.
#[derive(Debug)]
pub(crate) enum Socket {
    Unix(UnixStream),
    Tcp(TcpStream),
    #[cfg(feature = "tls")]
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

/// Runs a method of whatever the connection is made of.
macro_rules! each {
    ($connection:expr, $inner:ident => $call:expr) => {
        match $connection {
            Self::Unix($inner) => $call,
            Self::Tcp($inner) => $call,
            #[cfg(feature = "tls")]
            Self::Tls($inner) => $call,
        }
    };
}

macro_rules! delegate_read {
    ($type:ty) => {
        impl AsyncRead for $type {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buffer: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                each!(self.get_mut(), inner => Pin::new(inner).poll_read(cx, buffer))
            }
        }
    };
}

macro_rules! delegate_write {
    ($type:ty) => {
        impl AsyncWrite for $type {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                data: &[u8],
            ) -> Poll<io::Result<usize>> {
                each!(self.get_mut(), inner => Pin::new(inner).poll_write(cx, data))
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                each!(self.get_mut(), inner => Pin::new(inner).poll_flush(cx))
            }

            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                each!(self.get_mut(), inner => Pin::new(inner).poll_shutdown(cx))
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                data: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                each!(self.get_mut(), inner => Pin::new(inner).poll_write_vectored(cx, data))
            }

            fn is_write_vectored(&self) -> bool {
                each!(self, inner => inner.is_write_vectored())
            }
        }
    };
}

delegate_read!(Socket);
delegate_write!(Socket);
delegate_read!(ReadHalf);
delegate_write!(WriteHalf);

impl Socket {
    /// Connects to `endpoint`; for TLS, the handshake is part of it.
    pub(crate) async fn connect(endpoint: &Endpoint) -> io::Result<Self> {
        match endpoint.address() {
            Address::Unix(path) => UnixStream::connect(&**path).await.map(Self::Unix),
            Address::Tcp { host, port } => tcp(host, *port).await.map(Self::Tcp),
            #[cfg(feature = "tls")]
            Address::Tls { host, port, config } => {
                let stream = config.connect(host, tcp(host, *port).await?).await?;
                Ok(Self::Tls(Box::new(stream)))
            }
        }
    }

    /// The two directions, for two tasks. Dropping the second half-closes the connection.
    pub(crate) fn into_split(self) -> (ReadHalf, WriteHalf) {
        match self {
            Self::Unix(stream) => {
                let (read, write) = stream.into_split();
                (ReadHalf::Unix(read), WriteHalf::Unix(write))
            }
            Self::Tcp(stream) => {
                let (read, write) = stream.into_split();
                (ReadHalf::Tcp(read), WriteHalf::Tcp(write))
            }
            #[cfg(feature = "tls")]
            Self::Tls(stream) => {
                let (read, write) = tokio::io::split(*stream);
                (ReadHalf::Tls(read), WriteHalf::Tls(TlsWriteHalf(write)))
            }
        }
    }
}

async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    // A typed line is smaller than a packet and must not wait for one.
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl Connection for Socket {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

/// The direction from the engine.
#[derive(Debug)]
pub(crate) enum ReadHalf {
    Unix(unix::OwnedReadHalf),
    Tcp(tcp::OwnedReadHalf),
    #[cfg(feature = "tls")]
    Tls(tokio::io::ReadHalf<tokio_rustls::client::TlsStream<TcpStream>>),
}

/// The direction to the engine. Dropping it half-closes the connection.
#[derive(Debug)]
pub(crate) enum WriteHalf {
    Unix(unix::OwnedWriteHalf),
    Tcp(tcp::OwnedWriteHalf),
    #[cfg(feature = "tls")]
    Tls(TlsWriteHalf),
}

/// As the halves of plain sockets do, it ends its direction when it is dropped.
#[cfg(feature = "tls")]
#[derive(Debug)]
pub(crate) struct TlsWriteHalf(tokio::io::WriteHalf<tokio_rustls::client::TlsStream<TcpStream>>);

#[cfg(feature = "tls")]
impl AsyncWrite for TlsWriteHalf {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, data)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }
}

#[cfg(feature = "tls")]
impl Drop for TlsWriteHalf {
    fn drop(&mut self) {
        // One try: the alert that ends the direction is small, and a socket that cannot take it has other troubles.
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let _ = Pin::new(&mut self.0).poll_shutdown(&mut cx);
    }
}
