//! The volume that carries this very binary into every sandbox, read-only.
//!
//! A bind mount would need the binary's path on the engine's host, which a server in a container cannot know.

use std::collections::BTreeMap;
use std::iter;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engine_api::{
    Client, ContainerCreateBody, ContainerId, Deadline, HostConfig, Mount, MountType, TarEntry, TarStream,
    VolumeCreateOptions,
};
use tokio::sync::Mutex;

use super::dialect::Dialect;
use super::hardening::{INSTANCE_LABEL, RUNNER_FILE};
use super::owner::OWNER_LABEL;
use super::removal::try_remove;

const FILL_DEADLINE: Duration = Duration::from_secs(60);
const EXECUTABLE: u32 = 0o755;
/// What every name of such a volume starts with.
pub(super) const NAME_PREFIX: &str = "dayfly-runner-";

#[derive(Debug)]
pub(super) struct RunnerVolume {
    name: String,
    instance: String,
    filled: AtomicBool,
    filling: Mutex<()>,
    dialect: OnceLock<Dialect>,
}

impl RunnerVolume {
    pub(super) fn new(instance: &str) -> Self {
        Self {
            name: name(instance),
            instance: instance.to_owned(),
            filled: AtomicBool::new(false),
            filling: Mutex::new(()),
            dialect: OnceLock::new(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Makes the volume and fills it, unless that has been done, and gives the dialect of the engine that has it. A
    /// volume is filled through a container that is never started, for which any image will do.
    pub(super) async fn ensure(
        &self,
        client: &Client,
        image: &str,
        owner: &str,
    ) -> engine_api::Result<&Dialect> {
        if let Some(dialect) = self.filled_for() {
            return Ok(dialect);
        }
        let _turn = self.filling.lock().await;
        if let Some(dialect) = self.filled_for() {
            return Ok(dialect);
        }
        let deadline = Deadline::after(FILL_DEADLINE);
        let labels = BTreeMap::from([
            (INSTANCE_LABEL.to_owned(), self.instance.clone()),
            (OWNER_LABEL.to_owned(), owner.to_owned()),
        ]);
        let options = VolumeCreateOptions {
            name: self.name.clone(),
            labels: labels.clone(),
            ..VolumeCreateOptions::default()
        };
        let volume = client.volume_create(&options, deadline).await?;
        let ping = client.ping(deadline).await?;
        let dialect = self.dialect.get_or_init(|| Dialect::of(ping.server.as_deref(), volume.mountpoint));
        let body = ContainerCreateBody {
            image: image.to_owned(),
            cmd: vec!["never-started".into()],
            labels,
            host_config: HostConfig {
                network_mode: Some("none".into()),
                mounts: vec![Mount {
                    mount_type: MountType::Volume,
                    source: self.name.clone(),
                    target: "/volume".into(),
                    ..Mount::default()
                }],
                ..HostConfig::default()
            },
            ..ContainerCreateBody::default()
        };
        // An earlier attempt that broke off may have left its container.
        let id: ContainerId = self.name.parse()?;
        try_remove(client, &id).await?;
        client.container_create(Some(&self.name), &body, deadline).await?;
        let filled = fill(client, &id, dialect, deadline).await;
        try_remove(client, &id).await?;
        filled?;
        self.filled.store(true, Ordering::Release);
        Ok(dialect)
    }

    fn filled_for(&self) -> Option<&Dialect> {
        if self.filled.load(Ordering::Acquire) { self.dialect.get() } else { None }
    }

    /// Somebody has removed or emptied the volume: fill it again before the next sandbox.
    pub(super) fn distrust(&self) {
        self.filled.store(false, Ordering::Release);
    }
}

fn name(instance: &str) -> String {
    format!("{NAME_PREFIX}{instance}")
}

/// Removes the volume of an instance that has no container any more.
pub(super) async fn remove(client: &Client, instance: &str) -> engine_api::Result<()> {
    try_remove(client, &name(instance).parse()?).await?;
    match client.volume_delete(&name(instance), true, Deadline::after(FILL_DEADLINE)).await {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

async fn fill(
    client: &Client,
    id: &ContainerId,
    dialect: &Dialect,
    deadline: Deadline,
) -> engine_api::Result<()> {
    // The running program, even if its file has been replaced meanwhile.
    let runner = TarEntry::file(RUNNER_FILE, PathBuf::from("/proc/self/exe"), EXECUTABLE);
    let archive = TarStream::from_entries(iter::once(runner).chain(dialect.files()));
    client.put_container_archive(id, "/volume", archive, deadline).await
}
