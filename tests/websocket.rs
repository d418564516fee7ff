//! Interactive runs over `/ws`.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use support::socket::Socket;
use support::{Server, eventually};
use tokio_tungstenite::tungstenite::{Error, Message};

fn python(code: &str) -> serde_json::Value {
    json!({ "language": "python", "code": code })
}

const SLEEP: &str = "import time\nprint('up', flush=True)\ntime.sleep(60)";

#[tokio::test]
async fn a_conversation_is_told_as_it_happens() {
    let server = Server::start(&[]);
    let mut socket = Socket::open(&server).await;
    let mut program = python("a = input('first? ')\nb = input('second? ')\nprint(a + b)");
    program["reference"] = "mine".into();
    socket.send("execute-interactive", program).await;
    let start = socket.next().await;
    assert_eq!(
        (&start["event"], &start["reference"]),
        (&"execution-start".into(), &"mine".into()),
        "{start}"
    );
    assert_eq!((&start["language"], &start["limits"]["wallTime"]), (&"python".into(), &300.0.into()));
    let id = start["executionId"].as_str().unwrap().to_owned();
    assert_eq!(socket.read_until(&id, "? ").await, "first? ");
    socket.input(&id, "one\n").await;
    assert_eq!(socket.read_until(&id, "? ").await, "second? ");
    socket.input(&id, "two\n").await;
    let finished = socket.finish(&id).await;
    assert_eq!(finished.stdout, "onetwo\n");
    let complete = &finished.complete;
    assert_eq!((&complete["status"], &complete["exitCode"]), (&"success".into(), &0.into()), "{complete}");
    assert!(complete["time"].as_f64().unwrap() > 0.0 && complete["memory"].as_u64().unwrap() > 1 << 20);
    assert!(complete["signal"].is_null());
}

#[tokio::test]
async fn compiling_and_the_two_streams_are_told_apart() {
    let server = Server::start(&[]);
    let mut socket = Socket::open(&server).await;
    let code = "#include <stdio.h>\n#warning mind this\nint main(void) { puts(\"out\"); fputs(\"err\", stderr); return 3; }";
    let id = socket.execute(json!({ "language": "c", "code": code })).await;
    let finished = socket.finish(&id).await;
    assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("out\n", "err"));
    assert!(finished.compile.contains("mind this"), "{finished:?}");
    assert_eq!(finished.stages, ["compile", "run"]);
    assert_eq!(
        (&finished.complete["status"], &finished.complete["exitCode"]),
        (&"runtime-error".into(), &3.into())
    );
    assert_eq!(finished.complete["compile"]["status"], "success");

    let id = socket.execute(json!({ "language": "c", "code": "int main(void) { return x; }" })).await;
    let finished = socket.finish(&id).await;
    assert_eq!(finished.complete["status"], "compile-error");
    assert!(finished.compile.contains("main.c:1"), "{finished:?}");
    assert_eq!(finished.stages, ["compile"]);
}

#[tokio::test]
async fn runs_on_one_connection_are_kept_apart() {
    let server = Server::start(&[]);
    let mut socket = Socket::open(&server).await;
    let code = "name = input()\nprint('I am', name)";
    let first = socket.execute(python(code)).await;
    let mut start = python(code);
    start["reference"] = "second".into();
    socket.send("execute-interactive", start).await;
    let second = loop {
        let event = socket.next().await;
        if event["event"] == "execution-start" {
            break event["executionId"].as_str().unwrap().to_owned();
        }
    };
    socket.input(&second, "second\n").await;
    socket.input(&first, "first\n").await;
    let (mut outputs, mut complete) = (std::collections::HashMap::<String, String>::new(), 0);
    while complete < 2 {
        let event = socket.next().await;
        let id = event["executionId"].as_str().unwrap().to_owned();
        match event["event"].as_str().unwrap() {
            "output" => *outputs.entry(id).or_default() += event["data"].as_str().unwrap(),
            "execution-complete" => complete += 1,
            _ => {}
        }
    }
    assert_eq!((&outputs[&first], &outputs[&second]), (&"I am first\n".into(), &"I am second\n".into()));

    // What is said to a run that is over, or of another connection, goes nowhere.
    socket.input(&first, "late\n").await;
    let error = socket.next().await;
    assert_eq!((&error["code"], &error["executionId"]), (&"unknown-execution".into(), &first.clone().into()));
    let mut other = Socket::open(&server).await;
    let running = other.execute(python(code)).await;
    for (event, fields) in [
        ("input", json!({ "data": "x\n" })),
        ("end-of-input", json!({})),
        ("signal", json!({ "signal": "SIGKILL" })),
        ("resize", json!({ "cols": 10, "rows": 10 })),
        ("stop", json!({})),
    ] {
        let mut fields = fields;
        fields["executionId"] = running.clone().into();
        socket.send(event, fields).await;
        let error = socket.next().await;
        assert_eq!(
            (&error["event"], &error["code"]),
            (&"error".into(), &"unknown-execution".into()),
            "{event}"
        );
    }
    other.input(&running, "other\n").await;
    assert_eq!(other.finish(&running).await.stdout, "I am other\n");
}

#[tokio::test]
async fn a_run_can_be_signalled_stopped_and_given_the_end_of_its_input() {
    let server = Server::start(&[]);
    let mut socket = Socket::open(&server).await;

    let code =
        "import signal, sys\nsignal.signal(signal.SIGINT, lambda *_: sys.exit(5))\n".to_owned() + SLEEP;
    let id = socket.execute(python(&code)).await;
    socket.read_until(&id, "up").await;
    socket.send("signal", json!({ "executionId": id, "signal": "SIGINT" })).await;
    assert_eq!(socket.finish(&id).await.complete["exitCode"], 5);

    let id = socket.execute(python(SLEEP)).await;
    socket.read_until(&id, "up").await;
    socket.send("signal", json!({ "executionId": id, "signal": "SIGNOTHING" })).await;
    let error = socket.next().await;
    assert_eq!(error["code"], "unknown-signal", "{error}");
    socket.send("stop", json!({ "executionId": id })).await;
    assert_eq!(socket.finish(&id).await.complete["status"], "cancelled");

    let id = socket.execute(python("import sys, time\nprint(sys.stdin.read())\ntime.sleep(60)")).await;
    socket.send("end-of-input", json!({ "executionId": id })).await;
    socket.input(&id, "after\n").await;
    let error = loop {
        let event = socket.next().await;
        if event["event"] == "error" {
            break event;
        }
    };
    assert_eq!(error["code"], "input-has-ended", "{error}");
    socket.send("stop", json!({ "executionId": id })).await;
    assert_eq!(socket.finish(&id).await.complete["status"], "cancelled");

    let id = socket.execute(python("import sys\nprint(''.join(sorted(sys.stdin)), end='')")).await;
    socket.input(&id, "b\na\n").await;
    socket.send("end-of-input", json!({ "executionId": id })).await;
    assert_eq!(socket.finish(&id).await.stdout, "a\nb\n");
}

#[tokio::test]
async fn a_terminal_is_a_real_one() {
    let server = Server::start(&[]);
    let mut socket = Socket::open(&server).await;
    let code = "import os, signal, sys, time\n\
        def resized(*_): print(os.get_terminal_size()); sys.exit(4)\n\
        signal.signal(signal.SIGWINCH, resized)\n\
        print(sys.stdin.isatty(), sys.stdout.isatty(), os.get_terminal_size(), os.environ['TERM'])\n\
        try:\n    time.sleep(60)\n\
        except KeyboardInterrupt: print('\\x1b[31minterrupted\\x1b[0m')\n\
        time.sleep(60)";
    let mut program = python(code);
    program["tty"] = true.into();
    program["cols"] = 100.into();
    program["rows"] = 30.into();
    let id = socket.execute(program).await;
    let said = socket.read_until(&id, "xterm").await;
    assert!(said.starts_with("True True os.terminal_size(columns=100, lines=30) xterm"), "{said:?}");
    socket.input(&id, "\u{3}").await;
    let said = socket.read_until(&id, "interrupted").await;
    assert!(said.contains("^C") && said.contains("\u{1b}[31m"), "{said:?}");
    socket.send("resize", json!({ "executionId": id, "cols": 41, "rows": 12 })).await;
    let finished = socket.finish(&id).await;
    assert!(finished.stdout.contains("columns=41, lines=12"), "{finished:?}");
    assert_eq!(finished.complete["exitCode"], 4);
}

#[tokio::test]
async fn who_waits_knows_the_place_and_can_leave() {
    let server = Server::start(&["--max-concurrent-executions", "1"]);
    let mut socket = Socket::open(&server).await;
    let running = socket.execute(python(SLEEP)).await;
    socket.read_until(&running, "up").await;
    let mut places = Vec::new();
    for (reference, position) in [("a", 1), ("b", 2), ("c", 3)] {
        let mut program = python("print('hi')");
        program["reference"] = reference.into();
        socket.send("execute-interactive", program).await;
        let queued = socket.next().await;
        assert_eq!((&queued["event"], &queued["position"]), (&"queued".into(), &position.into()), "{queued}");
        assert_eq!(queued["reference"], reference);
        places.push(queued["executionId"].as_str().unwrap().to_owned());
    }
    socket.send("stop", json!({ "executionId": places[0] })).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let event = socket.next().await;
        seen.push((event["executionId"].clone(), event["status"].clone(), event["position"].clone()));
    }
    let null = serde_json::Value::Null;
    assert!(seen.contains(&(places[0].clone().into(), "cancelled".into(), null.clone())), "{seen:?}");
    assert!(seen.contains(&(places[1].clone().into(), null.clone(), 1.into())), "{seen:?}");
    assert!(seen.contains(&(places[2].clone().into(), null, 2.into())), "{seen:?}");
}

#[tokio::test]
async fn a_client_that_goes_away_ends_its_run() {
    let server = Server::start(&[]);
    for polite in [true, false] {
        let mut socket = Socket::open(&server).await;
        let id = socket.execute(python(SLEEP)).await;
        socket.read_until(&id, "up").await;
        assert_eq!(server.containers().len(), 1);
        if polite {
            socket.stream.close(None).await.unwrap();
        }
        drop(socket);
        eventually(Duration::from_secs(10), "the container is gone", || server.containers().is_empty());
    }
    // Also while the server does not read, since the program takes no input.
    let mut socket = Socket::open(&server).await;
    let id = socket.execute(python(SLEEP)).await;
    socket.read_until(&id, "up").await;
    let flood = "x".repeat(1 << 20);
    let sending = async {
        loop {
            socket.input(&id, &flood).await;
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(3), sending).await;
    drop(socket);
    eventually(Duration::from_secs(10), "the container is gone", || server.containers().is_empty());
}

#[tokio::test]
async fn sixty_megabytes_of_input_arrive() {
    let server = Server::start(&[]);
    let mut socket = Socket::open(&server).await;
    let id = socket.execute(json!({ "language": "bash", "code": "wc -c" })).await;
    let part = "0123456789abcde\n".repeat(4096);
    for _ in 0..60_000_000 / part.len() {
        socket.input(&id, &part).await;
    }
    socket.send("end-of-input", json!({ "executionId": id })).await;
    let finished = socket.finish(&id).await;
    assert_eq!(finished.stdout, format!("{}\n", 60_000_000 / part.len() * part.len()));
    assert!(finished.errors.is_empty(), "{:?}", finished.errors);
}

#[tokio::test]
async fn a_program_that_ignores_sixty_megabytes_ends_as_usual() {
    let server = Server::start(&[]);
    let mut socket = Socket::open(&server).await;
    let id = socket.execute(json!({ "language": "bash", "code": "sleep 2; echo done" })).await;
    let (mut sink, mut stream) = socket.stream.split();
    let message = json!({ "event": "input", "executionId": id, "data": "x".repeat(1 << 20) }).to_string();
    let sending = tokio::spawn(async move {
        for _ in 0..60 {
            sink.send(Message::text(message.clone())).await.unwrap();
        }
    });
    let mut printed = String::new();
    loop {
        let Some(Ok(Message::Text(text))) = stream.next().await else { continue };
        let event: serde_json::Value = serde_json::from_str(&text).unwrap();
        match event["event"].as_str().unwrap() {
            "output" => printed += event["data"].as_str().unwrap(),
            "execution-complete" => {
                assert_eq!((&event["status"], printed.as_str()), (&"success".into(), "done\n"));
                break;
            }
            _ => {}
        }
    }
    sending.await.unwrap();
}

#[tokio::test]
async fn a_client_that_does_not_read_stops_the_program_and_costs_no_memory() {
    let server = Server::start(&[]);
    let mut socket = Socket::open(&server).await;
    let code = "import sys\nfor n in range(50_000): sys.stdout.write('x' * 999 + '\\n')\nprint('end', file=sys.stderr)";
    let id = socket.execute(python(code)).await;
    let before = server.resident_bytes();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(
        server.resident_bytes() < before + (16 << 20),
        "{before} bytes grew to {}",
        server.resident_bytes()
    );
    let finished = socket.finish(&id).await;
    assert_eq!(
        (finished.stdout.len(), finished.stderr.as_str()),
        (50_000_000, "end\n"),
        "{:?}",
        finished.complete
    );
}

#[tokio::test]
async fn text_is_never_split_and_bytes_are_kept() {
    let server = Server::start(&[]);
    let mut socket = Socket::open(&server).await;
    let code =
        "import os, time\nfor byte in '🦀é'.encode():\n    os.write(1, bytes([byte])); time.sleep(0.05)";
    let id = socket.execute(python(code)).await;
    assert_eq!(socket.finish(&id).await.messages, ["🦀", "é"]);

    let mut program = python("import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read(4)[::-1])");
    program["encoding"] = "base64".into();
    let id = socket.execute(program).await;
    socket.send("input", json!({ "executionId": id, "data": "AP+Afw==", "encoding": "base64" })).await;
    assert_eq!(socket.finish(&id).await.stdout, "f4D/AA==");
}

#[tokio::test]
async fn no_byte_of_many_short_runs_is_lost() {
    const RUNS: usize = 60;
    let server = Server::start(&[]);
    let mut socket = Socket::open(&server).await;
    for _ in 0..RUNS {
        let id = socket.execute(json!({ "language": "bash", "code": "printf x" })).await;
        assert_eq!(socket.finish(&id).await.stdout, "x");
    }
}

#[tokio::test]
async fn messages_that_mean_nothing_are_answered() {
    let server = Server::start(&["--messages-per-second", "5"]);
    let mut socket = Socket::open(&server).await;
    for (message, code, what) in [
        ("hello", "malformed-json", "not JSON"),
        ("[]", "invalid-message", "cannot be understood"),
        ("{\"event\":\"dance\"}", "invalid-message", "dance"),
        ("{\"event\":\"input\"}", "invalid-message", "executionId"),
        ("{\"event\":\"execute-interactive\"}", "missing-language", "python"),
        (
            "{\"event\":\"execute-interactive\",\"language\":\"cobol\",\"code\":\"x\"}",
            "unknown-language",
            "cobol",
        ),
        (
            "{\"event\":\"execute-interactive\",\"language\":\"python\",\"code\":\"x\",\"rows\":-1}",
            "invalid-message",
            "expected u16",
        ),
        (
            "{\"event\":\"execute-interactive\",\"language\":\"python\",\"cod\":\"x\"}",
            "invalid-message",
            "cod",
        ),
    ] {
        socket.stream.send(Message::text(message)).await.unwrap();
        let error = socket.next().await;
        assert_eq!((&error["event"], &error["code"]), (&"error".into(), &code.into()), "{message}: {error}");
        assert!(error["message"].as_str().unwrap().contains(what), "{error}");
    }
    socket.stream.send(Message::binary(vec![0])).await.unwrap();
    assert_eq!(socket.next().await["code"], "invalid-message");
    for _ in 0..40 {
        socket
            .stream
            .send(Message::text(
                "{\"event\":\"stop\",\"executionId\":\"00000000-0000-0000-0000-000000000000\"}",
            ))
            .await
            .unwrap();
    }
    let mut codes = std::collections::BTreeMap::<String, usize>::new();
    for _ in 0..40 {
        *codes.entry(socket.next().await["code"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert!(codes["too-many-messages"] > 10 && codes["unknown-execution"] >= 10, "{codes:?}");

    let mut socket = Socket::open(&server).await;
    socket.stream.send(Message::text("x".repeat(9 << 20))).await.unwrap();
    assert_eq!(socket.next().await["code"], "message-too-long");
    let id = socket.execute(python("print('still here')")).await;
    assert_eq!(socket.finish(&id).await.stdout, "still here\n");
}

#[tokio::test]
async fn connections_are_counted_and_only_own_pages_connect() {
    let server = Server::with_environment(
        &["--sockets-per-client", "2"],
        &[("CORS_ORIGIN", "https://friend.example")],
    );
    let refused = |outcome: Result<Socket, Error>| match outcome {
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("the connection was made"),
    };
    let own = format!("http://{}", server.address);
    let first = Socket::with_origin(&server, Some(&own)).await.unwrap();
    let _second = Socket::with_origin(&server, Some("https://friend.example")).await.unwrap();
    assert_eq!(refused(Socket::with_origin(&server, Some("https://enemy.example")).await), 403);
    assert_eq!(refused(Socket::with_origin(&server, None).await), 429);
    drop(first);
    let start = Instant::now();
    while Socket::with_origin(&server, None).await.is_err() {
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "the place of a closed connection is not given up"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let reply = server.get("/ws");
    assert_eq!((reply.status, &reply.body["error"]["code"]), (400, &"no-websocket".into()));
}

#[tokio::test]
async fn an_idle_connection_is_closed_with_a_word() {
    let server = Server::start(&["--socket-idle", "2s"]);
    let mut socket = Socket::open(&server).await;
    let id = socket.execute(python("import time\ntime.sleep(3)")).await;
    assert_eq!(socket.finish(&id).await.complete["status"], "success");
    assert_eq!(socket.next().await["code"], "idle");
    assert!(socket.try_next().await.is_none());
}

#[tokio::test]
async fn a_server_that_ends_lets_runs_end_first() {
    let mut server = Server::start(&[]);
    let mut idle = Socket::open(&server).await;
    let mut busy = Socket::open(&server).await;
    let id = busy.execute(python("import time\nprint('up', flush=True)\ntime.sleep(2)\nprint('over')")).await;
    busy.read_until(&id, "up").await;
    server.terminate();
    assert!(idle.try_next().await.is_none());
    assert_eq!(busy.finish(&id).await.stdout, "over\n");
    assert!(busy.try_next().await.is_none());
    assert!(server.child.wait().unwrap().success());
    assert!(server.nothing_is_left());
}

#[tokio::test]
async fn output_is_seen_as_it_is_printed() {
    let server = Server::start(&[]);
    let mut socket = Socket::open(&server).await;
    for (language, code) in [
        ("c", "#include <stdio.h>\n#include <unistd.h>\nint main(void) { puts(\"seen\"); sleep(60); }"),
        (
            "cpp",
            "#include <iostream>\n#include <unistd.h>\nint main() { std::cout << \"seen\\n\"; sleep(60); }",
        ),
        ("fortran", "print '(a)', 'seen'\ncall sleep(60)\nend"),
        ("haskell", "import Control.Concurrent\nmain = putStrLn \"seen\" >> threadDelay 60000000"),
        ("lua", "print('seen')\nos.execute('sleep 60')"),
        ("pascal", "uses sysutils; begin writeln('seen'); sleep(60000) end."),
        ("perl", "print \"seen\\n\"; sleep 60;"),
        ("python", "import time\nprint('seen')\ntime.sleep(60)"),
        ("ruby", "puts 'seen'\nsleep 60"),
        ("swift", "import Glibc\nprint(\"seen\")\nsleep(60)"),
    ] {
        let id = socket.execute(json!({ "language": language, "code": code })).await;
        socket.read_until(&id, "seen\n").await;
        socket.send("stop", json!({ "executionId": id })).await;
        assert_eq!(socket.finish(&id).await.complete["status"], "cancelled", "{language}");
    }
}
