use std::process::{Child, Command, Stdio};
use std::time::Duration;

use engine_api::{
    AuthConfig, BuildEvent, Client, Error, ImageBuildOptions, ImageCreateOptions, TarEntry, TarStream,
};

use crate::support::{Tag, engine, labels, soon, unique_name};

const NAME: &str = "dayfly";
const PASSWORD: &str = "a secret";
/// `NAME:PASSWORD` by bcrypt, as `htpasswd -B` writes it.
const HTPASSWD: &str = "dayfly:$2b$04$L0BGBhkrtzJPC1YBx27eL.Nrv/LUPnBPxyGGxHYqGt4AjSboOV0oO";

/// Docker's own registry (Debian's package `docker-registry`), with a password, on the loopback, which engines take without
/// TLS. It goes with this value.
struct Registry {
    address: String,
    process: Child,
    _folder: tempfile::TempDir,
}

impl Registry {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let htpasswd = folder.path().join("htpasswd");
        std::fs::write(&htpasswd, HTPASSWD).unwrap();
        let config = serde_json::json!({
            "version": "0.1",
            "log": { "level": "error" },
            "storage": { "filesystem": { "rootdirectory": folder.path().join("data") } },
            "http": { "addr": address },
            "auth": { "htpasswd": { "realm": "test", "path": htpasswd } },
        });
        let path = folder.path().join("config.yml");
        // JSON is YAML.
        std::fs::write(&path, config.to_string()).unwrap();
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(&path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("these tests need docker-registry: run scripts/prepare-host first ({error})")
            });
        let registry = Self { address, process, _folder: folder };
        while tokio::net::TcpStream::connect(&registry.address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        registry
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

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
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

#[tokio::test]
async fn an_image_goes_to_a_registry_and_comes_back_with_the_right_password_only() {
    let client = engine().await;
    let registry = Registry::start().await;
    let tag = Tag { name: format!("{}/{}:1", registry.address, unique_name()) };
    let options =
        ImageBuildOptions { tags: vec![tag.name.clone()], labels: labels(), ..ImageBuildOptions::default() };
    let context = TarStream::from_entries([
        TarEntry::bytes("Dockerfile", "FROM scratch\nCOPY file /file\n", 0o644),
        TarEntry::bytes("file", vec![7; 1_000_000], 0o644),
    ]);
    let mut build = client.image_build(&options, context, soon()).await.unwrap();
    while build.next().await.unwrap().is_some() {}
    let id = client.image_inspect(&tag.name, soon()).await.unwrap().id;

    let (right, wrong) = (registry.auth(PASSWORD), registry.auth("a guess"));
    assert_eq!(client.auth(&right, soon()).await.unwrap().status, "Login Succeeded");
    let error = client.auth(&wrong, soon()).await.unwrap_err();
    assert!(matches!(error, Error::Engine { .. }), "{error:?}");

    for auth in [None, Some(&wrong)] {
        let error = push(&client, &tag.name, auth).await.unwrap_err();
        assert!(matches!(&error, Error::Push { image, .. } if *image == tag.name), "{error:?}");
        assert!(!format!("{error:?}").contains("a guess"));
    }
    let events = push(&client, &tag.name, Some(&right)).await.unwrap();
    assert!(
        events.iter().any(|event| matches!(event, BuildEvent::Status { current: Some(1..), .. })),
        "no progress in {events:?}"
    );
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
