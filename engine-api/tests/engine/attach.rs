use std::time::Duration;

use bytes::{Buf, Bytes};
use engine_api::{AttachOptions, AttachedOutput, ContainerId, Deadline, StreamType, WaitCondition};

use crate::support::{Container, engine, shell, shell_with_stdin, soon};

/// Everything a container puts out, its two streams apart.
async fn read_all(mut output: AttachedOutput) -> (Vec<u8>, Vec<u8>) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    while let Some(chunk) = output.next().await.unwrap() {
        assert!(!chunk.data.is_empty());
        match chunk.stream {
            StreamType::Stdout => stdout.extend_from_slice(&chunk.data),
            StreamType::Stderr => stderr.extend_from_slice(&chunk.data),
            other => panic!("{other:?}"),
        }
    }
    (stdout, stderr)
}

#[tokio::test]
async fn both_outputs_arrive_apart_and_whole() {
    let client = engine().await;
    let body = shell("printf out; printf err >&2; exit 4");
    let container = Container::create(&client, &body).await;
    let attached = client.container_attach(&container.id, &AttachOptions::default(), soon()).await.unwrap();
    let exit = client.container_wait(&container.id, WaitCondition::NextExit, soon()).await.unwrap();
    client.container_start(&container.id, soon()).await.unwrap();
    // The input stays open: a container without one does not care.
    let (output, _stdin) = attached.into_split();
    assert_eq!(read_all(output).await, (b"out".to_vec(), b"err".to_vec()));
    assert_eq!(exit.result(soon()).await.unwrap().status_code, 4);
}

#[tokio::test]
async fn the_end_of_the_input_is_half_a_close() {
    let client = engine().await;
    for drop_it in [true, false] {
        let container = Container::create(&client, &shell_with_stdin("cat; printf done")).await;
        let attached =
            client.container_attach(&container.id, &AttachOptions::default(), soon()).await.unwrap();
        client.container_start(&container.id, soon()).await.unwrap();
        let (output, mut stdin) = attached.into_split();
        stdin.write_all(b"one ").await.unwrap();
        let mut parts = Bytes::from_static(b"two ").chain(Bytes::from_static(b"three "));
        stdin.write_all_buf(&mut parts).await.unwrap();
        if drop_it {
            drop(stdin)
        } else {
            stdin.close().await.unwrap()
        }
        assert_eq!(
            read_all(output).await,
            (b"one two three done".to_vec(), Vec::new()),
            "dropped: {drop_it}"
        );
    }
}

#[tokio::test]
async fn a_large_output_arrives_whole_while_input_is_sent() {
    const SIZE: usize = 5_000_000;
    let client = engine().await;
    let container = Container::create(&client, &shell_with_stdin("cat | tee /dev/stderr")).await;
    let attached = client.container_attach(&container.id, &AttachOptions::default(), soon()).await.unwrap();
    client.container_start(&container.id, soon()).await.unwrap();
    let input: Vec<u8> = (0..SIZE).map(|at| u8::try_from(at * 7 % 251).unwrap()).collect();
    let (output, mut stdin) = attached.into_split();
    let send = async {
        stdin.write_all(&input).await.unwrap();
        stdin.close().await.unwrap();
    };
    let ((), (stdout, stderr)) = tokio::join!(send, read_all(output));
    assert!(stdout == input, "{} bytes of stdout", stdout.len());
    assert!(stderr == input, "{} bytes of stderr", stderr.len());
}

#[tokio::test]
async fn a_terminal_is_one_raw_stream() {
    let client = engine().await;
    // Bytes that look like the header of a frame.
    let mut body = shell(r"printf '\001\002raw'; printf err >&2");
    body.tty = true;
    let container = Container::create(&client, &body).await;
    let options = AttachOptions { tty: true, ..AttachOptions::default() };
    let attached = client.container_attach(&container.id, &options, soon()).await.unwrap();
    client.container_start(&container.id, soon()).await.unwrap();
    let (output, _stdin) = attached.into_split();
    assert_eq!(read_all(output).await, (b"\x01\x02rawerr".to_vec(), Vec::new()));
}

#[tokio::test]
async fn past_output_arrives_whole_even_next_to_the_head() {
    let client = engine().await;
    let container = Container::run(&client, &shell("printf past; printf error >&2")).await;
    let exit = client.container_wait(&container.id, WaitCondition::NotRunning, soon()).await.unwrap();
    exit.result(soon()).await.unwrap();
    let options = AttachOptions { logs: true, stream: false, stdin: false, ..AttachOptions::default() };
    for _ in 0..20 {
        let attached = client.container_attach(&container.id, &options, soon()).await.unwrap();
        let (output, _stdin) = attached.into_split();
        assert_eq!(read_all(output).await, (b"past".to_vec(), b"error".to_vec()));
    }
}

#[tokio::test]
async fn only_the_streams_that_are_asked_for_arrive() {
    let client = engine().await;
    let container = Container::create(&client, &shell("printf out; printf err >&2")).await;
    let options = AttachOptions { stdin: false, stdout: false, ..AttachOptions::default() };
    let attached = client.container_attach(&container.id, &options, soon()).await.unwrap();
    client.container_start(&container.id, soon()).await.unwrap();
    let (output, _stdin) = attached.into_split();
    assert_eq!(read_all(output).await, (Vec::new(), b"err".to_vec()));
}

#[tokio::test]
async fn a_client_that_goes_away_ends_the_input() {
    let client = engine().await;
    let container = Container::create(&client, &shell_with_stdin("cat; exit 9")).await;
    let attached = client.container_attach(&container.id, &AttachOptions::default(), soon()).await.unwrap();
    let exit = client.container_wait(&container.id, WaitCondition::NextExit, soon()).await.unwrap();
    client.container_start(&container.id, soon()).await.unwrap();
    drop(attached);
    assert_eq!(exit.result(soon()).await.unwrap().status_code, 9);
}

#[tokio::test]
async fn attaching_to_nothing_is_not_found() {
    let client = engine().await;
    let id: ContainerId = "no-such-container".parse().unwrap();
    let error = client.container_attach(&id, &AttachOptions::default(), soon()).await.unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
    assert!(error.to_string().contains("POST /containers/no-such-container/attach"), "{error}");
    assert!(error.to_string().ends_with("No such container: no-such-container"), "{error}");
}

#[tokio::test]
async fn an_attach_past_its_deadline_is_a_timeout() {
    let client = engine().await;
    let container = Container::create(&client, &shell("true")).await;
    let past = Deadline::after(Duration::ZERO);
    let error = client.container_attach(&container.id, &AttachOptions::default(), past).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
}
