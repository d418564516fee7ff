use std::time::Duration;

use engine_api::{
    Client, ContainerCreateBody, ContainerDeleteOptions, ContainerId, ContainerListOptions,
    ContainerUpdateBody, Deadline, Error, Filters, HostConfig, LogConfig, Mount, MountType, TmpfsOptions,
    Ulimit, WaitCondition,
};

use crate::support::{Container, IMAGE, LABEL, engine, shell, soon, unique_name};

async fn wait(client: &Client, id: &ContainerId) -> i64 {
    let pending = client.container_wait(id, WaitCondition::NotRunning, soon()).await.unwrap();
    let result = pending.result(soon()).await.unwrap();
    assert_eq!(result.error, None);
    result.status_code
}

#[tokio::test]
async fn an_exit_code_is_a_value() {
    let client = engine().await;
    let container = Container::create(&client, &shell("exit 7")).await;
    let exit = client.container_wait(&container.id, WaitCondition::NextExit, soon()).await.unwrap();
    client.container_start(&container.id, soon()).await.unwrap();
    assert_eq!(exit.result(soon()).await.unwrap().status_code, 7);

    let state = client.container_inspect(&container.id, soon()).await.unwrap().state;
    assert_eq!((state.status.as_str(), state.running, state.exit_code), ("exited", false, 7));
    assert!(!state.oom_killed);
    // Which of the two is earlier cannot be relied on: an engine may note the start of a short process after its end.
    for time in [&state.started_at, &state.finished_at] {
        assert!(time.starts_with("20"), "{state:?}");
    }
}

#[tokio::test]
async fn a_wait_for_the_next_exit_outlives_its_registration() {
    let client = engine().await;
    let container = Container::create(&client, &shell("true")).await;
    // Not running is true of a container that was never started; the next exit is not.
    assert_eq!(wait(&client, &container.id).await, 0);
    let exit = client.container_wait(&container.id, WaitCondition::NextExit, soon()).await.unwrap();
    let error = exit.result(Deadline::after(Duration::from_millis(50))).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert!(error.to_string().contains(&format!("POST /containers/{}/wait", container.id)), "{error}");
}

#[tokio::test]
async fn a_removed_container_ends_the_wait_for_its_removal() {
    let client = engine().await;
    let mut body = shell("exit 3");
    body.host_config.auto_remove = true;
    let container = Container::create(&client, &body).await;
    let removed = client.container_wait(&container.id, WaitCondition::Removed, soon()).await.unwrap();
    client.container_start(&container.id, soon()).await.unwrap();
    assert_eq!(removed.result(soon()).await.unwrap().status_code, 3);
    assert!(client.container_inspect(&container.id, soon()).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn kill_sends_the_signal_that_is_asked_for() {
    let client = engine().await;
    let trap = shell("trap 'exit 5' USR1; while :; do sleep 0.01; done");
    for (signal, code) in [(Some("SIGUSR1"), 5), (None, 137)] {
        let container = Container::run(&client, &trap).await;
        // The shell needs a moment to set its trap. Until then the signal does nothing: it is PID 1.
        let pending = client.container_wait(&container.id, WaitCondition::NotRunning, soon()).await.unwrap();
        let exited = pending.result(soon());
        tokio::pin!(exited);
        let result = loop {
            let _ = client.container_kill(&container.id, signal, soon()).await;
            tokio::select! {
                result = &mut exited => break result.unwrap(),
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
            }
        };
        assert_eq!(result.status_code, code, "{signal:?}");
        let error = client.container_kill(&container.id, signal, soon()).await.unwrap_err();
        assert!(error.is_conflict(), "{error:?}");
        assert!(error.to_string().contains("is not running"), "{error}");
    }
}

#[tokio::test]
async fn stop_kills_what_does_not_stop_in_its_grace() {
    let client = engine().await;
    let container = Container::run(&client, &shell("trap '' TERM; sleep 1000")).await;
    client.container_stop(&container.id, Some(Duration::from_millis(1)), soon()).await.unwrap();
    assert_eq!(wait(&client, &container.id).await, 137);
    client.container_stop(&container.id, None, soon()).await.unwrap();
}

#[tokio::test]
async fn starting_twice_is_no_error_and_a_missing_program_is() {
    let client = engine().await;
    let container = Container::run(&client, &shell("sleep 1000")).await;
    client.container_start(&container.id, soon()).await.unwrap();

    let body = ContainerCreateBody { cmd: vec!["/no/such/program".to_owned()], ..shell("") };
    let container = Container::create(&client, &body).await;
    let error = client.container_start(&container.id, soon()).await.unwrap_err();
    assert!(matches!(error.status(), Some(400 | 404 | 500)), "{error:?}");
    assert!(error.to_string().contains("/no/such/program"), "{error}");
}

#[tokio::test]
async fn an_update_changes_the_limits() {
    let client = engine().await;
    let mut body = shell("sleep 1000");
    body.host_config.memory = Some(64 << 20);
    body.host_config.memory_swap = Some(64 << 20);
    let container = Container::run(&client, &body).await;
    let update = ContainerUpdateBody {
        memory: Some(96 << 20),
        memory_swap: Some(96 << 20),
        pids_limit: Some(17),
        ..ContainerUpdateBody::default()
    };
    client.container_update(&container.id, &update, soon()).await.unwrap();
    let host_config = client.container_inspect(&container.id, soon()).await.unwrap().host_config;
    assert_eq!(host_config.memory, Some(96 << 20));
    assert_eq!(host_config.memory_swap, Some(96 << 20));
    assert_eq!(host_config.pids_limit, Some(17));
}

#[tokio::test]
async fn a_hardened_container_is_shown_as_it_was_asked_for() {
    let client = engine().await;
    let text = |text: &str| Some(text.to_owned());
    let host_config = HostConfig {
        cap_drop: vec!["ALL".to_owned()],
        cgroupns_mode: text("private"),
        cpu_shares: Some(512),
        ipc_mode: text("private"),
        log_config: Some(LogConfig { driver: "none".to_owned(), ..LogConfig::default() }),
        masked_paths: Some(vec!["/proc/kcore".to_owned()]),
        memory: Some(64 << 20),
        memory_swap: Some(64 << 20),
        mounts: vec![Mount {
            mount_type: MountType::Tmpfs,
            target: "/work".to_owned(),
            tmpfs_options: Some(TmpfsOptions { size_bytes: Some(1 << 20), mode: Some(0o700) }),
            ..Mount::default()
        }],
        nano_cpus: Some(500_000_000),
        network_mode: text("none"),
        oom_score_adj: Some(900),
        pids_limit: Some(50),
        readonly_paths: Some(vec!["/proc/sys".to_owned()]),
        readonly_rootfs: true,
        runtime: text("runc"),
        security_opt: vec!["no-new-privileges".to_owned()],
        shm_size: Some(1 << 20),
        tmpfs: [("/tmp".to_owned(), "size=1m,noexec".to_owned())].into(),
        ulimits: vec![Ulimit { name: "core".to_owned(), soft: 0, hard: 0 }],
        ..HostConfig::default()
    };
    let body = ContainerCreateBody {
        hostname: text("sandbox"),
        user: text("1234:1234"),
        env: vec!["A=b".to_owned()],
        working_dir: text("/work"),
        host_config: host_config.clone(),
        ..shell("sleep 1000")
    };
    let name = unique_name();
    let created = client.container_create(Some(&name), &body, soon()).await.unwrap();
    let container = Container { id: created.id };
    client.container_start(&container.id, soon()).await.unwrap();

    let shown = client.container_inspect(&container.id, soon()).await.unwrap();
    assert_eq!(shown.id, container.id);
    assert_eq!(shown.name, format!("/{name}"));
    assert_eq!(shown.image, client.image_inspect(IMAGE, soon()).await.unwrap().id);
    assert!(shown.state.running);
    assert!(shown.state.pid > 0);
    assert_eq!(shown.config.hostname, "sandbox");
    assert_eq!(shown.config.user, "1234:1234");
    assert_eq!(shown.config.cmd, body.cmd);
    assert!(shown.config.env.contains(&"A=b".to_owned()));
    assert_eq!(shown.config.working_dir, "/work");
    // The engine fills in what was left to it; all else must be what was sent.
    let engines_own = HostConfig {
        blkio_weight: shown.host_config.blkio_weight,
        cgroup_parent: shown.host_config.cgroup_parent.clone(),
        cpu_period: shown.host_config.cpu_period,
        cpu_quota: shown.host_config.cpu_quota,
        cpuset_cpus: shown.host_config.cpuset_cpus.clone(),
        cpuset_mems: shown.host_config.cpuset_mems.clone(),
        init: shown.host_config.init,
        memory_reservation: shown.host_config.memory_reservation,
        memory_swappiness: shown.host_config.memory_swappiness,
        oom_kill_disable: shown.host_config.oom_kill_disable,
        pid_mode: shown.host_config.pid_mode.clone(),
        restart_policy: shown.host_config.restart_policy.clone(),
        userns_mode: shown.host_config.userns_mode.clone(),
        uts_mode: shown.host_config.uts_mode.clone(),
        ..host_config
    };
    assert_eq!(shown.host_config, engines_own);

    let error = client.container_create(Some(&name), &body, soon()).await.unwrap_err();
    assert!(error.is_conflict(), "{error:?}");
    let by_name: ContainerId = name.parse().unwrap();
    assert_eq!(client.container_inspect(&by_name, soon()).await.unwrap().id, container.id);
}

#[tokio::test]
async fn lists_are_filtered() {
    let client = engine().await;
    let label = format!("{LABEL}-list");
    let mut body = shell("true");
    body.labels.insert("dayfly.test".to_owned(), label.split_once('=').unwrap().1.to_owned());
    let container = Container::create(&client, &body).await;
    let list = async |all, filters: Filters| {
        client
            .container_list(&ContainerListOptions { all, filters, ..ContainerListOptions::default() }, soon())
            .await
            .unwrap()
    };

    let found = list(true, Filters::new().label(&label)).await;
    assert_eq!(found.len(), 1);
    let summary = &found[0];
    assert_eq!(summary.id, container.id);
    assert_eq!(summary.image, IMAGE);
    assert_eq!(summary.image_id, client.image_inspect(IMAGE, soon()).await.unwrap().id);
    assert_eq!(summary.labels, body.labels);
    assert_eq!(summary.state, "created");
    assert_eq!(summary.names.len(), 1);
    assert!(summary.created > 1_700_000_000, "in seconds: {}", summary.created);

    assert_eq!(list(false, Filters::new().label(&label)).await, []);
    assert_eq!(list(true, Filters::new().label(&label).status("exited")).await, []);
    assert_eq!(list(true, Filters::new().label(&label).status("created").status("exited")).await.len(), 1);
    assert_eq!(list(true, Filters::new().name(&summary.names[0][1..])).await.len(), 1);
}

#[tokio::test]
async fn a_running_container_is_removed_only_by_force() {
    let client = engine().await;
    let container = Container::run(&client, &shell("sleep 1000")).await;
    let delete = |force| {
        client.container_delete(&container.id, ContainerDeleteOptions { force, volumes: false }, soon())
    };
    let error = delete(false).await.unwrap_err();
    assert!(error.is_conflict(), "{error:?}");
    delete(true).await.unwrap();
    assert!(delete(true).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn errors_carry_the_call_and_the_engines_words() {
    let client = engine().await;
    let id: ContainerId = "no-such-container".parse().unwrap();
    let error = client.container_start(&id, soon()).await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(
        error.to_string(),
        "POST /containers/no-such-container/start was refused with status 404: No such container: no-such-container"
    );
    let error = client
        .container_create(
            None,
            &ContainerCreateBody { image: "no-such-image".to_owned(), ..shell("") },
            soon(),
        )
        .await
        .unwrap_err();
    assert!(matches!(&error, Error::Engine { status: 404, .. }), "{error:?}");
    assert!(
        client
            .container_wait(&id, WaitCondition::NotRunning, soon())
            .await
            .is_err_and(|error| error.is_not_found())
    );
}
