//! The commands of the binary.

mod config;
mod doctor;
mod flags;
mod health;
mod images;
mod keys;
mod languages;
mod logging;
mod run;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use engine_api::{Client, Endpoint};

use crate::causes::with_causes;
use crate::config::{ConfigError, LogFormat};
use crate::doctor::probe::Probe;
use crate::images::ImageState;
use crate::languages::{Language, Languages};
use crate::sandbox::reaper;

/// The exit code after ctrl-C, as shells have it.
const INTERRUPTED: u8 = 130;
/// The exit code of a command that is not to be understood, as clap has it.
const USAGE: u8 = 2;

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
    /// Show the settings of a server that is started so, and where each comes from
    Config(config::Config),
    /// Ask a server whether it is well, and exit with 0 if it is
    Health(health::Health),
    /// Make API keys
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Run one file and exit with its exit code
    #[command(after_help = run::EXIT_CODES)]
    Run(run::Run),
    /// Look after the languages' images
    #[command(subcommand)]
    Images(images::Images),
    /// List the languages, or try them
    Languages(languages::Languages),
    /// Look at the host, and prove what sandboxes on it stand
    #[command(after_help = doctor::EXIT_CODES)]
    Doctor(doctor::Doctor),
    /// Attack the sandbox that this is in
    #[command(hide = true)]
    Probe {
        /// How
        probe: Probe,
    },
    /// Be the first process of a sandbox
    #[command(hide = true)]
    Runner {
        /// The work folder
        work: PathBuf,
        /// The socket that the server listens to; standard input and output speak to it otherwise
        socket: Option<PathBuf>,
    },
    /// Remove what a server leaves when it is killed
    #[command(hide = true)]
    Watch {
        /// The server's instance id
        instance: String,
        /// The folder of its sockets
        sockets: Option<PathBuf>,
    },
}

/// Parses the arguments and does what they say.
#[must_use]
pub fn main() -> ExitCode {
    let command = Cli::parse().command;
    // The runner has no use for threads, and must be single-threaded to fork safely.
    if let Command::Runner { work, socket } = command {
        return runner::init::main(&work, socket.as_deref());
    }
    // Nor has what attacks a sandbox from inside: it counts threads, and changes what is one process's own.
    if let Command::Probe { probe } = command {
        return probe.attack();
    }
    // A server is told how much to say, by its settings.
    if !matches!(command, Command::Serve(_)) {
        let filter = std::env::var("DAYFLY_LOG").unwrap_or_else(|_| "warn".to_owned());
        if let Err(error) = logging::start(&filter, LogFormat::Text, None) {
            return fail(error.as_ref());
        }
    }
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
        Command::Config(config) => config.run(),
        Command::Health(health) => health.run().await,
        Command::Keys(keys) => keys.run(),
        Command::Run(run) => run.run().await,
        Command::Images(images) => images.run().await,
        Command::Languages(languages) => languages.run().await,
        Command::Doctor(doctor) => doctor.run().await,
        Command::Watch { instance, sockets } => {
            reaper::watch(&client()?, &instance, sockets.as_deref()).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Runner { .. } | Command::Probe { .. } => Ok(ExitCode::FAILURE),
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
    match error.downcast_ref::<ConfigError>() {
        Some(_) => ExitCode::from(USAGE),
        None => ExitCode::from(run::OWN_FAILURE),
    }
}
