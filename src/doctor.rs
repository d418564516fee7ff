//! Looks at the host and proves what it can: attacks are made in sandboxes like everybody's, and what came of them is told.
//!
//! | module | what it looks at |
//! |---|---|
//! | `engine` | the engine: versions, limits, security options, runtimes, storage, its socket |
//! | [`probe`] | the attacks, each with its own judgement |
//! | `prover`, `empty_image` | the sandboxes in which they are made |
//! | `images` | the languages' images |
//! | `host` | the kernel and its settings |

mod empty_image;
mod engine;
mod host;
mod images;
pub mod probe;
mod prover;

use std::time::Duration;

use engine_api::{Client, Deadline, SystemInfo};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::OnceCell;

use self::empty_image::EmptyImage;
use self::probe::Probe;
use self::prover::Prover;
use crate::causes::with_causes;
use crate::languages::Languages;
use crate::sandbox::Confinement;

/// How long any one call to the engine may take.
const CALL_DEADLINE: Duration = Duration::from_secs(30);

/// What a finding is about, in the order in which they are told.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// The engine.
    Engine,
    /// What an attack from inside a sandbox has shown.
    Sandbox,
    /// The languages' images.
    Images,
    /// The host: what could make it harder to break, or quicker.
    Advice,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, and could be better, or could not be proven.
    Warning,
    /// Untrusted code must not, or cannot, be run here.
    Problem,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub group: Group,
    /// What was looked at; the same text in every report.
    pub subject: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What was seen.
    pub seen: String,
    /// What to do, or what else there is to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// What a probe reported, or what each language's image is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Value>,
}

impl Finding {
    fn ok(group: Group, subject: &'static str, seen: impl Into<String>) -> Self {
        Self { group, subject, level: Level::Ok, seen: seen.into(), advice: None, evidence: Vec::new() }
    }

    fn warning(
        group: Group,
        subject: &'static str,
        seen: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { level: Level::Warning, ..Self::ok(group, subject, seen) }.advising(advice)
    }

    fn problem(
        group: Group,
        subject: &'static str,
        seen: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { level: Level::Problem, ..Self::ok(group, subject, seen) }.advising(advice)
    }

    fn advising(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }
}

/// What an examination comes to.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// No problem, though perhaps warnings.
    Well,
    /// At least one problem.
    Problem,
    /// The engine does not answer: nothing could be looked at.
    Unseen,
}

/// All findings of an examination.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What they come to.
    pub verdict: Verdict,
    /// In the order in which they were made.
    pub findings: Vec<Finding>,
}

/// Examines one engine and its host.
#[derive(Debug)]
pub struct Doctor {
    client: Client,
    languages: Languages,
    confinement: Confinement,
    image: EmptyImage,
    prover: OnceCell<Prover>,
}

impl Doctor {
    /// A doctor for the engine behind `client`, whose sandboxes are confined like this.
    #[must_use]
    pub fn new(client: Client, languages: Languages, confinement: Confinement) -> Self {
        let image = EmptyImage::new(client.clone());
        Self { client, languages, confinement, image, prover: OnceCell::new() }
    }

    /// Looks at everything, one thing after the other, and tells each finding as it is made. [`close`](Self::close) has to
    /// follow, also where this future has been dropped.
    pub async fn examine(&self, tell: &(dyn Fn(&Finding) + Sync)) -> Report {
        let mut notes = Notes { tell, findings: Vec::new() };
        match engine::examine(&self.client, self.confinement.runtime.as_deref()).await {
            Ok((findings, info)) => {
                notes.add_all(findings);
                self.examine_host(&info, &mut notes).await;
                let is_well = notes.findings.iter().all(|finding| finding.level < Level::Problem);
                let verdict = if is_well { Verdict::Well } else { Verdict::Problem };
                Report { verdict, findings: notes.findings }
            }
            Err(error) => {
                let advice = "is the Docker Engine running, and may this user open its socket? DOCKER_HOST names another one";
                notes.add(Finding::problem(Group::Engine, "connection", with_causes(&error), advice));
                Report { verdict: Verdict::Unseen, findings: notes.findings }
            }
        }
    }

    async fn examine_host(&self, info: &SystemInfo, notes: &mut Notes<'_>) {
        match self
            .prover
            .get_or_try_init(|| Prover::new(self.client.clone(), self.confinement.clone(), &self.image))
            .await
        {
            Ok(prover) => {
                let cpus = usize::try_from(info.ncpu).unwrap_or_default();
                for probe in Probe::ALL {
                    notes.add_all(prover.prove(probe, cpus).await);
                }
                notes.add_all(prover.link().into_iter().collect());
            }
            Err(error) => notes.add(Finding::problem(
                Group::Sandbox,
                "sandbox",
                format!("none can be prepared: {error}"),
                "nothing can be run until this is solved",
            )),
        }
        notes.add_all(images::examine(&self.client, &self.languages).await);
        notes.add_all(host::examine(std::path::Path::new("/"), info));
    }

    /// Removes whatever the examination made.
    pub async fn close(&self) {
        if let Some(prover) = self.prover.get() {
            prover.close().await;
        }
        match self.image.remove().await {
            // An engine that cannot be reached has made nothing.
            Err(error) if !error.is_unreachable() => {
                tracing::warn!("the probes' image is not removed: {}", with_causes(&error));
            }
            _ => {}
        }
    }
}

/// Findings so far.
struct Notes<'a> {
    tell: &'a (dyn Fn(&Finding) + Sync),
    findings: Vec<Finding>,
}

impl Notes<'_> {
    fn add(&mut self, finding: Finding) {
        (self.tell)(&finding);
        self.findings.push(finding);
    }

    fn add_all(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            self.add(finding);
        }
    }
}

fn deadline() -> Deadline {
    Deadline::after(CALL_DEADLINE)
}
