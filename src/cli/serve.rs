//! `dayfly serve`.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use axum::serve::ListenerExt as _;
use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::flags::ServerFlags;
use super::{Failure, client, logging};
use crate::api::{Api, Origins, SocketLimits};
use crate::causes::with_causes;
use crate::languages::Languages;
use crate::queue::{QueueLimits, Share};
use crate::sandbox::{Sandboxes, reaper};
use crate::service::Service;
use crate::web_ui::WebUi;

#[derive(Args)]
pub(super) struct Serve {
    #[command(flatten)]
    flags: ServerFlags,
}

impl Serve {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let config = self.flags.config()?;
        logging::start(&config.log, config.log_format)?;
        let mut signals = Signals::listen()?;
        let languages = Languages::load(config.languages.as_deref())?;
        let client = client()?;
        let listener =
            TcpListener::bind(SocketAddr::new(config.host, config.port)).await.map_err(|error| {
                format!(
                    "cannot listen on {}:{}: {error}; choose another with --host and --port",
                    config.host, config.port
                )
            })?;
        if let Err(error) = reaper::remove_abandoned(&client).await {
            tracing::warn!("what earlier servers may have left stays: {}", with_causes(&error));
        }
        let sandboxes = Sandboxes::new(client, config.runtime)?;
        let service = Arc::new(Service::new(
            languages,
            sandboxes,
            QueueLimits {
                slots: config.max_concurrent_executions,
                max_waiting: config.max_waiting,
                longest_wait: Some(config.longest_wait),
                share: Share {
                    concurrency: config.max_concurrent_per_client,
                    max_waiting: Some(config.max_waiting_per_client),
                },
                shares: HashMap::new(),
            },
        ));
        if let Some(jobs) = config.build_images {
            service.build_images(jobs, config.cache);
        }
        let address = listener.local_addr()?;
        tracing::info!("listening on http://{address}");
        if address.ip().is_loopback() {
            tracing::info!("only this machine can connect; --host 0.0.0.0 opens the server to others");
        }

        let limits = SocketLimits {
            per_client: config.sockets_per_client,
            messages_per_second: config.messages_per_second,
            idle: config.socket_idle,
            wall_time: config.interactive_time,
        };
        let origins = Origins::new(&config.cors_origin, address.ip().is_loopback());
        let api = Api::new(Arc::clone(&service), limits, origins, WebUi::new(config.web_ui));

        let (stop, mut stopped) = tokio::sync::watch::channel(false);
        let shutdown = async move {
            // An error means that the sender is gone, which is a reason to stop as well.
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        // Of two short messages in a row, the second would wait until the first is acknowledged.
        let listener = listener.tap_io(|connection| {
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!("TCP_NODELAY: {error}");
            }
        });
        let serving = tokio::spawn(
            axum::serve(listener, api.router().into_make_service_with_connect_info::<SocketAddr>())
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
            ended = tokio::time::timeout(config.drain_time, async { tokio::join!(serving, api.close()).0 }) => match ended {
                Ok(served) => served??,
                Err(_) => tracing::warn!("requests still run after {:?}: ending them", config.drain_time),
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
