//! `dayfly run FILE`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use bytes::Bytes;
use clap::Args;
use runner::protocol::StageName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;

use super::flags::CommandFlags;
use super::{Failure, client};
use crate::client::Client;
use crate::execution::{Channels, ExecutionEvent, Input, InputSender, Job, Outcome, Program, Status};
use crate::languages::{Language, Languages};
use crate::queue::QueueLimits;
use crate::sandbox::Sandboxes;
use crate::service::Service;

/// dayfly itself failed, and the program's exit code is not known; as with `docker run`.
pub(super) const OWN_FAILURE: u8 = 125;
const COMPILE_ERROR: u8 = 1;
/// As with timeout(1).
const TIME_LIMIT: u8 = 124;
/// Added to a signal's number, as shells do.
const SIGNALED: i32 = 128;

pub(super) const EXIT_CODES: &str = "\
Exit code:
  the program's own; 128 + N when signal N ended it; 124 when its time was over;
  1 when it did not compile; 125 when dayfly itself failed";

#[derive(Args)]
pub(super) struct Run {
    /// The program
    file: PathBuf,
    /// Its language; told by the file's name if not given
    #[arg(long, short)]
    language: Option<String>,
    /// Arguments of the program
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARG")]
    args: Vec<String>,
    #[command(flatten)]
    flags: CommandFlags,
}

impl Run {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let config = self.flags.clone().config()?;
        let languages = Languages::load(config.languages.as_deref())?;
        let language = self.choose(&languages)?;
        let file = self.file.display();
        let code =
            std::fs::read_to_string(&self.file).map_err(|error| format!("{file} cannot be read: {error}"))?;
        let mut job = Job::new(Arc::clone(&language), Program::single(&language, code));
        job.args = self.args;
        let sandboxes = Sandboxes::new(client()?, config.confinement(), Arc::default())?;
        let service = Service::new(languages, sandboxes, QueueLimits::own(std::num::NonZeroUsize::MIN, 0));

        let (input_sender, input) = Input::channel();
        let reading = tokio::spawn(read_stdin(input_sender));
        let (events, received) = mpsc::channel(16);
        let ran = tokio::select! {
            ran = async { tokio::join!(service.run(&Client::Terminal, &job, Channels::batch(input, events)), write_output(received)) } => Some(ran),
            _ = tokio::signal::ctrl_c() => None,
        };
        reading.abort();
        service.close().await;
        match ran {
            Some((outcome, compile)) => {
                let outcome = outcome?;
                if outcome.status == Status::CompileError {
                    let mut stderr = tokio::io::stderr();
                    stderr.write_all(&compile).await?;
                    stderr.flush().await?;
                }
                Ok(ExitCode::from(exit_code(&outcome)))
            }
            None => Ok(ExitCode::from(super::INTERRUPTED)),
        }
    }

    fn choose(&self, languages: &Languages) -> Result<Arc<Language>, Failure> {
        let extension = self.file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let found = match &self.language {
            Some(name) => languages.get(name),
            None => languages.for_extension(extension),
        };
        found.cloned().ok_or_else(|| {
            let what = self.language.clone().unwrap_or_else(|| format!("of {}", self.file.display()));
            format!(
                "the language {what} is not known: --language takes one of {}",
                languages.keys().join(", ")
            )
            .into()
        })
    }
}

async fn read_stdin(sender: InputSender) {
    let mut stdin = tokio::io::stdin();
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = stdin.read(&mut buffer).await {
        if !sender.send(Bytes::copy_from_slice(&buffer[..length])).await {
            return;
        }
    }
}

/// Passes the program's output on, and gives the compiler's, which only matters if it failed.
async fn write_output(mut events: mpsc::Receiver<ExecutionEvent>) -> Vec<u8> {
    let mut stdout = tokio::io::stdout();
    let mut stderr = tokio::io::stderr();
    let mut compile = Vec::new();
    while let Some(event) = events.recv().await {
        let ExecutionEvent::Output { stage, stderr: to_stderr, data } = event else { continue };
        let written = match (stage, to_stderr) {
            (StageName::Compile, _) => {
                compile.extend_from_slice(&data);
                Ok(())
            }
            (StageName::Run, true) => stderr.write_all(&data).await.and(stderr.flush().await),
            (StageName::Run, false) => stdout.write_all(&data).await.and(stdout.flush().await),
        };
        // Nobody reads: as a pipe does, end the program.
        if written.is_err() {
            break;
        }
    }
    compile
}

#[expect(clippy::print_stderr, reason = "the verdict is for the person at the terminal")]
fn exit_code(outcome: &Outcome) -> u8 {
    let last = outcome.last();
    if let Some(message) = last.and_then(|stage| stage.not_started.as_deref()) {
        eprintln!("dayfly: {message}");
    }
    let verdict = match (outcome.status, last.and_then(|stage| stage.time_limit)) {
        (Status::TimeLimit, Some(limit)) => {
            Some(format!("stopped at its {limit:?} time limit").to_lowercase())
        }
        (Status::MemoryLimit, _) => Some("killed at its memory limit".to_owned()),
        (Status::OutputLimit, _) => Some("stopped at its output limit".to_owned()),
        (Status::ProcessLimit, _) => Some("failed at its process limit".to_owned()),
        (Status::CompileError, _) => Some("did not compile".to_owned()),
        _ => None,
    };
    if let Some(verdict) = verdict {
        eprintln!("dayfly: the program {verdict}");
    }
    let ended =
        last.and_then(|stage| stage.exit_code.or_else(|| stage.signal.map(|signal| SIGNALED + signal)));
    match outcome.status {
        Status::TimeLimit => TIME_LIMIT,
        Status::CompileError => COMPILE_ERROR,
        _ => ended.and_then(|code| u8::try_from(code).ok()).unwrap_or(OWN_FAILURE),
    }
}
