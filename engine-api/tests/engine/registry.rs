use std::path::PathBuf;

use engine_api::{
    AttachOptions, AuthConfig, BuildEvent, Client, Error, ImageBuildOptions, ImageCreateOptions, TarEntry,
    TarStream,
};

use crate::support::{Container, Tag, engine, labels, shell, soon, unique_name};

const NAME: &str = "dayfly";
const PASSWORD: &str = "a secret";
/// `NAME:PASSWORD` by bcrypt, as `htpasswd -B` writes it.
const HTPASSWD: &str = "dayfly:$2b$04$L0BGBhkrtzJPC1YBx27eL.Nrv/LUPnBPxyGGxHYqGt4AjSboOV0oO";

/// Docker's own registry (Debian's package `docker-registry`), with a password, on the loopback, which engines take without
/// TLS. That is the engine's own loopback, so it runs in a container of the engine. It goes with this value.
struct Registry {
    address: String,
    _container: Container,
}

impl Registry {
    async fn start(client: &Client) -> Self {
        let mut body = shell("exec /srv/docker-registry serve /srv/config.yml 2>&1");
        body.host_config.network_mode = Some("host".to_owned());
        let container = Container::create(client, &body).await;
        let config = serde_json::json!({
            "version": "0.1",
            "log": { "level": "info" },
            "storage": { "filesystem": { "rootdirectory": "/srv/data" } },
            "http": { "addr": "127.0.0.1:0" },
            "auth": { "htpasswd": { "realm": "test", "path": "/srv/htpasswd" } },
        });
        let files = TarStream::from_entries([
            TarEntry::file("docker-registry", program(), 0o755),
            // JSON is YAML.
            TarEntry::bytes("config.yml", config.to_string(), 0o644),
            TarEntry::bytes("htpasswd", HTPASSWD, 0o644),
        ]);
        client.put_container_archive(&container.id, "/srv", files, soon()).await.unwrap();
        let attached =
            client.container_attach(&container.id, &AttachOptions::default(), soon()).await.unwrap();
        client.container_start(&container.id, soon()).await.unwrap();
        let (mut output, _stdin) = attached.into_split();
        let mut text = String::new();
        let address = loop {
            if let Some(port) = port(&text) {
                // Podman does without TLS only for this name.
                break format!("localhost:{port}");
            }
            let chunk = output.next().await.unwrap().unwrap_or_else(|| panic!("the registry ended: {text}"));
            text.push_str(&String::from_utf8_lossy(&chunk.data));
        };
        Self { address, _container: container }
    }

    fn auth(&self, password: &str) -> AuthConfig {
        AuthConfig {
            username: Some(NAME.to_owned()),
            password: Some(password.to_owned()),
            serveraddress: Some(self.address.clone()),
            ..AuthConfig::default()
        }
    }
}

/// Where the registry is on this machine.
fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path)
        .map(|folder| folder.join("docker-registry"))
        .find(|program| program.is_file())
        .expect("these tests need docker-registry: run scripts/prepare-tests first")
}

/// The port in the registry's log, once it is there as a whole.
fn port(log: &str) -> Option<&str> {
    log.split_once("listening on 127.0.0.1:")?.1.split_once('"').map(|(port, _)| port)
}

async fn pull(client: &Client, image: &str, auth: Option<AuthConfig>) -> Result<Vec<BuildEvent>, Error> {
    let options = ImageCreateOptions { auth, ..ImageCreateOptions::default() };
    let mut pull = client.image_create(image, &options, soon()).await?;
    let mut events = Vec::new();
    while let Some(event) = pull.next().await? {
        events.push(event);
    }
    Ok(events)
}

async fn push(client: &Client, image: &str, auth: Option<&AuthConfig>) -> Result<Vec<BuildEvent>, Error> {
    let mut push = client.image_push(image, auth, soon()).await?;
    let mut events = Vec::new();
    while let Some(event) = push.next().await? {
        events.push(event);
    }
    Ok(events)
}

/// An image that may go to `registry`.
async fn image(client: &Client, registry: &Registry) -> Tag {
    let tag = Tag { name: format!("{}/{}:1", registry.address, unique_name()) };
    let options =
        ImageBuildOptions { tags: vec![tag.name.clone()], labels: labels(), ..ImageBuildOptions::default() };
    // Its own content: an engine would take that of another test from its cache, while that test removes it.
    let content: Vec<u8> = tag.name.bytes().cycle().take(1_000_000).collect();
    let context = TarStream::from_entries([
        TarEntry::bytes("Dockerfile", "FROM scratch\nCOPY file /file\n", 0o644),
        TarEntry::bytes("file", content, 0o644),
    ]);
    let mut build = client.image_build(&options, context, soon()).await.unwrap();
    while build.next().await.unwrap().is_some() {}
    tag
}

#[tokio::test]
async fn an_image_goes_to_a_registry_and_comes_back_with_the_right_password_only() {
    let client = engine().await;
    let registry = Registry::start(&client).await;
    let tag = image(&client, &registry).await;
    let id = client.image_inspect(&tag.name, soon()).await.unwrap().id;

    let (right, wrong) = (registry.auth(PASSWORD), registry.auth("a guess"));
    assert_eq!(client.auth(&right, soon()).await.unwrap().status, "Login Succeeded");
    let error = client.auth(&wrong, soon()).await.unwrap_err();
    assert!(matches!(error, Error::Engine { .. }), "{error:?}");

    for auth in [None, Some(&wrong)] {
        let error = push(&client, &tag.name, auth).await.unwrap_err();
        // As the push goes on, or at once: engines differ.
        assert!(matches!(error, Error::Push { .. } | Error::Engine { .. }), "{error:?}");
        assert!(error.to_string().contains("auth"), "{error}");
        assert!(!format!("{error:?}").contains("a guess"));
    }
    let events = push(&client, &tag.name, Some(&right)).await.unwrap();
    let is_digest = |event: &BuildEvent| matches!(event, BuildEvent::Status { status, .. } if status.contains("digest: sha256:"));
    assert!(events.iter().any(is_digest), "no digest in {events:?}");
    let digests = client.image_inspect(&tag.name, soon()).await.unwrap().repo_digests;
    assert_eq!(digests.len(), 1, "{digests:?}");

    client.image_delete(&tag.name, true, soon()).await.unwrap();
    for auth in [None, Some(wrong)] {
        let error = pull(&client, &tag.name, auth).await.unwrap_err();
        assert!(matches!(error, Error::Engine { .. } | Error::Pull { .. }), "{error:?}");
        assert!(client.image_inspect(&tag.name, soon()).await.unwrap_err().is_not_found());
    }
    pull(&client, &tag.name, Some(right.clone())).await.unwrap();
    assert_eq!(client.image_inspect(&tag.name, soon()).await.unwrap().id, id);

    let nothing = format!("{}/{}:1", registry.address, unique_name());
    assert!(pull(&client, &nothing, Some(right)).await.is_err());
    assert!(push(&client, &nothing, None).await.is_err());
}

#[tokio::test]
async fn a_push_tells_how_far_it_is() {
    let client = engine().await;
    let registry = Registry::start(&client).await;
    let tag = image(&client, &registry).await;
    let events = push(&client, &tag.name, Some(&registry.auth(PASSWORD))).await.unwrap();
    assert!(
        events.iter().any(|event| matches!(event, BuildEvent::Status { current: Some(1..), .. })),
        "no progress in {events:?}"
    );
}
