//! Makes attacks in sandboxes like everybody's: the same container, the same runner, the same verdicts.
//!
//! The image has nothing in it, so that a proof needs no other: the probe is this very binary, which every sandbox has.

use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Bytes;
use engine_api::Client;
use thiserror::Error;
use tokio::sync::mpsc;

use super::empty_image::{EmptyImage, EmptyImageError};
use super::probe::{Evidence, Probe};
use super::{Finding, Group};
use crate::causes::with_causes;
use crate::client;
use crate::execution::{Channels, Collector, ExecutionError, Input, Job, execute};
use crate::images::Image;
use crate::languages::Language;
use crate::languages::spec::Spec;
use crate::queue::{Queue, QueueLimits};
use crate::sandbox::hardening::runner_path;
use crate::sandbox::{AppArmorProfile, Confinement, SandboxError, Sandboxes};

/// What a probe is for the rest of the program: a language with the limits that a language has if it does not say otherwise.
const PROBE_SPEC: &str =
    "name = 'Probe'\nsource = 'probe'\nimage.base = 'scratch'\nrun.command = ['probe']\n";

/// Why there is no sandbox to make attacks in.
#[derive(Debug, Error)]
pub(super) enum ProverError {
    #[error("the empty image of the probes was not built: {}", with_causes(.0))]
    Image(#[from] EmptyImageError),
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
    apparmor_profile: Option<AppArmorProfile>,
    /// The id.
    image: String,
    language: Arc<Language>,
}

impl Prover {
    /// Builds the image, which is not the prover's to remove.
    pub(super) async fn new(
        client: Client,
        confinement: Confinement,
        image: &EmptyImage,
    ) -> Result<Self, ProverError> {
        let image = image.build().await?;
        let language = Language {
            key: "doctor".into(),
            spec: Spec::parse(PROBE_SPEC).expect("a constant text"),
            context: Vec::new(),
            examples: Vec::new(),
        };
        Ok(Self {
            sandboxes: Sandboxes::new(client, confinement.clone(), Arc::default())?,
            apparmor_profile: confinement.apparmor_profile,
            image,
            language: Arc::new(language),
        })
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
        let mut job = Job::blank(&self.language);
        job.run.command = vec![runner_path(), "probe".into(), probe.name()];
        job.run.limits = probe.limits(job.run.limits);
        let queue = Queue::new(QueueLimits::own(NonZeroUsize::MIN, 0));
        // A queue of its own that nobody closes.
        let slot = queue.enter(&client::Client::Terminal, |_| {}).await.map_err(|_| SandboxError::Ended)?;
        let image = Image { id: self.image.clone(), is_stand_in: false, version: None, size_bytes: 0 };
        let sandbox = self.sandboxes.open(job.sandbox(&image), Arc::new(slot)).await?;
        let worlds = sandbox.worlds().clone();
        let (events, received) = mpsc::channel(64);
        let ran = execute(sandbox, &job, Channels::batch(Input::whole(Bytes::new()), events), None);
        let (outcome, collected) = tokio::join!(ran, Collector::default().collect(received));
        let (outcome, _) = outcome?;
        Ok(Evidence {
            output_bytes: collected.output.len(),
            reports: collected.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
            stderr: collected.stderr,
            outcome,
            worlds,
            apparmor_profile: self.apparmor_profile.clone(),
            limits: job.run.limits,
            processes: job.processes,
            host_cpus,
        })
    }

    /// By which route the sandboxes were reached, if there was one.
    pub(super) fn link(&self) -> Option<Finding> {
        let seen = match self.sandboxes.link_sockets()? {
            Ok(folder) => format!("sandboxes are reached by sockets in {}", folder.display()),
            Err(reason) => format!("sandboxes are reached through the engine: {reason}"),
        };
        Some(Finding::ok(Group::Sandbox, "link", seen))
    }

    /// Removes the sandboxes.
    pub(super) async fn close(&self) {
        self.sandboxes.close().await;
    }
}
