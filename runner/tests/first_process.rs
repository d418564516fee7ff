//! The runner as the first process of a PID namespace, as in a container: with worlds, and where the kernel refuses them.
#![expect(unreachable_pub, dead_code, reason = "tests/support is a module here and has no other crate")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use runner::frame::Stream;
use runner::protocol::{Command, Event, FaultKind, Stage, StageName, Worlds};
use support::{Conversation, Said, shell, start, start_and_stay};

const BEFORE_WORLDS: &str = "true";
/// As a user namespace may bound those that are made in it (namespaces(7)). One is the runner's user's.
const REFUSALS: [&str; 4] = [
    "echo 1 > /proc/sys/user/max_user_namespaces",
    "echo 0 > /proc/sys/user/max_mnt_namespaces",
    "echo 0 > /proc/sys/user/max_pid_namespaces",
    "echo 0 > /proc/sys/user/max_ipc_namespaces",
];

fn with_worlds() -> Conversation {
    let (conversation, worlds) = Conversation::as_first_process(BEFORE_WORLDS);
    assert_eq!(worlds, Worlds::Here);
    conversation
}

fn refused(how: &str) -> Conversation {
    let (conversation, worlds) = Conversation::as_first_process(how);
    assert!(matches!(worlds, Worlds::Refused { .. }), "{how}: {worlds:?}");
    conversation
}

/// The output up to the next event that `is_last` takes.
fn until(conversation: &mut Conversation, is_last: impl Fn(&Event) -> bool) -> String {
    let mut output = Vec::new();
    loop {
        match conversation.next() {
            Some(Said::Data(_, data)) => output.extend(data),
            Some(Said::Event(event)) if is_last(&event) => return String::from_utf8(output).unwrap(),
            Some(Said::Event(event)) => assert!(!matches!(event, Event::Fault { .. }), "{event:?}"),
            None => panic!("the end, after {}", output.escape_ascii()),
        }
    }
}

/// Runs it in a conversation that another is to follow.
fn run_again(conversation: &mut Conversation, stage: Stage) -> String {
    conversation.send(&Command::Start { stages: vec![stage], stay: false, parked: Vec::new(), again: true });
    until(conversation, |event| matches!(event, Event::End))
}

fn renew(conversation: &mut Conversation) {
    conversation.send(&Command::Renew);
    until(conversation, |event| matches!(event, Event::Renewed { .. }));
}

fn archive(name: &str, content: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o644);
    header.set_size(content.len() as u64);
    builder.append_data(&mut header, name, content.as_bytes()).unwrap();
    builder.into_inner().unwrap()
}

/// What a run can see of its work folder.
const LOOK: &str = "ls -ldi --time-style=+ .; ls -A; touch new; stat -c '%i %h %a' . new; lsattr -d . 2>&1; df --output=iused,used . | tail -n 1; \
     test $(( $(date +%s) - $(stat -c %Y .) )) -lt 3600 && echo recent; grep Cap /proc/self/status";

#[test]
fn a_run_that_follows_sees_what_the_first_one_saw() {
    let mut conversation = with_worlds();
    let first = run_again(&mut conversation, shell(LOOK));
    assert!(first.contains("recent") && first.contains("CapEff:\t0000000000000000"), "{first}");
    for leave in [
        "for n in 1 2 3 4 5 6 7 8 9; do echo $n > file$n; done; rm file*",
        "mkdir -p a/b; touch a/b/c; chmod 0 a/b a; ln -s /etc link; mkfifo pipe",
        "chattr +d . 2>/dev/null; chmod 777 .; touch -d @1 .; setfattr -n user.left -v x . 2>/dev/null; true",
        "head -c 100M /dev/zero > full; test $(df --output=avail . | tail -n 1) = 0",
        "(setsid sh -c 'exec 3> held; cd .; sleep 60' &) ; while ! test -e held; do :; done",
    ] {
        renew(&mut conversation);
        run_again(&mut conversation, shell(leave));
        renew(&mut conversation);
        assert_eq!(run_again(&mut conversation, shell(LOOK)), first, "{leave}");
    }
}

#[test]
fn what_a_run_was_given_is_not_the_next_ones() {
    let mut conversation = with_worlds();
    conversation.send_data(Stream::Archive, &archive("given", "first"));
    assert_eq!(run_again(&mut conversation, shell("cat given; ls /tmp /dev/shm | wc -l")), "first3\n");
    renew(&mut conversation);
    conversation.send_data(Stream::Archive, &archive("other", "second"));
    assert_eq!(run_again(&mut conversation, shell("ls; cat other")), "other\nsecond");
}

/// A world that was made for one more test has the files of its run.
#[test]
fn a_test_never_has_the_files_of_another_run() {
    let mut conversation = with_worlds();
    for run in ["first", "second", "third"] {
        conversation.send_data(Stream::Archive, &archive(run, run));
        conversation.send(&Command::Start {
            stages: Vec::new(),
            stay: true,
            parked: Vec::new(),
            again: true,
        });
        for _ in 0..2 {
            conversation.send(&Command::Test { stage: shell("ls; echo left > left") });
            let said = until(&mut conversation, |event| matches!(event, Event::StageEnd { .. }));
            assert_eq!(said, format!("{run}\n"));
        }
        conversation.send(&Command::Finish);
        until(&mut conversation, |event| matches!(event, Event::End));
        renew(&mut conversation);
    }
}

#[test]
fn without_worlds_programs_run_and_tests_are_put_back() {
    for how in REFUSALS {
        let mut conversation = refused(how);
        let mut compile = shell("echo program > main");
        compile.stage = StageName::Compile;
        conversation.send(&start_and_stay([compile]));
        until(&mut conversation, |event| matches!(event, Event::StageEnd { .. }));
        for _ in 0..2 {
            let hostile = "cat main; ls . /tmp /dev/shm; echo worse > main; touch /tmp/left /dev/shm/left; \
                ipcmk -M 4096 > /dev/null; ipcs -m | grep -c 4096; (setsid sleep 60 &)";
            conversation.send(&Command::Test { stage: shell(hostile) });
            let said = until(&mut conversation, |event| matches!(event, Event::StageEnd { .. }));
            assert_eq!(said, "program\n.:\nmain\n\n/dev/shm:\n\n/tmp:\n1\n", "{how}");
        }
        conversation.send(&Command::Finish);
        assert!(matches!(conversation.rest().events.as_slice(), [Event::End]));
    }
}

#[test]
fn without_worlds_nobody_follows() {
    for how in REFUSALS {
        let mut conversation = refused(how);
        conversation.send(&Command::Start {
            stages: vec![shell("true")],
            stay: false,
            parked: Vec::new(),
            again: true,
        });
        let heard = conversation.rest();
        assert!(
            matches!(heard.events.as_slice(), [Event::Fault { kind: FaultKind::Protocol, .. }]),
            "{how}: {heard:?}"
        );
        let mut conversation = refused(how);
        conversation.send(&start([shell("echo $$; cat /proc/self/uid_map")]));
        let said = until(&mut conversation, |event| matches!(event, Event::End));
        // The namespaces are those that the runner was started in.
        assert_eq!(said.split_whitespace().skip(1).collect::<Vec<_>>(), ["10001", "0", "1"], "{how}");
    }
}
