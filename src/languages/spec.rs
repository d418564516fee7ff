//! `language.toml`, validated.
//!
//! | key | what it says |
//! |---|---|
//! | `name` | the language's name, for people |
//! | `aliases` | other names that requests may use |
//! | `extensions` | file name endings, without the dot: by them `dayfly run` knows the language, and `{sources}` the files |
//! | `source` | the name that the caller's code is stored under in the work folder |
//! | `rank` | where the language stands in lists and in the order of builds, lower first; 100 if not said |
//! | `editor` | the editor mode that colours it |
//! | `processes` | how many processes and threads a run may have at a time; 64 if not said |
//! | `locations` | regular expressions that find `line` (and `file`, `column`) in a line of an error's text |
//! | `[image]` | what the image is made of, see [`recipe`](super::recipe) |
//! | `[compile]`, `[run]` | `command` (a list; no shell is involved), `environment` and `limits` of the stage |
//! | `park` | how the first stage starts before anybody asks: `"fifo"` starts its command on a FIFO in place of the entry |
//! | `launcher` | in place of `park`: the command to start so, where it is not the stage's own |
//! | `launcher_environment` | variables of the launcher alone, over the stage's, with placeholders |
//! | `awaits` | what the launcher of a run stage after a compile stage opens: a file that the compile stage makes |
//! | `limits` | `wall_time`, `cpu_time` (as in `"2s"`), `memory`, `output` (as in `"512 MiB"`) |
//! | `[environment]` | variables for both stages |
//! | `[interactive]` | more variables for a program that somebody watches, and that has no terminal to know it by |
//! | `[plain]` | the `compile` and `run` commands that a person would type; the stages' own are measured against them |
//! | `[not_applicable]` | cells of the conformance suite that the language cannot have, each with its reason |
//!
//! A language without `[compile]` runs its source as it is. In a command, the argument `{sources}` stands for the
//! program's files that end in one of `extensions`, its entry first; `{others}` for the same without the entry; and
//! `{entry}` inside an argument for the entry's name. Arguments of the caller follow the run command.
//!
//! A parked command is started in `/box` with a FIFO in the entry's place, and for a program of one file with the usual
//! name. It must do what the stage's command does from the moment on when the FIFO has a writer; by then the entry's
//! path names a regular file of the same text.

mod parking;

use std::collections::BTreeMap;

use regex::Regex;
use serde::Deserialize;

pub use self::parking::ParkedCommand;
use self::parking::{Park, check_parking, parked};
use super::examples::CELLS;
use super::recipe::{ImageSpec, WrittenImage};
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
    /// The place in lists and in the order of builds, lower first.
    pub rank: u32,
    /// The editor mode that colours it.
    pub editor: Option<String>,
    /// Processes and threads at a time.
    pub processes: u32,
    /// What finds the place of an error in its text: each has a group `line`.
    pub locations: Vec<Regex>,
    /// What the language's image is made of.
    pub image: ImageSpec,
    /// How a program is made of the source, if one is.
    pub compile: Option<StageSpec>,
    /// How the program is run.
    pub run: StageSpec,
    /// More variables for a program that somebody watches, and that has no terminal to know it by.
    pub interactive: BTreeMap<String, String>,
    /// What a person would type instead of the stages' commands.
    pub plain: PlainCommands,
    /// Cells of the conformance suite that the language cannot have, with the reason.
    pub not_applicable: BTreeMap<String, String>,
}

/// One stage of a language.
#[derive(Clone, Debug)]
pub struct StageSpec {
    /// The program and its arguments, with placeholders.
    pub command: Vec<String>,
    /// Variables: those of the language, and the stage's own over them.
    pub environment: BTreeMap<String, String>,
    /// What it may use.
    pub limits: Limits,
    /// What to start before anybody asks; none for a stage that starts when it is its turn.
    pub parked: Option<ParkedCommand>,
}

/// Commands without any of our tricks.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlainCommands {
    /// In place of the compile stage's.
    pub compile: Option<Vec<String>>,
    /// In place of the run stage's.
    pub run: Option<Vec<String>>,
}

const DEFAULT_RANK: u32 = 100;
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
    rank: Option<u32>,
    editor: Option<String>,
    processes: Option<u32>,
    #[serde(default)]
    locations: Vec<String>,
    image: WrittenImage,
    compile: Option<WrittenStage>,
    run: WrittenStage,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    interactive: BTreeMap<String, String>,
    #[serde(default)]
    plain: PlainCommands,
    #[serde(default)]
    not_applicable: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStage {
    command: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    limits: LimitOverrides,
    park: Option<Park>,
    launcher: Option<Vec<String>>,
    #[serde(default)]
    launcher_environment: BTreeMap<String, String>,
    awaits: Option<String>,
    #[serde(default)]
    forks: bool,
}

impl Spec {
    /// Reads and checks the text of a `language.toml`.
    ///
    /// # Errors
    /// What is wrong, with the key, for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        let written: Written =
            toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        if !is_plain_file_name(&written.source) {
            return Err(format!("source: {:?} is no plain file name", written.source));
        }
        let processes = written.processes.unwrap_or(DEFAULT_PROCESSES);
        if !(1..=MOST_PROCESSES).contains(&processes) {
            return Err(format!("processes is {processes}; it must be from 1 to {MOST_PROCESSES}"));
        }
        check_environment("environment", &written.environment)?;
        check_environment("interactive", &written.interactive)?;
        let stage = |name, stage: WrittenStage, defaults| stage.check(name, defaults, &written.environment);
        let compile =
            written.compile.map(|written| stage("compile", written, Limits::COMPILE)).transpose()?;
        let run = stage("run", written.run, Limits::RUN)?;
        check_parking(compile.as_ref(), &run)?;
        if compile.is_none() && written.plain.compile.is_some() {
            return Err("plain.compile: the language has no compile stage".into());
        }
        if let Some(cell) = written.not_applicable.keys().find(|cell| !CELLS.contains(&cell.as_str())) {
            return Err(format!("not_applicable: {cell:?} is none of {}", CELLS.join(", ")));
        }
        Ok(Self {
            name: written.name,
            aliases: written.aliases,
            extensions: written.extensions,
            source: written.source,
            rank: written.rank.unwrap_or(DEFAULT_RANK),
            editor: written.editor,
            processes,
            locations: written.locations.iter().map(|text| location(text)).collect::<Result<_, _>>()?,
            image: written.image.check()?,
            compile,
            run,
            interactive: written.interactive,
            plain: written.plain,
            not_applicable: written.not_applicable,
        })
    }

    /// The line that an error's text names first, by the first of the patterns that finds one.
    #[must_use]
    pub fn error_line(&self, text: &str) -> Option<u32> {
        self.locations.iter().find_map(|pattern| {
            text.lines().find_map(|line| pattern.captures(line)?.name("line")?.as_str().parse().ok())
        })
    }
}

impl WrittenStage {
    fn check(
        self,
        stage: &str,
        defaults: Limits,
        shared: &BTreeMap<String, String>,
    ) -> Result<StageSpec, String> {
        if self.command.first().is_none_or(String::is_empty) {
            return Err(format!("{stage}.command: a program is missing"));
        }
        check_environment(&format!("{stage}.environment"), &self.environment)?;
        let limits = defaults.with(&self.limits).map_err(|error| format!("{stage}.limits: {error}"))?;
        let parked = parked(stage, &self)?;
        let mut environment = shared.clone();
        environment.extend(self.environment);
        Ok(StageSpec { command: self.command, environment, limits, parked })
    }
}

/// Whether it names a file in the work folder itself, and none that tools hide.
pub(crate) fn is_plain_file_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\0'])
}

fn check_environment(key: &str, environment: &BTreeMap<String, String>) -> Result<(), String> {
    match environment.iter().find(|(name, value)| !is_variable(name, value)) {
        None => Ok(()),
        Some((name, _)) => Err(format!(
            "{key}: {name:?}: a variable's name is not empty and holds no '=', and nothing in it is a zero byte"
        )),
    }
}

/// Whether a program can be given it (environ(7)).
pub(crate) fn is_variable(name: &str, value: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0')
}

fn location(text: &str) -> Result<Regex, String> {
    let pattern = Regex::new(text).map_err(|error| format!("locations: {error}"))?;
    match pattern.capture_names().flatten().any(|name| name == "line") {
        true => Ok(pattern),
        false => Err(format!("locations: {text:?} has no group (?<line>...)")),
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
        assert_eq!((spec.run.limits, spec.rank), (Limits::RUN, DEFAULT_RANK));
    }

    #[test]
    fn each_mistake_names_its_key() {
        for (text, key) in [
            ("surce = 'main.x'", "surce"),
            ("processes = 0", "processes"),
            ("processes = 5000", "processes"),
            ("processes = -1", "processes"),
            ("rank = -1", "rank"),
            ("compile.command = []", "compile.command"),
            ("compile.command = ['x']\ncompile.limits.memory = 0", "compile.limits"),
            ("run.limits.wall_time = '0s'", "wall_time"),
            ("run.memory = '1 GiB'", "memory"),
            ("environment = { 'A=B' = 'x' }", "environment"),
            ("run.environment = { '' = 'x' }", "run.environment"),
            ("locations = ['(']", "locations"),
            ("locations = ['line [0-9]+']", "locations"),
            ("plain.compile = ['x']", "plain.compile"),
            ("not_applicable = { hullo = 'x' }", "not_applicable"),
            ("run.park = 'socket'", "socket"),
            ("run.park = 'fifo'", "run.park: the command names"),
            ("run.launcher = []", "run.launcher: a program"),
            ("run.launcher = ['y', '{sources}.x']", "run.launcher: the command names"),
            ("run.park = 'fifo'\nrun.launcher = ['y', '{entry}']", "exclude"),
            ("run.launcher_environment = { A = 'b' }", "there is none"),
            ("run.launcher = ['y']\nrun.awaits = 'a/b'\ncompile.command = ['x']", "run.awaits"),
            ("run.launcher = ['y']\nrun.awaits = 'a'", "run.awaits: the first stage"),
            ("run.launcher = ['y', '{entry}']\ncompile.command = ['x']", "awaits"),
            ("compile.command = ['x']\ncompile.launcher = ['x']\ncompile.awaits = 'a'", "compile.awaits"),
            ("image.stand_in = { base = '' }", "image.stand_in"),
            ("image.fetch = [{ npm = 'x@1', file = 'x', sha256 = '00' }]", "image.fetch"),
        ] {
            let error = Spec::parse(&format!("{LEAST}{text}\n")).unwrap_err();
            assert!(error.contains(key), "{text}: {error}");
        }
        for source in ["", "a/b", "../x", ".profile"] {
            let error = Spec::parse(&LEAST.replace("main.x", source)).unwrap_err();
            assert!(error.contains("source"), "{source}: {error}");
        }
    }

    #[test]
    fn a_stage_parks_with_its_own_command_or_with_another() {
        let parked = |run: &str| Spec::parse(&format!("{LEAST}{run}\n")).unwrap().run.parked;
        assert_eq!(parked(""), None);
        assert_eq!(parked("run.launcher = ['y', '{sources}']").unwrap().command, ["y", "{sources}"]);
        let launcher = "run.launcher = ['y', '{entry}']\nrun.launcher_environment = { A = '{entry}' }";
        assert_eq!(parked(launcher).unwrap().environment["A"], "{entry}");
        let second = "run.launcher = ['y']\nrun.awaits = '.a'\ncompile.command = ['x']";
        assert_eq!(parked(second).unwrap().awaits.as_deref(), Some(".a"));
        let text = LEAST.replace("['x']", "['x', '--file={entry}']");
        let compile = format!("{text}compile.command = ['c', '{{sources}}']\ncompile.park = 'fifo'\n");
        assert_eq!(
            Spec::parse(&compile).unwrap().compile.unwrap().parked.unwrap().command,
            ["c", "{sources}"]
        );
        let run = Spec::parse(&format!("{text}run.park = 'fifo'\n")).unwrap().run;
        assert_eq!(run.parked.unwrap().command, run.command);
    }

    #[test]
    fn a_stage_has_the_languages_variables_and_its_own() {
        let text = format!(
            "{LEAST}run.environment = {{ A = '2', B = '3' }}\nenvironment = {{ A = '1', C = '4' }}\n"
        );
        let environment = Spec::parse(&text).unwrap().run.environment;
        let expected = [("A", "2"), ("B", "3"), ("C", "4")];
        assert!(environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(expected));
    }

    #[test]
    fn the_first_pattern_that_finds_a_line_says_it() {
        let text = format!("{LEAST}locations = ['^main.x:(?<line>\\d+)', 'line (?<line>\\d+)']\n");
        let spec = Spec::parse(&text).unwrap();
        assert_eq!(spec.error_line("at line 3\nmain.x:7: oops\n"), Some(7));
        assert_eq!(spec.error_line("at line 3\n"), Some(3));
        assert_eq!(spec.error_line("no place\n"), None);
    }
}
