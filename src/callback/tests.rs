//! Callbacks against receivers on the loopback.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;

use rcgen::{CertificateParams, Issuer, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::*;

const SECRET: &str = "a secret of some length";

fn loopback() -> Vec<IpNet> {
    vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]
}

fn callbacks(allowed: Vec<IpNet>) -> Callbacks {
    Callbacks::new(Some(SECRET), allowed).unwrap()
}

/// One try to deliver.
async fn call(callbacks: &Callbacks, url: &str) -> Result<StatusCode, AttemptError> {
    let url = callbacks.url(url).unwrap();
    callbacks.shared.as_ref().unwrap().call(&url, Uuid::new_v4(), Bytes::from_static(b"{}")).await
}

/// Answers each request with the next of these; gives the port, and the requests.
fn receiver(answers: Vec<Vec<u8>>) -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (requests, received) = mpsc::channel();
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"{}") {
                let mut part = [0; 1024];
                let length = stream.read(&mut part).unwrap();
                assert!(length > 0, "the request ended early");
                request.extend_from_slice(&part[..length]);
            }
            requests.send(String::from_utf8(request).unwrap()).unwrap();
            // The caller need not read all of it.
            let _ = stream.write_all(&answer);
        }
    });
    (port, received)
}

#[tokio::test]
async fn a_request_is_whole_and_signed() {
    let (port, received) = receiver(vec![b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()]);
    let answer = call(&callbacks(loopback()), &format!("http://localhost:{port}/done?a=b")).await;
    assert_eq!(answer.unwrap(), StatusCode::NO_CONTENT);
    let request = received.recv().unwrap();
    assert!(request.starts_with("POST /done?a=b HTTP/1.1\r\n"), "{request}");
    let header = |name: &str| {
        let line = request.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("no {name} in {request}")).split_once(": ").unwrap().1
    };
    assert_eq!(header("host"), format!("localhost:{port}"));
    assert_eq!((header("content-type"), header("content-length")), ("application/json", "2"));
    assert!(Uuid::parse_str(header("x-dayfly-delivery")).is_ok());
    let signature = header("x-dayfly-signature");
    let seconds = signature.strip_prefix("t=").unwrap().split(',').next().unwrap().parse().unwrap();
    assert_eq!(signature, Signer::new(SECRET).sign(seconds, b"{}"));
}

#[tokio::test]
async fn names_and_addresses_of_this_machine_are_refused_before_anything_is_sent() {
    let (port, received) = receiver(vec![b"HTTP/1.1 200 OK\r\n\r\n".to_vec()]);
    let callbacks = callbacks(Vec::new());
    for name in ["localhost", "LOCALHOST"] {
        let answer = call(&callbacks, &format!("http://{name}:{port}/")).await;
        assert!(matches!(answer, Err(AttemptError::Refused(_))), "{name}: {answer:?}");
        assert_eq!(Answer::from(answer), Answer::Gone);
    }
    // Not every resolver knows what these stand for.
    for name in ["localhost.", "a.localhost"] {
        let answer = call(&callbacks, &format!("http://{name}:{port}/")).await;
        assert!(
            matches!(answer, Err(AttemptError::Refused(_) | AttemptError::Lookup(_))),
            "{name}: {answer:?}"
        );
    }
    for host in
        ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254", "0x7f.1", "2130706433"]
    {
        let url = callbacks.url(&format!("http://{host}:{port}/"));
        assert!(matches!(url, Err(CallbackError::Url(_))), "{host}: {url:?}");
    }
    assert!(received.try_recv().is_err());
}

#[tokio::test]
async fn one_address_of_a_name_that_is_refused_refuses_the_name() {
    // The name stands for 127.0.0.1, and on most machines for ::1 as well: only one of them is allowed.
    let (port, received) = receiver(vec![b"HTTP/1.1 200 OK\r\n\r\n".to_vec()]);
    let answer =
        call(&callbacks(vec!["::1/128".parse().unwrap()]), &format!("http://localhost:{port}/")).await;
    assert!(matches!(answer, Err(AttemptError::Refused(_))), "{answer:?}");
    assert!(received.try_recv().is_err());
}

#[tokio::test]
async fn redirects_are_failures_and_are_not_followed() {
    let (inner, inner_received) = receiver(vec![b"HTTP/1.1 200 OK\r\n\r\n".to_vec()]);
    let redirect = format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:{inner}/\r\n\r\n");
    let (port, received) = receiver(vec![redirect.into_bytes()]);
    let answer = call(&callbacks(loopback()), &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(Answer::from(answer), Answer::Failed);
    assert!(received.try_recv().is_ok() && inner_received.try_recv().is_err());
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_head_and_no_head_is_endless() {
    // A body that never comes.
    let waiting = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n".to_vec();
    let endless = [b"HTTP/1.1 200 OK\r\nX: ".as_slice(), &vec![b'x'; 1 << 20]].concat();
    let (port, _received) = receiver(vec![waiting, endless, b"SSH-2.0-OpenSSH\r\n".to_vec()]);
    let (callbacks, url) = (callbacks(loopback()), format!("http://127.0.0.1:{port}/"));
    assert_eq!(call(&callbacks, &url).await.unwrap(), StatusCode::OK);
    for _ in 0..2 {
        let answer = call(&callbacks, &url).await;
        assert!(matches!(answer, Err(AttemptError::Http(_))), "{answer:?}");
    }
}

#[test]
fn what_is_delivered_and_what_is_tried_again() {
    let answer = |status| Answer::from(Ok(StatusCode::from_u16(status).unwrap()));
    assert_eq!([200, 202, 204].map(answer), [Answer::Delivered; 3]);
    assert_eq!([302, 308, 400, 404, 429, 500, 503].map(answer), [Answer::Failed; 7]);
    assert_eq!(answer(410), Answer::Gone);
}

#[test]
fn waits_grow_and_vary() {
    let seconds = |tried, jitter| wait(tried, jitter).as_secs_f64();
    assert_eq!([1, 2, 3, 4].map(|tried| seconds(tried, 1.0)), [1.0, 4.0, 16.0, 64.0]);
    assert_eq!([1, 2, 3, 4].map(|tried| seconds(tried, 0.0)), [0.5, 2.0, 8.0, 32.0]);
}

#[test]
fn without_a_secret_there_are_no_callbacks() {
    let callbacks = Callbacks::new(None, loopback()).unwrap();
    assert!(matches!(callbacks.url("https://a.example/"), Err(CallbackError::Off)));
}

/// A receiver with a certificate for `localhost` of an authority of its own; gives its port and the authority.
async fn safe_receiver() -> (u16, RootCertStore) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let mut roots = RootCertStore::empty();
    roots.add(authority.self_signed(&authority_key).unwrap().der().clone()).unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A caller that does not like the certificate goes away.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut part = [0; 4096];
            assert!(stream.read(&mut part).await.unwrap() > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        }
    });
    (port, roots)
}

#[tokio::test]
async fn a_certificate_must_be_of_a_known_authority_and_for_the_name() {
    let (port, roots) = safe_receiver().await;
    let knowing = Callbacks::with_roots(Some(SECRET), loopback(), roots).unwrap();
    let answer = call(&knowing, &format!("https://localhost:{port}/")).await;
    assert_eq!(answer.unwrap(), StatusCode::OK);
    let answer = call(&knowing, &format!("https://127.0.0.1:{port}/")).await;
    assert!(matches!(answer, Err(AttemptError::Tls(_))), "{answer:?}");
    let answer = call(&callbacks(loopback()), &format!("https://localhost:{port}/")).await;
    assert!(matches!(answer, Err(AttemptError::Tls(_))), "{answer:?}");
}
