//! Every setting there is.

use std::net::IpAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use ipnet::IpNet;

use super::value::{Allows, Isolation, LogFormat, Secret, Value};
use super::{ConfigError, Effective, Layers, Setting};
use crate::keys::Keys;
use crate::limits::LEAST_RUN_MEMORY;
use crate::pool::Scope;
use crate::sandbox::{AppArmorProfile, Confinement, LinkSockets};
use crate::traces::CollectorUrl;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(60 * 60);
/// The longest run that the sandbox is built for.
const LONGEST_RUN: Duration = Duration::from_secs(600);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// `name: type = default, "its-name", "ITS_VARIABLE", and what it may be;` makes a field, and an entry of [`SETTINGS`].
macro_rules! settings {
    ($(
        #[doc = $help:literal]
        $field:ident: $type:ty = $default:literal, $name:literal, $variable:literal
        $(, from $allowed:expr)? $(, bare $bare:literal)? $(, is $secret:ident)?;
    )+) => {
        /// The settings, each one checked.
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub struct Config {$(
            #[doc = $help]
            pub $field: $type,
        )+
            /// The API keys.
            pub keys: Keys,
        }

        /// Every setting there is.
        pub const SETTINGS: &[Setting] = &[$(
            Setting {
                name: $name,
                variable: $variable,
                placeholder: <$type as Value>::PLACEHOLDER,
                default: $default,
                bare: settings!(@bare $($bare)?),
                is_secret: settings!(@secret $($secret)?),
                help: $help,
            },
        )+];

        impl Config {
            /// The settings that these layers say, and what each of them is and why.
            ///
            /// # Errors
            /// A value cannot be meant.
            pub fn read(layers: &Layers) -> Result<(Self, Vec<Effective>), ConfigError> {
                let mut settings = SETTINGS.iter();
                let mut effective = Vec::with_capacity(SETTINGS.len());
                $(
                    let $field = match settings.next() {
                        Some(setting) => {
                            let (value, shown) = layers.value::<$type>(setting, settings!(@allowed $type $(, $allowed)?))?;
                            effective.push(shown);
                            value
                        }
                        None => unreachable!("SETTINGS has an entry for each field"),
                    };
                )+
                Ok((Self { $($field,)+ keys: layers.keys() }, effective))
            }
        }
    };
    (@bare) => { None };
    (@bare $bare:literal) => { Some($bare) };
    (@secret) => { false };
    (@secret secret) => { true };
    (@allowed $type:ty) => { None };
    (@allowed $type:ty, $allowed:expr) => { Some(&$allowed as &dyn Allows<$type>) };
}

const fn some(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => panic!("none at all"),
    }
}

const fn count(number: usize) -> NonZeroUsize {
    match NonZeroUsize::new(number) {
        Some(number) => number,
        None => panic!("a count of nothing"),
    }
}

settings! {
    /// The address to listen on; other machines reach the server only on another one than the default
    host: IpAddr = "127.0.0.1", "host", "DAYFLY_HOST";
    /// The port to listen on; 0 takes a free one
    port: u16 = "3000", "port", "PORT";
    /// How many runs there may be at a time
    max_concurrent_executions: NonZeroUsize = "5", "max-concurrent-executions", "MAX_CONCURRENT_EXECUTIONS",
        from count(1)..=count(1000);
    /// How many runs may wait for their turn
    max_waiting: usize = "100", "max-waiting", "DAYFLY_MAX_WAITING", from 0..=10_000_usize;
    /// How many runs one client may have at a time; as many as there are at all if not given
    max_concurrent_per_client: Option<NonZeroUsize> = "", "max-concurrent-per-client", "DAYFLY_MAX_CONCURRENT_PER_CLIENT",
        from count(1)..=count(1000);
    /// How many runs of one client may wait for their turn
    max_waiting_per_client: usize = "50", "max-waiting-per-client", "DAYFLY_MAX_WAITING_PER_CLIENT", from 0..=10_000_usize;
    /// How long a run may wait for its turn
    longest_wait: Duration = "5m", "longest-wait", "DAYFLY_LONGEST_WAIT", from SECOND..=HOUR;
    /// How long a program may take, by the clock, if a request asks for that; as its language has it if not given
    max_wall_time: Option<Duration> = "", "max-wall-time", "DAYFLY_MAX_WALL_TIME", from SECOND..=LONGEST_RUN;
    /// How much CPU time a program may take, if a request asks for that; as its language has it if not given
    max_cpu_time: Option<Duration> = "", "max-cpu-time", "DAYFLY_MAX_CPU_TIME", from SECOND..=LONGEST_RUN;
    /// How much memory a program may have, if a request asks for that; as its language has it if not given
    max_memory: Option<ByteSize> = "", "max-memory", "DAYFLY_MAX_MEMORY", from LEAST_RUN_MEMORY..=ByteSize::gib(64);
    /// How much a program may write, if a request asks for that; as its language has it if not given
    max_output: Option<ByteSize> = "", "max-output", "DAYFLY_MAX_OUTPUT", from ByteSize::kib(1)..=ByteSize::mib(64);
    /// How many processes and threads a program may have, if a request asks for that; as its language has it if not given
    max_processes: Option<NonZeroU32> = "", "max-processes", "DAYFLY_MAX_PROCESSES", from some(1)..=some(4096);
    /// Origins whose pages may call the server beside its own, with commas between them; * is any
    cors_origin: String = "", "cors-origin", "CORS_ORIGIN";
    /// Networks of proxies, with commas between them, that say truly for whom they ask
    trusted_proxies: Vec<IpNet> = "", "trusted-proxies", "DAYFLY_TRUSTED_PROXIES";
    /// How many requests a minute that run something one client may send, in bursts of as many
    requests_per_minute: NonZeroU32 = "600", "requests-per-minute", "DAYFLY_REQUESTS_PER_MINUTE",
        from some(1)..=some(1_000_000);
    /// How long the body of a request may be
    max_body: ByteSize = "8 MiB", "max-body", "DAYFLY_MAX_BODY", from ByteSize::kib(1)..=ByteSize::mib(256);
    /// How long the body of a request may take to arrive
    body_timeout: Duration = "30s", "body-timeout", "DAYFLY_BODY_TIMEOUT", from SECOND..=HOUR;
    /// How long the first line and the headers of a request may be
    max_header: ByteSize = "32 KiB", "max-header", "DAYFLY_MAX_HEADER", from ByteSize::kib(4)..=ByteSize::mib(1);
    /// How long these may take to arrive, and how long a connection may wait for the next request
    header_timeout: Duration = "10s", "header-timeout", "DAYFLY_HEADER_TIMEOUT", from SECOND..=HOUR;
    /// How long a client may take nothing of a reply
    write_timeout: Duration = "30s", "write-timeout", "DAYFLY_WRITE_TIMEOUT", from SECOND..=HOUR;
    /// How many connections there may be
    max_connections: NonZeroUsize = "4096", "max-connections", "DAYFLY_MAX_CONNECTIONS",
        from count(1)..=count(100_000);
    /// How many connections one address may have, if it is no proxy's
    max_connections_per_client: NonZeroUsize = "256", "max-connections-per-client", "DAYFLY_MAX_CONNECTIONS_PER_CLIENT",
        from count(1)..=count(100_000);
    /// How many interactive connections one address may have
    sockets_per_client: NonZeroUsize = "20", "sockets-per-client", "DAYFLY_SOCKETS_PER_CLIENT",
        from count(1)..=count(100_000);
    /// How many messages a second an interactive client may send
    messages_per_second: NonZeroUsize = "500", "messages-per-second", "DAYFLY_MESSAGES_PER_SECOND",
        from count(1)..=count(100_000);
    /// How long an interactive connection may run nothing
    socket_idle: Duration = "1h", "socket-idle", "DAYFLY_SOCKET_IDLE", from SECOND..=DAY;
    /// How long an interactive program may take, which waits for a person
    interactive_time: Duration = "5m", "interactive-time", "DAYFLY_INTERACTIVE_TIME", from SECOND..=HOUR;
    /// How long the result of an execution that nobody waits for is kept
    results_kept: Duration = "10m", "results-kept", "DAYFLY_RESULTS_KEPT", from SECOND..=DAY;
    /// The memory in which such results are kept, and in which those that wait and run have their output reserved
    results_memory: ByteSize = "128 MiB", "results-memory", "DAYFLY_RESULTS_MEMORY",
        from ByteSize::mib(1)..=ByteSize::gib(64);
    /// The secret that callbacks are signed with; there are none without it
    callback_secret: Option<Secret> = "", "callback-secret", "DAYFLY_CALLBACK_SECRET", is secret;
    /// Networks that callbacks may go to although they are not of the Internet, with commas between them
    callback_allow: Vec<IpNet> = "", "callback-allow", "DAYFLY_CALLBACK_ALLOW";
    /// How long running jobs may take to end once the server has been told to
    drain_time: Duration = "1m", "drain-time", "DAYFLY_DRAIN_TIME", from SECOND..=HOUR;
    /// How long runs wait for an engine that went away, as one that is restarted does; counted from when it did
    engine_patience: Duration = "30s", "engine-patience", "DAYFLY_ENGINE_PATIENCE", from Duration::ZERO..=HOUR;
    /// The memory of sandboxes that wait for whoever asks next; 0 is no such sandbox
    pool_memory: ByteSize = "512 MiB", "pool-memory", "DAYFLY_POOL_MEMORY", from ByteSize::b(0)..=ByteSize::gib(256);
    /// How many sandboxes of each language wait, however rarely it is asked for
    pool_least: usize = "0", "pool-least", "DAYFLY_POOL_LEAST", from 0..=100_usize;
    /// How many sandboxes of each language wait, however often it is asked for
    pool_most: NonZeroUsize = "8", "pool-most", "DAYFLY_POOL_MOST", from count(1)..=count(1000);
    /// How long a sandbox may wait before it is replaced
    pool_age: Duration = "10m", "pool-age", "DAYFLY_POOL_AGE", from SECOND..=DAY;
    /// What stands between two runs: a container for each, or a world for each in one container of their tenant's
    isolation: Isolation = "container", "isolation", "DAYFLY_ISOLATION";
    /// With isolation = world, whose runs share containers: those of one API key, or all, if they are of one tenant
    isolation_scope: Scope = "key", "isolation-scope", "DAYFLY_ISOLATION_SCOPE";
    /// With isolation = world, how many runs a container serves; how long it does is pool-age
    isolation_runs: NonZeroU32 = "500", "isolation-runs", "DAYFLY_ISOLATION_RUNS", from some(1)..=some(1_000_000);
    /// The memory in which compiled programs are kept for later runs of the same program; 0 keeps none
    compile_cache: ByteSize = "0", "compile-cache", "DAYFLY_COMPILE_CACHE", from ByteSize::b(0)..=ByteSize::gib(64);
    /// A folder of language folders, which add to the built-in ones and replace those of the same name
    languages: Option<PathBuf> = "", "languages", "DAYFLY_LANGUAGES";
    /// The OCI runtime of the sandboxes, as the engine knows it (runc, runsc, kata); the engine's default if not given
    runtime: Option<String> = "", "runtime", "DAYFLY_RUNTIME";
    /// The AppArmor profile of the sandboxes, which the engine's host must have loaded; the engine's own if not given
    apparmor_profile: Option<AppArmorProfile> = "", "apparmor-profile", "DAYFLY_APPARMOR_PROFILE";
    /// The folder of the sockets by which sandboxes are reached; none is to reach them through the engine; dayfly in /run, or what systemd or the session says, if not given
    link_sockets: LinkSockets = "", "link-sockets", "DAYFLY_LINK_SOCKETS";
    /// Build missing images while serving, this many at a time
    build_images: Option<NonZeroUsize> = "", "build-images", "DAYFLY_BUILD_IMAGES", from count(1)..=count(64), bare "1";
    /// Where fetched packages are kept; the user's cache folder if not given
    cache: Option<PathBuf> = "", "cache", "DAYFLY_CACHE";
    /// A folder with the files of the page, read anew for each request; the built-in page if not given
    web_ui: Option<PathBuf> = "", "web-ui", "DAYFLY_WEB_UI";
    /// What is logged: error, warn, info, debug, trace, or a filter as of the tracing-subscriber package
    log: String = "info", "log", "DAYFLY_LOG";
    /// How the log is written: lines for people, or a JSON object in each line
    log_format: LogFormat = "text", "log-format", "DAYFLY_LOG_FORMAT";
    /// Let others than this machine read /metrics
    metrics_open: bool = "false", "metrics-open", "DAYFLY_METRICS_OPEN", bare "true";
    /// The OpenTelemetry collector that gets traces, as OTLP over HTTP; none if not given
    otlp_endpoint: Option<CollectorUrl> = "", "otlp-endpoint", "OTEL_EXPORTER_OTLP_ENDPOINT";
}

impl Config {
    /// What these settings say of the walls of sandboxes.
    #[must_use]
    pub fn confinement(&self) -> Confinement {
        Confinement {
            runtime: self.runtime.clone(),
            apparmor_profile: self.apparmor_profile.clone(),
            link_sockets: self.link_sockets.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names that other servers of this kind, or specifications, have made known.
    const FOREIGN: [&str; 4] =
        ["CORS_ORIGIN", "MAX_CONCURRENT_EXECUTIONS", "OTEL_EXPORTER_OTLP_ENDPOINT", "PORT"];

    #[test]
    fn a_setting_has_one_name() {
        for setting in SETTINGS {
            let own = format!("DAYFLY_{}", setting.name.replace('-', "_").to_uppercase());
            assert!(setting.variable == own || FOREIGN.contains(&setting.variable), "{}", setting.variable);
            assert!(!setting.help.trim().is_empty() && !setting.help.ends_with('.'), "{}", setting.name);
        }
    }

    #[test]
    fn the_defaults_are_settings() {
        let (config, effective) = Config::read(&Layers::default()).unwrap();
        assert!(config.host.is_loopback());
        assert_eq!(effective.len(), SETTINGS.len());
    }
}
