//! What a toolchain costs: the time of a hello beside what a person would type, and the least it needs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use bytesize::ByteSize;

use super::trial::{Feed, Trial, example, run};
use crate::execution::{Job, Status};
use crate::languages::Language;
use crate::languages::spec::StageSpec;
use crate::limits::Limits;
use crate::service::Service;

const ROUNDS: usize = 7;
/// Limits of memory that are tried, in MiB, the least first.
const MEMORY: [u64; 15] = [8, 12, 16, 24, 32, 48, 64, 96, 128, 160, 192, 256, 384, 512, 768];
/// Limits of processes that are tried, the least first.
const PROCESSES: [u32; 13] = [1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32, 48];
/// Some toolchains wait for ever for a thread that they are refused.
const PATIENCE: Duration = Duration::from_secs(8);

/// Times of one stage of a hello, each the median of some rounds in turns.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// With the command that a person would type, where it is another one.
    pub plain: Option<Duration>,
    /// With the language's own command.
    pub ours: Duration,
}

/// What a toolchain costs.
#[derive(Clone, Debug)]
pub struct Cost {
    /// The language.
    pub language: Arc<Language>,
    /// Its compile stage, if it has one.
    pub compile: Option<Times>,
    /// Its run stage.
    pub run: Option<Times>,
    /// The least memory limit in MiB with which a hello compiles, and with which it runs.
    pub memory_mib: (Option<u64>, Option<u64>),
    /// The least limit of processes with which both stages succeed.
    pub processes: Option<u32>,
}

/// Measures a language.
pub async fn measure(service: &Service, language: &Arc<Language>) -> Cost {
    let mut rounds = [(Vec::new(), Vec::new()), (Vec::new(), Vec::new())];
    for _ in 0..ROUNDS {
        for (plain, (compile, run)) in [false, true].into_iter().zip(&mut rounds) {
            if let Some(trial) = hello(service, language, |job| use_plain(job, plain)).await {
                compile.extend(trial.outcome.compile.map(|stage| stage.wall_time));
                run.extend(trial.outcome.run.map(|stage| stage.wall_time));
            }
        }
    }
    let [(compile, run), (plain_compile, plain_run)] = rounds;
    let plain = &language.spec.plain;
    let compile_memory = match language.spec.compile {
        Some(_) => least(service, language, &MEMORY, limit_compile).await,
        None => None,
    };
    let limit_run = |job: &mut Job, mib| job.run.limits.memory = ByteSize::mib(mib);
    Cost {
        language: Arc::clone(language),
        compile: times(compile, plain_compile, plain.compile.is_some()),
        run: times(run, plain_run, plain.run.is_some()),
        memory_mib: (compile_memory, least(service, language, &MEMORY, limit_run).await),
        processes: least(service, language, &PROCESSES, limit_processes).await,
    }
}

fn limit_processes(job: &mut Job, limit: u32) {
    job.processes = limit;
    job.run_processes = limit;
}

fn use_plain(job: &mut Job, plain: bool) {
    if !plain {
        return;
    }
    let commands = job.language.spec.plain.clone();
    if let (Some(stage), Some(command)) = (&mut job.compile, commands.compile) {
        *stage = plain_stage(command, stage.limits);
    }
    if let Some(command) = commands.run {
        job.run = plain_stage(command, job.run.limits);
    }
}

/// Nobody types our variables, or starts a command ahead of time.
fn plain_stage(command: Vec<String>, limits: Limits) -> StageSpec {
    StageSpec { command, environment: BTreeMap::new(), limits, parked: None }
}

fn limit_compile(job: &mut Job, mib: u64) {
    if let Some(stage) = &mut job.compile {
        stage.limits.memory = ByteSize::mib(mib);
    }
}

async fn hello<'a>(
    service: &Service,
    language: &'a Arc<Language>,
    change: impl FnOnce(&mut Job) + Send,
) -> Option<Trial<'a>> {
    let mut job = Job::new(Arc::clone(language), example(language, "hello").ok()?);
    job.run.limits.wall_time = PATIENCE;
    change(&mut job);
    let trial = run(service, language, &job, Feed::Whole(Bytes::new)).await.ok()?;
    (trial.outcome.status == Status::Success).then_some(trial)
}

/// The least of the limits with which a hello works: more never hurts.
async fn least<T: Copy + Send + Sync>(
    service: &Service,
    language: &Arc<Language>,
    limits: &[T],
    change: fn(&mut Job, T),
) -> Option<T> {
    let mut halving = Halving { too_little: 0, enough: limits.len() };
    while let Some(middle) = halving.next() {
        let works = hello(service, language, |job| change(job, limits[middle])).await.is_some();
        halving.learn(middle, works);
    }
    limits.get(halving.enough).copied()
}

/// A search for the first of some limits that is enough.
struct Halving {
    too_little: usize,
    enough: usize,
}

impl Halving {
    /// Which one to try next.
    fn next(&self) -> Option<usize> {
        (self.too_little < self.enough).then(|| usize::midpoint(self.too_little, self.enough))
    }

    fn learn(&mut self, tried: usize, works: bool) {
        if works { self.enough = tried } else { self.too_little = tried + 1 }
    }
}

fn times(ours: Vec<Duration>, plain: Vec<Duration>, is_other: bool) -> Option<Times> {
    Some(Times { ours: median(ours)?, plain: if is_other { median(plain) } else { None } })
}

fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort();
    times.get(times.len() / 2).copied()
}

/// The costs as a table for the documentation.
#[must_use]
pub fn markdown(costs: &[Cost]) -> String {
    let mut text = "| language | compile, plain | compile | ratio | run, plain | run | ratio | memory to compile | to run \
                    | processes |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
        .to_owned();
    for cost in costs {
        let _ = write!(text, "| {} |", cost.language.key);
        for times in [cost.compile, cost.run] {
            let _ = match times {
                None => write!(text, " | | |"),
                Some(Times { plain: None, ours }) => write!(text, " | {:.0} ms | |", millis(ours)),
                Some(Times { plain: Some(plain), ours }) => {
                    let ratio = millis(ours) / millis(plain);
                    write!(text, " {:.0} ms | {:.0} ms | {ratio:.2} |", millis(plain), millis(ours))
                }
            };
        }
        let mib = |floor: Option<u64>| floor.map_or(String::new(), |mib| format!("{mib} MiB"));
        let (compile, run) = cost.memory_mib;
        let processes = cost.processes.map_or(String::new(), |count| count.to_string());
        let _ = writeln!(text, " {} | {} | {processes} |", mib(compile), mib(run));
    }
    text
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_enough_is_found() {
        for first in 0..=5 {
            let mut halving = Halving { too_little: 0, enough: 5 };
            while let Some(middle) = halving.next() {
                halving.learn(middle, middle >= first);
            }
            assert_eq!(halving.enough, first);
        }
    }
}
