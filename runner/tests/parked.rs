//! Processes that are started before their program is there.
#![expect(unreachable_pub, dead_code, reason = "tests/support is a module here and has no other crate")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use runner::frame::Stream;
use runner::protocol::{Command, Event, FaultKind, Stage, StageEnd, StageName};
use support::{Conversation, Heard, Said, stage};

const ENTRY: &str = "main.sh";

/// A runner with a process that was to park, and whether that waits.
fn park(parked: Stage) -> (Conversation, bool) {
    let mut conversation = Conversation::start();
    conversation.send(&Command::Park { stage: parked, entry: ENTRY.into(), forks: false });
    match conversation.next() {
        Some(Said::Event(Event::Parked { is_waiting, .. })) => (conversation, is_waiting),
        other => panic!("{other:?}"),
    }
}

fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

/// Starts `plain`, for which the parked process may stand.
fn run(mut conversation: Conversation, plain: Stage, files: &[(&str, &str)], parked: bool) -> Heard {
    conversation.send_data(Stream::Archive, &archive(files));
    let parked = if parked { vec![plain.stage] } else { Vec::new() };
    conversation.send(&Command::Start { stages: vec![plain], stay: false, parked, again: false });
    conversation.send_data(Stream::Stdin, b"input\n");
    conversation.send(&Command::CloseStdin);
    conversation.rest()
}

fn shell() -> Stage {
    stage(&["sh", ENTRY])
}

#[test]
fn a_parked_process_gets_its_program_and_finds_all_files() {
    let (conversation, is_waiting) = park(shell());
    assert!(is_waiting);
    let script = "read line; echo \"$0 $line\"; cat other; test -f main.sh && wc -c < main.sh; exit 3";
    let heard = run(conversation, shell(), &[(ENTRY, script), ("other", "file\n")], true);
    assert_eq!(heard.stdout, format!("main.sh input\nfile\n{}\n", script.len()).into_bytes());
    assert_eq!(heard.only_report().end, StageEnd::Exited { code: 3 });
}

#[test]
fn a_program_longer_than_a_pipe_arrives_while_it_runs() {
    let (conversation, _) = park(shell());
    let script = format!("echo first\n{}echo last\n", "# nothing to do here\n".repeat(20_000));
    let heard = run(conversation, shell(), &[(ENTRY, &script)], true);
    assert_eq!(heard.stdout, b"first\nlast\n");
}

#[test]
fn what_it_took_before_is_not_its_stages() {
    // Half a second of CPU time before it opens its entry.
    let boots = stage(&["sh", "-c", "timeout 0.5 sh -c 'while :; do :; done'; exec sh main.sh"]);
    let (conversation, is_waiting) = park(boots);
    assert!(is_waiting);
    let heard = run(conversation, shell(), &[(ENTRY, "echo done")], true);
    let report = heard.only_report();
    assert_eq!(heard.stdout, b"done\n");
    assert!(report.cpu_time().as_millis() < 400 && report.wall_time().as_millis() < 400, "{report:?}");
}

#[test]
fn a_plain_start_kills_what_is_parked() {
    let (conversation, _) = park(shell());
    let plain = stage(&["sh", "-c", "echo plain; cat main.sh; pgrep -s 0 -f main.sh | wc -l"]);
    let heard = run(conversation, plain, &[(ENTRY, "text\n")], false);
    assert!(heard.stdout.starts_with(b"plain\ntext\n"), "{heard:?}");
}

#[test]
fn what_does_not_come_to_wait_is_replaced_by_a_plain_start() {
    for argv in [["true"].as_slice(), &["there-is-no-such-program"]] {
        let (conversation, is_waiting) = park(stage(argv));
        assert!(!is_waiting || argv == ["true"]);
        let heard = run(conversation, shell(), &[(ENTRY, "echo plain")], true);
        assert_eq!(heard.stdout, b"plain\n");
    }
}

#[test]
fn a_process_that_stops_waiting_is_replaced_by_a_plain_start() {
    let (conversation, is_waiting) = park(stage(&["sh", "-c", "exec 9<main.sh; sleep 0.1"]));
    assert!(is_waiting);
    std::thread::sleep(std::time::Duration::from_millis(300));
    let heard = run(conversation, shell(), &[(ENTRY, "echo plain")], true);
    assert_eq!(heard.stdout, b"plain\n");
}

#[test]
fn one_process_parks_and_in_the_work_folder_only() {
    let (mut conversation, _) = park(shell());
    conversation.send(&Command::Park { stage: shell(), entry: "other".into(), forks: false });
    assert!(matches!(&conversation.rest().events[..], [Event::Fault { kind: FaultKind::Protocol, .. }]));
    // At the end of a stage everything is killed here, where there are no worlds: nothing could wait for the next one.
    let (mut conversation, _) = park(Stage { stage: StageName::Compile, ..shell() });
    conversation.send(&Command::Park { stage: shell(), entry: "other".into(), forks: false });
    assert!(matches!(&conversation.rest().events[..], [Event::Fault { kind: FaultKind::Protocol, .. }]));
    for (entry, forks) in [("../main.sh", false), (ENTRY, true)] {
        let mut conversation = Conversation::start();
        conversation.send(&Command::Park { stage: shell(), entry: entry.into(), forks });
        assert!(matches!(&conversation.rest().events[..], [Event::Fault { kind: FaultKind::Protocol, .. }]));
    }
}
