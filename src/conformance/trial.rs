//! One run of an example.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use runner::protocol::StageName;
use tokio::sync::mpsc;

use crate::causes::with_causes;
use crate::client::Client;
use crate::execution::{
    Channels, Collected, Collector, ExecutionEvent, Input, InputSender, Job, Outcome, Program, SourceFile,
};
use crate::languages::Language;
use crate::service::Service;

/// How long a program has been reading when its input ends without a byte.
const SILENCE: Duration = Duration::from_millis(300);

/// What a program is given to read.
#[derive(Clone, Copy)]
pub(super) enum Feed {
    /// All of it from the start.
    Whole(fn() -> Bytes),
    /// Nothing until it has printed the first text, then the second, and no end before the program's own.
    WhenAsked { prompt: &'static str, answer: &'static str },
    /// Nothing, and after a while the end.
    LateEnd,
}

/// A run that came to its end.
pub(super) struct Trial<'a> {
    pub(super) language: &'a Language,
    pub(super) outcome: Outcome,
    pub(super) collected: Collected,
    /// The text of the program's entry.
    pub(super) source: String,
}

/// The program of this example: a file of that name with any ending, or a folder.
pub(super) fn example(language: &Language, name: &str) -> Result<Program, String> {
    if let Some(file) = language.example(name) {
        return Ok(Program::single(language, Bytes::copy_from_slice(&file.content)));
    }
    let prefix = format!("{name}/");
    let in_folder = |file: &crate::languages::File| {
        let name = file.path.strip_prefix(&prefix)?.to_owned();
        Some(SourceFile { name, content: Bytes::copy_from_slice(&file.content) })
    };
    let files: Vec<SourceFile> = language.examples.iter().filter_map(in_folder).collect();
    if files.is_empty() {
        return Err(format!("examples/{name} is missing"));
    }
    Program::new(language, files, None).map_err(|error| format!("examples/{name}: {error}"))
}

/// Runs `job` to its end.
pub(super) async fn run<'a>(
    service: &Service,
    language: &'a Arc<Language>,
    job: &Job,
    feed: Feed,
) -> Result<Trial<'a>, String> {
    service.fill_pool(language).await.map_err(|error| with_causes(&error))?;
    let (sender, input) = Input::channel();
    let (events, received) = mpsc::channel(64);
    let (relayed, collected) = mpsc::channel(64);
    let (outcome, collected, ()) = tokio::join!(
        service.run(&Client::Terminal, job, Channels::batch(input, events)),
        Collector::default().collect(collected),
        relay(received, relayed, sender, feed),
    );
    Ok(Trial {
        language,
        outcome: outcome.map_err(|error| with_causes(&error))?,
        collected,
        source: job.program.entry_text(),
    })
}

/// Passes events on, and feeds the program on the way.
async fn relay(
    mut events: mpsc::Receiver<ExecutionEvent>,
    relayed: mpsc::Sender<ExecutionEvent>,
    sender: InputSender,
    feed: Feed,
) {
    let mut sender = Some(sender);
    let mut printed = Vec::new();
    let mut feeding = None;
    if let Feed::Whole(input) = feed
        && let Some(sender) = sender.take()
    {
        // On a task of its own: the program may want its output read before it reads on.
        feeding = Some(tokio::spawn(async move { sender.send(input()).await }));
    }
    while let Some(event) = events.recv().await {
        match (&event, feed) {
            (ExecutionEvent::Stage(StageName::Run), Feed::LateEnd) => {
                let sender = sender.take();
                feeding = Some(tokio::spawn(async move {
                    tokio::time::sleep(SILENCE).await;
                    sender.is_some()
                }));
            }
            (
                ExecutionEvent::Output { stage: StageName::Run, stderr: false, data },
                Feed::WhenAsked { prompt, answer },
            ) if printed.len() < prompt.len() => {
                printed.extend_from_slice(data);
                if printed.starts_with(prompt.as_bytes())
                    && let Some(sender) = &sender
                {
                    // A program that has ended meanwhile is judged by what it printed.
                    sender.send(Bytes::from_static(answer.as_bytes())).await;
                }
            }
            _ => {}
        }
        // The collector listens until the end.
        let _ = relayed.send(event).await;
    }
    if let Some(feeding) = feeding {
        feeding.abort();
    }
}
