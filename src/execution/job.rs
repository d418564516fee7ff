//! What to run, and as which stages.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use runner::protocol::{Stage, StageLimits, StageName, WindowSize};
use uuid::Uuid;

use super::program::Program;
use crate::images::Image;
use crate::languages::Language;
use crate::languages::spec::StageSpec;
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
    /// Processes and threads at a time; as the language says at first.
    pub processes: u32,
    /// How the program is made, if it is; as the language says at first.
    pub compile: Option<StageSpec>,
    /// How it is run; as the language says at first.
    pub run: StageSpec,
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
            compile: language.spec.compile.clone(),
            run: language.spec.run.clone(),
            language,
        }
    }

    /// The sandbox that this job needs, of this image.
    #[must_use]
    pub fn sandbox(&self, image: &Image) -> SandboxSpec {
        SandboxSpec {
            image: image.id.clone(),
            language: self.language.key.clone(),
            memory: self.first_stage().limits.memory,
            processes: self.processes,
            ia32: image.recipe(&self.language).ia32,
        }
    }

    /// What the caller sent, in bytes, which is kept until the job has run.
    #[must_use]
    pub fn size(&self) -> u64 {
        let args: usize = self.args.iter().map(String::len).sum();
        let environment: usize = self.environment.iter().map(|(name, value)| name.len() + value.len()).sum();
        (self.program.size() + args + environment) as u64
    }

    /// The most that its stages may write, in bytes.
    #[must_use]
    pub fn most_output(&self) -> u64 {
        let stages = self.compile.iter().chain([&self.run]);
        stages.map(|stage| stage.limits.output.as_u64()).sum()
    }

    fn first_stage(&self) -> &StageSpec {
        self.compile.as_ref().unwrap_or(&self.run)
    }

    /// Whether the run stage has another memory limit than the compile stage before it.
    pub(super) fn changes_memory(&self) -> bool {
        self.first_stage().limits.memory != self.run.limits.memory
    }

    pub(super) fn stages(&self) -> Vec<Stage> {
        let compile = self.compile.as_ref();
        let compile = compile.map(|spec| self.stage(StageName::Compile, spec, self.changes_memory()));
        let mut run = self.stage(StageName::Run, &self.run, false);
        run.argv.extend(self.args.iter().cloned());
        run.env.extend(self.environment.clone());
        run.terminal = self.terminal;
        compile.into_iter().chain([run]).collect()
    }

    fn stage(&self, stage: StageName, spec: &StageSpec, hold: bool) -> Stage {
        Stage {
            stage,
            argv: self.program.expand(&spec.command, &self.language),
            env: environment(spec),
            limits: StageLimits {
                wall_ms: millis(spec.limits.wall_time),
                cpu_ms: millis(spec.limits.cpu_time),
                output_bytes: spec.limits.output.as_u64(),
            },
            hold,
            terminal: None,
        }
    }

    /// By when the runner itself has ended every stage.
    pub(super) fn longest(&self) -> Duration {
        let compile = self.compile.as_ref().map_or(Duration::ZERO, |spec| spec.limits.wall_time);
        compile + self.run.limits.wall_time
    }
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
