use std::time::{Duration, SystemTime};

use engine_api::{Client, ContainerId, LogStream, LogsOptions, StreamType, WaitCondition};

use crate::support::{Container, engine, shell, soon};

async fn finished(client: &Client, command: &str) -> Container {
    let container = Container::run(client, &shell(command)).await;
    let exit = client.container_wait(&container.id, WaitCondition::NotRunning, soon()).await.unwrap();
    exit.result(soon()).await.unwrap();
    container
}

async fn read(mut logs: LogStream) -> (String, String) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    while let Some(chunk) = logs.next().await.unwrap() {
        match chunk.stream {
            StreamType::Stdout => stdout.extend_from_slice(&chunk.data),
            StreamType::Stderr => stderr.extend_from_slice(&chunk.data),
            other => panic!("{other:?}"),
        }
    }
    assert!(logs.next().await.unwrap().is_none(), "the end stays the end");
    (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[tokio::test]
async fn what_was_put_out_can_be_read_again() {
    let client = engine().await;
    let container = finished(&client, "echo one; echo two; echo three >&2; printf four").await;
    let logs = async |options: LogsOptions| {
        read(client.container_logs(&container.id, &options, soon()).await.unwrap()).await
    };
    let all = LogsOptions::default();
    assert_eq!(logs(all.clone()).await, ("one\ntwo\nfour".to_owned(), "three\n".to_owned()));
    assert_eq!(logs(LogsOptions { stdout: false, ..all.clone() }).await.1, "three\n");
    assert_eq!(logs(LogsOptions { stderr: false, ..all.clone() }).await.0, "one\ntwo\nfour");
    assert_eq!(logs(LogsOptions { tail: Some(0), ..all.clone() }).await, (String::new(), String::new()));
    assert_eq!(logs(LogsOptions { follow: true, ..all.clone() }).await.0, "one\ntwo\nfour");

    let hour = Duration::from_secs(3600);
    let (before, after) = (Some(SystemTime::now() - hour), Some(SystemTime::now() + hour));
    assert_eq!(logs(LogsOptions { since: before, until: after, ..all.clone() }).await.0, "one\ntwo\nfour");
    assert_eq!(logs(LogsOptions { until: before, ..all.clone() }).await.0, "");

    let (stamped, _) = logs(LogsOptions { timestamps: true, ..all }).await;
    for line in stamped.lines() {
        let (time, _) = line.split_once(' ').unwrap();
        assert!(time.starts_with("20") && time.ends_with('Z'), "{line}");
    }
}

#[tokio::test]
async fn the_last_lines_can_be_read_alone() {
    let client = engine().await;
    // One stream: the engine counts the lines of both, and they may take turns in any order.
    let container = finished(&client, "echo one; echo two; printf three").await;
    let options = LogsOptions { tail: Some(2), ..LogsOptions::default() };
    let logs = client.container_logs(&container.id, &options, soon()).await.unwrap();
    assert_eq!(read(logs).await.0, "two\nthree");
}

#[tokio::test]
async fn output_is_followed_as_it_comes() {
    let client = engine().await;
    let container = Container::run(&client, &shell("echo first; read line; echo second")).await;
    let options = LogsOptions { follow: true, ..LogsOptions::default() };
    let logs = client.container_logs(&container.id, &options, soon()).await.unwrap();
    assert_eq!(read(logs).await, ("first\nsecond\n".to_owned(), String::new()));
}

#[tokio::test]
async fn a_follower_can_wait_for_each_output_apart() {
    let client = engine().await;
    let container = Container::run(&client, &shell("echo first; sleep 1000")).await;
    let options = LogsOptions { follow: true, ..LogsOptions::default() };
    let mut logs = client.container_logs(&container.id, &options, soon()).await.unwrap();
    assert_eq!(logs.next().await.unwrap().unwrap().data, "first\n");
    logs.set_deadline(engine_api::Deadline::after(Duration::from_millis(100)));
    assert!(logs.next().await.unwrap_err().is_timeout());
}

#[tokio::test]
async fn a_terminals_output_is_one_raw_stream() {
    let client = engine().await;
    let mut body = shell(r"printf '\001\002raw'");
    body.tty = true;
    let container = Container::run(&client, &body).await;
    let exit = client.container_wait(&container.id, WaitCondition::NotRunning, soon()).await.unwrap();
    exit.result(soon()).await.unwrap();
    let options = LogsOptions { tty: true, ..LogsOptions::default() };
    let logs = client.container_logs(&container.id, &options, soon()).await.unwrap();
    assert_eq!(read(logs).await, ("\x01\x02raw".to_owned(), String::new()));
}

#[tokio::test]
async fn logs_of_nothing_are_not_found() {
    let client = engine().await;
    let id: ContainerId = "no-such-container".parse().unwrap();
    let error = client.container_logs(&id, &LogsOptions::default(), soon()).await.unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
}
