//! A run of a program on tests: compiled once, then run on each, in one sandbox.

use std::time::Instant;

use runner::protocol::{Command, Event, StageName, StageReport};

use super::conversation::Conversation;
use super::input::{Input, Window, pump};
use super::judge::{KEPT_OUTPUT, TESTS_TIME, TestCase, TestOutcome, TestPlan, Verdict};
use super::{ExecutionError, ExecutionEvent, Outcome, StageOutcome};
use crate::sandbox::LinkEvent;

/// What a stage wrote.
#[derive(Default)]
struct Written {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// Runs the tests of the plan, and tells what the compiler says.
pub(super) async fn run_tests(
    mut conversation: Conversation<'_>,
    plan: &TestPlan,
) -> Result<Outcome, ExecutionError> {
    let compile = match (conversation.replay().await, &conversation.job.compile) {
        (None, Some(_)) => Some(compile(&mut conversation).await?),
        (report, _) => report,
    };
    let has_failed = compile.as_ref().is_some_and(|report| !report.is_success());
    let tests = match has_failed {
        true => plan.cases.iter().map(TestOutcome::skipped).collect(),
        false => judge(&mut conversation, plan, compile.as_ref()).await?,
    };
    conversation.say(&Command::Finish).await?;
    while !matches!(conversation.next().await?, LinkEvent::Control(Event::End)) {}
    Ok(Outcome::of_tests(compile.as_ref(), tests, conversation.isolation()))
}

async fn compile(conversation: &mut Conversation<'_>) -> Result<StageReport, ExecutionError> {
    loop {
        match conversation.next().await? {
            LinkEvent::Output { stderr, data } => {
                conversation.tell(ExecutionEvent::Output { stage: StageName::Compile, stderr, data }).await;
            }
            LinkEvent::Control(Event::StageStart { stage }) => {
                conversation.tell(ExecutionEvent::Stage(stage)).await;
            }
            LinkEvent::Control(Event::StageEnd { report }) => return Ok(report),
            _ => return Err(Conversation::unexpected()),
        }
    }
}

async fn judge(
    conversation: &mut Conversation<'_>,
    plan: &TestPlan,
    compile: Option<&StageReport>,
) -> Result<Vec<TestOutcome>, ExecutionError> {
    // The runner keeps a copy of the files beside them.
    let files = match compile {
        Some(report) => report.remaining_memory_bytes.saturating_mul(2),
        None => conversation.job.program.size().saturating_mul(2),
    };
    let started = Instant::now();
    let mut kept = KEPT_OUTPUT;
    let mut has_failed = false;
    let mut outcomes = Vec::with_capacity(plan.cases.len());
    for case in &plan.cases {
        if (has_failed && plan.stop_on_first_failure) || started.elapsed() >= TESTS_TIME {
            outcomes.push(TestOutcome::skipped(case));
            continue;
        }
        conversation.limit((case.limits.memory, case.processes), files).await?;
        let (report, written) = run_test(conversation, case).await?;
        let outcome = TestOutcome::new(case, &report, &written, &mut kept);
        has_failed |= outcome.verdict != Verdict::Accepted;
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

async fn run_test(
    conversation: &mut Conversation<'_>,
    case: &TestCase,
) -> Result<(StageReport, Written), ExecutionError> {
    conversation.say(&conversation.job.test(case)).await?;
    let window = Window::default();
    let writer = conversation.writer;
    let listening = async {
        let ended = listen(conversation, &window).await;
        // Ends the input, between two writes: half a frame would be the end of the link.
        window.close();
        ended
    };
    let (ended, ()) = tokio::join!(listening, pump(Input::whole(case.input.clone()), writer, &window));
    ended
}

async fn listen(
    conversation: &mut Conversation<'_>,
    window: &Window,
) -> Result<(StageReport, Written), ExecutionError> {
    let mut written = Written::default();
    loop {
        match conversation.next().await? {
            LinkEvent::Output { stderr: false, data } => written.stdout.extend_from_slice(&data),
            LinkEvent::Output { stderr: true, data } => written.stderr.extend_from_slice(&data),
            LinkEvent::Control(Event::StageStart { .. }) => {}
            LinkEvent::Control(Event::StdinWindow { bytes }) => window.grant(bytes),
            LinkEvent::Control(Event::StageEnd { report }) => return Ok((report, written)),
            _ => return Err(Conversation::unexpected()),
        }
    }
}

impl TestOutcome {
    fn new(case: &TestCase, report: &StageReport, written: &Written, kept: &mut usize) -> Self {
        let mut run = StageOutcome::new(report);
        let verdict = case.verdict(run.status, &written.stdout);
        let (stdout, stdout_is_cut) = keep(&written.stdout, kept);
        let (stderr, stderr_is_cut) = keep(&written.stderr, kept);
        let not_started = run.not_started.take();
        Self {
            name: case.name.clone(),
            verdict,
            truncated: run.truncated || stdout_is_cut || stderr_is_cut,
            run: Some(run),
            stdout,
            // A program that could not be started wrote nothing; the kernel's words stand in for it.
            stderr: not_started.unwrap_or(stderr),
        }
    }
}

/// The text of this output, as far as there is still room for it, and whether it was cut.
fn keep(output: &[u8], room: &mut usize) -> (String, bool) {
    let mut text = String::from_utf8_lossy(output).into_owned();
    let length = text.floor_char_boundary(*room);
    let is_cut = length < text.len();
    text.truncate(length);
    text.shrink_to_fit();
    *room -= length;
    (text, is_cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_never_half_a_character() {
        let mut room = 5;
        assert_eq!(keep("ab".as_bytes(), &mut room), ("ab".into(), false));
        assert_eq!(keep("é☃".as_bytes(), &mut room), ("é".into(), true));
        assert_eq!(keep(b"cd", &mut room), ("c".into(), true));
        assert_eq!(keep(b"e", &mut room), (String::new(), true));
        assert_eq!((keep(b"", &mut room), room), ((String::new(), false), 0));
    }
}
