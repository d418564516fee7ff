//! Whether a program could be run now, and if not, why.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use engine_api::{Client, Deadline};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::Mutex;

use crate::causes::with_causes;
use crate::images;
use crate::languages::Languages;

/// How long a look at the engine is good for, so that probes cannot load it.
const MEMORY: Duration = Duration::from_secs(2);
/// How long the engine may take. Probes do not wait for long.
const DEADLINE: Duration = Duration::from_secs(3);

/// Whether a program could be run now: the server takes jobs, the engine answers, and the image of at least one language
/// is there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Readiness {
    /// Why not; empty when one could.
    pub reasons: Vec<Reason>,
    /// Languages whose images are not there, by key. Nobody knows while the engine does not answer.
    pub missing: Vec<String>,
}

/// Why no program could be run.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Reason {
    /// Which kind of reason.
    pub code: ReasonCode,
    /// What is wrong and what to do, for people.
    pub message: String,
}

/// The kinds of reasons.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonCode {
    /// The server is about to end.
    Draining,
    /// The engine does not answer, or not in time.
    EngineUnreachable,
    /// No language's image is there.
    ImagesMissing,
}

impl Readiness {
    /// Whether a program could be run.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.reasons.is_empty()
    }
}

/// Looks at the engine now and then, when somebody asks.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    draining: AtomicBool,
    /// Locked while somebody looks: others wait for what is seen.
    last: Mutex<Option<(Instant, Readiness)>>,
}

impl Watch {
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    pub(crate) async fn look(&self, client: &Client, languages: &Languages) -> Readiness {
        let mut last = self.last.lock().await;
        let mut readiness = match &*last {
            Some((seen, readiness)) if seen.elapsed() < MEMORY => readiness.clone(),
            _ => {
                let readiness = look(client, languages).await;
                *last = Some((Instant::now(), readiness.clone()));
                readiness
            }
        };
        if self.is_draining() {
            let message = "the server is about to end: it takes no new runs".to_owned();
            readiness.reasons.insert(0, Reason { code: ReasonCode::Draining, message });
        }
        readiness
    }
}

async fn look(client: &Client, languages: &Languages) -> Readiness {
    let tags = match images::tags(client, Deadline::after(DEADLINE)).await {
        Ok(tags) => tags,
        Err(error) => {
            // Who probes need not be the operator: where the engine is, is for the log.
            tracing::warn!("not ready, since the engine does not answer: {}", with_causes(&error));
            let message =
                "the Docker Engine does not answer: see that it runs, and the server's log".to_owned();
            let reason = Reason { code: ReasonCode::EngineUnreachable, message };
            return Readiness { reasons: vec![reason], missing: Vec::new() };
        }
    };
    let is_missing =
        |key: &String| languages.get(key).is_some_and(|language| !tags.contains(&language.image()));
    let keys = languages.keys().into_iter().map(str::to_owned);
    let missing: Vec<String> = keys.filter(is_missing).collect();
    let mut reasons = Vec::new();
    if languages.keys().len() == missing.len() {
        let message = "no language's image is built: run `dayfly images build` on the server, or wait until it has built one";
        reasons.push(Reason { code: ReasonCode::ImagesMissing, message: message.to_owned() });
    }
    Readiness { reasons, missing }
}
