//! What a stage leaves, sent whole or not at all.
#![expect(unreachable_pub, dead_code, reason = "tests/support is a module here and has no other crate")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use runner::collected::check_folder;
use runner::frame::Stream;
use runner::protocol::{Archived, CollectLimits, Command, Event, Stage, StageEnd, StageName};
use support::{Conversation, Heard, shell, start};

const LIMITS: CollectLimits = CollectLimits { files: 8, file_bytes: 1 << 20, total_bytes: 2 << 20 };

fn compile(script: &str) -> Stage {
    Stage { stage: StageName::Compile, archive: Some(LIMITS), ..shell(script) }
}

/// Runs these stages on what `files` holds.
fn run(stages: impl Into<Vec<Stage>>, files: &[u8]) -> Heard {
    let mut conversation = Conversation::start();
    conversation.send_data(Stream::Archive, files);
    conversation.send(&start(stages));
    conversation.send(&Command::CloseStdin);
    conversation.rest()
}

/// The names of what was said, in order.
fn events(heard: &Heard) -> Vec<&str> {
    let name = |event: &Event| match event {
        Event::Archived { archived: Archived::Whole } => "whole",
        Event::Archived { archived: Archived::Refused { .. } } => "refused",
        Event::StageStart { .. } => "start",
        Event::StageEnd { .. } => "end",
        Event::End => "over",
        other => panic!("{other:?}"),
    };
    heard.events.iter().map(name).collect()
}

/// All that there is to see of files, times to the second.
const LOOK: &str = "find . -mindepth 1 -printf '%P %y %m %Ts %n ' -exec sh -c 'test -f \"$1\" && cksum < \"$1\" || echo' - {} \\; | sort";

#[test]
fn what_a_stage_left_is_the_same_in_another_sandbox() {
    let made = "umask 022; mkdir -p d/e empty; printf program > main; chmod 755 main; head -c 100000 /dev/urandom > d/e/data;
                printf x > d/private; chmod 600 d/private; chmod 700 empty; touch -d @1000000000 d/e/data; touch 'with space'";
    let heard = run([compile(made), shell(LOOK)], &[]);
    assert_eq!(events(&heard), ["start", "whole", "end", "start", "end", "over"], "{heard:?}");
    check_folder(&heard.archive, LIMITS).unwrap();
    let again = run([shell(LOOK)], &heard.archive);
    let seen = [heard, again].map(|heard| {
        let text = String::from_utf8(heard.stdout).unwrap();
        // Of folders, which are made anew, the times are new.
        let is_folder = |line: &&str| line.split(' ').nth(1) == Some("d");
        let folders: Vec<_> = text
            .lines()
            .filter(is_folder)
            .map(|line| line.split(' ').take(3).collect::<Vec<_>>().join(" "))
            .collect();
        let files: Vec<_> = text.lines().filter(|line| !is_folder(line)).map(str::to_owned).collect();
        (folders, files)
    });
    assert_eq!(seen[0], seen[1]);
    assert_eq!((seen[0].0.len(), seen[0].1.len()), (3, 4), "{seen:?}");
}

#[test]
fn nothing_is_sent_of_what_could_not_be_made_again() {
    for (script, reason) in [
        ("ln -s /etc/passwd l", "l: it is no regular file with one name"),
        ("mkfifo d", "d: it is no regular file with one name"),
        ("echo > a; ln a b", "a: it is no regular file with one name"),
        ("echo > a; chmod 0 a", "a: its mode is 0"),
        ("echo > a; chmod 4755 a", "a: its mode is 4755"),
        ("mkdir d; echo > d/f; chmod 500 d", "d: its mode is 500"),
        ("echo > \"$(printf 'a\\nb')\"", "a\nb: its name is not accepted"),
        ("echo > \"$(printf 'a\\377')\"", "its name is no text"),
        ("head -c 1048577 /dev/zero > a", "a: it is too large"),
        ("for i in 1 2 3; do head -c 1000000 /dev/zero > $i; done", "3: it is too large"),
        ("mkdir 1 2 3 4 5; touch 6 7 8 9", "9: there are too many files"),
        ("p=$(printf 'x%.0s' $(seq 200)); mkdir -p $p/$p", "its name is not accepted"),
    ] {
        let heard = run([compile(&format!("echo good > kept; {script}")), shell("cat kept")], &[]);
        assert_eq!(
            events(&heard),
            ["start", "refused", "end", "start", "end", "over"],
            "{script}: {heard:?}"
        );
        let Event::Archived { archived: Archived::Refused { reason: said } } = &heard.events[1] else {
            panic!()
        };
        assert!(said.ends_with(reason), "{script}: {said}");
        assert!(heard.archive.is_empty() && heard.stdout == b"good\n", "{script}: {heard:?}");
    }
}

#[test]
fn a_stage_that_fails_or_was_not_asked_sends_nothing() {
    for stage in [compile("echo x > a; exit 1"), compile("echo x > a; kill -9 $$"), shell("echo x > a")] {
        let heard = run([stage], &[]);
        assert_eq!(events(&heard), ["start", "end", "over"], "{heard:?}");
        assert!(heard.archive.is_empty());
    }
}

#[test]
fn what_runs_next_cannot_change_what_was_sent() {
    let heard = run([compile("echo first > main"), shell("echo other > main; cat main")], &[]);
    assert_eq!(heard.stdout, b"other\n");
    let again = run([shell("cat main")], &heard.archive);
    assert_eq!(
        (again.stdout.as_slice(), &again.only_report().end),
        (&b"first\n"[..], &StageEnd::Exited { code: 0 })
    );
}
