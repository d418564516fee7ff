//! What to run, and as which stages.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytesize::ByteSize;
use runner::pattern::PathPattern;
use runner::protocol::{Command, Stage, StageLimits, StageName, WindowSize};
use uuid::Uuid;

use super::artifacts::LIMITS as ARTIFACT_LIMITS;
use super::judge::{KEPT_OUTPUT, TestCase, TestPlan};
use super::program::Program;
use crate::images::Image;
use crate::languages::Language;
use crate::languages::spec::StageSpec;
use crate::limits::{Allowance, Limits};
use crate::sandbox::Parking;
use crate::sandbox::hardening::{SandboxSpec, WORK};

/// What to run.
#[derive(Clone, Debug)]
pub struct Job {
    /// Names the run in logs and replies.
    pub id: Uuid,
    /// In which language.
    pub language: Arc<Language>,
    /// The program.
    pub program: Program,
    /// Arguments of the program.
    pub args: Vec<String>,
    /// Variables of the run stage, beside the language's and over them.
    pub environment: BTreeMap<String, String>,
    /// The terminal that the program gets in place of pipes.
    pub terminal: Option<WindowSize>,
    /// Processes and threads at a time while the sandbox starts and the program is made; as the language says at first.
    pub processes: u32,
    /// The same while it runs.
    pub run_processes: u32,
    /// How the program is made, if it is; as the language says at first.
    pub compile: Option<StageSpec>,
    /// How it is run; as the language says at first.
    pub run: StageSpec,
    /// Which of the files that it leaves are sent back, where it is not run on tests.
    pub artifacts: Vec<PathPattern>,
    /// What it is run on, in place of one input.
    pub tests: Option<TestPlan>,
}

/// What a caller asked for beside a verdict.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Asked {
    /// A verdict for each test.
    pub tests: bool,
    /// Files that the program makes.
    pub artifacts: bool,
}

impl Job {
    /// The job of running `program` as its language says.
    #[must_use]
    pub fn new(language: Arc<Language>, program: Program) -> Self {
        Self {
            id: Uuid::new_v4(),
            program,
            args: Vec::new(),
            environment: BTreeMap::new(),
            terminal: None,
            processes: language.spec.processes,
            run_processes: language.spec.processes,
            compile: language.spec.compile.clone(),
            run: language.spec.run.clone(),
            artifacts: Vec::new(),
            tests: None,
            language,
        }
    }

    /// The job of running an empty program: what a sandbox is made for before there is one.
    #[must_use]
    pub fn blank(language: &Arc<Language>) -> Self {
        Self::new(Arc::clone(language), Program::single(language, ""))
    }

    /// The sandbox that this job needs, of this image.
    #[must_use]
    pub fn sandbox(&self, image: &Image) -> SandboxSpec {
        SandboxSpec {
            image: image.id.clone(),
            language: self.language.key.clone(),
            memory: self.first_stage().limits.memory,
            processes: self.first_processes(),
            ia32: image.recipe(&self.language).ia32,
        }
    }

    /// The processes that can wait in this job's sandbox for its program, those that the language has.
    #[must_use]
    pub fn parkings(&self) -> Vec<Parking> {
        let specs = self.compile.iter().chain([&self.run]);
        specs.zip(self.stages()).filter_map(|(spec, stage)| self.parking(spec, stage)).collect()
    }

    fn parking(&self, spec: &StageSpec, stage: Stage) -> Option<Parking> {
        let parked = spec.parked.as_ref()?;
        let mut environment = stage.env.clone();
        let variables = parked.environment.iter();
        environment.extend(
            variables.map(|(name, value)| (name.clone(), value.replace("{entry}", self.program.entry()))),
        );
        Some(Parking {
            process: Stage {
                argv: self.program.expand(&parked.command, &self.language),
                env: environment,
                ..stage.clone()
            },
            stage,
            forks: parked.forks,
            entry: parked.awaits.clone().unwrap_or_else(|| self.program.entry().to_owned()),
        })
    }

    /// What its program may use.
    #[must_use]
    pub fn allowance(&self) -> Allowance {
        Allowance { run: self.run.limits, processes: self.run_processes }
    }

    /// Changes what its program may use.
    pub fn allow(&mut self, allowance: Allowance) {
        self.run.limits = allowance.run;
        self.run_processes = allowance.processes;
    }

    /// What the caller asked for beside a verdict.
    #[must_use]
    pub fn asked(&self) -> Asked {
        Asked { tests: self.tests.is_some(), artifacts: !self.artifacts.is_empty() }
    }

    /// What the caller sent, in bytes, which is kept until the job has run.
    #[must_use]
    pub fn size(&self) -> u64 {
        let tests: usize = self.tests.iter().flat_map(|plan| &plan.cases).map(TestCase::size).sum();
        self.program.size() + (size_of_arguments(&self.args, &self.environment) + tests) as u64
    }

    /// The most that its stages may write, in bytes.
    #[must_use]
    pub fn most_output(&self) -> u64 {
        let stages = self.compile.iter().chain([&self.run]);
        stages.map(|stage| stage.limits.output.as_u64()).sum()
    }

    /// The most that is kept of it when it is over, in bytes.
    #[must_use]
    pub fn most_kept(&self) -> u64 {
        let tests = if self.tests.is_some() { KEPT_OUTPUT as u64 } else { 0 };
        let artifacts = if self.artifacts.is_empty() { 0 } else { ARTIFACT_LIMITS.total_bytes };
        self.most_output() + tests + artifacts
    }

    fn first_stage(&self) -> &StageSpec {
        self.compile.as_ref().unwrap_or(&self.run)
    }

    fn first_processes(&self) -> u32 {
        if self.compile.is_some() { self.processes } else { self.run_processes }
    }

    /// The container's limits at its start: memory, and processes.
    pub(crate) fn first_limits(&self) -> (ByteSize, u32) {
        (self.first_stage().limits.memory, self.first_processes())
    }

    /// The container's limits for the run stage.
    pub(super) fn run_limits(&self) -> (ByteSize, u32) {
        (self.run.limits.memory, self.run_processes)
    }

    /// Whether the sandbox waits for more after its stages.
    pub(super) fn stays(&self) -> bool {
        self.tests.is_some() || !self.artifacts.is_empty()
    }

    /// What the runner is told first: the stages, which of them go on in what it parked, and whether it stays for another job.
    pub(crate) fn start(&self, stages: Vec<Stage>, parked: Vec<StageName>, again: bool) -> Command {
        Command::Start { stages, stay: self.stays(), parked, again }
    }

    /// What it is told for one test.
    pub(crate) fn test(&self, case: &TestCase) -> Command {
        Command::Test { stage: self.test_stage(case) }
    }

    /// The stages to start with.
    pub(crate) fn stages(&self) -> Vec<Stage> {
        if self.tests.is_some() {
            return self.compile_stage(false).into_iter().collect();
        }
        let mut run = self.stage(StageName::Run, &self.run, false);
        run.argv.extend(self.args.iter().cloned());
        run.env.extend(self.environment.clone());
        run.terminal = self.terminal;
        let hold = self.first_limits() != self.run_limits();
        self.compile_stage(hold).into_iter().chain([run]).collect()
    }

    fn test_stage(&self, case: &TestCase) -> Stage {
        let mut run = self.stage(StageName::Run, &self.run, false);
        run.argv.extend(case.args.iter().cloned());
        run.env.extend(case.environment.clone());
        run.limits = stage_limits(&case.limits);
        run
    }

    /// The stage that makes the program, if there is one.
    pub(crate) fn compile_stage(&self, hold: bool) -> Option<Stage> {
        self.compile.as_ref().map(|spec| self.stage(StageName::Compile, spec, hold))
    }

    fn stage(&self, stage: StageName, spec: &StageSpec, hold: bool) -> Stage {
        Stage {
            stage,
            argv: self.program.expand(&spec.command, &self.language),
            env: environment(spec),
            limits: stage_limits(&spec.limits),
            hold,
            archive: None,
            terminal: None,
        }
    }

    /// By when the runner itself has ended every stage.
    pub(super) fn longest(&self) -> Duration {
        let compile = self.compile.as_ref().map_or(Duration::ZERO, |spec| spec.limits.wall_time);
        let run = self.tests.as_ref().map_or(self.run.limits.wall_time, TestPlan::longest);
        compile + run
    }
}

fn stage_limits(limits: &Limits) -> StageLimits {
    StageLimits {
        wall_ms: millis(limits.wall_time),
        cpu_ms: millis(limits.cpu_time),
        output_bytes: limits.output.as_u64(),
    }
}

/// How many bytes of arguments and variables there are.
pub(super) fn size_of_arguments(args: &[String], environment: &BTreeMap<String, String>) -> usize {
    let variables = environment.iter().map(|(name, value)| name.len() + value.len());
    args.iter().map(String::len).chain(variables).sum()
}

/// The environment of a stage: nothing of the server's, nothing of the image's.
fn environment(spec: &StageSpec) -> BTreeMap<String, String> {
    let fixed = [
        ("HOME", WORK),
        ("LANG", "C.UTF-8"),
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("USER", "coderunner"),
    ];
    let fixed = fixed.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    fixed.chain(spec.environment.clone()).collect()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
