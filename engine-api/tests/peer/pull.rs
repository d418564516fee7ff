use engine_api::{BuildEvent, Error, ImageCreateOptions};

use crate::support::{Answer, Peer, soon, very_soon};

const HEAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

fn status(status: &str, current: Option<u64>) -> BuildEvent {
    BuildEvent::Status {
        id: current.map(|_| "a1".to_owned()),
        status: status.to_owned(),
        current,
        total: current.map(|_| 9),
    }
}

#[tokio::test]
async fn a_pull_tells_its_progress_and_its_end() {
    let lines = "{\"status\":\"Pulling from library/x\"}\r\n\
        {\"status\":\"Downloading\",\"progressDetail\":{\"current\":5,\"total\":9},\"id\":\"a1\"}\r\n\
        {\"status\":\"Download complete\",\"progressDetail\":{},\"id\":null}\r\n";
    let reply = format!("{HEAD}{}0\r\n\r\n", chunk(lines));
    let peer = Peer::start(move |request| {
        assert_eq!(request, "POST /v1.41/images/create?fromImage=x%3A1");
        Answer::raw(reply.clone())
    });
    let mut pull = peer.client().image_create("x:1", &ImageCreateOptions::default(), soon()).await.unwrap();
    let mut events = Vec::new();
    while let Some(event) = pull.next().await.unwrap() {
        events.push(event);
    }
    assert_eq!(
        events,
        [
            status("Pulling from library/x", None),
            status("Downloading", Some(5)),
            status("Download complete", None)
        ]
    );
}

#[tokio::test]
async fn only_a_name_without_tag_and_digest_means_the_latest() {
    for (image, expected) in [
        ("x", "fromImage=x&tag=latest"),
        ("host:5000/x", "fromImage=host%3A5000%2Fx&tag=latest"),
        ("host:5000/x:2", "fromImage=host%3A5000%2Fx%3A2"),
        ("x@sha256:00", "fromImage=x%40sha256%3A00"),
    ] {
        let expected = format!("POST /v1.41/images/create?{expected}");
        let peer = Peer::start(move |request| {
            assert_eq!(request, expected);
            Answer::raw(format!("{HEAD}0\r\n\r\n"))
        });
        let mut pull =
            peer.client().image_create(image, &ImageCreateOptions::default(), soon()).await.unwrap();
        assert_eq!(pull.next().await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_pull_that_breaks_off_is_no_end() {
    let failure = chunk("{\"errorDetail\":{\"message\":\"unexpected EOF\"},\"error\":\"unexpected EOF\"}\n");
    let reply = format!("{HEAD}{failure}0\r\n\r\n");
    let peer = Peer::start(move |_| Answer::raw(reply.clone()));
    let mut pull = peer.client().image_create("x:1", &ImageCreateOptions::default(), soon()).await.unwrap();
    let error = pull.next().await.unwrap_err();
    assert_eq!(error.to_string(), "pulling x:1 failed: unexpected EOF");
    assert!(matches!(error, Error::Pull { .. }));

    let peer =
        Peer::start(|_| Answer::raw(format!("{HEAD}{}", chunk("{\"status\":\"Waiting\"}\n"))).then_nothing());
    let mut pull = peer.client().image_create("x:1", &ImageCreateOptions::default(), soon()).await.unwrap();
    pull.set_deadline(very_soon());
    assert_eq!(pull.next().await.unwrap(), Some(status("Waiting", None)));
    assert!(pull.next().await.unwrap_err().is_timeout());
}
