//! Conversations with a real engine (`scripts/record-conversations`), cut, held back, split and corrupted at every byte.

use std::time::Duration;

use engine_api::{
    AttachOptions, Client, Deadline, EventsOptions, ImageBuildOptions, LogsOptions, Result, StreamType,
    TarEntry, TarStream, WaitCondition,
};
use tokio::task::JoinSet;

use crate::support::{Answer, Peer, id};

/// A reply of a real engine, and the call it is to.
#[derive(Clone, Copy, Debug)]
enum Recorded {
    Archive,
    Attach,
    Build,
    Changes,
    Events,
    FailedBuild,
    Logs,
    MissingAttach,
    MissingContainer,
    Stats,
    Wait,
}

const ALL: [Recorded; 11] = [
    Recorded::Archive,
    Recorded::Attach,
    Recorded::Build,
    Recorded::Changes,
    Recorded::Events,
    Recorded::FailedBuild,
    Recorded::Logs,
    Recorded::MissingAttach,
    Recorded::MissingContainer,
    Recorded::Stats,
    Recorded::Wait,
];

impl Recorded {
    fn bytes(self) -> &'static [u8] {
        match self {
            Self::Archive => include_bytes!("recorded/archive.http"),
            Self::Attach => include_bytes!("recorded/attach.http"),
            Self::Build => include_bytes!("recorded/build.http"),
            Self::Changes => include_bytes!("recorded/changes.http"),
            Self::Events => include_bytes!("recorded/events.http"),
            Self::FailedBuild => include_bytes!("recorded/failed_build.http"),
            Self::Logs => include_bytes!("recorded/logs.http"),
            Self::MissingAttach => include_bytes!("recorded/missing_attach.http"),
            Self::MissingContainer => include_bytes!("recorded/missing_container.http"),
            Self::Stats => include_bytes!("recorded/stats.http"),
            Self::Wait => include_bytes!("recorded/wait.http"),
        }
    }

    /// Makes the call, and tells everything that came of it in order, until the end or an error.
    async fn call(self, client: &Client, deadline: Deadline) -> (Vec<String>, Result<()>) {
        let mut told = Vec::new();
        let result = self.tell(client, deadline, &mut told).await;
        (told, result)
    }

    async fn tell(self, client: &Client, deadline: Deadline, told: &mut Vec<String>) -> Result<()> {
        match self {
            Self::Archive => {
                let mut archive = client.container_archive(&id(), "/x", deadline).await?;
                while let Some(part) = archive.next().await? {
                    told.extend(part.iter().map(|byte| format!("{byte}")));
                }
            }
            Self::Attach | Self::MissingAttach => {
                let attached = client.container_attach(&id(), &AttachOptions::default(), deadline).await?;
                let (mut output, _stdin) = attached.into_split();
                // An attached stream has no deadline of its own.
                let next = async |output: &mut engine_api::AttachedOutput| {
                    tokio::time::timeout_at(deadline.instant(), output.next()).await
                };
                while let Ok(chunk) = next(&mut output).await {
                    let Some(chunk) = chunk? else { return Ok(()) };
                    told.extend(chunk.data.iter().map(|byte| name(chunk.stream, *byte)));
                }
                // The timeout that a caller would see, by way of a call that has one.
                client.info(Deadline::after(Duration::ZERO)).await?;
            }
            Self::Build | Self::FailedBuild => {
                let context = TarStream::from_entries([TarEntry::bytes("Dockerfile", "", 0o644)]);
                let mut build = client.image_build(&ImageBuildOptions::default(), context, deadline).await?;
                while let Some(event) = build.next().await? {
                    told.push(format!("{event:?}"));
                }
            }
            Self::Changes => {
                let changes = client.container_changes(&id(), deadline).await?;
                told.push(format!("{changes:?}"));
            }
            Self::Events => {
                let mut events = client.events(&EventsOptions::default(), deadline).await?;
                while let Some(event) = events.next().await? {
                    told.push(format!("{event:?}"));
                }
            }
            Self::Logs => {
                let mut logs = client.container_logs(&id(), &LogsOptions::default(), deadline).await?;
                while let Some(chunk) = logs.next().await? {
                    told.extend(chunk.data.iter().map(|byte| name(chunk.stream, *byte)));
                }
            }
            Self::MissingContainer => {
                told.push(format!("{:?}", client.container_inspect(&id(), deadline).await?))
            }
            Self::Stats => told.push(format!("{:?}", client.container_stats(&id(), deadline).await?)),
            Self::Wait => {
                let wait = client.container_wait(&id(), WaitCondition::NextExit, deadline).await?;
                told.push(format!("{:?}", wait.result(deadline).await?));
            }
        }
        Ok(())
    }
}

fn name(stream: StreamType, byte: u8) -> String {
    format!("{stream:?} {byte}")
}

/// Plays `answers`, each to a client of its own, some at a time, and gives what each call made of it.
async fn play(
    recorded: Recorded,
    answers: impl Iterator<Item = (usize, Answer)>,
    patience: Duration,
    mut check: impl FnMut(usize, Vec<String>, Result<()>),
) {
    let mut calls = JoinSet::new();
    for (at, answer) in answers {
        if calls.len() >= 200 {
            let (at, told, result) = calls.join_next().await.unwrap().unwrap();
            check(at, told, result);
        }
        calls.spawn(async move {
            let mut answer = Some(answer);
            let peer = Peer::start(move |_| answer.take().unwrap_or_else(Answer::silence));
            let client = peer.client();
            client.api_version(Deadline::after(Duration::from_secs(60))).await.unwrap();
            let call = recorded.call(&client, Deadline::after(patience));
            // The promise is the deadline; this is how late it is noticed on a busy machine.
            let limit = patience + Duration::from_secs(60);
            let (told, result) = tokio::time::timeout(limit, call).await.unwrap_or_else(|_| {
                panic!("{recorded:?} hangs past its deadline at {at}");
            });
            (at, told, result)
        });
    }
    while let Some(call) = calls.join_next().await {
        let (at, told, result) = call.unwrap();
        check(at, told, result);
    }
}

/// What the whole conversation tells, and how it ends.
async fn whole(recorded: Recorded) -> (Vec<String>, String) {
    let mut found = None;
    let answer = Answer::raw(recorded.bytes());
    play(recorded, [(0, answer)].into_iter(), Duration::from_secs(60), |_, told, result| {
        found = Some((told, format!("{result:?}")));
    })
    .await;
    found.unwrap()
}

#[tokio::test]
async fn split_anywhere_it_is_the_same() {
    for recorded in ALL {
        let expected = whole(recorded).await;
        let bytes = recorded.bytes();
        let answers = (0..bytes.len()).map(|at| (at, Answer::split(bytes, at)));
        play(recorded, answers, Duration::from_secs(60), |at, told, result| {
            assert_eq!((told, format!("{result:?}")), expected, "{recorded:?} split at {at}");
        })
        .await;
    }
}

#[tokio::test]
async fn cut_anywhere_it_is_a_part_and_an_error() {
    for recorded in ALL {
        let (expected, end) = whole(recorded).await;
        let bytes = recorded.bytes();
        let answers = (0..bytes.len()).map(|at| (at, Answer::raw(&bytes[..at])));
        play(recorded, answers, Duration::from_secs(60), |at, told, result| {
            assert!(expected.starts_with(&told), "{recorded:?} cut at {at} tells {told:?}");
            let complete = told.len() == expected.len() && format!("{result:?}") == end;
            // An attached stream ends with its connection, between two frames; the engine's words of a refusal too.
            let may_end = match recorded {
                Recorded::Attach => result.is_ok() && is_between_frames(&bytes[..at]),
                Recorded::MissingAttach => matches!(&result, Err(error) if error.is_not_found()),
                _ => false,
            };
            assert!(result.is_err() || complete || may_end, "{recorded:?} cut at {at} ends well");
        })
        .await;
    }
}

fn is_between_frames(bytes: &[u8]) -> bool {
    let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let mut rest = &bytes[head + 4..];
    while let Some((header, after)) = rest.split_first_chunk::<8>() {
        let [.., a, b, c, d] = *header;
        let Some(payload) = after.get(u32::from_be_bytes([a, b, c, d]) as usize..) else { return false };
        rest = payload;
    }
    rest.is_empty()
}

#[tokio::test]
async fn held_back_anywhere_it_ends_with_its_deadline() {
    for recorded in ALL {
        let (expected, _) = whole(recorded).await;
        let bytes = recorded.bytes();
        let answers = (0..bytes.len()).map(|at| (at, Answer::raw(&bytes[..at]).then_nothing()));
        play(recorded, answers, Duration::from_millis(250), |at, told, result| {
            assert!(expected.starts_with(&told), "{recorded:?} held back at {at} tells {told:?}");
            match result {
                Err(error) if error.is_timeout() => {}
                // What ends by its length or its content needs nothing more.
                other => {
                    assert!(told == expected, "{recorded:?} held back at {at}: {other:?} after {told:?}")
                }
            }
        })
        .await;
    }
}

#[tokio::test]
async fn corrupted_anywhere_it_ends_and_keeps_the_streams_apart() {
    for recorded in ALL {
        let bytes = recorded.bytes();
        // Each flip takes as many conversations as there are bytes.
        let flips: &[u8] = if bytes.len() > 1500 { &[0x01] } else { &[0x01, 0xa0] };
        for &flip in flips {
            let answers = (0..bytes.len()).map(|at| {
                let mut bytes = bytes.to_vec();
                bytes[at] ^= flip;
                (at, Answer::raw(bytes))
            });
            // A changed length may leave the client waiting for what never comes: the peer closes, so it need not.
            play(recorded, answers, Duration::from_secs(60), |at, told, result| {
                assert!(!matches!(&result, Err(error) if error.is_timeout()), "{recorded:?} at {at}");
                if let Recorded::Attach = recorded {
                    check_frames(bytes, at, flip, &told, &result);
                }
            })
            .await;
        }
    }
}

/// A byte of a header that is wrong is an error, or the other stream it now names; a byte of a payload is itself.
fn check_frames(bytes: &[u8], at: usize, flip: u8, told: &[String], result: &Result<()>) {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let mut start = head;
    while start < bytes.len() {
        let length = bytes[start + 7] as usize;
        let in_header = (start..start + 8).contains(&at);
        if in_header && at > start {
            assert!(result.is_err() || told.is_empty(), "padding or length at {at} by {flip}: {told:?}");
        } else if in_header && (bytes[at] ^ flip) > 3 {
            assert!(result.is_err(), "stream at {at} by {flip}: {told:?}");
        } else if (start + 8..start + 8 + length).contains(&at) {
            assert!(result.is_ok(), "payload at {at}: {result:?}");
        }
        start += 8 + length;
    }
}
