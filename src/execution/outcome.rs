//! How a run ended: one taxonomy, everywhere.

use std::time::Duration;

use runner::protocol::{StageEnd, StageName, StageReport, StopReason};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::artifacts::Artifacts;
use super::judge::{TestOutcome, Verdict};

/// The verdict on a run, or on one stage of it.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq)]
#[schemars(rename_all = "kebab-case")]
pub enum Status {
    /// The caller ended it.
    Cancelled,
    /// The compile stage did not succeed; its own status says how.
    CompileError,
    /// The kernel killed a process of it because the memory limit was reached.
    MemoryLimit,
    /// It wrote more than it may; what it wrote up to there is kept.
    OutputLimit,
    /// It failed after the kernel had refused it a process.
    ProcessLimit,
    /// It exited with another code than 0.
    RuntimeError,
    /// A signal ended it that no limit explains.
    Signaled,
    /// It exited with 0.
    Success,
    /// It took longer than it may.
    TimeLimit,
    /// A test's output is not what was expected.
    WrongAnswer,
}

impl Status {
    /// As it is written everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::CompileError => "compile-error",
            Self::MemoryLimit => "memory-limit",
            Self::OutputLimit => "output-limit",
            Self::ProcessLimit => "process-limit",
            Self::RuntimeError => "runtime-error",
            Self::Signaled => "signaled",
            Self::Success => "success",
            Self::TimeLimit => "time-limit",
            Self::WrongAnswer => "wrong-answer",
        }
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Which of the two clocks ran out.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeLimit {
    /// CPU time of all its processes.
    Cpu,
    /// Time from start to end.
    Wall,
}

/// How one stage ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StageOutcome {
    /// Which stage.
    pub stage: StageName,
    /// The verdict.
    pub status: Status,
    /// For [`Status::TimeLimit`], which one.
    pub time_limit: Option<TimeLimit>,
    /// The exit code, if it exited.
    pub exit_code: Option<i32>,
    /// The number of the signal that ended it, if one did.
    pub signal: Option<i32>,
    /// For a program that could not be started, why.
    pub not_started: Option<String>,
    /// Time from start to end.
    pub wall_time: Duration,
    /// CPU time of all its processes.
    pub cpu_time: Duration,
    /// The most memory that was seen in use, in bytes.
    pub peak_memory_bytes: u64,
    /// Whether output was cut off.
    pub truncated: bool,
    /// Whether an earlier run did it, and all of this is about that.
    pub is_cached: bool,
}

/// How a run ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outcome {
    /// The verdict.
    pub status: Status,
    /// The compile stage, if the language has one.
    pub compile: Option<StageOutcome>,
    /// The run stage, if it came to that.
    pub run: Option<StageOutcome>,
    /// The tests, if the program was run on tests and not once.
    pub tests: Vec<TestOutcome>,
    /// What stands between its tests, if there are any.
    pub isolation: Option<Isolation>,
    /// Files that it made and the caller asked for.
    pub artifacts: Artifacts,
}

/// What stands between the tests of one program.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Isolation {
    /// Their files are put back, and nothing more: the host permits no worlds.
    SharedSandbox,
    /// Each has a world: a user, mount, PID and IPC namespace of its own (namespaces(7)).
    World,
}

impl Isolation {
    /// As replies have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SharedSandbox => "shared-sandbox",
            Self::World => "world",
        }
    }
}

impl Outcome {
    /// What tests and artifacts of it take to keep, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        let tests: usize = self.tests.iter().map(TestOutcome::size).sum();
        (tests + self.artifacts.size()) as u64
    }

    /// The outcome of a run whose stages reported this.
    #[must_use]
    pub fn new(reports: &[StageReport]) -> Self {
        let of = |stage| reports.iter().find(|report| report.stage == stage).map(StageOutcome::new);
        let compile = of(StageName::Compile);
        let run = of(StageName::Run);
        let status = match (&run, &compile) {
            (Some(run), _) => run.status,
            (None, Some(compile)) if !matches!(compile.status, Status::Success | Status::Cancelled) => {
                Status::CompileError
            }
            // Ended by the caller before the program was started.
            (None, _) => Status::Cancelled,
        };
        Self { status, compile, run, tests: Vec::new(), isolation: None, artifacts: Artifacts::default() }
    }

    /// The outcome of a run on tests. Its status is that of the first test that is not accepted.
    pub(super) fn of_tests(
        compile: Option<&StageReport>,
        tests: Vec<TestOutcome>,
        isolation: Isolation,
    ) -> Self {
        let compile = compile.map(StageOutcome::new);
        let status = match &compile {
            Some(compile) if compile.status != Status::Success => Status::CompileError,
            _ => tests.iter().find_map(TestOutcome::failure).unwrap_or(Status::Success),
        };
        let isolation = Some(isolation);
        Self { status, compile, run: None, tests, isolation, artifacts: Artifacts::default() }
    }

    pub(super) fn with_artifacts(self, artifacts: Artifacts) -> Self {
        Self { artifacts, ..self }
    }

    /// Whether every stage ended by itself: no limit was met, and nothing was killed.
    #[must_use]
    pub fn leaves_no_doubt(&self) -> bool {
        let tests = self.tests.iter().filter_map(|test| test.run.as_ref());
        let mut stages = self.compile.iter().chain(&self.run).chain(tests);
        stages.all(|stage| matches!(stage.status, Status::Success | Status::RuntimeError))
    }

    /// The stage that decided: the run stage, or the compile stage that failed.
    #[must_use]
    pub fn last(&self) -> Option<&StageOutcome> {
        self.run.as_ref().or(self.compile.as_ref())
    }
}

impl TestOutcome {
    /// What speaks against the program.
    fn failure(&self) -> Option<Status> {
        match self.verdict {
            Verdict::Accepted => None,
            Verdict::Failed(status) => Some(status),
            // No test failed before it, and it compiled: the time of all tests was over.
            Verdict::Skipped => Some(Status::TimeLimit),
        }
    }
}

impl StageOutcome {
    pub(super) fn new(report: &StageReport) -> Self {
        let (status, time_limit) = verdict(report);
        let (exit_code, signal, not_started) = match &report.end {
            StageEnd::Exited { code } => (Some(*code), None, None),
            StageEnd::Signaled { signal } => (None, Some(*signal), None),
            StageEnd::NotStarted { message } => (None, None, Some(message.clone())),
        };
        Self {
            stage: report.stage,
            status,
            time_limit,
            exit_code,
            signal,
            not_started,
            wall_time: report.wall_time(),
            cpu_time: report.cpu_time(),
            peak_memory_bytes: report.peak_memory_bytes,
            truncated: report.output_cut,
            is_cached: false,
        }
    }
}

fn verdict(report: &StageReport) -> (Status, Option<TimeLimit>) {
    let status = match report.stopped {
        // A process that the kernel killed for its memory says more than how the rest of the stage went on.
        _ if report.oom_kills > 0 => Status::MemoryLimit,
        Some(StopReason::Output) => Status::OutputLimit,
        Some(StopReason::WallTime) => return (Status::TimeLimit, Some(TimeLimit::Wall)),
        Some(StopReason::CpuTime) => return (Status::TimeLimit, Some(TimeLimit::Cpu)),
        Some(StopReason::Request) => Status::Cancelled,
        None => match report.end {
            StageEnd::Exited { code: 0 } => Status::Success,
            _ if report.refused_processes > 0 => Status::ProcessLimit,
            StageEnd::Exited { .. } | StageEnd::NotStarted { .. } if report.stage == StageName::Compile => {
                Status::CompileError
            }
            StageEnd::Exited { .. } | StageEnd::NotStarted { .. } => Status::RuntimeError,
            StageEnd::Signaled { .. } => Status::Signaled,
        },
    };
    (status, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(stage: StageName, end: StageEnd) -> StageReport {
        StageReport {
            stage,
            end,
            stopped: None,
            wall_us: 1,
            user_us: 2,
            system_us: 3,
            peak_memory_bytes: 4,
            remaining_memory_bytes: 0,
            oom_kills: 0,
            refused_processes: 0,
            output_cut: false,
        }
    }

    fn status(change: impl FnOnce(&mut StageReport)) -> Status {
        let mut report = report(StageName::Run, StageEnd::Signaled { signal: 9 });
        change(&mut report);
        Outcome::new(&[report]).status
    }

    #[test]
    fn an_exit_code_or_a_signal_alone_is_no_limit() {
        assert_eq!(status(|_| {}), Status::Signaled);
        assert_eq!(status(|r| r.end = StageEnd::Exited { code: 137 }), Status::RuntimeError);
        assert_eq!(status(|r| r.end = StageEnd::Exited { code: 0 }), Status::Success);
        assert_eq!(status(|r| r.end = StageEnd::NotStarted { message: String::new() }), Status::RuntimeError);
    }

    #[test]
    fn limits_are_told_apart() {
        assert_eq!(status(|r| r.oom_kills = 1), Status::MemoryLimit);
        assert_eq!(status(|r| r.refused_processes = 1), Status::ProcessLimit);
        assert_eq!(status(|r| r.stopped = Some(StopReason::Output)), Status::OutputLimit);
        assert_eq!(status(|r| r.stopped = Some(StopReason::Request)), Status::Cancelled);
        let mut cpu = report(StageName::Run, StageEnd::Signaled { signal: 9 });
        cpu.stopped = Some(StopReason::CpuTime);
        let outcome = Outcome::new(&[cpu]);
        assert_eq!(
            (outcome.status, outcome.run.unwrap().time_limit),
            (Status::TimeLimit, Some(TimeLimit::Cpu))
        );
    }

    #[test]
    fn a_program_that_copes_with_refused_processes_succeeds() {
        let coped = status(|r| {
            r.refused_processes = 5;
            r.end = StageEnd::Exited { code: 0 };
        });
        assert_eq!(coped, Status::Success);
    }

    #[test]
    fn a_compile_stage_that_the_caller_ends_is_no_error() {
        let mut compile = report(StageName::Compile, StageEnd::Signaled { signal: 9 });
        compile.stopped = Some(StopReason::Request);
        assert_eq!(Outcome::new(&[compile]).status, Status::Cancelled);
    }

    #[test]
    fn a_compile_stage_that_fails_makes_a_compile_error_and_keeps_its_own_status() {
        let mut compile = report(StageName::Compile, StageEnd::Exited { code: 1 });
        assert_eq!(Outcome::new(&[compile.clone()]).compile.unwrap().status, Status::CompileError);
        compile.oom_kills = 1;
        let outcome = Outcome::new(&[compile]);
        assert_eq!(outcome.status, Status::CompileError);
        assert_eq!(outcome.last().unwrap().status, Status::MemoryLimit);
    }

    fn test(verdict: Verdict) -> TestOutcome {
        let (name, stdout, stderr) = (String::new(), String::new(), String::new());
        TestOutcome { name, verdict, run: None, stdout, stderr, truncated: false }
    }

    #[test]
    fn the_first_test_that_is_not_accepted_decides() {
        let wrong = Verdict::Failed(Status::WrongAnswer);
        for (verdicts, status) in [
            (vec![Verdict::Accepted, Verdict::Accepted], Status::Success),
            (vec![Verdict::Accepted, wrong, Verdict::Failed(Status::MemoryLimit)], Status::WrongAnswer),
            (vec![Verdict::Failed(Status::MemoryLimit), Verdict::Skipped], Status::MemoryLimit),
            // The time of all tests was over.
            (vec![Verdict::Accepted, Verdict::Skipped], Status::TimeLimit),
        ] {
            let tests = verdicts.into_iter().map(test).collect();
            assert_eq!(Outcome::of_tests(None, tests, Isolation::World).status, status);
        }
        let failed = report(StageName::Compile, StageEnd::Exited { code: 1 });
        let outcome = Outcome::of_tests(Some(&failed), vec![test(Verdict::Skipped)], Isolation::World);
        assert_eq!(outcome.status, Status::CompileError);
    }
}
