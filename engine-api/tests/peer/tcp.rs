use engine_api::{AttachOptions, Endpoint, StreamType};

use crate::support::{Answer, Peer, UPGRADED, id, soon};

#[tokio::test]
async fn calls_and_attached_streams_go_over_tcp_too() {
    let peer = Peer::start_on_tcp(|request| match request {
        "GET /v1.41/info" => Answer::json(r#"{"NCPU":42}"#),
        _ => Answer::raw([UPGRADED.as_bytes(), b"\x01\0\0\0\0\0\0\x03out"].concat()),
    })
    .await;
    let client = peer.client();
    assert_eq!(client.info(soon()).await.unwrap().ncpu, 42);
    let attached = client.container_attach(&id(), &AttachOptions::default(), soon()).await.unwrap();
    let (mut output, _stdin) = attached.into_split();
    let chunk = output.next().await.unwrap().unwrap();
    assert_eq!((chunk.stream, &chunk.data[..]), (StreamType::Stdout, &b"out"[..]));
    assert!(output.next().await.unwrap().is_none());
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_unreachable_and_named() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let client = engine_api::Client::new(Endpoint::tcp("127.0.0.1", port));
    let error = client.info(soon()).await.unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
    assert_eq!(error.to_string(), format!("cannot connect to the engine at tcp://127.0.0.1:{port}"));
}
