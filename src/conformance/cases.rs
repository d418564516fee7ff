//! The cases of the suite: what is run, and what must come of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::Cell;
use super::trial::{Feed, Trial, example, run};
use crate::execution::{Job, Status};
use crate::languages::Language;
use crate::service::Service;

/// How long the loop may run.
const LOOP_TIME: Duration = Duration::from_secs(2);
const LINE: &str = "0123456789";
const BIG_INPUT: usize = 10_000_000;
const ARGUMENTS: [&str; 3] = ["one", "two words", "dritté"];
const GREETING: &str = "bonjour ☃";
/// How much of an unexpected text is shown.
const SHOWN: usize = 400;

type Verdict = Result<(), String>;
type Judge = fn(&Trial<'_>) -> Verdict;

/// One run, and the cells that it decides.
pub(super) struct Case {
    example: &'static str,
    feed: Feed,
    prepare: fn(&mut Job),
    cells: &'static [(&'static str, Judge)],
}

const NOTHING: Feed = Feed::Whole(Bytes::new);
const AS_IT_IS: fn(&mut Job) = |_| {};

pub(super) const ALL: [Case; 16] = [
    Case { example: "hello", feed: NOTHING, prepare: AS_IT_IS, cells: &[("hello", hello)] },
    Case {
        example: "sample",
        feed: Feed::Whole(|| Bytes::from_static(b"Grace\n")),
        prepare: AS_IT_IS,
        cells: &[("sample", |trial| trial.succeeds("Your name? Hello, Grace!\n"))],
    },
    Case {
        example: "sample",
        feed: Feed::WhenAsked { prompt: "Your name? ", answer: "Ada\n" },
        prepare: AS_IT_IS,
        cells: &[("prompt", |trial| trial.succeeds("Your name? Hello, Ada!\n"))],
    },
    Case {
        example: "echo",
        feed: Feed::Whole(|| Bytes::from_static(b"first\n\n  third\n")),
        prepare: AS_IT_IS,
        cells: &[("echo", |trial| trial.succeeds("first\n\n  third\nend of input\n"))],
    },
    Case {
        example: "echo",
        feed: Feed::LateEnd,
        prepare: AS_IT_IS,
        cells: &[("end-of-input", |trial| trial.succeeds("end of input\n"))],
    },
    Case {
        example: "count",
        feed: Feed::Whole(big_input),
        prepare: AS_IT_IS,
        cells: &[("big-input", |trial| trial.succeeds("10000000\n"))],
    },
    Case {
        example: "arguments",
        feed: NOTHING,
        prepare: |job| {
            job.args = ARGUMENTS.map(str::to_owned).to_vec();
            job.environment.insert("GREETING".into(), GREETING.into());
        },
        cells: &[("arguments", |trial| trial.succeeds(&format!("{}\n{GREETING}\n", ARGUMENTS.join("\n"))))],
    },
    Case {
        example: "unicode",
        feed: Feed::Whole(|| Bytes::from_static("日本語 ñ 🎉\n".as_bytes())),
        prepare: AS_IT_IS,
        cells: &[("unicode", |trial| trial.succeeds("Grüße, 日本語 ñ 🎉!\n"))],
    },
    Case {
        example: "two-files",
        feed: NOTHING,
        prepare: AS_IT_IS,
        cells: &[("two-files", |trial| trial.succeeds("from the other file\n"))],
    },
    Case {
        example: "compile-error",
        feed: NOTHING,
        prepare: AS_IT_IS,
        cells: &[("compile-error", compile_error)],
    },
    Case {
        example: "runtime-error",
        feed: NOTHING,
        prepare: AS_IT_IS,
        cells: &[("runtime-error", runtime_error), ("error-line", error_line)],
    },
    Case { example: "exit-code", feed: NOTHING, prepare: AS_IT_IS, cells: &[("exit-code", exit_code)] },
    Case {
        example: "crash",
        feed: NOTHING,
        prepare: AS_IT_IS,
        cells: &[("crash", |trial| trial.ends_with(&[Status::Signaled]))],
    },
    Case {
        example: "loop",
        feed: NOTHING,
        prepare: |job| job.run.limits.wall_time = LOOP_TIME,
        cells: &[("loop", |trial| {
            trial.ends_with(&[Status::TimeLimit])?;
            trial.printed("looping\n")
        })],
    },
    Case {
        example: "memory",
        feed: NOTHING,
        prepare: AS_IT_IS,
        cells: &[("memory", |trial| trial.ends_with(&[Status::MemoryLimit]))],
    },
    Case { example: "flood", feed: NOTHING, prepare: AS_IT_IS, cells: &[("flood", flood)] },
];

impl Case {
    /// Runs the example and judges it. What the language cannot have is not run.
    pub(super) async fn run(&self, service: &Service, language: &Arc<Language>) -> Vec<(&'static str, Cell)> {
        let mut judged = Vec::with_capacity(self.cells.len());
        let mut applicable = Vec::with_capacity(self.cells.len());
        for (cell, judge) in self.cells {
            match language.spec.not_applicable.get(*cell) {
                Some(reason) => judged.push((*cell, Cell::NotApplicable(reason.clone()))),
                None => applicable.push((*cell, judge)),
            }
        }
        if applicable.is_empty() {
            return judged;
        }
        let trial = self.trial(service, language).await;
        judged.extend(applicable.into_iter().map(|(cell, judge)| {
            let verdict = trial.as_ref().map_err(Clone::clone).and_then(|trial| judge(trial));
            (cell, verdict.map_or_else(Cell::Failed, |()| Cell::Passed))
        }));
        judged
    }

    async fn trial<'a>(&self, service: &Service, language: &'a Arc<Language>) -> Result<Trial<'a>, String> {
        let mut job = Job::new(Arc::clone(language), example(language, self.example)?);
        (self.prepare)(&mut job);
        run(service, language, &job, self.feed).await
    }
}

fn big_input() -> Bytes {
    let line = [&[b'x'; 99][..], b"\n"].concat();
    Bytes::from(line.repeat(BIG_INPUT / line.len()))
}

fn hello(trial: &Trial<'_>) -> Verdict {
    trial.succeeds("Hello, world!\n")?;
    same("the compiler's output", &trial.collected.compile, "")
}

fn compile_error(trial: &Trial<'_>) -> Verdict {
    let (expected, text) = match trial.language.spec.compile {
        Some(_) => (Status::CompileError, &trial.collected.compile),
        None => (Status::RuntimeError, &trial.collected.output),
    };
    trial.ends_with(&[expected])?;
    names_line(trial, text, 2)
}

fn runtime_error(trial: &Trial<'_>) -> Verdict {
    trial.ends_with(&[Status::RuntimeError, Status::Signaled])?;
    trial.printed("before\n")
}

fn error_line(trial: &Trial<'_>) -> Verdict {
    let line = trial.source.lines().position(|line| line.contains("fails here"));
    let line = line.and_then(|index| u32::try_from(index + 1).ok()).ok_or("no line says `fails here`")?;
    names_line(trial, &trial.collected.stderr, line)
}

fn names_line(trial: &Trial<'_>, text: &str, line: u32) -> Verdict {
    match trial.language.spec.error_line(text) {
        Some(found) if found == line => Ok(()),
        found => Err(format!("`locations` finds line {found:?}, not {line}, in {:?}", shown(text))),
    }
}

fn exit_code(trial: &Trial<'_>) -> Verdict {
    trial.ends_with(&[Status::RuntimeError])?;
    trial.printed("leaving\n")?;
    match trial.outcome.last().and_then(|stage| stage.exit_code) {
        Some(7) => Ok(()),
        code => Err(format!("the exit code is {code:?}, not 7")),
    }
}

fn flood(trial: &Trial<'_>) -> Verdict {
    trial.ends_with(&[Status::OutputLimit])?;
    let limit = trial.language.spec.run.limits.output.as_u64();
    let printed = &trial.collected.stdout;
    if printed.len() as u64 != limit {
        return Err(format!("{} bytes were kept, not {limit}", printed.len()));
    }
    match printed.lines().all(|line| LINE.starts_with(line)) {
        true => Ok(()),
        false => Err("what was kept is not what was printed".into()),
    }
}

impl Trial<'_> {
    /// Ends well, with this on standard output and nothing on standard error.
    fn succeeds(&self, expected: &str) -> Verdict {
        self.ends_with(&[Status::Success])?;
        self.printed(expected)?;
        same("standard error", &self.collected.stderr, "")
    }

    fn ends_with(&self, expected: &[Status]) -> Verdict {
        if expected.contains(&self.outcome.status) {
            return Ok(());
        }
        let last = self.outcome.last();
        let not_started = last.and_then(|stage| stage.not_started.as_deref()).unwrap_or_default();
        Err(format!(
            "the status is {:?} (exit code {:?}, signal {:?}), not {expected:?}; output {:?}, compiler {:?} {not_started}",
            self.outcome.status,
            last.and_then(|stage| stage.exit_code),
            last.and_then(|stage| stage.signal),
            shown(&self.collected.output),
            shown(&self.collected.compile),
        ))
    }

    fn printed(&self, expected: &str) -> Verdict {
        same("standard output", &self.collected.stdout, expected)
    }
}

fn same(what: &str, found: &str, expected: &str) -> Verdict {
    match found == expected {
        true => Ok(()),
        false => Err(format!("{what} is {:?}, not {expected:?}", shown(found))),
    }
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}
