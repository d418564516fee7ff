//! Conversations that go on after the stages: tests, and files that are collected.
#![expect(unreachable_pub, dead_code, reason = "tests/support is a module here and has no other crate")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use runner::frame::Stream;
use runner::protocol::{
    CollectLimits, Command, Event, FaultKind, MOST_SKIPPED, STDIN_WINDOW, SkipReason, SkippedFile, Stage,
    StageEnd, StageName,
};
use support::{Conversation, Heard, Said, shell, start_and_stay};

const LIMITS: CollectLimits = CollectLimits { files: 10, file_bytes: 1 << 20, total_bytes: 2 << 20 };

/// Runs a test with this input, whole and ended, and gives its output.
fn test(conversation: &mut Conversation, stage: Stage, input: &[u8]) -> (String, StageEnd) {
    conversation.send(&Command::Test { stage });
    conversation.send_data(Stream::Stdin, input);
    conversation.send(&Command::CloseStdin);
    let mut output = Vec::new();
    loop {
        match conversation.next() {
            Some(Said::Data(_, data)) => output.extend(data),
            Some(Said::Event(Event::StageEnd { report })) => {
                return (String::from_utf8(output).unwrap(), report.end);
            }
            Some(Said::Event(Event::StageStart { .. } | Event::StdinWindow { .. })) => {}
            other => panic!("{other:?} in {}", output.escape_ascii()),
        }
    }
}

fn compiled(script: &str) -> Conversation {
    let mut compile = shell(script);
    compile.stage = StageName::Compile;
    let mut conversation = Conversation::start();
    conversation.send(&start_and_stay([compile]));
    while !matches!(conversation.next(), Some(Said::Event(Event::StageEnd { .. }))) {}
    conversation
}

#[test]
fn each_test_has_its_own_input_and_the_files_as_the_compile_stage_left_them() {
    let mut conversation = compiled("echo program > main; mkdir d; echo data > d/f; ln -s main l");
    let hostile = "cat; cat main; echo worse > main; rm -r d; mkdir -p x/y; touch new; chmod 0 x; ln -sfn /etc l; exit 3";
    for input in ["one ", "two "] {
        let (output, end) = test(&mut conversation, shell(hostile), input.as_bytes());
        assert_eq!((output, end), (format!("{input}program\n"), StageEnd::Exited { code: 3 }));
    }
    let (output, _) = test(&mut conversation, shell("find . | sort; cat d/f l"), b"");
    assert_eq!(output, ".\n./d\n./d/f\n./l\n./main\ndata\nprogram\n");
    conversation.send(&Command::Finish);
    assert!(matches!(conversation.rest().events.as_slice(), [Event::End]));
}

#[test]
fn tests_need_no_stage_before_them() {
    let mut conversation = Conversation::start();
    conversation.send(&start_and_stay([]));
    assert_eq!(test(&mut conversation, shell("cat"), b"x").0, "x");
    conversation.send(&Command::Finish);
    assert!(matches!(conversation.rest().events.as_slice(), [Event::End]));
}

#[test]
fn input_that_a_test_leaves_is_not_the_next_ones() {
    let mut conversation = compiled("true");
    let left = vec![b'x'; STDIN_WINDOW];
    assert_eq!(test(&mut conversation, shell("true"), &left).0, "");
    assert_eq!(test(&mut conversation, shell("head -c 1"), &left).0, "x");
    assert_eq!(test(&mut conversation, shell("cat"), b"mine").0, "mine");
}

#[test]
fn processes_that_a_test_leaves_are_gone_before_the_next() {
    let mut conversation = compiled("true");
    test(&mut conversation, shell("(setsid sh -c 'sleep 1; echo late > late' &) ; exit 0"), b"");
    let (output, _) = test(&mut conversation, shell("sleep 1.5; ls"), b"");
    assert_eq!(output, "");
}

#[test]
fn a_failed_compile_stage_waits_for_the_server_too() {
    let mut conversation = compiled("exit 1");
    conversation.send(&Command::Finish);
    assert!(matches!(conversation.rest().events.as_slice(), [Event::End]));
}

#[test]
fn a_second_start_is_a_protocol_fault_and_so_are_files() {
    let mut conversation = compiled("true");
    conversation.send(&start_and_stay([]));
    assert!(is_protocol_fault(&conversation.rest()));
    let mut conversation = compiled("true");
    conversation.send_data(Stream::Archive, &[1; 512]);
    assert!(is_protocol_fault(&conversation.rest()));
}

fn is_protocol_fault(heard: &Heard) -> bool {
    matches!(heard.events.as_slice(), [Event::Fault { kind: FaultKind::Protocol, .. }])
}

/// A name and a content.
type File = (String, Vec<u8>);

/// Collects what `patterns` match from a work folder that `prepare` has filled: names and contents, and the rest.
fn collect(
    prepare: impl FnOnce(&Path),
    patterns: &[&str],
    limits: CollectLimits,
) -> (Vec<File>, Vec<SkippedFile>, u64) {
    let mut conversation = Conversation::start();
    prepare(conversation.work.path());
    conversation.send(&start_and_stay([]));
    let patterns = patterns.iter().map(ToString::to_string).collect();
    conversation.send(&Command::Collect { patterns, limits });
    let mut heard = conversation.rest();
    assert!(matches!(heard.events.pop(), Some(Event::End)), "{heard:?}");
    let Some(Event::Collected { skipped, more }) = heard.events.pop() else { panic!("{heard:?}") };
    let mut archive = tar::Archive::new(heard.archive.as_slice());
    let files = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (entry.path().unwrap().to_str().unwrap().to_owned(), content)
    });
    (files.collect(), skipped, more)
}

fn skipped(name: &str, reason: SkipReason) -> SkippedFile {
    SkippedFile { name: name.into(), reason }
}

#[test]
fn files_that_match_are_sent_in_order_of_their_names() {
    let long = format!("{}/{}", "d".repeat(120), "f".repeat(120));
    let prepare = |work: &Path| {
        fs::create_dir_all(work.join("out/deep")).unwrap();
        fs::create_dir(work.join("d".repeat(120))).unwrap();
        for name in ["out/b.png", "out/a.png", "out/deep/c.png", "out/note.txt", "d.png"] {
            fs::write(work.join(name), name).unwrap();
        }
        fs::write(work.join(&long), vec![7; 300_000]).unwrap();
    };
    let (files, rest, more) = collect(prepare, &["out/*.png", "d*/*"], LIMITS);
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, [&long, "out/a.png", "out/b.png"]);
    assert_eq!((files[0].1.len(), files[1].1.as_slice()), (300_000, &b"out/a.png"[..]));
    assert_eq!((rest, more), (Vec::new(), 0));
}

#[test]
fn only_regular_files_with_plain_names_are_sent_and_nothing_is_followed() {
    let prepare = |work: &Path| {
        symlink("/etc/passwd", work.join("a-link")).unwrap();
        symlink("/etc", work.join("b-folder")).unwrap();
        nix::unistd::mkfifo(&work.join("c-pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        std::os::unix::net::UnixListener::bind(work.join("d-socket")).unwrap();
        fs::write(work.join("e\nline"), "x").unwrap();
        fs::write(work.join(std::ffi::OsStr::from_bytes(b"f\xff")), "x").unwrap();
        fs::write(work.join("g"), "x").unwrap();
        fs::hard_link(work.join("g"), work.join("h")).unwrap();
    };
    let (files, rest, _) = collect(prepare, &["**/*"], LIMITS);
    assert_eq!(files, [("g".into(), b"x".to_vec()), ("h".into(), b"x".to_vec())]);
    let expected = [
        skipped("a-link", SkipReason::NotRegular),
        skipped("b-folder", SkipReason::NotRegular),
        skipped("c-pipe", SkipReason::NotRegular),
        skipped("d-socket", SkipReason::NotRegular),
        skipped("e\nline", SkipReason::Name),
        skipped("f\u{fffd}", SkipReason::Name),
    ];
    assert_eq!(rest, expected);
}

#[test]
fn what_exceeds_the_limits_is_told_and_left_out() {
    let limits = CollectLimits { files: 3, file_bytes: 1000, total_bytes: 1500 };
    let prepare = |work: &Path| {
        for (name, size) in [("a", 1000), ("b", 1001), ("c", 600), ("d", 500), ("e", 0), ("f", 0)] {
            fs::write(work.join(name), vec![b'x'; size]).unwrap();
        }
        fs::File::create(work.join("g")).unwrap().set_len(1 << 40).unwrap();
    };
    let (files, rest, more) = collect(prepare, &["*"], limits);
    let sizes: Vec<(&str, usize)> =
        files.iter().map(|(name, content)| (name.as_str(), content.len())).collect();
    assert_eq!(sizes, [("a", 1000), ("d", 500), ("e", 0)]);
    let expected = [
        skipped("b", SkipReason::TooLarge),
        skipped("c", SkipReason::TooLarge),
        skipped("f", SkipReason::TooMany),
        skipped("g", SkipReason::TooMany),
    ];
    assert_eq!((rest, more), (expected.to_vec(), 0));
}

#[test]
fn ten_thousand_files_are_counted_and_not_listed() {
    let prepare = |work: &Path| {
        for number in 0..10_000 {
            fs::write(work.join(format!("{number:05}")), "").unwrap();
        }
    };
    let (files, rest, more) = collect(prepare, &["*"], LIMITS);
    assert_eq!((files.len(), rest.len(), more), (10, MOST_SKIPPED, 10_000 - 10 - MOST_SKIPPED as u64));
}

#[test]
fn a_pattern_that_is_none_is_a_protocol_fault() {
    let mut conversation = Conversation::start();
    conversation.send(&start_and_stay([]));
    conversation.send(&Command::Collect { patterns: vec!["../*".into()], limits: LIMITS });
    assert!(is_protocol_fault(&conversation.rest()));
}
