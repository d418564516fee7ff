use engine_api::{Client, ContainerId, ExecConfig, ExecId, StreamType};

use crate::support::{Container, engine, shell, soon};

fn config(command: &str) -> ExecConfig {
    ExecConfig {
        attach_stdout: true,
        attach_stderr: true,
        cmd: ["sh", "-c", command].map(str::to_owned).to_vec(),
        ..ExecConfig::default()
    }
}

/// Runs a process to its end with an input.
async fn run(client: &Client, id: &ExecId, tty: bool, input: &[u8]) -> (String, String) {
    let (mut output, mut stdin) = client.exec_start(id, tty, soon()).await.unwrap().into_split();
    stdin.write_all(input).await.unwrap();
    stdin.close().await.unwrap();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    while let Some(chunk) = output.next().await.unwrap() {
        match chunk.stream {
            StreamType::Stdout => stdout.extend_from_slice(&chunk.data),
            StreamType::Stderr => stderr.extend_from_slice(&chunk.data),
            other => panic!("{other:?}"),
        }
    }
    (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[tokio::test]
async fn a_process_has_its_own_streams_and_exit_code() {
    let client = engine().await;
    let container = Container::run(&client, &shell("sleep 1000")).await;
    let config = ExecConfig {
        attach_stdin: true,
        env: vec!["WHO=exec".to_owned()],
        user: Some("1234:1234".to_owned()),
        working_dir: Some("/tmp".to_owned()),
        ..config("cat; echo $WHO $(id -u) $(pwd); echo error >&2; exit 6")
    };
    let id = client.container_exec(&container.id, &config, soon()).await.unwrap();
    let before = client.exec_inspect(&id, soon()).await.unwrap();
    assert_eq!((before.running, before.pid), (false, 0));
    assert_eq!(before.container_id.as_ref(), Some(&container.id));

    let output = run(&client, &id, false, b"input\n").await;
    assert_eq!(output, ("input\nexec 1234 /tmp\n".to_owned(), "error\n".to_owned()));
    let after = client.exec_inspect(&id, soon()).await.unwrap();
    assert_eq!((after.running, after.exit_code), (false, Some(6)));
    assert_eq!(after.id, id.as_str());
    assert_eq!(after.process_config.entrypoint, "sh");
    assert!(after.open_stdin && after.open_stdout && after.open_stderr);
}

#[tokio::test]
async fn a_process_that_never_ran_has_no_exit_code() {
    let client = engine().await;
    let container = Container::run(&client, &shell("sleep 1000")).await;
    let id = client.container_exec(&container.id, &config("true"), soon()).await.unwrap();
    assert_eq!(client.exec_inspect(&id, soon()).await.unwrap().exit_code, None);
}

#[tokio::test]
async fn a_terminal_has_the_size_it_is_given() {
    let client = engine().await;
    let container = Container::run(&client, &shell("sleep 1000")).await;
    let config = ExecConfig { attach_stdin: true, tty: true, ..config("read line; stty size") };
    let id = client.container_exec(&container.id, &config, soon()).await.unwrap();
    let (mut output, mut stdin) = client.exec_start(&id, true, soon()).await.unwrap().into_split();
    // The process may not run yet when the start returns.
    while client.exec_resize(&id, 33, 99, soon()).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    stdin.write_all(b"\n").await.unwrap();
    let mut text = Vec::new();
    while let Some(chunk) = output.next().await.unwrap() {
        text.extend_from_slice(&chunk.data);
    }
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("33 99"), "{text:?}");
}

#[tokio::test]
async fn a_detached_process_runs_alone() {
    let client = engine().await;
    let container = Container::run(&client, &shell("sleep 1000")).await;
    let id = client.container_exec(&container.id, &config("exit 3"), soon()).await.unwrap();
    client.exec_start_detached(&id, false, soon()).await.unwrap();
    let ended = loop {
        let shown = client.exec_inspect(&id, soon()).await.unwrap();
        if !shown.running {
            break shown;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(ended.exit_code, Some(3));
}

#[tokio::test]
async fn a_command_that_is_none_is_told_by_its_exit_code() {
    let client = engine().await;
    let container = Container::run(&client, &shell("sleep 1000")).await;
    let config = ExecConfig { cmd: vec!["no-such-command".to_owned()], ..config("") };
    let id = client.container_exec(&container.id, &config, soon()).await.unwrap();
    // The engine's words come where the output does, or as a refusal: engines differ.
    match client.exec_start(&id, false, soon()).await {
        Ok(attached) => {
            let (mut output, _stdin) = attached.into_split();
            while output.next().await.unwrap().is_some() {}
        }
        Err(error) => assert!(matches!(error, engine_api::Error::Engine { .. }), "{error:?}"),
    }
    let code = client.exec_inspect(&id, soon()).await.unwrap().exit_code;
    assert!(matches!(code, Some(126 | 127)), "{code:?}");
}

#[tokio::test]
async fn a_container_that_does_not_run_takes_no_process() {
    let client = engine().await;
    let container = Container::create(&client, &shell("true")).await;
    let error = client.container_exec(&container.id, &config("true"), soon()).await.unwrap_err();
    assert!(error.is_conflict(), "{error:?}");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let client = engine().await;
    let id: ContainerId = "no-such-container".parse().unwrap();
    assert!(client.container_exec(&id, &config("true"), soon()).await.unwrap_err().is_not_found());
    let id: ExecId = "no-such-exec".parse().unwrap();
    assert!(client.exec_start(&id, false, soon()).await.unwrap_err().is_not_found());
    assert!(client.exec_inspect(&id, soon()).await.unwrap_err().is_not_found());
}
