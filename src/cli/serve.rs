//! `dayfly serve`.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bytesize::ByteSize;
use clap::Args;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::flags::ServerFlags;
use super::{Failure, client, logging};
use crate::api::{Api, BodyLimits, Gate, Origins, Proxies, SocketLimits};
use crate::callback::Callbacks;
use crate::causes::with_causes;
use crate::client::Client;
use crate::config::{Config, Isolation, Secret};
use crate::executions::{Executions, Keeping};
use crate::http_server::{self, ConnectionLimits, PlaceLimits};
use crate::keys::{Key, Keys};
use crate::languages::Languages;
use crate::limits::Ceilings;
use crate::metrics::Metrics;
use crate::pool::{PoolLimits, Reuse};
use crate::queue::{QueueLimits, Share};
use crate::rates::Rates;
use crate::sandbox::{Sandboxes, reaper};
use crate::service::Service;
use crate::traces::Traces;
use crate::web_ui::WebUi;

/// How long callbacks may take to be delivered once everything else is over.
const CALLBACK_TIME: Duration = Duration::from_secs(10);
/// Files that are open beside connections: the engine's, and what the page and the runtime need.
const OTHER_FILES: usize = 512;

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
        let (queue, ceilings) = (queue_limits(&config), ceilings(&config));
        let sandboxes = Sandboxes::new(client, config.confinement(), metrics)?;
        let service = Service::new(languages, sandboxes, queue);
        let service = service.with_engine_patience(config.engine_patience);
        let service = match config.compile_cache {
            ByteSize(0) => service,
            room => service.with_compile_cache(room),
        };
        let pool = PoolLimits {
            memory: config.pool_memory,
            least: config.pool_least,
            most: config.pool_most.get(),
            age: config.pool_age,
            making: sandboxes_at_a_time(),
            reuse: (config.isolation == Isolation::World).then_some(Reuse {
                scope: config.isolation_scope,
                runs: config.isolation_runs,
                age: config.pool_age,
            }),
        };
        if pool.reuse.is_some() && pool.memory.as_u64() == 0 {
            return Err("isolation = world keeps sandboxes in the pool: pool-memory must not be 0".into());
        }
        if pool.reuse.is_some() {
            service.needs_worlds().await?;
        }
        let service = Arc::new(if pool.memory.as_u64() > 0 { service.with_pool(pool) } else { service });
        if let Some(jobs) = config.build_images {
            service.build_images(jobs, config.cache);
        }
        let address = listener.local_addr()?;
        tracing::info!("listening on http://{address}");
        say_who_may_ask(address, &config.keys);
        make_room_for(config.max_connections);
        let proxies = Proxies::new(config.trusted_proxies);
        let gate = Gate::new(
            config.keys.clone(),
            Rates::new(config.requests_per_minute, &config.keys),
            Origins::new(&config.cors_origin, address.ip().is_loopback()),
            proxies.clone(),
            ceilings,
        );
        let bodies = BodyLimits { max_body: config.max_body, timeout: config.body_timeout };
        let sockets = SocketLimits {
            per_client: config.sockets_per_client,
            messages_per_second: config.messages_per_second,
            idle: config.socket_idle,
            wall_time: config.interactive_time,
        };
        let keeping = Keeping { time: config.results_kept, memory: config.results_memory };
        let executions = Executions::new(Arc::clone(&service), keeping);
        let secret = config.callback_secret.as_ref().map(Secret::reveal);
        let callbacks = Callbacks::new(secret, config.callback_allow)?;
        let page = WebUi::new(config.web_ui);
        let api = Api::new(Arc::clone(&service), gate, bodies, sockets, page, executions.clone(), callbacks)
            .metrics_open(config.metrics_open);

        let stop = CancellationToken::new();
        let connections = ConnectionLimits {
            head_timeout: config.header_timeout,
            max_head: config.max_header,
            write_timeout: config.write_timeout,
        };
        let places = PlaceLimits {
            most: config.max_connections,
            per_client: config.max_connections_per_client,
            proxies,
        };
        let serving =
            tokio::spawn(http_server::serve(listener, api.router(), connections, places, stop.clone()));
        // Not in the macro: what is not logged is not waited for.
        let name = signals.next().await;
        tracing::info!("{name}: no new requests; waiting for running ones (again to end them now)");
        // Whoever waits in the queue is told; whoever runs may end.
        service.refuse_waiting();
        // Until the last run has ended, whoever asks at /ready is told why nothing new is taken.
        let draining = async {
            service.drained().await;
            stop.cancel();
            serving.await
        };
        tokio::select! {
            ended = tokio::time::timeout(config.drain_time, async { tokio::join!(draining, api.close()).0 }) => match ended {
                Ok(served) => served?,
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

/// How many sandboxes are made ahead at a time: half of the processors are left to programs.
fn sandboxes_at_a_time() -> NonZeroUsize {
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    NonZeroUsize::new(processors / 2).unwrap_or(NonZeroUsize::MIN)
}

fn ceilings(config: &Config) -> Ceilings {
    Ceilings {
        wall_time: config.max_wall_time,
        cpu_time: config.max_cpu_time,
        memory: config.max_memory,
        output: config.max_output,
        processes: config.max_processes,
    }
}

fn queue_limits(config: &Config) -> QueueLimits {
    let share = Share {
        concurrency: config.max_concurrent_per_client,
        max_waiting: Some(config.max_waiting_per_client),
    };
    let of_key = |key: &Key| {
        let concurrency = key.concurrency.or(share.concurrency);
        let max_waiting = key.max_waiting.or(share.max_waiting);
        (Client::Key(Arc::clone(&key.name)), Share { concurrency, max_waiting })
    };
    QueueLimits {
        slots: config.max_concurrent_executions,
        max_waiting: config.max_waiting,
        longest_wait: Some(config.longest_wait),
        share,
        shares: config.keys.iter().map(of_key).collect(),
    }
}

fn say_who_may_ask(address: SocketAddr, keys: &Keys) {
    match keys.iter().len() {
        0 if address.ip().is_loopback() => {
            tracing::info!("only this machine can connect; --host 0.0.0.0 opens the server to others");
        }
        0 => tracing::warn!(
            "whoever reaches {address} can run programs: add keys (`dayfly keys new NAME`), or listen on 127.0.0.1"
        ),
        1 => tracing::info!("1 API key: requests without it are refused"),
        count => tracing::info!("{count} API keys: requests without one are refused"),
    }
}

/// Lets this process open as many files as it may: each connection is one, and each run needs some.
fn make_room_for(connections: NonZeroUsize) {
    let room = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(_, most)| {
        setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
        Ok(most)
    });
    match room {
        Ok(most) if most < (connections.get() + OTHER_FILES) as u64 => tracing::warn!(
            "this process may open {most} files, which is too few for {connections} connections: lower --max-connections, \
             or raise the limit (ulimit -n)"
        ),
        Ok(_) => {}
        Err(error) => tracing::warn!("RLIMIT_NOFILE: {error}"),
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
