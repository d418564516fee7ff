use engine_api::{ApiVersion, Error, VersionError};

use crate::support::{Answer, Peer, soon};

fn version_body(newest: &str, oldest: &str) -> Answer {
    Answer::json(&format!(r#"{{"ApiVersion":"{newest}","MinAPIVersion":"{oldest}"}}"#))
}

#[tokio::test]
async fn a_version_in_the_middle_is_spoken_in_every_call_and_asked_for_once() {
    let mut pings = 0;
    let peer = Peer::start_without_ping(move |request| match request {
        "GET /_ping" => {
            pings += 1;
            assert_eq!(pings, 1);
            Answer::ping("1.45")
        }
        "GET /v1.45/info" => Answer::json("{}"),
        other => panic!("{other}"),
    });
    let client = peer.client();
    for _ in 0..3 {
        client.info(soon()).await.unwrap();
        client.clone().info(soon()).await.unwrap();
    }
    assert_eq!(client.api_version(soon()).await.unwrap(), ApiVersion::new(1, 45));
}

#[tokio::test]
async fn an_engine_that_is_too_old_is_told() {
    let peer = Peer::start_without_ping(|_| Answer::ping("1.40"));
    let error = peer.client().info(soon()).await.unwrap_err();
    let newest = ApiVersion::new(1, 40);
    assert!(
        matches!(error, Error::Version { source: VersionError::EngineTooOld { newest: v }, .. } if v == newest)
    );
}

#[tokio::test]
async fn a_newer_engine_is_spoken_to_in_our_newest_if_it_still_can() {
    for (oldest, fits) in [("1.44", true), ("1.55", true), ("1.56", false), ("2.0", false)] {
        let peer = Peer::start_without_ping(move |request| match request {
            "GET /_ping" => Answer::ping("2.1"),
            "GET /version" => version_body("2.1", oldest),
            "GET /v1.55/info" => Answer::json("{}"),
            other => panic!("{other}"),
        });
        match peer.client().info(soon()).await {
            Ok(_) => assert!(fits, "{oldest}"),
            Err(Error::Version { source: VersionError::EngineTooNew { oldest: told }, .. }) => {
                assert!(!fits, "{oldest}");
                assert_eq!(told.to_string(), oldest);
            }
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[tokio::test]
async fn a_peer_without_a_version_is_no_engine() {
    for headers in ["", "Api-Version: new\r\n"] {
        let peer = Peer::start_without_ping(move |_| Answer::reply(200, headers, "OK"));
        let error = peer.client().info(soon()).await.unwrap_err();
        assert!(matches!(error, Error::Version { source: VersionError::Unstated, .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_failed_negotiation_is_tried_again() {
    let mut pings = 0;
    let peer = Peer::start_without_ping(move |request| match request {
        "GET /_ping" => {
            pings += 1;
            if pings == 1 { Answer::reply(500, "", "starting") } else { Answer::ping("1.41") }
        }
        _ => Answer::json("{}"),
    });
    let client = peer.client();
    let error = client.info(soon()).await.unwrap_err();
    assert_eq!(error.to_string(), "GET /_ping was refused with status 500: starting");
    client.info(soon()).await.unwrap();
}
