//! Bodies of the fuzz targets of what callers send: bytes in, a job or a refusal out, by the server's own steps but without
//! engine and sockets. Not part of the API.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::path::{Component, Path};
use std::sync::LazyLock;
use std::time::Duration;

use bytesize::ByteSize;
use runner::message::{Decoder, Message, Server, encode_control};
use runner::protocol::{Command, Stage};

use super::error::ApiError;
use super::gate::Gate;
pub use super::interactive::fuzzing::client_message;
use super::job::{self, ExecuteRequest};
use super::origin::Origins;
use super::proxies::Proxies;
use super::{executions, json_body};
use crate::callback::Callbacks;
use crate::client::Client;
use crate::execution::Job;
use crate::keys::Keys;
use crate::languages::Languages;
use crate::limits::{Allowance, Ceilings, Limits};
use crate::rates::Rates;

/// The languages of the binary.
pub(super) static LANGUAGES: LazyLock<Languages> =
    LazyLock::new(|| Languages::load(None).expect("languages"));

static CALLBACKS: LazyLock<Callbacks> =
    LazyLock::new(|| Callbacks::new(Some("secret"), Vec::new()).expect("a TLS library"));

/// Some above what languages say, some below.
const CEILINGS: Ceilings = Ceilings {
    wall_time: Some(Duration::from_secs(60)),
    cpu_time: Some(Duration::from_secs(5)),
    memory: Some(ByteSize::gib(1)),
    output: Some(ByteSize::kib(64)),
    processes: NonZeroU32::new(100),
};

static GATE: LazyLock<Gate> = LazyLock::new(|| {
    let keys = Keys::default();
    let rates = Rates::new(NonZeroU32::MIN, &keys);
    Gate::new(keys, rates, Origins::default(), Proxies::default(), CEILINGS)
});

/// The body of `POST /execute` and `POST /executions`: what is accepted keeps to every rule, what is refused is refused by
/// a code that the interface describes.
///
/// # Panics
/// When that does not hold.
pub fn execute_request(body: &[u8]) {
    let mut request: ExecuteRequest = match json_body::parse(body) {
        Ok(request) => request,
        Err(error) => return check_refusal(error, &["invalid-request", "malformed-json"]),
    };
    if let Err(error) = executions::callback(&mut request, &CALLBACKS) {
        return check_refusal(error, &["invalid-callback"]);
    }
    let client = Client::at(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let mut most = None;
    let offer = |language| {
        let offer = GATE.offer(&client, language);
        most = Some(offer.most);
        offer
    };
    match request.into_job(&LANGUAGES, offer) {
        Ok((job, _)) => check_job(&job, &most.expect("a job had an offer")),
        Err(error) => check_refusal(error, job::REFUSALS),
    }
}

/// A refusal says which of these it is, and why.
pub(super) fn check_refusal(error: ApiError, codes: &[&str]) {
    let (code, message) = error.into_parts();
    assert!(codes.contains(&code), "{code}: {message}");
    assert!(!message.is_empty(), "{code}");
}

/// A job has no more than it may, its files stay in their folder, and the runner understands what it will be told.
pub(super) fn check_job(job: &Job, most: &Allowance) {
    check_allowance(job.allowance(), most);
    check_files(job);
    check_command(&job.start(job.stages(), false, false));
    assert!(job.artifacts.len() <= 32);
    let Some(plan) = &job.tests else { return };
    assert!((1..=1000).contains(&plan.cases.len()) && job.artifacts.is_empty());
    for case in &plan.cases {
        check_allowance(Allowance { run: case.limits, processes: case.processes }, most);
        check_command(&job.test(case));
    }
}

fn check_allowance(allowance: Allowance, most: &Allowance) {
    assert_eq!(allowance.lower_of(*most), allowance, "more than {most:?}");
    let Limits { wall_time, cpu_time, memory, output } = allowance.run;
    assert!(wall_time >= Duration::from_millis(1) && cpu_time >= Duration::from_millis(1), "{allowance:?}");
    assert!(memory >= ByteSize::mib(16) && output >= ByteSize::b(1), "{allowance:?}");
    assert!(allowance.processes > 0);
}

fn check_files(job: &Job) {
    let packed = job.program.archive().expect("names that a tar can hold");
    let mut archive = tar::Archive::new(&packed[..]);
    let mut files = BTreeMap::new();
    for entry in archive.entries().expect("a tar") {
        let mut entry = entry.expect("a tar");
        let name = String::from_utf8(entry.path_bytes().into_owned()).expect("UTF-8");
        let parts = Path::new(&name).components();
        assert!(parts.clone().count() > 0, "a file without a name");
        assert!(parts.into_iter().all(|part| matches!(part, Component::Normal(_))), "{name:?}");
        let mut content = Vec::new();
        entry.read_to_end(&mut content).expect("a tar");
        assert!(files.insert(name.clone(), content).is_none(), "{name:?} is there twice");
    }
    assert!((1..=256).contains(&files.len()));
    assert!(files.contains_key(job.program.entry()));
    assert_eq!(files.values().map(|content| content.len() as u64).sum::<u64>(), job.program.size());
}

/// A command arrives as it is, and no stage of it holds what no process can be given (execve(2)).
fn check_command(command: &Command) {
    let mut encoded = Vec::new();
    encode_control::<Server>(command, &mut encoded);
    let mut input = &encoded[..];
    let mut decoder = Decoder::<Server>::default();
    let mut arrived = None;
    while let Some(message) = decoder.next(&mut input).expect("a message of the protocol") {
        let Message::Control(command) = message else { panic!("data") };
        arrived = Some(command);
    }
    assert_eq!(arrived.as_ref(), Some(command));
    let stages: &[Stage] = match command {
        Command::Start { stages, .. } => stages,
        Command::Test { stage } => std::slice::from_ref(stage),
        other => panic!("{other:?}"),
    };
    for Stage { argv, env, limits, .. } in stages {
        assert!(!argv.is_empty() && argv.iter().all(|argument| !argument.contains('\0')), "{argv:?}");
        assert!(
            env.iter().all(|(name, value)| {
                !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0')
            }),
            "{env:?}"
        );
        assert!(limits.wall_ms > 0 && limits.cpu_ms > 0 && limits.output_bytes > 0, "{limits:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed seeds, and every input that ever failed, so that a plain test run covers them too.
    fn replay(target: &str, run: fn(&[u8])) {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
        let mut seeds = 0;
        for entry in std::fs::read_dir(&corpus).unwrap() {
            run(&std::fs::read(entry.unwrap().path()).unwrap());
            seeds += 1;
        }
        assert!(seeds > 0, "no seeds in {}", corpus.display());
    }

    #[test]
    fn every_target_holds_for_its_seeds() {
        replay("client_message", client_message);
        replay("execute_request", execute_request);
    }
}
