//! Sandboxes: one container each, used once, removed whatever happens.

mod confinement;
mod container;
mod dialect;
mod error;
mod greeting;
pub mod hardening;
mod link;
mod link_sockets;
mod owner;
mod parking;
pub mod reaper;
mod removal;
mod route;
mod runner_volume;
pub mod seccomp;
mod surroundings;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytesize::ByteSize;
use engine_api::{Client, ContainerId, Deadline};
use futures_util::FutureExt as _;
use runner::protocol::{Command, Event, Worlds};
use tokio::sync::OnceCell;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;
use tracing::{Instrument as _, Span};
use uuid::Uuid;

pub use self::confinement::{AppArmorProfile, Confinement};
pub use self::container::Container;
pub use self::error::SandboxError;
use self::greeting::Greeting;
use self::hardening::{Common, SandboxSpec};
pub use self::link::{LinkEvent, LinkReader, LinkWriter};
pub use self::link_sockets::LinkSockets;
use self::owner::Owner;
pub use self::parking::Parking;
use self::reaper::Watcher;
use self::removal::Removal;
use self::route::Routes;
use self::runner_volume::RunnerVolume;
use crate::causes::with_causes;
use crate::metrics::{Held, Metrics};
use crate::queue::Slot;
use crate::traces::step;

/// How long any one call to the engine may take. Starting a container takes a tenth of a second on an idle host and
/// several on one that starts many.
const CALL_DEADLINE: Duration = Duration::from_secs(30);

/// How long a sandbox may take to be as new.
const RENEWAL_DEADLINE: Duration = Duration::from_secs(5);

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
    metrics: Arc<Metrics>,
    instance: String,
    owner: Owner,
    /// The owner as a label says it, once the engine has been asked for this process's container.
    owner_label: OnceCell<String>,
    confinement: Confinement,
    runner_volume: RunnerVolume,
    routes: Routes,
    /// Whether the last sandbox had worlds. The next one's limit of processes counts with it from the start.
    has_worlds: AtomicBool,
    /// What must be over before the runner's volume can go: openings and removals.
    tasks: TaskTracker,
    watcher: Watcher,
}

/// A container whose runner waits for its one run. Dropping it removes the container in the background.
#[derive(Debug)]
pub struct Sandbox {
    reader: LinkReader,
    writer: LinkWriter,
    container: Container,
    memory: ByteSize,
}

/// For whom a sandbox is.
#[derive(Clone, Debug)]
struct Tenant {
    /// None while it is nobody's yet.
    slot: Option<Arc<Slot>>,
    /// Where log lines about the sandbox belong, as long as it is there.
    span: Span,
}

/// What is given back when the container is gone.
#[derive(Debug)]
struct Lease {
    tenant: Tenant,
    /// Among those of runs, once it is of one.
    _counted: Option<Held>,
}

impl Sandboxes {
    /// Prepares to make sandboxes through `client`. Sandboxes, what goes in and out of them, and every call to the engine
    /// are counted in `metrics`.
    ///
    /// # Errors
    /// The process that outlives a killed server cannot be started, or `/proc` is not there.
    pub fn new(client: Client, confinement: Confinement, metrics: Arc<Metrics>) -> io::Result<Self> {
        let engine = metrics.engine.clone();
        let client = client.with_observer(move |call| engine.observe(call));
        let instance = Uuid::new_v4().to_string();
        tracing::info!(instance, "sandboxes of this server carry this instance id");
        let owner = Owner::this()?;
        let routes = Routes::new(&confinement.link_sockets, &instance);
        let watcher =
            Watcher::start(Path::new("/proc/self/exe"), client.endpoint(), &instance, routes.folder())?;
        Ok(Self {
            shared: Arc::new(Shared {
                runner_volume: RunnerVolume::new(&instance),
                routes,
                has_worlds: AtomicBool::new(true),
                tasks: TaskTracker::new(),
                client,
                metrics,
                instance,
                owner,
                owner_label: OnceCell::new(),
                confinement,
                watcher,
            }),
        })
    }

    /// The engine.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.shared.client
    }

    /// What is counted and timed.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.shared.metrics
    }

    /// Starts a sandbox and waits for its runner's greeting. `slot` is given back when the container is gone.
    ///
    /// # Errors
    /// The engine failed, or the sandbox did.
    pub async fn open(&self, spec: SandboxSpec, slot: Arc<Slot>) -> Result<Sandbox, SandboxError> {
        self.open_for(spec, Some(slot)).await
    }

    /// Starts a sandbox that is nobody's yet: see [`Sandbox::assign`].
    ///
    /// # Errors
    /// The engine failed, or the sandbox did.
    pub async fn open_spare(&self, spec: SandboxSpec) -> Result<Sandbox, SandboxError> {
        self.open_for(spec, None).await
    }

    async fn open_for(&self, spec: SandboxSpec, slot: Option<Arc<Slot>>) -> Result<Sandbox, SandboxError> {
        let shared = Arc::clone(&self.shared);
        // On a task of its own: a caller that goes away while the engine creates a container would never learn its id.
        let tenant = Tenant { slot, span: Span::current() };
        let (sender, opened) = oneshot::channel();
        let opening = async move {
            // A sandbox that nobody takes any more is dropped in here: its removal is a task before this one is over, so
            // that whoever waits for all tasks waits for it too.
            drop(sender.send(shared.open(&spec, &tenant).await));
        };
        let opening = self.shared.tasks.spawn(opening.instrument(step!("sandbox")).in_current_span());
        match opened.await {
            Ok(opened) => opened,
            Err(_) => match opening.await {
                Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
                Ok(()) => Err(SandboxError::Ended),
            },
        }
    }

    /// Waits until every sandbox is removed, then removes what they shared. What cannot be removed in a minute is left to
    /// the watcher.
    pub async fn close(&self) {
        self.shared.tasks.close();
        if tokio::time::timeout(CLOSE_DEADLINE, self.shared.tasks.wait()).await.is_err() {
            tracing::warn!("sandboxes that cannot be removed are left to the watcher");
            return;
        }
        self.shared.routes.remove();
        match runner_volume::remove(&self.shared.client, &self.shared.instance).await {
            Ok(()) => self.shared.watcher.dismiss().await,
            Err(error) => {
                tracing::warn!("the runner's volume is left to the watcher: {}", with_causes(&error))
            }
        }
    }
}

impl Shared {
    async fn open(&self, spec: &SandboxSpec, tenant: &Tenant) -> Result<Sandbox, SandboxError> {
        match self.try_open(spec, tenant).await {
            Err(SandboxError::Engine(engine_api::Error::Engine { message, .. }))
                if self.routes.is_of_socket(&message) =>
            {
                self.routes.bar(message);
                self.try_open(spec, tenant).await
            }
            // Somebody removed the runner's volume: the engine then mounts an empty one. Of an AppArmor profile that is not
            // loaded it says the same.
            Err(SandboxError::Engine(engine_api::Error::Engine { message, .. }))
                if message.contains("no such file or directory") && !message.contains("apparmor") =>
            {
                tracing::warn!("the runner's volume is gone; filling it again");
                self.runner_volume.distrust();
                self.try_open(spec, tenant).await
            }
            outcome => outcome,
        }
    }

    async fn try_open(&self, spec: &SandboxSpec, tenant: &Tenant) -> Result<Sandbox, SandboxError> {
        let owner = self.owner_label().await?;
        let has_worlds = self.has_worlds.load(Ordering::Relaxed);
        let dialect = self.runner_volume.ensure(&self.client, &spec.image, owner).await?;
        let common = Common {
            instance: &self.instance,
            owner,
            runner_volume: self.runner_volume.name(),
            confinement: &self.confinement,
            dialect,
            has_worlds,
        };
        let route = self.routes.next();
        let body = hardening::container(spec, &common, &route);
        // A name of our own: should the connection break meanwhile, what the engine made can still be removed.
        let name = format!("dayfly-{}", Uuid::new_v4());
        let id: ContainerId = name.parse()?;
        let is_of_a_run = tenant.slot.is_some();
        let counted = is_of_a_run.then(|| Held::one_of(&self.metrics.executions.sandboxes));
        let lease = Lease { tenant: tenant.clone(), _counted: counted };
        let mut removal = Removal::new(self.client.clone(), id.clone(), lease, self.tasks.clone());
        let creating = self.client.container_create(Some(&name), &body, Deadline::after(CALL_DEADLINE));
        if let Err(error) = creating.instrument(step!("create")).await {
            removal.not_created(&error);
            return Err(error.into());
        }
        let Greeting { reader, writer, memory, worlds } = self.start(&id, &route).await?;
        let (client, spec) = (self.client.clone(), spec.clone());
        let limits = std::sync::Mutex::new((spec.memory, spec.processes));
        let container = Container {
            client,
            id,
            spec,
            parked: Vec::new(),
            limits,
            is_kept: false,
            has_fork_server: false,
            worlds,
            removal,
        };
        if container.has_worlds() != has_worlds {
            self.has_worlds.store(container.has_worlds(), Ordering::Relaxed);
            let (memory, processes) = container.limits();
            container.limit(memory, processes).await?;
        }
        Ok(Sandbox { reader, writer, container, memory: ByteSize::b(memory) })
    }
}

impl Sandbox {
    /// Puts together again what [`into_parts`](Self::into_parts) gave, when its run is over.
    #[must_use]
    pub fn from_parts(reader: LinkReader, writer: LinkWriter, container: Container) -> Self {
        Self { reader, writer, container, memory: ByteSize::b(0) }
    }

    /// Lets others follow its run, each in a world of its own. `false` if it has no worlds.
    pub fn keep(&mut self) -> bool {
        self.container.is_kept = self.container.has_worlds();
        self.container.is_kept
    }

    /// Makes it ready for another run, after the end of the one before, with processes that wait. It is nobody's then.
    ///
    /// # Errors
    /// Anything that is not as it should be: such a sandbox serves no other run.
    pub async fn renew(&mut self, parkings: Vec<Parking>) -> Result<(), SandboxError> {
        if !self.container.is_kept || !self.writer.is_whole() {
            return Err(SandboxError::Ended);
        }
        self.container.parked.clear();
        self.container
            .removal
            .assign(Lease { tenant: Tenant { slot: None, span: Span::none() }, _counted: None });
        // In one write: each takes its time on the way.
        let parkings = self.possible(parkings);
        let commands: Vec<_> = [Command::Renew].into_iter().chain(self.commands(&parkings)).collect();
        self.writer.commands(&commands).await?;
        let said = tokio::time::timeout(RENEWAL_DEADLINE, self.reader.next()).await;
        match said.map_err(|_| SandboxError::Ended)?? {
            Some(LinkEvent::Control(Event::Renewed { memory_bytes })) => {
                self.memory = ByteSize::b(memory_bytes);
            }
            _ => return Err(SandboxError::Ended),
        }
        self.parked(parkings).await
    }

    /// Makes it that of the holder of `slot`, which is given back when the container is gone.
    pub fn assign(&mut self, slot: Arc<Slot>, metrics: &Metrics) {
        let tenant = Tenant { slot: Some(slot), span: Span::current() };
        let counted = Some(Held::one_of(&metrics.executions.sandboxes));
        self.container.removal.assign(Lease { tenant, _counted: counted });
    }

    /// The limits that it has now: memory, and processes.
    #[must_use]
    pub fn limits(&self) -> (ByteSize, u32) {
        self.container.limits()
    }

    /// Whether there may be a process in it that runs are forks of.
    #[must_use]
    pub fn has_fork_server(&self) -> bool {
        self.container.has_fork_server
    }

    /// Lets such a process be there from the next parking on, beside those that are asked for in the next [`limit`](Self::limit).
    pub fn admit_fork_server(&mut self) {
        self.container.has_fork_server = true;
    }

    /// Changes these limits.
    ///
    /// # Errors
    /// The engine failed; the old limits hold.
    pub async fn limit(&self, (memory, processes): (ByteSize, u32)) -> Result<(), SandboxError> {
        self.container.limit(memory, processes).await
    }

    /// The id of its image.
    #[must_use]
    pub fn image(&self) -> &str {
        &self.container.spec.image
    }

    /// Whether it can be used where one like `wanted` is asked for.
    #[must_use]
    pub fn serves(&self, wanted: &SandboxSpec) -> bool {
        wanted.can_be_served_by(&self.container.spec)
    }

    /// Whether each stage in it gets a world.
    #[must_use]
    pub fn worlds(&self) -> &Worlds {
        &self.container.worlds
    }

    /// The memory that was in use in it when it was made ready.
    #[must_use]
    pub fn memory(&self) -> ByteSize {
        self.memory
    }

    /// Whether it still waits, as far as can be seen without waiting.
    pub fn is_waiting(&mut self) -> bool {
        // Nobody has asked it anything: whatever it says, or its end, is none of what it waits for.
        self.reader.next().now_or_never().is_none()
    }

    /// What it says, where commands go, and the container.
    #[must_use]
    pub fn into_parts(self) -> (LinkReader, LinkWriter, Container) {
        (self.reader, self.writer, self.container)
    }
}
