use std::time::Duration;

use engine_api::{Error, ProtocolError, WaitCondition};

use crate::support::{Answer, Peer, id, soon, very_soon};

#[tokio::test]
async fn a_connection_closed_while_idle_is_replaced() {
    let peer = Peer::start(|_| Answer::json("{}").then_close());
    let client = peer.client();
    for _ in 0..5 {
        client.info(soon()).await.unwrap();
        // Let the close arrive. A call that is sent into it may fail: whether it was obeyed is not known then.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_peer_that_accepts_and_closes_is_told() {
    let peer = Peer::start(|_| Answer::raw(""));
    let error = peer.client().container_start(&id(), soon()).await.unwrap_err();
    assert!(matches!(error, Error::Protocol { source: ProtocolError::Closed, .. }), "{error:?}");
    assert_eq!(error.to_string(), "the reply to POST /containers/4fa6e0f0c678/start breaks the protocol");
}

#[tokio::test]
async fn a_call_that_changes_things_is_not_sent_twice() {
    let mut starts = 0;
    let peer = Peer::start(move |request| match request {
        "POST /v1.41/containers/4fa6e0f0c678/start" => {
            starts += 1;
            Answer::raw("")
        }
        _ => Answer::json(&format!(r#"{{"NCPU":{starts}}}"#)),
    });
    let client = peer.client();
    client.container_start(&id(), soon()).await.unwrap_err();
    assert_eq!(client.info(soon()).await.unwrap().ncpu, 1);
}

#[tokio::test]
async fn a_dropped_call_harms_no_other() {
    let (ask, mut asked) = tokio::sync::mpsc::unbounded_channel();
    let mut requests = 0;
    let peer = Peer::start(move |_| {
        requests += 1;
        ask.send(()).unwrap();
        match requests % 3 {
            0 => Answer::json(r#"{"NCPU":42}"#),
            1 => Answer::silence(),
            _ => Answer::raw("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"NCPU\":").then_nothing(),
        }
    });
    let client = peer.client();
    for _ in 0..3 {
        for _ in 0..2 {
            tokio::select! {
                result = client.info(soon()) => panic!("{result:?}"),
                Some(()) = asked.recv() => {}
            }
        }
        assert_eq!(client.info(soon()).await.unwrap().ncpu, 42);
        asked.recv().await.unwrap();
    }
}

#[tokio::test]
async fn a_negotiation_dropped_half_way_is_taken_up_by_the_next_call() {
    let mut pings = 0;
    let peer = Peer::start_without_ping(move |request| match request {
        "GET /_ping" => {
            pings += 1;
            if pings == 1 { Answer::silence() } else { Answer::ping("1.41") }
        }
        _ => Answer::json("{}"),
    });
    let client = peer.client();
    let (first, second) = tokio::join!(client.info(very_soon()), client.info(soon()));
    assert!(first.unwrap_err().is_timeout());
    second.unwrap();
}

#[tokio::test]
async fn a_wait_is_registered_when_its_head_is_here_and_ends_with_its_body() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let peer = Peer::start(move |request| match request {
        "POST /v1.41/containers/4fa6e0f0c678/wait?condition=next-exit" => Answer::raw(head).then_nothing(),
        "POST /v1.41/containers/4fa6e0f0c678/wait?condition=removed" => Answer::raw(head),
        "POST /v1.41/containers/4fa6e0f0c678/wait?condition=not-running" => {
            Answer::json(r#"{"StatusCode":137,"Error":{"Message":"shim died"},"New":null}"#)
        }
        other => panic!("{other}"),
    });
    let client = peer.client();
    let wait = async |condition| client.container_wait(&id(), condition, soon()).await.unwrap();
    assert!(wait(WaitCondition::NextExit).await.result(very_soon()).await.unwrap_err().is_timeout());

    let error = wait(WaitCondition::Removed).await.result(soon()).await.unwrap_err();
    assert!(matches!(error, Error::Protocol { source: ProtocolError::Closed, .. }), "{error:?}");

    let result = wait(WaitCondition::NotRunning).await.result(soon()).await.unwrap();
    assert_eq!((result.status_code, result.error.unwrap().message.as_str()), (137, "shim died"));
}
