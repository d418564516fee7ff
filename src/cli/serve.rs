//! `dayfly serve`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Failure, LanguageSource, SandboxOptions, client};
use crate::api;
use crate::causes::with_causes;
use crate::sandbox::{Sandboxes, reaper};
use crate::service::Service;

/// How long running jobs may take to end once the server has been told to.
const DRAIN: Duration = Duration::from_secs(60);

#[derive(Args)]
pub(super) struct Serve {
    /// The address to listen on; other machines reach the server only on another one than the default
    #[arg(long, env = "DAYFLY_HOST", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// The port to listen on; 0 takes a free one
    #[arg(long, env = "PORT", default_value_t = 3000)]
    port: u16,
    /// How many runs there may be at a time
    #[arg(long, env = "MAX_CONCURRENT_EXECUTIONS", default_value = "5", value_name = "RUNS")]
    max_concurrent_executions: NonZeroUsize,
    /// How many runs may wait for their turn
    #[arg(long, env = "DAYFLY_MAX_WAITING", default_value_t = 100, value_name = "RUNS")]
    max_waiting: usize,
    /// Build missing images while serving, this many at a time
    #[arg(long, env = "DAYFLY_BUILD_IMAGES", value_name = "BUILDS", num_args = 0..=1, default_missing_value = "1")]
    build_images: Option<NonZeroUsize>,
    #[command(flatten)]
    languages: LanguageSource,
    #[command(flatten)]
    sandbox: SandboxOptions,
}

impl Serve {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let mut signals = Signals::listen()?;
        let languages = self.languages.load()?;
        let client = client()?;
        let listener = TcpListener::bind(SocketAddr::new(self.host, self.port)).await.map_err(|error| {
            format!(
                "cannot listen on {}:{}: {error}; choose another with --host and --port",
                self.host, self.port
            )
        })?;
        if let Err(error) = reaper::remove_abandoned(&client).await {
            tracing::warn!("what earlier servers may have left stays: {}", with_causes(&error));
        }
        let sandboxes = Sandboxes::new(client, self.sandbox.runtime)?;
        let service =
            Arc::new(Service::new(languages, sandboxes, self.max_concurrent_executions, self.max_waiting));
        if let Some(jobs) = self.build_images {
            service.build_images(jobs);
        }
        let address = listener.local_addr()?;
        tracing::info!("listening on http://{address}");
        if address.ip().is_loopback() {
            tracing::info!("only this machine can connect; --host 0.0.0.0 opens the server to others");
        }

        let (stop, mut stopped) = tokio::sync::watch::channel(false);
        let shutdown = async move {
            // An error means that the sender is gone, which is a reason to stop as well.
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let serving = tokio::spawn(
            axum::serve(listener, api::router(Arc::clone(&service)))
                .with_graceful_shutdown(shutdown)
                .into_future(),
        );
        tracing::info!(
            "{}: no new requests; waiting for running ones (again to end them now)",
            signals.next().await
        );
        // Whoever waits in the queue is told; whoever runs may end.
        service.refuse_waiting();
        stop.send_replace(true);
        tokio::select! {
            ended = tokio::time::timeout(DRAIN, serving) => match ended {
                Ok(served) => served??,
                Err(_) => tracing::warn!("requests still run after {DRAIN:?}: ending them"),
            },
            name = signals.next() => tracing::warn!("{name} again: ending what runs"),
        }
        service.close().await;
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    }
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// The name of the next signal that asks the server to end.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}
