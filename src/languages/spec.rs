//! `language.toml`, validated.
//!
//! | key | what it says |
//! |---|---|
//! | `name` | the language's name, for people |
//! | `aliases` | other names that requests may use |
//! | `extensions` | file name endings, without the dot, by which `dayfly run` knows the language |
//! | `source` | the name that the caller's code is stored under in the work folder |
//! | `processes` | how many processes and threads a run may have at a time |
//! | `[image]` `base` | the image that the Dockerfile starts from, handed to it as the build argument `BASE` |
//! | `[compile]`, `[run]` | `command` (a list; no shell is involved) and `limits` |
//! | `limits` | `wall_time`, `cpu_time` (as in `"2s"`), `memory`, `output` (as in `"512 MiB"`) |
//! | `[environment]` | variables for both stages |
//!
//! A language without `[compile]` runs its source as it is.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::limits::{LimitOverrides, Limits};

/// What `language.toml` says.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The language's name, for people.
    pub name: String,
    /// Other names that requests may use.
    pub aliases: Vec<String>,
    /// File name endings without the dot.
    pub extensions: Vec<String>,
    /// The file name of the caller's code.
    pub source: String,
    /// Processes and threads at a time.
    pub processes: u32,
    /// The image that the language's own is built on.
    pub base: String,
    /// How a program is made of the source, if one is.
    pub compile: Option<StageSpec>,
    /// How the program is run.
    pub run: StageSpec,
    /// Variables for both stages.
    pub environment: BTreeMap<String, String>,
}

/// One stage of a language.
#[derive(Clone, Debug)]
pub struct StageSpec {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// What it may use.
    pub limits: Limits,
}

const DEFAULT_PROCESSES: u32 = 64;
const MOST_PROCESSES: u32 = 4096;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    extensions: Vec<String>,
    source: String,
    processes: Option<u32>,
    image: WrittenImage,
    compile: Option<WrittenStage>,
    run: WrittenStage,
    #[serde(default)]
    environment: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenImage {
    base: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStage {
    command: Vec<String>,
    #[serde(default)]
    limits: LimitOverrides,
}

impl Spec {
    /// Reads and checks the text of a `language.toml`.
    ///
    /// # Errors
    /// What is wrong, with the key, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        let written: Written =
            toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        if written.source.is_empty() || written.source.contains('/') || written.source.starts_with('.') {
            return Err(format!("source: {:?} is no plain file name", written.source));
        }
        let processes = written.processes.unwrap_or(DEFAULT_PROCESSES);
        if !(1..=MOST_PROCESSES).contains(&processes) {
            return Err(format!("processes is {processes}; it must be from 1 to {MOST_PROCESSES}"));
        }
        if written.environment.keys().any(|name| name.is_empty() || name.contains(['=', '\0'])) {
            return Err("environment: a variable's name is not empty and holds no '='".into());
        }
        let compile = written.compile.map(|stage| stage.check("compile", Limits::COMPILE)).transpose()?;
        Ok(Self {
            name: written.name,
            aliases: written.aliases,
            extensions: written.extensions,
            source: written.source,
            processes,
            base: written.image.base,
            compile,
            run: written.run.check("run", Limits::RUN)?,
            environment: written.environment,
        })
    }
}

impl WrittenStage {
    fn check(self, stage: &str, defaults: Limits) -> Result<StageSpec, String> {
        if self.command.first().is_none_or(String::is_empty) {
            return Err(format!("{stage}.command: a program is missing"));
        }
        let limits = defaults.with(&self.limits).map_err(|error| format!("{stage}.limits: {error}"))?;
        Ok(StageSpec { command: self.command, limits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "name = 'X'\nsource = 'main.x'\nimage.base = 'b'\nrun.command = ['x']\n";

    #[test]
    fn little_is_needed() {
        let spec = Spec::parse(LEAST).unwrap();
        assert_eq!((spec.processes, spec.compile.is_none()), (DEFAULT_PROCESSES, true));
        assert_eq!(spec.run.limits, Limits::RUN);
    }

    #[test]
    fn each_mistake_names_its_key() {
        for (text, key) in [
            ("surce = 'main.x'", "surce"),
            ("processes = 0", "processes"),
            ("processes = 5000", "processes"),
            ("processes = -1", "processes"),
            ("compile.command = []", "compile.command"),
            ("compile.command = ['x']\ncompile.limits.memory = 0", "compile.limits"),
            ("run.limits.wall_time = '0s'", "wall_time"),
            ("run.memory = '1 GiB'", "memory"),
            ("environment = { 'A=B' = 'x' }", "environment"),
        ] {
            let error = Spec::parse(&format!("{LEAST}{text}\n")).unwrap_err();
            assert!(error.contains(key), "{text}: {error}");
        }
        for source in ["", "a/b", "../x", ".profile"] {
            let error = Spec::parse(&LEAST.replace("main.x", source)).unwrap_err();
            assert!(error.contains("source"), "{source}: {error}");
        }
    }
}
