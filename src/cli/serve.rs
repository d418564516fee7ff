//! `dayfly serve`.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt as _;
use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Failure, LanguageSource, ListenAddress, SandboxOptions, client};
use crate::api::{Api, Origins, SocketLimits};
use crate::causes::with_causes;
use crate::sandbox::{Sandboxes, reaper};
use crate::service::Service;
use crate::web_ui::WebUi;

/// How long running jobs may take to end once the server has been told to.
const DRAIN: Duration = Duration::from_secs(60);

#[derive(Args)]
pub(super) struct Serve {
    #[command(flatten)]
    listen: ListenAddress,
    /// How many runs there may be at a time
    #[arg(long, env = "MAX_CONCURRENT_EXECUTIONS", default_value = "5", value_name = "RUNS")]
    max_concurrent_executions: NonZeroUsize,
    /// How many runs may wait for their turn
    #[arg(long, env = "DAYFLY_MAX_WAITING", default_value_t = 100, value_name = "RUNS")]
    max_waiting: usize,
    /// Origins whose pages may connect beside the server's own, with commas between them; * is any
    #[arg(long, env = "CORS_ORIGIN", default_value = "", hide_default_value = true, value_name = "ORIGINS")]
    cors_origin: String,
    /// How many interactive connections one address may have
    #[arg(long, env = "DAYFLY_SOCKETS_PER_CLIENT", default_value = "20", value_name = "CONNECTIONS")]
    sockets_per_client: NonZeroUsize,
    /// How many messages a second an interactive client may send
    #[arg(long, env = "DAYFLY_MESSAGES_PER_SECOND", default_value = "500", value_name = "MESSAGES")]
    messages_per_second: NonZeroUsize,
    /// How long an interactive connection may run nothing
    #[arg(long, env = "DAYFLY_SOCKET_IDLE", default_value = "1h", value_parser = positive_time, value_name = "TIME")]
    socket_idle: Duration,
    /// How long an interactive program may take, which waits for a person
    #[arg(long, env = "DAYFLY_INTERACTIVE_TIME", default_value = "5m", value_parser = positive_time, value_name = "TIME")]
    interactive_time: Duration,
    /// A folder with the files of the page, read anew for each request; the built-in page if not given
    #[arg(long, env = "DAYFLY_WEB_UI", value_name = "DIR")]
    web_ui: Option<PathBuf>,
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
        let address = self.listen.address();
        let listener = TcpListener::bind(address).await.map_err(|error| {
            format!("cannot listen on {address}: {error}; choose another with --host and --port")
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

        let limits = SocketLimits {
            per_client: self.sockets_per_client,
            messages_per_second: self.messages_per_second,
            idle: self.socket_idle,
            wall_time: self.interactive_time,
        };
        let origins = Origins::new(&self.cors_origin, address.ip().is_loopback());
        let api = Api::new(Arc::clone(&service), limits, origins, WebUi::new(self.web_ui));

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
            ended = tokio::time::timeout(DRAIN, async { tokio::join!(serving, api.close()).0 }) => match ended {
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

/// A length of time that is one, as in `90s` or `1h 30m`.
fn positive_time(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err("it must be longer than nothing".into()),
        Ok(time) => Ok(time),
        Err(error) => Err(error.to_string()),
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
