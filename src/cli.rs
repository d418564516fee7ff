//! The commands of the binary.

mod health;
mod images;
mod languages;
mod run;
mod serve;

use std::io::IsTerminal as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use engine_api::{Client, Endpoint};
use tracing_subscriber::EnvFilter;

use crate::causes::with_causes;
use crate::images::ImageState;
use crate::languages::{Language, Languages};
use crate::sandbox::reaper;

/// The exit code after ctrl-C, as shells have it.
const INTERRUPTED: u8 = 130;

/// What went wrong, for the person at the terminal.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs untrusted code, each run in a container that lives for that run alone.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the HTTP interface
    Serve(serve::Serve),
    /// Ask a server whether it is well, and exit with 0 if it is
    Health(health::Health),
    /// Run one file and exit with its exit code
    #[command(after_help = run::EXIT_CODES)]
    Run(run::Run),
    /// Look after the languages' images
    #[command(subcommand)]
    Images(images::Images),
    /// List the languages, or try them
    Languages(languages::Languages),
    /// Be the first process of a sandbox
    #[command(hide = true)]
    Runner {
        /// The work folder
        work: PathBuf,
    },
    /// Remove what a server leaves when it is killed
    #[command(hide = true)]
    Watch {
        /// The server's instance id
        instance: String,
    },
}

/// Where the server listens.
#[derive(Args)]
struct ListenAddress {
    /// The address that the server listens on; other machines reach it only on another one than the default
    #[arg(long, env = "DAYFLY_HOST", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// The port that the server listens on; 0 takes a free one
    #[arg(long, env = "PORT", default_value_t = 3000)]
    port: u16,
}

impl ListenAddress {
    fn address(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }
}

/// Where languages come from.
#[derive(Args)]
struct LanguageSource {
    /// A folder of language folders, which add to the built-in ones and replace those of the same name
    #[arg(long, env = "DAYFLY_LANGUAGES", value_name = "DIR")]
    languages: Option<PathBuf>,
}

impl LanguageSource {
    fn load(&self) -> Result<Languages, Failure> {
        Ok(Languages::load(self.languages.as_deref())?)
    }
}

/// What sandboxes are made with.
#[derive(Args)]
struct SandboxOptions {
    /// The OCI runtime of the sandboxes, as the engine knows it (runc, runsc, kata); the engine's default if not given
    #[arg(long, env = "DAYFLY_RUNTIME")]
    runtime: Option<String>,
}

/// Parses the arguments and does what they say.
#[must_use]
pub fn main() -> ExitCode {
    let command = Cli::parse().command;
    // The runner has no use for threads, and must be single-threaded to fork safely.
    if let Command::Runner { work } = command {
        return runner::init::main(&work);
    }
    // Who runs one command wants its answer; who serves wants to see what happens.
    let level = if matches!(command, Command::Serve(_)) { "info" } else { "warn" };
    let filter = EnvFilter::try_from_env("DAYFLY_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let outcome = runtime.block_on(dispatch(command));
    // A read of the terminal cannot be cancelled; do not wait for it.
    runtime.shutdown_background();
    outcome.unwrap_or_else(|error| fail(error.as_ref()))
}

async fn dispatch(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve(serve) => serve.run().await,
        Command::Health(health) => health.run().await,
        Command::Run(run) => run.run().await,
        Command::Images(images) => images.run().await,
        Command::Languages(languages) => languages.run().await,
        Command::Watch { instance } => {
            reaper::watch(&client()?, &instance).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Runner { .. } => Ok(ExitCode::FAILURE),
    }
}

/// The languages of these names, or all, the first in rank first.
fn choose(languages: &Languages, names: &[String]) -> Result<Vec<Arc<Language>>, Failure> {
    if names.is_empty() {
        return Ok(languages.by_rank());
    }
    let find = |name: &String| {
        let known = || format!("there is no language {name}; there are {}", languages.keys().join(", "));
        languages.get(name).cloned().ok_or_else(|| known().into())
    };
    names.iter().map(find).collect()
}

fn state_name(state: &ImageState) -> &'static str {
    match state {
        ImageState::Missing => "missing",
        ImageState::Ready(_) => "ready",
        ImageState::Stale(_) => "stale",
    }
}

#[expect(clippy::print_stdout, reason = "the commands' answers")]
fn print(text: &str) {
    println!("{text}");
}

fn client() -> Result<Client, Failure> {
    Ok(Client::new(Endpoint::from_env()?))
}

#[expect(clippy::print_stderr, reason = "errors are for the person at the terminal")]
fn fail(error: &(dyn std::error::Error + 'static)) -> ExitCode {
    eprintln!("dayfly: error: {}", with_causes(error));
    if let Some(engine_api::Error::Connect { .. }) = error.downcast_ref() {
        eprintln!(
            "Is the Docker Engine running, and may this user open its socket? DOCKER_HOST names another one."
        );
    }
    ExitCode::from(run::OWN_FAILURE)
}
