//! Makes attacks in sandboxes like everybody's: the same container, the same runner, the same verdicts.
//!
//! The image has nothing in it, so that a proof needs no other: the probe is this very binary, which every sandbox has.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine_api::{
    BuildEvent, Client, Deadline, Error as EngineError, Filters, ImageBuildOptions, TarEntry, TarStream,
};
use thiserror::Error;
use tokio::sync::{Semaphore, mpsc};
use uuid::Uuid;

use super::probe::{Evidence, Probe};
use super::{Finding, Group, deadline};
use crate::causes::with_causes;
use crate::execution::{Channels, Collector, ExecutionError, Input, Job, Program, execute};
use crate::images::Image;
use crate::languages::Language;
use crate::languages::spec::Spec;
use crate::sandbox::hardening::runner_path;
use crate::sandbox::{SandboxError, Sandboxes};

/// The label of images that a doctor made. Its value is another for each, so that none removes another's.
const IMAGE_LABEL: &str = "dayfly.doctor";
/// An examination takes half a minute: an image that is older has no doctor any more.
const ABANDONED_AFTER: Duration = Duration::from_secs(60 * 60);

/// What a probe is for the rest of the program: a language with the limits that a language has if it does not say otherwise.
const PROBE_SPEC: &str =
    "name = 'Probe'\nsource = 'probe'\nimage.base = 'scratch'\nrun.command = ['probe']\n";

/// Why there is no sandbox to make attacks in.
#[derive(Debug, Error)]
pub(super) enum ProverError {
    #[error("the empty image of the probes was not built: {}", with_causes(.0))]
    Image(#[from] EngineError),
    #[error("the engine built the empty image of the probes and names no id")]
    NoImage,
    #[error("the process that outlives a killed doctor was not started: {0}")]
    Watcher(#[from] std::io::Error),
}

/// Why an attack has no outcome.
#[derive(Debug, Error)]
enum ProofError {
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error(transparent)]
    Execution(#[from] ExecutionError),
}

/// Makes attacks, one at a time.
#[derive(Debug)]
pub(super) struct Prover {
    sandboxes: Sandboxes,
    image: Image,
    language: Arc<Language>,
}

impl Prover {
    /// Builds the image.
    pub(super) async fn new(client: Client, runtime: Option<String>) -> Result<Self, ProverError> {
        remove_abandoned(&client).await?;
        let image = Image { id: build(&client).await?, is_stand_in: false, version: None, size_bytes: 0 };
        let language = Language {
            key: "doctor".into(),
            spec: Spec::parse(PROBE_SPEC).expect("a constant text"),
            context: Vec::new(),
            examples: Vec::new(),
        };
        Ok(Self { sandboxes: Sandboxes::new(client, runtime)?, image, language: Arc::new(language) })
    }

    /// Lets `probe` attack and judges what came of it, on a host with so many CPUs.
    pub(super) async fn prove(&self, probe: Probe, host_cpus: usize) -> Vec<Finding> {
        match self.attack(probe, host_cpus).await {
            Ok(evidence) => probe.judge(&evidence),
            Err(error) => {
                let seen = format!("the probe was not run: {}", with_causes(&error));
                let advice = "what a program would meet here is not known; look into the engine's log";
                vec![Finding::problem(Group::Sandbox, probe.subject(), seen, advice)]
            }
        }
    }

    async fn attack(&self, probe: Probe, host_cpus: usize) -> Result<Evidence, ProofError> {
        let mut job = Job::new(Arc::clone(&self.language), Program::single(&self.language, ""));
        job.run.command = vec![runner_path(), "probe".into(), probe.name()];
        job.run.limits = probe.limits(job.run.limits);
        let slots = Arc::new(Semaphore::new(1));
        // A semaphore that nobody closes.
        let slot = slots.acquire_owned().await.map_err(|_| SandboxError::Ended)?;
        let sandbox = self.sandboxes.open(job.sandbox(&self.image), Arc::new(slot)).await?;
        let (events, received) = mpsc::channel(64);
        let ran = execute(sandbox, &job, Channels::batch(Input::whole(Bytes::new()), events));
        let (outcome, collected) = tokio::join!(ran, Collector::default().collect(received));
        let outcome = outcome?;
        Ok(Evidence {
            output_bytes: collected.output.len(),
            reports: collected.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
            stderr: collected.stderr,
            outcome,
            limits: job.run.limits,
            processes: job.processes,
            host_cpus,
        })
    }

    /// Removes the sandboxes and the image.
    pub(super) async fn close(&self) {
        self.sandboxes.close().await;
        if let Err(error) = self.sandboxes.client().image_delete(&self.image.id, false, deadline()).await {
            tracing::warn!(image = self.image.id, "not removed: {}", with_causes(&error));
        }
    }
}

/// Builds the image and gives its id.
async fn build(client: &Client) -> Result<String, ProverError> {
    let options = ImageBuildOptions {
        labels: BTreeMap::from([(IMAGE_LABEL.to_owned(), Uuid::new_v4().to_string())]),
        ..ImageBuildOptions::default()
    };
    // The label is a step of the build, so there is one.
    let context = TarStream::from_entries([TarEntry::bytes("Dockerfile", "FROM scratch\n", 0o644)]);
    let mut building = client.image_build(&options, context, deadline()).await?;
    let mut id = None;
    while let Some(event) = building.next().await? {
        if let BuildEvent::ImageId(built) = event {
            id = Some(built);
        }
    }
    id.ok_or(ProverError::NoImage)
}

/// Removes images of doctors that were killed.
async fn remove_abandoned(client: &Client) -> Result<(), EngineError> {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    for image in client.image_list(&Filters::new().label(IMAGE_LABEL), deadline()).await? {
        let created = Duration::from_secs(u64::try_from(image.created).unwrap_or_default());
        if now.saturating_sub(created) < ABANDONED_AFTER {
            continue;
        }
        match client.image_delete(&image.id, false, Deadline::after(super::CALL_DEADLINE)).await {
            Err(error) if !error.is_not_found() && !error.is_conflict() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
