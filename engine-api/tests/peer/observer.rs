use std::sync::{Arc, Mutex};

use engine_api::{AttachOptions, CallInfo, Client, Endpoint, Error};

use crate::support::{Answer, Peer, UPGRADED, id, soon, very_soon};

type Told = Arc<Mutex<Vec<(String, String)>>>;

fn observed(client: Client) -> (Client, Told) {
    let told = Told::default();
    let list = Arc::clone(&told);
    let observer = move |call: &CallInfo<'_>| {
        let outcome = match call.error {
            None => "ok".to_owned(),
            Some(Error::Engine { status, .. }) => status.to_string(),
            Some(Error::Timeout { .. }) => "timeout".to_owned(),
            Some(Error::Connect { .. }) => "connect".to_owned(),
            Some(error) => error.to_string(),
        };
        list.lock().unwrap().push((call.operation.route().to_owned(), outcome));
    };
    (client.with_observer(observer), told)
}

fn told(list: &Told) -> Vec<(String, String)> {
    std::mem::take(&mut list.lock().unwrap())
}

fn pair(route: &str, outcome: &str) -> (String, String) {
    (route.to_owned(), outcome.to_owned())
}

#[tokio::test]
async fn every_call_is_told_with_its_outcome() {
    let peer = Peer::start(|request| match request {
        "POST /v1.41/containers/4fa6e0f0c678/start" => Answer::reply(204, "", ""),
        "GET /v1.41/containers/4fa6e0f0c678/json" => Answer::reply(404, "", r#"{"message":"none"}"#),
        _ if request.contains("/attach") => Answer::raw(UPGRADED),
        _ => Answer::silence(),
    });
    let (client, list) = observed(peer.client());
    client.container_start(&id(), soon()).await.unwrap();
    assert_eq!(told(&list), [pair("GET /_ping", "ok"), pair("POST /containers/{}/start", "ok")]);
    client.container_inspect(&id(), soon()).await.unwrap_err();
    assert_eq!(told(&list), [pair("GET /containers/{}/json", "404")]);
    // A clone tells the same observer.
    client.clone().container_attach(&id(), &AttachOptions::default(), soon()).await.unwrap();
    assert_eq!(told(&list), [pair("POST /containers/{}/attach", "ok")]);
    client.info(very_soon()).await.unwrap_err();
    assert_eq!(told(&list), [pair("GET /info", "timeout")]);
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_told() {
    let (client, list) = observed(Client::new(Endpoint::unix("/nowhere/engine.sock").unwrap()));
    client.ping(soon()).await.unwrap_err();
    assert_eq!(told(&list), [pair("GET /_ping", "connect")]);
}
