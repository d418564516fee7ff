//! Sandboxes: one container each, used once, removed whatever happens.

mod dialect;
pub mod hardening;
mod link;
mod owner;
pub mod reaper;
mod removal;
mod runner_volume;
pub mod seccomp;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use engine_api::{AttachOptions, Client, ContainerId, ContainerUpdateBody, Deadline};
use runner::message::MessageError;
use runner::protocol::{Event, PROTOCOL};
use thiserror::Error;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use self::hardening::{Common, SandboxSpec, bytes};
pub use self::link::{LinkEvent, LinkReader, LinkWriter};
use self::owner::Owner;
use self::reaper::Watcher;
use self::removal::Removal;
use self::runner_volume::RunnerVolume;
use crate::causes::with_causes;
use crate::queue::Slot;

/// How long any one call to the engine may take. Starting a container takes a tenth of a second on an idle host and
/// several on one that starts many.
const CALL_DEADLINE: Duration = Duration::from_secs(30);

/// How long removals may take once no sandbox is needed any more.
const CLOSE_DEADLINE: Duration = Duration::from_secs(60);

/// Makes sandboxes, and sees to it that none is left.
#[derive(Clone, Debug)]
pub struct Sandboxes {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    client: Client,
    instance: String,
    owner: String,
    runtime: Option<String>,
    runner_volume: RunnerVolume,
    /// What must be over before the runner's volume can go: openings and removals.
    tasks: TaskTracker,
    watcher: Watcher,
}

/// Why there is no sandbox, or no more.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The sandbox ended without saying why.
    #[error("the sandbox ended before it reported")]
    Ended,
    /// The engine.
    #[error(transparent)]
    Engine(#[from] engine_api::Error),
    /// What the sandbox sent is not the runner protocol.
    #[error("the sandbox broke the runner protocol")]
    Link(#[source] MessageError),
    /// A runner of another version, or none.
    #[error("the sandbox does not greet as a runner of this version does")]
    NoGreeting,
}

/// A container whose runner waits for its one run. Dropping it removes the container in the background.
#[derive(Debug)]
pub struct Sandbox {
    reader: LinkReader,
    writer: LinkWriter,
    container: Container,
}

/// The container behind a sandbox. Dropping it removes the container in the background.
#[derive(Debug)]
pub struct Container {
    client: Client,
    id: ContainerId,
    _removal: Removal,
}

impl Sandboxes {
    /// Prepares to make sandboxes through `client`, with the OCI runtime `runtime` or else the engine's default.
    ///
    /// # Errors
    /// The process that outlives a killed server cannot be started, or `/proc` is not there.
    pub fn new(client: Client, runtime: Option<String>) -> std::io::Result<Self> {
        let instance = Uuid::new_v4().to_string();
        tracing::info!(instance, "sandboxes of this server carry this instance id");
        let owner = Owner::this()?.to_string();
        let watcher = Watcher::start(Path::new("/proc/self/exe"), client.endpoint(), &instance)?;
        Ok(Self {
            shared: Arc::new(Shared {
                runner_volume: RunnerVolume::new(&instance, &owner),
                tasks: TaskTracker::new(),
                client,
                instance,
                owner,
                runtime,
                watcher,
            }),
        })
    }

    /// The engine.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.shared.client
    }

    /// Starts a sandbox and waits for its runner's greeting. `slot` is given back when the container is gone.
    ///
    /// # Errors
    /// The engine failed, or the sandbox did.
    pub async fn open(&self, spec: SandboxSpec, slot: Arc<Slot>) -> Result<Sandbox, SandboxError> {
        let shared = Arc::clone(&self.shared);
        // On a task of its own: a caller that goes away while the engine creates a container would never learn its id.
        let tasks = self.shared.tasks.clone();
        let opening = tasks.spawn(async move { shared.open(&spec, slot).await });
        opening.await.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()))
    }

    /// Waits until every sandbox is removed, then removes what they shared. What cannot be removed in a minute is left to
    /// the watcher.
    pub async fn close(&self) {
        self.shared.tasks.close();
        if tokio::time::timeout(CLOSE_DEADLINE, self.shared.tasks.wait()).await.is_err() {
            tracing::warn!("sandboxes that cannot be removed are left to the watcher");
            return;
        }
        match runner_volume::remove(&self.shared.client, &self.shared.instance).await {
            Ok(()) => self.shared.watcher.dismiss().await,
            Err(error) => {
                tracing::warn!("the runner's volume is left to the watcher: {}", with_causes(&error))
            }
        }
    }
}

impl Shared {
    async fn open(&self, spec: &SandboxSpec, slot: Arc<Slot>) -> Result<Sandbox, SandboxError> {
        match self.try_open(spec, &slot).await {
            // Somebody removed the runner's volume: the engine then mounts an empty one.
            Err(SandboxError::Engine(engine_api::Error::Engine { message, .. }))
                if message.contains("no such file or directory") =>
            {
                tracing::warn!("the runner's volume is gone; filling it again");
                self.runner_volume.distrust();
                self.try_open(spec, &slot).await
            }
            outcome => outcome,
        }
    }

    async fn try_open(&self, spec: &SandboxSpec, slot: &Arc<Slot>) -> Result<Sandbox, SandboxError> {
        let dialect = self.runner_volume.ensure(&self.client, &spec.image).await?;
        let common = Common {
            instance: &self.instance,
            owner: &self.owner,
            runner_volume: self.runner_volume.name(),
            runtime: self.runtime.as_deref(),
            dialect,
        };
        let body = hardening::container(spec, &common);
        let deadline = || Deadline::after(CALL_DEADLINE);
        let id = self.client.container_create(None, &body, deadline()).await?.id;
        let removal = Removal::new(self.client.clone(), id.clone(), Arc::clone(slot), self.tasks.clone());
        // Attached before the start: nothing that the runner says can be missed.
        let attached = self.client.container_attach(&id, &AttachOptions::default(), deadline()).await?;
        let (mut reader, writer) = link::split(attached);
        self.client.container_start(&id, deadline()).await?;
        let greeting = tokio::time::timeout(CALL_DEADLINE, reader.next()).await;
        match greeting.map_err(|_| SandboxError::NoGreeting)?? {
            Some(LinkEvent::Control(Event::Hello { protocol: PROTOCOL, .. })) => {}
            Some(_) => return Err(SandboxError::NoGreeting),
            None => return Err(SandboxError::Ended),
        }
        let container = Container { client: self.client.clone(), id, _removal: removal };
        Ok(Sandbox { reader, writer, container })
    }
}

impl Sandbox {
    /// What it says, where commands go, and the container.
    #[must_use]
    pub fn into_parts(self) -> (LinkReader, LinkWriter, Container) {
        (self.reader, self.writer, self.container)
    }
}

impl Container {
    /// Changes the memory limit (`POST /containers/{id}/update`).
    ///
    /// # Errors
    /// The engine failed; the old limit holds.
    pub async fn limit_memory(&self, memory: bytesize::ByteSize) -> Result<(), SandboxError> {
        let limit = Some(bytes(memory));
        let body =
            ContainerUpdateBody { memory: limit, memory_swap: limit, ..ContainerUpdateBody::default() };
        self.client.container_update(&self.id, &body, Deadline::after(CALL_DEADLINE)).await?;
        Ok(())
    }
}
