//! The runner as a plain process: everything that needs no container.
#![expect(unreachable_pub, dead_code, reason = "tests/support is a module here and has no other crate")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;

use runner::frame::Stream;
use runner::protocol::{
    Command, Event, FaultKind, STDIN_WINDOW, Stage, StageEnd, StageLimits, StageName, StopReason, WindowSize,
};
use support::{Conversation, LIMITS, Said, run, shell, stage, start};

#[test]
fn output_exit_code_and_usage_are_reported() {
    let heard = run(shell("echo out; echo err >&2; exit 7"));
    assert_eq!((heard.stdout.as_slice(), heard.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
    let report = heard.only_report();
    assert_eq!(report.end, StageEnd::Exited { code: 7 });
    assert_eq!((report.stopped, report.output_cut), (None, false));
    assert!(report.peak_memory_bytes > 100_000 && report.wall_us > 0);
}

#[test]
fn a_signal_is_reported_as_one() {
    let heard = run(shell("kill -SEGV $$"));
    assert_eq!(heard.only_report().end, StageEnd::Signaled { signal: 11 });
}

#[test]
fn a_program_that_writes_to_a_closed_pipe_dies_of_it() {
    let heard = run(shell("{ yes; echo $? >&2; } | true"));
    assert_eq!(String::from_utf8_lossy(&heard.stderr), "141\n");
}

#[test]
fn a_program_that_is_not_there_is_reported_with_its_name() {
    let heard = run(stage(&["no-such-program"]));
    let StageEnd::NotStarted { message } = &heard.only_report().end else { panic!("{heard:?}") };
    assert!(message.contains("no-such-program") && message.contains("No such file"), "{message}");
}

#[test]
fn files_arrive_before_the_start_and_the_stage_runs_among_them() {
    let mut conversation = Conversation::start();
    let mut builder = tar::Builder::new(Vec::new());
    let content = vec![b'x'; 300_000];
    for (name, data) in [("a/data", content.as_slice()), ("say", b"#!/bin/sh\nwc -c < a/data")] {
        let mut header = tar::Header::new_gnu();
        header.set_mode(if name == "say" { 0o755 } else { 0o644 });
        header.set_size(data.len() as u64);
        builder.append_data(&mut header, name, data).unwrap();
    }
    conversation.send_data(Stream::Archive, &builder.into_inner().unwrap());
    conversation.send(&start([stage(&["./say"])]));
    let heard = conversation.rest();
    assert_eq!(heard.stdout, b"300000\n", "{heard:?}");
}

#[test]
fn an_archive_in_tiny_frames_is_the_same_archive() {
    let mut conversation = Conversation::start();
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o644);
    header.set_size(5);
    builder.append_data(&mut header, "f", &b"hello"[..]).unwrap();
    for part in builder.into_inner().unwrap().chunks(7) {
        conversation.send_data(Stream::Archive, part);
    }
    conversation.send(&start([shell("cat f")]));
    assert_eq!(conversation.rest().stdout, b"hello");
}

#[test]
fn a_bad_archive_is_the_archives_fault() {
    for (bytes, text) in
        [(vec![b'x'; 1024], "the archive cannot be read"), (vec![0x31; 512], "the archive cannot be read")]
    {
        let mut conversation = Conversation::start();
        conversation.send_data(Stream::Archive, &bytes);
        conversation.send(&start([shell("true")]));
        let heard = conversation.rest();
        let [Event::Fault { kind: FaultKind::Archive, message }] = heard.events.as_slice() else {
            panic!("{heard:?}");
        };
        assert!(message.contains(text), "{message}");
    }
}

#[test]
fn the_environment_is_exactly_what_was_sent() {
    let mut program = stage(&["env"]);
    program.env.insert("GREETING".into(), "hi there".into());
    let heard = run(program);
    assert_eq!(
        String::from_utf8_lossy(&heard.stdout),
        "GREETING=hi there\nPATH=/usr/local/bin:/usr/bin:/bin\n"
    );
}

#[test]
fn compile_then_run() {
    let mut compile = shell("echo compiling; cat; echo built > program");
    compile.stage = StageName::Compile;
    let mut conversation = Conversation::start();
    conversation.send_data(Stream::Stdin, b"for the program");
    conversation.send(&start([compile, shell("cat program -")]));
    conversation.send(&Command::CloseStdin);
    let heard = conversation.rest();
    assert_eq!(String::from_utf8_lossy(&heard.stdout), "compiling\nbuilt\nfor the program");
    let stages: Vec<StageName> = heard.reports().iter().map(|report| report.stage).collect();
    assert_eq!(stages, [StageName::Compile, StageName::Run]);
}

#[test]
fn a_failed_compile_stage_is_the_last() {
    let mut compile = shell("echo wrong >&2; exit 1");
    compile.stage = StageName::Compile;
    let mut conversation = Conversation::start();
    conversation.send(&start([compile, shell("echo never")]));
    let heard = conversation.rest();
    assert_eq!(heard.only_report().stage, StageName::Compile);
    assert!(heard.stdout.is_empty());
}

#[test]
fn a_held_stage_waits_for_the_server() {
    let mut compile = shell("true");
    compile.stage = StageName::Compile;
    compile.hold = true;
    for (command, stages) in [(Command::Continue, 2), (Command::Stop, 1)] {
        let mut conversation = Conversation::start();
        conversation.send(&start([compile.clone(), shell("true")]));
        while !matches!(conversation.next(), Some(Said::Event(Event::StageEnd { .. }))) {}
        conversation.send(&command);
        conversation.send(&Command::CloseStdin);
        let heard = conversation.rest();
        assert_eq!(heard.reports().len(), stages - 1, "{command:?}: {heard:?}");
    }
}

#[test]
fn wall_time_is_limited_and_earlier_output_kept() {
    let mut program = shell("echo before; exec sleep 60");
    program.limits.wall_ms = 300;
    let heard = run(program);
    assert_eq!(heard.stdout, b"before\n");
    let report = heard.only_report();
    assert_eq!(
        (report.stopped, &report.end),
        (Some(StopReason::WallTime), &StageEnd::Signaled { signal: 9 })
    );
    assert!(report.wall_us >= 300_000);
}

#[test]
fn cpu_time_of_all_processes_together_is_limited() {
    for script in ["while :; do :; done", "(while :; do :; done) & (while :; do :; done) & wait"] {
        let mut program = shell(script);
        program.limits.cpu_ms = 400;
        let heard = run(program);
        let report = heard.only_report();
        assert_eq!(report.stopped, Some(StopReason::CpuTime), "{report:?}");
        assert!(report.user_us + report.system_us >= 300_000, "{report:?}");
    }
}

#[test]
fn output_is_cut_at_exactly_the_limit() {
    for (length, cut) in [(999, false), (1000, false), (1001, true), (5_000_000, true)] {
        let mut program = shell(&format!("head -c {length} /dev/zero | tr '\\0' x"));
        program.limits.output_bytes = 1000;
        let heard = run(program);
        let report = heard.only_report();
        assert_eq!(heard.stdout.len(), length.min(1000));
        assert_eq!((report.output_cut, report.stopped), (cut, cut.then_some(StopReason::Output)));
    }
}

#[test]
fn a_flood_without_end_is_ended_by_the_output_limit() {
    let heard = run(stage(&["yes"]));
    assert_eq!(heard.stdout.len() as u64, LIMITS.output_bytes);
    assert_eq!(heard.only_report().stopped, Some(StopReason::Output));
}

#[test]
fn much_output_arrives_whole() {
    let mut stage = shell("seq 2000000; seq 1000000 >&2; seq 100");
    stage.limits.output_bytes = 1 << 30;
    let heard = run(stage);
    let numbers = |last: u32| (1..=last).map(|number| format!("{number}\n")).collect::<String>();
    assert!(heard.stdout == (numbers(2_000_000) + &numbers(100)).into_bytes(), "{}", heard.stdout.len());
    assert!(heard.stderr == numbers(1_000_000).into_bytes(), "{}", heard.stderr.len());
    assert_eq!(heard.only_report().end, StageEnd::Exited { code: 0 });
}

/// What is in a pipe can be gone before it is read: whoever writes to it can open it for reading.
#[test]
fn a_program_that_takes_its_output_back_breaks_nothing() {
    let takes_back = "exec 3< /proc/self/fd/1; (while head -c 1000000 <&3 > /dev/null; do :; done) & thief=$!
        head -c 300M /dev/zero; kill $thief; wait $thief; echo done >&2";
    let mut stage = shell(takes_back);
    stage.limits.output_bytes = 1 << 30;
    let heard = run(stage);
    assert!(heard.stdout.len() < 300 << 20, "some of it was taken back");
    assert!(heard.stdout.iter().all(|byte| *byte == 0));
    assert!(heard.stderr.ends_with(b"done\n"), "{}", heard.stderr.escape_ascii());
    assert_eq!(heard.only_report().end, StageEnd::Exited { code: 0 });
}

#[test]
fn nothing_is_lost_between_the_last_output_and_the_end() {
    for _ in 0..50 {
        let heard = run(stage(&["printf", "x"]));
        assert_eq!(heard.stdout, b"x");
    }
}

#[test]
fn input_reaches_the_program_and_its_end_too() {
    let mut conversation = Conversation::start();
    conversation.send(&start([stage(&["sort"])]));
    conversation.send_data(Stream::Stdin, b"b\na\n");
    conversation.send(&Command::CloseStdin);
    assert_eq!(conversation.rest().stdout, b"a\nb\n");
}

#[test]
fn input_flows_as_the_program_takes_it() {
    let mut conversation = Conversation::start();
    conversation.send(&start([stage(&["wc", "-c"])]));
    let total = 3 * STDIN_WINDOW;
    conversation.send_data(Stream::Stdin, &vec![b'x'; STDIN_WINDOW]);
    let mut sent = STDIN_WINDOW;
    while sent < total {
        if let Some(Said::Event(Event::StdinWindow { bytes })) = conversation.next() {
            let more = bytes.min(total - sent);
            conversation.send_data(Stream::Stdin, &vec![b'x'; more]);
            sent += more;
        }
    }
    conversation.send(&Command::CloseStdin);
    assert_eq!(conversation.rest().stdout, format!("{total}\n").into_bytes());
}

#[test]
fn a_program_that_ignores_its_input_can_still_be_stopped() {
    let mut conversation = Conversation::start();
    conversation.send(&start([shell("echo here; exec sleep 60")]));
    conversation.send_data(Stream::Stdin, &vec![b'x'; STDIN_WINDOW]);
    conversation.read_until("here");
    conversation.send(&Command::Stop);
    let heard = conversation.rest();
    assert_eq!(heard.only_report().stopped, Some(StopReason::Request));
}

#[test]
fn a_program_that_closes_its_input_is_no_error() {
    let mut conversation = Conversation::start();
    conversation.send(&start([shell("exec <&-; echo closed; sleep 0.2; echo done")]));
    conversation.read_until("closed");
    conversation.send_data(Stream::Stdin, b"nobody reads this");
    let heard = conversation.rest();
    assert_eq!(heard.stdout, b"done\n");
    assert_eq!(heard.only_report().end, StageEnd::Exited { code: 0 });
}

#[test]
fn more_input_than_granted_is_a_protocol_fault() {
    let mut conversation = Conversation::start();
    conversation.send_data(Stream::Stdin, &vec![b'x'; STDIN_WINDOW]);
    conversation.send_data(Stream::Stdin, b"y");
    let heard = conversation.rest();
    assert!(matches!(heard.events.as_slice(), [Event::Fault { kind: FaultKind::Protocol, .. }]), "{heard:?}");
}

#[test]
fn signals_reach_the_whole_process_group() {
    let mut conversation = Conversation::start();
    conversation
        .send(&start([shell("trap 'echo caught; exit 3' INT; echo ready; while :; do sleep 0.05; done")]));
    conversation.read_until("ready");
    conversation.send(&Command::Signal { signal: 2 });
    let heard = conversation.rest();
    assert_eq!(heard.stdout, b"caught\n");
    assert_eq!(heard.only_report().end, StageEnd::Exited { code: 3 });
}

#[test]
fn no_signal_is_ignored_or_blocked_in_a_program() {
    let heard = run(stage(&["grep", "-E", "SigBlk|SigIgn", "/proc/self/status"]));
    let text = String::from_utf8(heard.stdout).unwrap();
    assert_eq!(text.lines().count(), 2);
    for line in text.lines() {
        let signals = u64::from_str_radix(line.split_whitespace().nth(1).unwrap(), 16).unwrap();
        // Signals 1 to 31; the C library keeps 32 and 33 to itself.
        assert_eq!(signals & 0x7fff_ffff, 0, "{line}");
    }
}

#[test]
fn processes_that_are_left_over_are_killed_however_they_hide() {
    // A daemon of its own session, one that ignores signals, and one that is stopped.
    let script = "
        setsid sh -c 'sleep 4711' & (trap '' TERM HUP INT; sleep 4711) & sh -c 'kill -STOP $$; sleep 4711' &
        (setsid sh -c 'sleep 4711 &' &) ; sleep 0.2; echo started";
    let mut conversation = Conversation::start();
    let runner = conversation.runner_pid();
    conversation.send(&start([shell(script)]));
    conversation.read_until("started");
    let heard = conversation.rest();
    assert_eq!(heard.only_report().end, StageEnd::Exited { code: 0 });
    assert_eq!(children_of(runner), Vec::<String>::new());
}

#[test]
fn the_end_of_the_link_ends_everything() {
    let mut conversation = Conversation::start();
    conversation.send(&start([shell("echo $$; exec sleep 60")]));
    let pid = loop {
        if let Some(Said::Data(Stream::Stdout, data)) = conversation.next() {
            break String::from_utf8(data).unwrap().trim().to_owned();
        }
    };
    assert!(Path::new("/proc").join(&pid).exists());
    assert_eq!(conversation.exit_code(), Some(1));
    assert!(!Path::new("/proc").join(&pid).exists());
}

#[test]
fn a_server_that_does_not_read_stops_the_program_and_not_the_clock() {
    let mut program = shell("yes");
    program.limits = StageLimits { wall_ms: 700, cpu_ms: 30_000, output_bytes: 1 << 30 };
    let mut conversation = Conversation::start();
    let runner = conversation.runner_pid();
    conversation.send(&start([program]));
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let resident = std::fs::read_to_string(format!("/proc/{runner}/statm")).unwrap();
    let pages: u64 = resident.split(' ').nth(1).unwrap().parse().unwrap();
    assert!(pages * 4096 < 32 << 20, "{pages} pages");
    let heard = conversation.rest();
    assert_eq!(heard.only_report().stopped, Some(StopReason::WallTime));
    assert!(heard.stdout.len() < 4 << 20, "{}", heard.stdout.len());
}

#[test]
fn rule_breaking_servers_get_a_protocol_fault() {
    let commands = [Command::Continue, Command::Stop, start([])];
    for command in commands {
        let mut conversation = Conversation::start();
        conversation.send(&command);
        let heard = conversation.rest();
        assert!(
            matches!(heard.events.as_slice(), [Event::Fault { kind: FaultKind::Protocol, .. }]),
            "{command:?}: {heard:?}"
        );
    }
    let mut conversation = Conversation::start();
    conversation.send_bytes(b"GET / HTTP/1.1\r\n");
    assert!(matches!(conversation.next(), Some(Said::Event(Event::Fault { .. }))));
}

#[test]
fn children_are_the_first_to_be_killed_for_memory_and_dump_no_core() {
    let heard = run(shell("cat /proc/self/oom_score_adj; ulimit -c; ls /proc/self/fd"));
    assert_eq!(String::from_utf8_lossy(&heard.stdout), "1000\n0\n0\n1\n2\n3\n");
}

fn children_of(pid: u32) -> Vec<String> {
    let is_child = |candidate: &String| {
        // A process that has ended meanwhile is nobody's child.
        let stat = std::fs::read_to_string(format!("/proc/{candidate}/stat")).unwrap_or_default();
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        after_name.split_whitespace().nth(1) == Some(pid.to_string().as_str())
    };
    let entries = std::fs::read_dir("/proc").unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).filter(is_child).collect()
}

fn on_terminal(script: &str) -> Stage {
    Stage { terminal: Some(WindowSize { columns: 70, rows: 20 }), ..shell(script) }
}

#[test]
fn a_terminal_is_one_for_the_program_and_has_a_size() {
    let heard =
        run(on_terminal("test -t 0 && test -t 1 && test -t 2 && stty size && echo $TERM; echo err >&2; tty"));
    let said = String::from_utf8(heard.stdout.clone()).unwrap();
    assert!(said.starts_with("20 70\r\nxterm-256color\r\nerr\r\n/dev/"), "{said:?}");
    assert!(heard.stderr.is_empty());
    assert_eq!(heard.only_report().end, StageEnd::Exited { code: 0 });
}

#[test]
fn what_is_typed_is_echoed_and_ended_by_the_terminal() {
    let mut conversation = Conversation::start();
    conversation.send(&start([on_terminal("cat; echo over")]));
    conversation.send_data(Stream::Stdin, b"h\xc3\xa9\x7fello\n");
    // Erasing takes the whole character; the echo shows it going.
    conversation.read_until("hello\r\n");
    conversation.send(&Command::CloseStdin);
    let heard = conversation.rest();
    assert!(String::from_utf8_lossy(&heard.stdout).ends_with("over\r\n"), "{heard:?}");
    assert_eq!(heard.only_report().end, StageEnd::Exited { code: 0 });
}

#[test]
fn control_c_interrupts_the_foreground_of_a_terminal() {
    let mut conversation = Conversation::start();
    conversation.send(&start([on_terminal(
        "trap 'echo caught; exit 3' INT; echo ready; while :; do sleep 0.05; done",
    )]));
    conversation.read_until("ready");
    conversation.send_data(Stream::Stdin, b"\x03");
    let heard = conversation.rest();
    assert!(String::from_utf8_lossy(&heard.stdout).contains("caught"), "{heard:?}");
    assert_eq!(heard.only_report().end, StageEnd::Exited { code: 3 });
}

#[test]
fn a_new_size_reaches_the_program() {
    let mut conversation = Conversation::start();
    conversation.send(&start([on_terminal(
        "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.05; done",
    )]));
    conversation.read_until("ready");
    conversation.send(&Command::Resize { window: WindowSize { columns: 132, rows: 43 } });
    let heard = conversation.rest();
    assert!(String::from_utf8_lossy(&heard.stdout).contains("43 132\r\n"), "{heard:?}");
}

#[test]
fn output_on_a_terminal_is_whole_and_limited() {
    let whole = run(on_terminal("stty -opost; head -c 500000 /dev/zero"));
    assert_eq!(whole.stdout.len(), 500_000);
    let flood = run(on_terminal("yes"));
    let report = flood.only_report();
    assert_eq!((flood.stdout.len() as u64, report.stopped), (LIMITS.output_bytes, Some(StopReason::Output)));
}

#[test]
fn a_program_that_reads_nothing_from_its_terminal_can_be_stopped() {
    let mut conversation = Conversation::start();
    conversation.send(&start([on_terminal("stty raw -echo; echo ready; sleep 60")]));
    conversation.read_until("ready");
    conversation.send_data(Stream::Stdin, &vec![b'x'; STDIN_WINDOW]);
    conversation.send(&Command::Stop);
    let heard = conversation.rest();
    assert_eq!(heard.only_report().stopped, Some(StopReason::Request));
}
