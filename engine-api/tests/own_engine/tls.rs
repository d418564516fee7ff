use std::path::Path;
use std::process::Command;

use engine_api::{AttachOptions, Client, Endpoint, Error, TlsConfig};

use crate::support::{OwnEngine, shell, soon};

/// Makes an authority, and a certificate of it for the engine at `127.0.0.1` and one for a client, as Docker's
/// documentation does.
fn make_certificates(folder: &Path) {
    let openssl = |arguments: &str| {
        let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca-key.pem -out ca.pem -subj /CN=authority -days 2"));
    for (name, purpose) in [("server", "serverAuth\nsubjectAltName=IP:127.0.0.1"), ("client", "clientAuth")] {
        std::fs::write(folder.join("extensions"), format!("extendedKeyUsage={purpose}\n")).unwrap();
        openssl(&format!("req -new {key} -keyout {name}-key.pem -out {name}.csr -subj /CN={name}"));
        openssl(&format!(
            "x509 -req -in {name}.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -out {name}.pem -days 2 -extfile extensions"
        ));
    }
    // As `DOCKER_CERT_PATH` and contexts have them.
    std::fs::copy(folder.join("client.pem"), folder.join("cert.pem")).unwrap();
    std::fs::copy(folder.join("client-key.pem"), folder.join("key.pem")).unwrap();
}

#[tokio::test]
async fn an_engine_that_verifies_its_clients() {
    let folder = tempfile::tempdir().unwrap();
    make_certificates(folder.path());
    let file = |name: &str| folder.path().join(name).display().to_string();
    let pem = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let engine = OwnEngine::start(&[
        "--host",
        &format!("tcp://127.0.0.1:{port}"),
        "--tlsverify",
        "--tlscacert",
        &file("ca.pem"),
        "--tlscert",
        &file("server.pem"),
        "--tlskey",
        &file("server-key.pem"),
    ])
    .await;

    let config = TlsConfig::from_folder(folder.path()).unwrap();
    let client = Client::new(Endpoint::tls("127.0.0.1", port, config.clone()));
    assert_eq!(client.version(soon()).await.unwrap(), engine.client().version(soon()).await.unwrap());
    engine.load_image(&client).await;
    streams_are_attached(&client).await;

    // The same engine as a context of the `docker` command.
    let docker = folder.path().join("docker");
    for (path, text) in [
        (
            "contexts/meta/digest/meta.json",
            format!(r#"{{"Name":"own","Endpoints":{{"docker":{{"Host":"tcp://127.0.0.1:{port}"}}}}}}"#),
        ),
        ("contexts/tls/digest/docker/ca.pem", String::from_utf8(pem("ca.pem")).unwrap()),
        ("contexts/tls/digest/docker/cert.pem", String::from_utf8(pem("cert.pem")).unwrap()),
        ("contexts/tls/digest/docker/key.pem", String::from_utf8(pem("key.pem")).unwrap()),
    ] {
        let path = docker.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let client = Client::new(Endpoint::context(&docker, "own").unwrap());
    assert!(client.info(soon()).await.unwrap().ncpu > 0);

    // Each side refuses whom it cannot verify.
    let other = tempfile::tempdir().unwrap();
    make_certificates(other.path());
    let refused = async |host: &str, config: TlsConfig| {
        Client::new(Endpoint::tls(host, port, config)).info(soon()).await.unwrap_err()
    };
    let error = refused("127.0.0.1", TlsConfig::from_folder(other.path()).unwrap()).await;
    assert!(cause(&error).contains("UnknownIssuer") || cause(&error).contains("BadSignature"), "{error:?}");
    let error = refused("localhost", config).await;
    assert!(cause(&error).contains("not valid for name"), "{error:?}");
    for config in [
        TlsConfig::new(&pem("ca.pem")).unwrap(),
        TlsConfig::with_identity(
            &pem("ca.pem"),
            &std::fs::read(other.path().join("cert.pem")).unwrap(),
            &std::fs::read(other.path().join("key.pem")).unwrap(),
        )
        .unwrap(),
    ] {
        let error = refused("127.0.0.1", config).await;
        assert!(!error.is_timeout(), "{error:?}");
        assert!(format!("{error:?} {}", cause(&error)).contains("ertificate"), "{error:?}");
    }
    let plain = Client::new(Endpoint::tcp("127.0.0.1", port)).info(soon()).await.unwrap_err();
    assert!(!plain.is_timeout(), "{plain:?}");
}

/// The system's words on why no connection was made.
fn cause(error: &Error) -> String {
    match error {
        Error::Connect { source, .. } | Error::Io { source, .. } => source.to_string(),
        _ => String::new(),
    }
}

async fn streams_are_attached(client: &Client) {
    for dropped in [true, false] {
        let id = client.container_create(None, &shell("cat; echo end"), soon()).await.unwrap().id;
        let attached = client.container_attach(&id, &AttachOptions::default(), soon()).await.unwrap();
        client.container_start(&id, soon()).await.unwrap();
        let (mut output, mut stdin) = attached.into_split();
        let input = vec![b'x'; 1_000_000];
        let send = async {
            stdin.write_all(&input).await.unwrap();
            if dropped { drop(stdin) } else { stdin.close().await.unwrap() }
        };
        let receive = async {
            let mut text = Vec::new();
            while let Some(chunk) = output.next().await.unwrap() {
                text.extend_from_slice(&chunk.data);
            }
            text
        };
        let ((), text) = tokio::join!(send, receive);
        assert!(text == [&input[..], b"end\n"].concat(), "dropped: {dropped}, {} bytes", text.len());
    }
}
