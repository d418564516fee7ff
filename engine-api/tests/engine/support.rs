//! A client of the engine, and things on the engine that remove themselves.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use engine_api::{
    Client, ContainerCreateBody, ContainerDeleteOptions, ContainerId, Deadline, Endpoint,
    NetworkCreateRequest, VolumeCreateOptions,
};

/// An image that `scripts/prepare-host` sees to.
pub(crate) const IMAGE: &str = "debian:trixie-slim";
/// The label of everything the tests make.
pub(crate) const LABEL: &str = "dayfly.test=engine-api";

/// Long enough for any call of these tests on a busy machine.
pub(crate) fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(120))
}

/// A client of the engine that the tests need.
pub(crate) async fn engine() -> Client {
    let client = Client::new(Endpoint::from_env().unwrap());
    if let Err(error) = client.api_version(soon()).await {
        panic!("these tests need a Docker engine: run scripts/prepare-host first ({error}: {:?})", error);
    }
    client
}

pub(crate) fn labels() -> BTreeMap<String, String> {
    let (key, value) = LABEL.split_once('=').unwrap();
    BTreeMap::from([(key.to_owned(), value.to_owned())])
}

/// A name that no other test has.
pub(crate) fn unique_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("dayfly-test-engine-api-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The body of a container that runs a shell command.
pub(crate) fn shell(command: &str) -> ContainerCreateBody {
    let mut body = ContainerCreateBody {
        image: IMAGE.to_owned(),
        cmd: ["sh", "-c", command].map(str::to_owned).to_vec(),
        labels: labels(),
        ..ContainerCreateBody::default()
    };
    body.host_config.network_mode = Some("none".to_owned());
    body
}

/// As [`shell`], with an input that one client writes to and ends.
pub(crate) fn shell_with_stdin(command: &str) -> ContainerCreateBody {
    ContainerCreateBody { open_stdin: true, stdin_once: true, ..shell(command) }
}

/// A container that is removed with this value.
pub(crate) struct Container {
    pub(crate) id: ContainerId,
}

impl Container {
    pub(crate) async fn create(client: &Client, body: &ContainerCreateBody) -> Self {
        Self { id: client.container_create(None, body, soon()).await.unwrap().id }
    }

    pub(crate) async fn run(client: &Client, body: &ContainerCreateBody) -> Self {
        let container = Self::create(client, body).await;
        client.container_start(&container.id, soon()).await.unwrap();
        container
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let id = self.id.clone();
        clean_up(async move |client| {
            let options = ContainerDeleteOptions { force: true, volumes: true };
            client.container_delete(&id, options, soon()).await
        });
    }
}

/// A volume that is removed with this value.
pub(crate) struct Volume {
    pub(crate) name: String,
}

impl Volume {
    pub(crate) async fn create(client: &Client) -> Self {
        let name = unique_name();
        let options =
            VolumeCreateOptions { name: name.clone(), labels: labels(), ..VolumeCreateOptions::default() };
        client.volume_create(&options, soon()).await.unwrap();
        Self { name }
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        let name = self.name.clone();
        clean_up(async move |client| client.volume_delete(&name, true, soon()).await);
    }
}

/// A network that is removed with this value.
pub(crate) struct Network {
    pub(crate) name: String,
}

impl Network {
    /// A network with a name of its own.
    pub(crate) fn request() -> NetworkCreateRequest {
        NetworkCreateRequest { name: unique_name(), labels: labels(), ..NetworkCreateRequest::default() }
    }

    pub(crate) async fn create(client: &Client, request: NetworkCreateRequest) -> Self {
        client.network_create(&request, soon()).await.unwrap();
        Self { name: request.name }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let name = self.name.clone();
        clean_up(async move |client| client.network_delete(&name, soon()).await);
    }
}

/// An image's name that is taken off, and the image with it, when this value goes.
pub(crate) struct Tag {
    pub(crate) name: String,
}

impl Tag {
    pub(crate) fn new() -> Self {
        Self { name: format!("{}:latest", unique_name()) }
    }
}

impl Drop for Tag {
    fn drop(&mut self) {
        let name = self.name.clone();
        clean_up(async move |client| client.image_delete(&name, true, soon()).await.map(drop));
    }
}

/// Runs `remove` on a runtime of its own, since a value may be dropped inside of one; what is gone already is fine.
fn clean_up(remove: impl AsyncFnOnce(Client) -> engine_api::Result<()> + Send + 'static) {
    let thread = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            match remove(Client::new(Endpoint::from_env().unwrap())).await {
                Err(error) if !error.is_not_found() => panic!("cannot clean up: {error}"),
                _ => {}
            }
        });
    });
    let result = thread.join();
    // A test that fails has its own words.
    if !std::thread::panicking() {
        result.unwrap();
    }
}
