//! A run of the stages, once, with one input.

use bytes::BytesMut;
use runner::protocol::{Command, Event, StageName, StageReport};
use tracing::Span;
use tracing::field::Empty;

use super::artifacts::{self, Artifacts};
use super::conversation::Conversation;
use super::input::Window;
use super::{ExecutionError, ExecutionEvent, Job, Outcome};
use crate::sandbox::LinkEvent;
use crate::traces::step;

/// Listens until the run is over, and says what is to be said in between.
pub(super) async fn listen(
    mut conversation: Conversation<'_>,
    window: &Window,
) -> Result<Outcome, ExecutionError> {
    let job = conversation.job;
    let mut current = StageName::Run;
    let mut step = Span::none();
    let mut reports: Vec<StageReport> = conversation.replay().await.into_iter().collect();
    let mut archive = BytesMut::new();
    let mut artifacts = Artifacts::default();
    loop {
        match conversation.next().await? {
            LinkEvent::Output { stderr, data } => {
                conversation.tell(ExecutionEvent::Output { stage: current, stderr, data }).await;
            }
            LinkEvent::Control(Event::StageStart { stage }) => {
                current = stage;
                step = match stage {
                    StageName::Compile => step!("compile", memory = Empty),
                    StageName::Run => step!("run", memory = Empty),
                };
                conversation.tell(ExecutionEvent::Stage(stage)).await;
            }
            LinkEvent::Control(Event::StageEnd { report }) => {
                // The step ends here, not with what follows.
                std::mem::replace(&mut step, Span::none()).record("memory", report.peak_memory_bytes);
                let goes_on = report.is_success() && report.stage == StageName::Compile;
                if goes_on && job.first_limits() != job.run_limits() {
                    conversation.limit(job.run_limits(), report.remaining_memory_bytes).await?;
                    conversation.say(&Command::Continue).await?;
                }
                if !goes_on && job.stays() {
                    conversation.say(&after(&report, job)).await?;
                }
                reports.push(report);
            }
            LinkEvent::Control(Event::StdinWindow { bytes }) => window.grant(bytes),
            LinkEvent::Archive(data) => artifacts::add(&mut archive, &data)?,
            LinkEvent::Control(Event::Collected { skipped, more }) => {
                artifacts = Artifacts::new(std::mem::take(&mut archive), &job.artifacts, skipped, more)?;
            }
            LinkEvent::Control(Event::End) => return Ok(Outcome::new(&reports).with_artifacts(artifacts)),
            LinkEvent::Control(
                Event::Archived { .. }
                | Event::Fault { .. }
                | Event::Hello { .. }
                | Event::Parked { .. }
                | Event::Renewed { .. },
            ) => {
                return Err(Conversation::unexpected());
            }
        }
    }
}

/// What a sandbox that stays is told after its last stage.
fn after(report: &StageReport, job: &Job) -> Command {
    match report.stage {
        StageName::Compile => Command::Finish,
        StageName::Run => Command::Collect {
            patterns: job.artifacts.iter().map(|pattern| pattern.as_str().to_owned()).collect(),
            limits: artifacts::LIMITS,
        },
    }
}
