use std::error::Error as _;

use engine_api::{Error, ImageBuildOptions, Phase, ProtocolError, TarEntry, TarStream};

use crate::support::{Answer, Peer, id, soon, very_soon};

/// What a call makes of an answer.
async fn info(answer: impl Fn() -> Answer + Send + 'static) -> Error {
    let peer = Peer::start(move |_| answer());
    peer.client().info(soon()).await.unwrap_err()
}

fn protocol_error(error: Error) -> ProtocolError {
    match error {
        Error::Protocol { source, .. } => source,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_reply_cut_anywhere_is_never_a_value() {
    let whole =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"NCPU\": 42}";
    for end in 0..whole.len() {
        let error = info(move || Answer::raw(&whole.as_bytes()[..end])).await;
        assert!(
            matches!(error, Error::Protocol { source: ProtocolError::Closed, .. }),
            "cut at {end}: {error:?}"
        );
    }
    let peer = Peer::start(move |_| Answer::raw(whole).byte_by_byte());
    assert_eq!(peer.client().info(soon()).await.unwrap().ncpu, 42);
}

#[tokio::test]
async fn chunked_replies_are_read_and_broken_ones_told() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let whole = format!("{head}5\r\n{{\"NCP\r\n7\r\nU\": 42}}\r\n0\r\n\r\n");
    let reply = whole.clone();
    let peer = Peer::start(move |_| Answer::raw(reply.clone()));
    assert_eq!(peer.client().info(soon()).await.unwrap().ncpu, 42);

    for end in head.len()..whole.len() - 2 {
        let cut = whole[..end].to_owned();
        let error = info(move || Answer::raw(cut.clone())).await;
        assert!(
            matches!(error, Error::Protocol { source: ProtocolError::Closed, .. }),
            "cut at {end}: {error:?}"
        );
    }
    let error = info(move || Answer::raw(format!("{head}nonsense\r\n"))).await;
    assert!(matches!(protocol_error(error), ProtocolError::Http(_)));
}

#[tokio::test]
async fn what_is_not_http_is_told() {
    for junk in ["SSH-2.0-OpenSSH_9.2p1\r\n\r\n", "\0\0\0\0", "HTTP/1.1 two hundred\r\n\r\n"] {
        let error = info(move || Answer::raw(junk)).await;
        assert!(matches!(protocol_error(error), ProtocolError::Http(_)), "{junk}");
    }
}

#[tokio::test]
async fn a_wrong_type_is_told_with_its_place() {
    let body = r#"{"Id":"4fa6e0f0c678","State":{"Running":true,"ExitCode":"zero"}}"#;
    let peer = Peer::start(move |_| Answer::json(body));
    let error = peer.client().container_inspect(&id(), soon()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the reply to GET /containers/4fa6e0f0c678/json has an unexpected shape at `State.ExitCode`"
    );
    assert!(error.source().unwrap().to_string().contains("expected i64"));
}

#[tokio::test]
async fn an_id_that_is_none_is_not_taken() {
    let peer = Peer::start(|_| Answer::json(r#"{"Id":"../images"}"#));
    let error = peer.client().container_inspect(&id(), soon()).await.unwrap_err();
    assert!(matches!(&error, Error::Decode { path, .. } if path == "Id"), "{error:?}");
}

#[tokio::test]
async fn a_refusal_carries_the_message_whatever_its_form() {
    for (body, message) in
        [(r#"{"message":"no space left"}"#, "no space left"), ("plain words\n", "plain words"), ("", "")]
    {
        let error = info(move || Answer::reply(507, "", body)).await;
        assert_eq!(error.to_string(), format!("GET /info was refused with status 507: {message}"));
        assert_eq!(error.status(), Some(507));
    }
}

#[tokio::test]
async fn an_endless_refusal_is_cut() {
    let head = "HTTP/1.1 500 Status\r\n\r\n";
    let error =
        info(move || Answer::raw([head.as_bytes(), &[b'x'; 1_000_000]].concat()).then_nothing()).await;
    let Error::Engine { status: 500, message, .. } = error else { panic!("{error:?}") };
    assert_eq!(message.len(), 64 * 1024);
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_read() {
    let size = 17 * 1024 * 1024;
    let error = info(move || Answer::json(&" ".repeat(size)).then_nothing()).await;
    assert!(matches!(protocol_error(error), ProtocolError::BodyTooLong { limit: 16_777_216 }));
}

#[tokio::test]
async fn a_redirect_has_no_meaning() {
    let error = info(|| Answer::reply(301, "Location: /elsewhere\r\n", "")).await;
    assert!(matches!(protocol_error(error), ProtocolError::UnexpectedStatus(301)));
}

#[tokio::test]
async fn an_oversized_head_is_refused() {
    let error =
        info(|| Answer::raw(format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(2_000_000))).then_nothing()).await;
    assert!(matches!(error, Error::Protocol { .. }), "{error:?}");
}

#[tokio::test]
async fn the_deadline_ends_every_kind_of_silence() {
    let timeout = |error: Error| match error {
        Error::Timeout { operation, phase } => (operation.to_string(), phase),
        other => panic!("{other:?}"),
    };
    let info = ("GET /info".to_owned(), Phase::Head);

    let peer = Peer::start_without_ping(|_| Answer::silence());
    let error = peer.client().info(very_soon()).await.unwrap_err();
    assert_eq!(timeout(error), ("GET /_ping".to_owned(), Phase::Head));

    let peer = Peer::start(|_| Answer::silence());
    assert_eq!(timeout(peer.client().info(very_soon()).await.unwrap_err()), info);

    let peer = Peer::start(|_| Answer::raw("HTTP/1.1 200 OK\r\nContent-Le").then_nothing());
    assert_eq!(timeout(peer.client().info(very_soon()).await.unwrap_err()), info);

    let peer = Peer::start(|_| Answer::raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{").then_nothing());
    let error = peer.client().info(very_soon()).await.unwrap_err();
    assert_eq!(timeout(error), ("GET /info".to_owned(), Phase::Body));
}

#[tokio::test]
async fn a_body_the_peer_does_not_take_stops_at_the_deadline() {
    let path = std::env::temp_dir().join(format!("engine-api-deaf-{}.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let client = engine_api::Client::new(engine_api::Endpoint::unix(&path).unwrap());
    let deaf = async {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.read_u8().await.unwrap();
        socket.write_all(b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        std::future::pending::<()>().await;
    };
    let endless =
        TarStream::from_entries((0_u64..).map(|n| TarEntry::bytes(n.to_string(), vec![0; 100_000], 0o644)));
    let options = ImageBuildOptions::default();
    tokio::select! {
        () = deaf => {}
        result = client.image_build(&options, endless, very_soon()) => {
            let error = result.unwrap_err();
            assert!(error.is_timeout(), "{error:?}");
        }
    }
    std::fs::remove_file(&path).unwrap();
}
