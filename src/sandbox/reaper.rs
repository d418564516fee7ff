//! Nothing stays behind: neither of a server that was killed, nor of one that died with its machine.
//!
//! A running sandbox ends by itself when its server dies, since its input ends then. What is left are containers that
//! were created and not yet started, the volume, and the folder of the sockets. A second process, the *watcher*, removes them: it waits for the
//! end of a pipe that only the server holds. When both died, the next server removes what is old and not running.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use engine_api::{Client, ContainerListOptions, Deadline, Endpoint, Filters};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use super::CALL_DEADLINE;
use super::hardening::INSTANCE_LABEL;
use super::link_sockets;
use super::owner::{OWNER_LABEL, Owner};
use super::removal::try_remove;
use super::runner_volume::{self, NAME_PREFIX};

/// A request that was on its way when the server died can still create a container.
const SETTLE: Duration = Duration::from_millis(500);
/// What a server that ends in order writes to its watcher.
const NOTHING_LEFT: u8 = b'.';
const QUIET_ROUNDS: u32 = 3;
const MOST_ROUNDS: u32 = 60;
/// A container that is created is started within seconds: an older one has no server any more, if its server cannot be
/// seen from here.
const ABANDONED_AFTER: Duration = Duration::from_secs(60);

/// The second process.
#[derive(Debug)]
pub struct Watcher {
    child: Mutex<Child>,
}

impl Watcher {
    pub(super) fn start(
        program: &Path,
        endpoint: &Endpoint,
        instance: &str,
        sockets: Option<&Path>,
    ) -> io::Result<Self> {
        let mut command = std::process::Command::new(program);
        command
            .args(["watch", instance])
            .args(sockets)
            .env("DOCKER_HOST", endpoint.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            // A terminal's ctrl-C is for the server.
            .process_group(0);
        Ok(Self { child: Mutex::new(Command::from(command).spawn()?) })
    }

    /// Tells the watcher that nothing is left, and waits for its end.
    pub(super) async fn dismiss(&self) {
        let mut child = self.child.lock().await;
        if let Some(mut pipe) = child.stdin.take() {
            // A watcher that is gone already cannot be told.
            let _ = pipe.write_all(&[NOTHING_LEFT]).await;
        }
        if let Err(error) = child.wait().await {
            tracing::warn!("the watcher is gone: {error}");
        }
    }
}

/// Runs as the watcher of `instance`: waits for the end of standard input, then removes what the instance left, with the
/// folder of its sockets, unless it said that it left nothing.
///
/// # Errors
/// The engine failed, again and again.
pub async fn watch(client: &Client, instance: &str, sockets: Option<&Path>) -> engine_api::Result<()> {
    let mut said = Vec::new();
    // An input that cannot be read has no server at its other end either.
    let _ = tokio::io::stdin().read_to_end(&mut said).await;
    if said == [NOTHING_LEFT] {
        return Ok(());
    }
    if let Some(folder) = sockets
        && let Err(error) = link_sockets::remove_left(folder)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!("{} stays: {error}", folder.display());
    }
    let mut outcome = Ok(());
    let mut quiet = 0;
    for _ in 0..MOST_ROUNDS {
        outcome = remove_instance(client, instance).await.map(|removed| {
            quiet = if removed == 0 { quiet + 1 } else { 0 };
        });
        if outcome.is_ok() && quiet == QUIET_ROUNDS {
            break;
        }
        tokio::time::sleep(SETTLE).await;
    }
    outcome?;
    runner_volume::remove(client, instance).await
}

async fn remove_instance(client: &Client, instance: &str) -> engine_api::Result<usize> {
    let filters = Filters::new().label(format!("{INSTANCE_LABEL}={instance}"));
    let options = ContainerListOptions { all: true, filters, ..ContainerListOptions::default() };
    let containers = client.container_list(&options, Deadline::after(CALL_DEADLINE)).await?;
    for container in &containers {
        try_remove(client, &container.id).await?;
    }
    Ok(containers.len())
}

/// Removes what instances left that died together with their watcher.
///
/// # Errors
/// The engine failed.
pub async fn remove_abandoned(client: &Client) -> engine_api::Result<()> {
    let filters = Filters::new().label(INSTANCE_LABEL);
    let options = ContainerListOptions { all: true, filters, ..ContainerListOptions::default() };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    for container in client.container_list(&options, Deadline::after(CALL_DEADLINE)).await? {
        let age = now.saturating_sub(u64::try_from(container.created).unwrap_or(0));
        let old = age > ABANDONED_AFTER.as_secs();
        // Of one that runs, the server's death shows soon by itself: its input ends.
        let seems_abandoned = container.state != "running" && old;
        let alive = owner_is_alive(client, &container.labels).await?;
        if alive.map_or(seems_abandoned, |alive| !alive) {
            tracing::info!(container = %container.id, "removing a sandbox that a dead server left");
            try_remove(client, &container.id).await?;
        }
    }
    let volumes =
        client.volume_list(&Filters::new().name(NAME_PREFIX), Deadline::after(CALL_DEADLINE)).await?;
    for volume in volumes {
        // One that no container uses can still be that of an idle server.
        if owner_is_alive(client, &volume.labels).await? != Some(false) {
            continue;
        }
        // The engine refuses to remove one that a container still uses.
        match client.volume_delete(&volume.name, false, Deadline::after(CALL_DEADLINE)).await {
            Ok(()) => tracing::info!(volume = volume.name, "removed a volume that a dead server left"),
            Err(error) if error.is_conflict() || error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether the owner that the labels name lives; `None` where that is not known.
async fn owner_is_alive(
    client: &Client,
    labels: &BTreeMap<String, String>,
) -> engine_api::Result<Option<bool>> {
    match labels.get(OWNER_LABEL).and_then(|label| label.parse::<Owner>().ok()) {
        Some(owner) => owner.is_alive(client).await,
        None => Ok(None),
    }
}
