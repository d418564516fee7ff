use std::time::Duration;

use engine_api::{
    AttachOptions, ChangeKind, ContainerListOptions, Filters, HostConfig, RestartPolicy, StreamType,
    WaitCondition,
};

use crate::support::{Container, LABEL, engine, shell, shell_with_stdin, soon, unique_name};

#[tokio::test]
async fn a_paused_container_stands_still() {
    let client = engine().await;
    let container = Container::run(&client, &shell("sleep 1000")).await;
    client.container_pause(&container.id, soon()).await.unwrap();
    let state = client.container_inspect(&container.id, soon()).await.unwrap().state;
    assert_eq!((state.status.as_str(), state.running, state.paused), ("paused", true, true));
    client.container_unpause(&container.id, soon()).await.unwrap();
    assert!(!client.container_inspect(&container.id, soon()).await.unwrap().state.paused);
    assert!(client.container_unpause(&container.id, soon()).await.is_err());
}

#[tokio::test]
async fn a_container_is_paused_only_once() {
    let client = engine().await;
    let container = Container::run(&client, &shell("sleep 1000")).await;
    client.container_pause(&container.id, soon()).await.unwrap();
    let error = client.container_pause(&container.id, soon()).await.unwrap_err();
    assert!(error.is_conflict(), "{error:?}");
}

#[tokio::test]
async fn a_restarted_container_is_another_process() {
    let client = engine().await;
    let mut body = shell("sleep 1000");
    body.host_config = HostConfig {
        restart_policy: Some(RestartPolicy {
            name: Some("on-failure".to_owned()),
            maximum_retry_count: Some(2),
        }),
        ..body.host_config
    };
    let container = Container::run(&client, &body).await;
    let before = client.container_inspect(&container.id, soon()).await.unwrap();
    assert_eq!(before.host_config.restart_policy, body.host_config.restart_policy);
    client.container_restart(&container.id, Some(Duration::ZERO), soon()).await.unwrap();
    let after = client.container_inspect(&container.id, soon()).await.unwrap();
    assert!(after.state.running);
    assert_ne!(after.state.pid, before.state.pid);
}

#[tokio::test]
async fn a_renamed_container_is_found_by_its_new_name_only() {
    let client = engine().await;
    let (old, new) = (unique_name(), unique_name());
    let id = client.container_create(Some(&old), &shell("true"), soon()).await.unwrap().id;
    let container = Container { id };
    client.container_rename(&container.id, &new, soon()).await.unwrap();
    let shown = client.container_inspect(&new.parse().unwrap(), soon()).await.unwrap();
    assert_eq!((shown.id, shown.name), (container.id.clone(), format!("/{new}")));
    assert_eq!((shown.path.as_str(), &shown.args[..]), ("sh", &["-c".to_owned(), "true".to_owned()][..]));
    assert!(client.container_inspect(&old.parse().unwrap(), soon()).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn processes_are_shown_in_rows() {
    let client = engine().await;
    let container = Container::run(&client, &shell("sleep 1000; true")).await;
    let top = client.container_top(&container.id, Some("-o pid,args"), soon()).await.unwrap();
    assert_eq!(top.titles, ["PID", "COMMAND"]);
    let found = async || {
        let top = client.container_top(&container.id, None, soon()).await.unwrap();
        top.processes.iter().any(|row| row.iter().any(|cell| cell.contains("sleep 1000")))
    };
    while !found().await {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn changed_files_are_told() {
    let client = engine().await;
    let container = Container::create(&client, &shell("echo x >/new; rm /etc/debian_version")).await;
    assert_eq!(client.container_changes(&container.id, soon()).await.unwrap(), []);
    client.container_start(&container.id, soon()).await.unwrap();
    let exit = client.container_wait(&container.id, WaitCondition::NotRunning, soon()).await.unwrap();
    exit.result(soon()).await.unwrap();
    let changes = client.container_changes(&container.id, soon()).await.unwrap();
    let kind = |path: &str| changes.iter().find(|change| change.path == path).map(|change| change.kind);
    assert_eq!(kind("/new"), Some(ChangeKind::Added));
    assert_eq!(kind("/etc/debian_version"), Some(ChangeKind::Deleted));
    assert_eq!(kind("/etc"), Some(ChangeKind::Modified));
}

#[tokio::test]
async fn what_a_container_uses_is_told_once_or_again_and_again() {
    let client = engine().await;
    let container = Container::run(&client, &shell("while :; do :; done")).await;
    let once = loop {
        let once = client.container_stats(&container.id, soon()).await.unwrap();
        // Podman knows nothing of a container that it has just started.
        if once.memory_stats.usage.is_some() {
            break once;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(once.memory_stats.usage.unwrap() > 0, "{once:?}");
    assert!(once.pids_stats.current.unwrap() > 0, "{once:?}");
    assert!(once.cpu_stats.system_cpu_usage.unwrap() > 0, "{once:?}");

    let mut readings = client.container_stats_stream(&container.id, soon()).await.unwrap();
    let first = readings.next().await.unwrap().unwrap();
    let second = readings.next().await.unwrap().unwrap();
    assert_eq!(second.id, container.id.as_str());
    assert!(second.cpu_stats.cpu_usage.total_usage > first.cpu_stats.cpu_usage.total_usage);
    assert_eq!(second.precpu_stats.cpu_usage.total_usage, first.cpu_stats.cpu_usage.total_usage);
}

#[tokio::test]
async fn keys_detach_a_client_and_the_container_goes_on() {
    let client = engine().await;
    let body =
        engine_api::ContainerCreateBody { tty: true, ..shell_with_stdin("stty raw; echo ready; sleep 1000") };
    let container = Container::create(&client, &body).await;
    let options =
        AttachOptions { tty: true, detach_keys: Some("ctrl-a,d".to_owned()), ..AttachOptions::default() };
    let attached = client.container_attach(&container.id, &options, soon()).await.unwrap();
    client.container_start(&container.id, soon()).await.unwrap();
    client.container_resize(&container.id, 50, 120, soon()).await.unwrap();
    let (mut output, mut stdin) = attached.into_split();
    let mut text = Vec::new();
    while !String::from_utf8_lossy(&text).contains("ready") {
        let chunk = output.next().await.unwrap().unwrap();
        assert_eq!(chunk.stream, StreamType::Stdout);
        text.extend_from_slice(&chunk.data);
    }
    // Podman takes keys for keys only if each comes alone, as they do from a person.
    loop {
        for key in [b"\x01", b"d"] {
            // The first try may have ended the connection.
            let _ = stdin.write_all(key).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let rest = async { while output.next().await.unwrap().is_some() {} };
        if tokio::time::timeout(Duration::from_secs(1), rest).await.is_ok() {
            break;
        }
    }
    assert!(client.container_inspect(&container.id, soon()).await.unwrap().state.running);
}

#[tokio::test]
async fn a_prune_removes_what_matches_and_does_not_run() {
    let client = engine().await;
    let label = unique_name();
    let mut body = shell("sleep 1000");
    body.labels.insert(label.clone(), String::new());
    let (running, created) = (Container::run(&client, &body).await, Container::create(&client, &body).await);
    let options = ContainerListOptions {
        all: true,
        limit: Some(1),
        size: true,
        filters: Filters::new().label(LABEL).label(&label),
    };
    let last = client.container_list(&options, soon()).await.unwrap();
    assert_eq!(last.iter().map(|container| &container.id).collect::<Vec<_>>(), [&created.id]);
    assert!(last[0].size_root_fs.unwrap() > 0);
    assert!(last[0].command.contains("sleep 1000"));

    let pruned = client.container_prune(&Filters::new().label(&label), soon()).await.unwrap();
    assert_eq!(pruned.containers_deleted, [created.id.as_str()]);
    assert!(client.container_inspect(&created.id, soon()).await.unwrap_err().is_not_found());
    assert!(client.container_inspect(&running.id, soon()).await.unwrap().state.running);
}
