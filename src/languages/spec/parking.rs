//! What of a stage starts before there is a program.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{StageSpec, WrittenStage, check_environment};

/// What starts before there is a program.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParkedCommand {
    /// The program and its arguments, with placeholders.
    pub command: Vec<String>,
    /// Its variables over the stage's, with placeholders.
    pub environment: BTreeMap<String, String>,
    /// The file of the work folder that it opens: what the stage before it makes, or the entry if not given.
    pub awaits: Option<String>,
    /// Whether it can be a fork server, of which each run in a kept sandbox gets a fork.
    pub forks: bool,
}

/// How a stage's own command parks.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Park {
    /// It opens its source late, and reads a FIFO as it reads a file.
    Fifo,
}

pub(super) fn parked(stage: &str, written: &WrittenStage) -> Result<Option<ParkedCommand>, String> {
    check_environment(&format!("{stage}.launcher_environment"), &written.launcher_environment)?;
    let (key, command) = match (written.park, &written.launcher) {
        (None, None) => ("launcher", None),
        (Some(Park::Fifo), None) => ("park", Some(&written.command)),
        (None, Some(launcher)) => ("launcher", Some(launcher)),
        (Some(_), Some(_)) => return Err(format!("{stage}: `park` and `launcher` exclude each other")),
    };
    let is_launched = !written.launcher_environment.is_empty() || written.awaits.is_some() || written.forks;
    if written.launcher.is_none() && is_launched {
        return Err(format!(
            "{stage}: `launcher_environment`, `awaits` and `forks` are of a launcher, and there is none"
        ));
    }
    let Some(command) = command else { return Ok(None) };
    if command.first().is_none_or(String::is_empty) {
        return Err(format!("{stage}.{key}: a program is missing"));
    }
    match &written.awaits {
        Some(name) if name.is_empty() || name.contains(['/', '\0']) => {
            return Err(format!("{stage}.awaits: {name:?} is no file of the work folder"));
        }
        None if !command.iter().any(|argument| argument == "{sources}" || argument.contains("{entry}")) => {
            return Err(format!("{stage}.{key}: the command names neither {{entry}} nor {{sources}}"));
        }
        _ => {}
    }
    Ok(Some(ParkedCommand {
        command: command.clone(),
        environment: written.launcher_environment.clone(),
        awaits: written.awaits.clone(),
        forks: written.forks,
    }))
}

/// A first stage waits for the program's entry, a later one for what the one before it makes.
pub(super) fn check_parking(compile: Option<&StageSpec>, run: &StageSpec) -> Result<(), String> {
    let awaits = |stage: &StageSpec| stage.parked.as_ref().is_some_and(|parked| parked.awaits.is_some());
    let first = if compile.is_some() { "compile" } else { "run" };
    if awaits(compile.unwrap_or(run)) {
        return Err(format!("{first}.awaits: the first stage waits for the entry"));
    }
    if compile.is_some() && run.parked.is_some() && !awaits(run) {
        return Err(
            "run: a stage that is parked, and not the first, `awaits` a file of the compile stage".into()
        );
    }
    Ok(())
}
