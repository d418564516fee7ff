//! What a compile stage's result depends on, as one digest.

use sha2::{Digest as _, Sha256};

use crate::client::Client;
use crate::execution::Job;

/// Changes whenever what is digested, or what is kept, does.
const FORMAT: &[u8] = b"dayfly compiled program 1";

/// A SHA-256 over all of it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Key(pub(super) [u8; 32]);

impl Key {
    /// That of a client's job in a sandbox of this image; `None` if its language compiles nothing.
    pub(super) fn of(client: &Client, job: &Job, image: &str) -> Option<Self> {
        let stage = serde_json::to_vec(&job.compile_stage(false)?).ok()?;
        // With the paths and modes of the files, in their order.
        let files = job.program.archive().ok()?;
        let (memory, processes) = job.first_limits();
        let mut digest = Sha256::new();
        for field in [
            FORMAT,
            scope(client),
            image.as_bytes(),
            &stage,
            &memory.as_u64().to_le_bytes(),
            &processes.to_le_bytes(),
            &files,
        ] {
            digest.update((field.len() as u64).to_le_bytes());
            digest.update(field);
        }
        Some(Self(digest.finalize().into()))
    }
}

/// Who shares with whom: holders of keys with nobody. Without keys, all callers are one.
fn scope(client: &Client) -> &[u8] {
    match client {
        Client::Key(name) => name.as_bytes(),
        Client::Address(_) | Client::Terminal => &[],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use bytesize::ByteSize;

    use super::*;
    use crate::execution::{Program, SourceFile};
    use crate::languages::Language;
    use crate::languages::spec::Spec;

    fn job(files: &[(&str, &str)]) -> Job {
        let spec = "name = 'X'\nsource = 'main.x'\nextensions = ['x']\nimage.base = 'b'\ncompile.command = ['cc', '{sources}']\nrun.command = ['x']\n";
        let spec = Spec::parse(spec).unwrap();
        let language =
            Arc::new(Language { key: "x".into(), spec, context: Vec::new(), examples: Vec::new() });
        let file = |(name, content): &(&str, &str)| SourceFile {
            name: (*name).to_owned(),
            content: content.as_bytes().to_vec().into(),
        };
        let program = Program::new(&language, files.iter().map(file).collect(), Some("main.x")).unwrap();
        Job::new(language, program)
    }

    fn key(client: &str, job: &Job, image: &str) -> Key {
        Key::of(&Client::Key(client.into()), job, image).unwrap()
    }

    #[test]
    fn whatever_can_change_the_result_changes_the_key() {
        let usual = || job(&[("main.x", "1"), ("b.x", "2")]);
        let changed = |change: fn(&mut Job)| {
            let mut job = usual();
            change(&mut job);
            key("a", &job, "i")
        };
        let keys = [
            key("a", &usual(), "i"),
            key("b", &usual(), "i"),
            key("a", &usual(), "j"),
            key("a", &job(&[("main.x", "1"), ("b.x", "3")]), "i"),
            key("a", &job(&[("main.x", "1"), ("c.x", "2")]), "i"),
            key("a", &job(&[("main.x", "12"), ("b.x", "")]), "i"),
            key("a", &job(&[("main.x", "1"), ("b.txt", "2")]), "i"),
            changed(|job| job.processes += 1),
            changed(|job| job.compile.as_mut().unwrap().command.push("-O".into())),
            changed(|job| job.compile.as_mut().unwrap().limits.memory = ByteSize::gib(1)),
            changed(|job| job.compile.as_mut().unwrap().limits.output = ByteSize::kib(1)),
            changed(|job| {
                job.compile.as_mut().unwrap().environment.insert("A".into(), "1".into());
            }),
            Key::of(&Client::Terminal, &usual(), "i").unwrap(),
        ];
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
    }

    #[test]
    fn what_only_the_run_stage_has_does_not() {
        let usual = job(&[("main.x", "1")]);
        let mut other = job(&[("main.x", "1")]);
        other.args.push("argument".into());
        other.environment.insert("A".into(), "1".into());
        other.run.limits.memory = ByteSize::mib(64);
        other.run_processes += 1;
        assert_eq!(key("a", &usual, "i"), key("a", &other, "i"));
        let addresses = ["192.0.2.1", "192.0.2.2"].map(|address| Client::at(address.parse().unwrap()));
        let [one, two] = addresses.map(|client| Key::of(&client, &usual, "i"));
        assert_eq!(one, two);
    }

    #[test]
    fn without_a_compile_stage_there_is_nothing_to_keep() {
        let mut job = job(&[("main.x", "1")]);
        job.compile = None;
        assert_eq!(Key::of(&Client::Terminal, &job, "i"), None);
    }
}
