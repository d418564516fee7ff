//! `dayfly serve`.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt as _;
use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::flags::ServerFlags;
use super::{Failure, client, logging};
use crate::api::{Api, Origins, SocketLimits};
use crate::callback::Callbacks;
use crate::causes::with_causes;
use crate::config::Secret;
use crate::executions::{Executions, Keeping};
use crate::languages::Languages;
use crate::metrics::Metrics;
use crate::sandbox::{Sandboxes, reaper};
use crate::service::Service;
use crate::traces::Traces;
use crate::web_ui::WebUi;

/// How long callbacks may take to be delivered once everything else is over.
const CALLBACK_TIME: Duration = Duration::from_secs(10);

#[derive(Args)]
pub(super) struct Serve {
    #[command(flatten)]
    flags: ServerFlags,
}

impl Serve {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let config = self.flags.config()?;
        let metrics = Arc::new(Metrics::new());
        let (layer, traces) = config.otlp_endpoint.as_ref().map(|url| Traces::start(url, &metrics)).unzip();
        logging::start(&config.log, config.log_format, layer)?;
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
        let sandboxes = Sandboxes::new(client, config.runtime, metrics)?;
        let service =
            Service::new(languages, sandboxes, config.max_concurrent_executions, config.max_waiting);
        let service = Arc::new(service.with_engine_patience(config.engine_patience));
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
        let keeping = Keeping { time: config.results_kept, memory: config.results_memory };
        let executions = Executions::new(Arc::clone(&service), keeping);
        let secret = config.callback_secret.as_ref().map(Secret::reveal);
        let callbacks = Callbacks::new(secret, config.callback_allow.0)?;
        let page = WebUi::new(config.web_ui);
        let api = Api::new(Arc::clone(&service), limits, origins, page, executions.clone(), callbacks)
            .metrics_open(config.metrics_open);

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
        // Not in the macro: what is not logged is not waited for.
        let name = signals.next().await;
        tracing::info!("{name}: no new requests; waiting for running ones (again to end them now)");
        // Whoever waits in the queue is told; whoever runs may end.
        service.refuse_waiting();
        // Until the last run has ended, whoever asks at /ready is told why nothing new is taken.
        let draining = async {
            service.drained().await;
            stop.send_replace(true);
            serving.await
        };
        tokio::select! {
            ended = tokio::time::timeout(config.drain_time, async { tokio::join!(draining, api.close()).0 }) => match ended {
                Ok(served) => served??,
                Err(_) => tracing::warn!("requests still run after {:?}: ending them", config.drain_time),
            },
            name = signals.next() => tracing::warn!("{name} again: ending what runs"),
        }
        executions.end_runs().await;
        let callbacks = async {
            tokio::select! {
                () = executions.close(CALLBACK_TIME) => {}
                name = signals.next() => tracing::warn!("{name}: callbacks are given up"),
            }
        };
        tokio::join!(callbacks, service.close());
        tracing::info!("stopped");
        if let Some(traces) = traces {
            traces.flush().await;
        }
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
