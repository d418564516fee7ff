//! Which process made a container or a volume, so that another one can tell whether it still lives.

use std::fmt;
use std::fs;
use std::str::FromStr;
use std::time::Duration;

use engine_api::{Client, ContainerId, ContainerInspectResponse, Deadline};
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

/// The label that names the owner.
pub(super) const OWNER_LABEL: &str = "dayfly.owner";

const INSPECT_DEADLINE: Duration = Duration::from_secs(30);

/// A process, told apart from every other one of this machine's history.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Owner {
    /// The kernel's boot (random(4)): the same on the host and in containers.
    boot: String,
    /// The namespace in which `pid` counts (pid_namespaces(7)).
    pid_namespace: String,
    pid: u32,
    /// Start of the process in clock ticks since the boot (proc_pid_stat(5)): process numbers are used again.
    started: u64,
    /// The engine's container that the process is in, if it is in one: other containers cannot see its process number,
    /// but everybody can ask the engine whether the container runs.
    container: Option<ContainerRun>,
}

/// A container from one start to its next end.
#[derive(Clone, Debug, Eq, PartialEq)]
struct ContainerRun {
    id: ContainerId,
    /// As the engine writes it: one that is started again keeps its id.
    started_at: String,
}

impl Owner {
    /// This process, without the container that it may be in.
    pub(super) fn this() -> std::io::Result<Self> {
        let pid = std::process::id();
        let container = None;
        Ok(Self { boot: boot()?, pid_namespace: pid_namespace()?, pid, started: started(pid)?, container })
    }

    /// This owner with the container that this process is in.
    pub(super) fn within(self, container: &ContainerInspectResponse) -> Self {
        let container =
            ContainerRun { id: container.id.clone(), started_at: container.state.started_at.clone() };
        Self { container: Some(container), ..self }
    }

    /// Whether the process lives; `None` where that cannot be seen from here.
    pub(super) async fn is_alive(&self, client: &Client) -> engine_api::Result<Option<bool>> {
        let Ok(this) = Self::this() else { return Ok(None) };
        if self.boot != this.boot {
            return Ok(Some(false));
        }
        if self.pid_namespace == this.pid_namespace {
            return Ok(self.is_in_sight());
        }
        match &self.container {
            Some(run) => run.lasts(client).await.map(Some),
            None => Ok(None),
        }
    }

    /// Whether the process, whose number counts here, lives.
    fn is_in_sight(&self) -> Option<bool> {
        match started(self.pid) {
            Ok(started) => Some(started == self.started),
            // `/proc` may hide other users' processes (hidepid of proc(5)), signals do not.
            Err(_) if process_exists(self.pid) => None,
            Err(_) => Some(false),
        }
    }
}

impl ContainerRun {
    async fn lasts(&self, client: &Client) -> engine_api::Result<bool> {
        let now = inspect(client, &self.id).await?;
        Ok(now.is_some_and(|now| now.state.running && now.state.started_at == self.started_at))
    }
}

/// The container of the engine's that this process is in, if it is in one.
pub(super) async fn own_container(client: &Client) -> engine_api::Result<Option<ContainerInspectResponse>> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    match own_container_id(&mounts) {
        // It may be another engine's.
        Some(id) => inspect(client, &id).await,
        None => Ok(None),
    }
}

async fn inspect(client: &Client, id: &ContainerId) -> engine_api::Result<Option<ContainerInspectResponse>> {
    match client.container_inspect(id, Deadline::after(INSPECT_DEADLINE)).await {
        Ok(container) => Ok(Some(container)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.boot, self.pid_namespace, self.pid, self.started)?;
        match &self.container {
            Some(run) => write!(f, " {} {}", run.id, run.started_at),
            None => Ok(()),
        }
    }
}

/// A label that this version does not write.
#[derive(Debug)]
pub(super) struct UnknownOwner;

impl FromStr for Owner {
    type Err = UnknownOwner;

    fn from_str(text: &str) -> Result<Self, UnknownOwner> {
        let parts: Vec<&str> = text.split(' ').collect();
        let [boot, pid_namespace, pid, started, ref container @ ..] = parts[..] else {
            return Err(UnknownOwner);
        };
        let container = match container {
            [] => None,
            [id, started_at] => Some(ContainerRun {
                id: id.parse().map_err(|_| UnknownOwner)?,
                started_at: (*started_at).to_owned(),
            }),
            _ => return Err(UnknownOwner),
        };
        Ok(Self {
            boot: boot.to_owned(),
            pid_namespace: pid_namespace.to_owned(),
            pid: pid.parse().map_err(|_| UnknownOwner)?,
            started: started.parse().map_err(|_| UnknownOwner)?,
            container,
        })
    }
}

/// The id of the container that a process with these mounts (proc_pid_mountinfo(5)) is in. Engines put their own file over
/// a container's `/etc/hostname`, and keep it in a folder that is named after the container.
fn own_container_id(mountinfo: &str) -> Option<ContainerId> {
    let is_id = |part: &&str| part.len() == 64 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let sources = mountinfo.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(3);
        let (root, mount_point) = (fields.next()?, fields.next()?);
        (mount_point == "/etc/hostname").then_some(root)
    });
    let mut ids = sources.filter_map(|root| root.split('/').rfind(is_id));
    ids.next()?.parse().ok()
}

fn boot() -> std::io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

fn pid_namespace() -> std::io::Result<String> {
    Ok(fs::read_link("/proc/self/ns/pid")?.to_string_lossy().into_owned())
}

/// Whether a process has this number, be it another user's (kill(2)).
fn process_exists(pid: u32) -> bool {
    let Ok(pid) = i32::try_from(pid) else { return false };
    kill(Pid::from_raw(pid), None) != Err(Errno::ESRCH)
}

fn started(pid: u32) -> std::io::Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name in parentheses may hold anything; the fields after it start with the third.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let started = after_name.split_ascii_whitespace().nth(22 - 3).and_then(|field| field.parse().ok());
    started.ok_or_else(|| std::io::Error::other("no start time"))
}

#[cfg(test)]
mod tests {
    use engine_api::Endpoint;

    use super::*;

    /// Of an engine that is not there: who asks it fails.
    fn no_engine() -> Client {
        Client::new(Endpoint::unix("/nonexistent/engine.sock").unwrap())
    }

    async fn seen(owner: &Owner) -> Option<bool> {
        owner.is_alive(&no_engine()).await.unwrap()
    }

    #[tokio::test]
    async fn this_process_lives_and_is_read_back() {
        let this = Owner::this().unwrap();
        assert_eq!(this.to_string().parse::<Owner>().unwrap(), this);
        assert_eq!(seen(&this).await, Some(true));
    }

    #[tokio::test]
    async fn another_boot_or_a_number_that_is_used_again_means_death() {
        let this = Owner::this().unwrap();
        assert_eq!(seen(&Owner { boot: "other".into(), ..this.clone() }).await, Some(false));
        assert_eq!(seen(&Owner { started: this.started + 1, ..this.clone() }).await, Some(false));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        assert_eq!(seen(&Owner { pid, ..this }).await, Some(false));
    }

    #[test]
    fn a_process_of_another_user_exists() {
        assert!(process_exists(1));
        assert!(!process_exists(i32::MAX.unsigned_abs()));
    }

    #[tokio::test]
    async fn what_cannot_be_seen_from_here_is_not_known() {
        let this = Owner::this().unwrap();
        assert_eq!(seen(&Owner { pid_namespace: "pid:[1]".into(), ..this }).await, None);
    }

    #[tokio::test]
    async fn about_one_in_another_container_the_engine_is_asked() {
        let run =
            ContainerRun { id: "0a".repeat(32).parse().unwrap(), started_at: "2026-01-02T03:04:05Z".into() };
        let elsewhere =
            Owner { pid_namespace: "pid:[1]".into(), container: Some(run), ..Owner::this().unwrap() };
        assert_eq!(elsewhere.to_string().parse::<Owner>().unwrap(), elsewhere);
        assert!(elsewhere.is_alive(&no_engine()).await.is_err());
    }

    #[test]
    fn a_label_with_parts_missing_or_to_spare_is_unknown() {
        for label in ["", "a b 1", "a b 1 x", "a b 1 2 c", "a b 1 2 ../c d", "a b 1 2 c d e"] {
            assert!(label.parse::<Owner>().is_err(), "{label}");
        }
    }

    #[test]
    fn the_mount_over_the_host_name_tells_the_container() {
        let id = "5f0e".repeat(16);
        let docker = format!(
            "604 585 0:52 / / rw,relatime master:247 - overlay overlay rw\n\
             611 604 254:1 /var/lib/docker/containers/{id}/hostname /etc/hostname rw,relatime - ext4 /dev/vda1 rw\n"
        );
        assert_eq!(own_container_id(&docker).unwrap().as_str(), id);
        let podman =
            format!("1 2 0:3 /overlay-containers/{id}/userdata/hostname /etc/hostname rw - tmpfs tmpfs rw");
        assert_eq!(own_container_id(&podman).unwrap().as_str(), id);
        let elsewhere = format!("1 2 0:3 /containers/{id}/hostname /mnt/hostname rw - ext4 /dev/vda1 rw");
        let own_file = "1 2 0:3 /srv/hostname /etc/hostname rw - ext4 /dev/vda1 rw";
        for none in ["", "\n", "1 2", &elsewhere, own_file] {
            assert_eq!(own_container_id(none), None, "{none}");
        }
    }
}
