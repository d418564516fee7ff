use std::time::{Duration, SystemTime};

use engine_api::{Deadline, EventsOptions, Filters, WaitCondition};

use crate::support::{Container, engine, shell, soon};

#[tokio::test]
async fn what_happens_to_a_container_is_told_in_order() {
    let client = engine().await;
    let container = Container::create(&client, &shell("exit 5")).await;
    let options = EventsOptions {
        since: Some(SystemTime::now()),
        // Podman has more events than these.
        filters: Filters::new()
            .with("container", container.id.as_str())
            .with("event", "start")
            .with("event", "die"),
        ..EventsOptions::default()
    };
    let mut events = client.events(&options, soon()).await.unwrap();
    client.container_start(&container.id, soon()).await.unwrap();
    let mut actions = Vec::new();
    while actions.last().is_none_or(|last| last != "die") {
        let event = events.next().await.unwrap().unwrap();
        assert_eq!(
            (event.event_type.as_str(), event.actor.id.as_str()),
            ("container", container.id.as_str())
        );
        assert_eq!(event.time_nano / 1_000_000_000, event.time);
        if event.action == "die" {
            assert_eq!(event.actor.attributes["exitCode"], "5");
            assert_eq!(event.actor.attributes["dayfly.test"], "engine-api");
        }
        actions.push(event.action);
    }
    assert_eq!(actions, ["start", "die"]);
    events.set_deadline(Deadline::after(Duration::from_millis(50)));
    assert!(events.next().await.unwrap_err().is_timeout());
    assert!(events.next().await.unwrap().is_none(), "nothing comes after an error");
}

#[tokio::test]
async fn what_has_happened_can_be_asked_for() {
    let client = engine().await;
    let start = SystemTime::now() - Duration::from_secs(1);
    let container = Container::run(&client, &shell("true")).await;
    let exit = client.container_wait(&container.id, WaitCondition::NotRunning, soon()).await.unwrap();
    exit.result(soon()).await.unwrap();
    let options = EventsOptions {
        since: Some(start),
        until: Some(SystemTime::now() + Duration::from_secs(1)),
        filters: Filters::new().with("container", container.id.as_str()).with("event", "create"),
    };
    let mut events = client.events(&options, soon()).await.unwrap();
    assert_eq!(events.next().await.unwrap().unwrap().action, "create");
    assert!(events.next().await.unwrap().is_none());
}
