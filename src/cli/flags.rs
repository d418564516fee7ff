//! Settings as flags.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::Failure;
use crate::config::{Config, DEFAULT_FILE, Effective, FILE_VARIABLE, Layers, SETTINGS, Setting};

const FILE: &str = "config";

/// The flags of a server: every setting.
pub(super) type ServerFlags = Flags<Every>;
/// The flags of a command that serves nobody.
pub(super) type CommandFlags = Flags<OfSandboxes>;
/// The flags of a command that asks a server.
pub(super) type ListenFlags = Flags<OfListening>;

/// Which settings have a flag.
pub(super) trait Which: 'static {
    fn has(name: &str) -> bool;
}

#[derive(Clone, Debug, Default)]
pub(super) struct Every;
#[derive(Clone, Debug, Default)]
pub(super) struct OfSandboxes;
#[derive(Clone, Debug, Default)]
pub(super) struct OfListening;

impl Which for Every {
    fn has(_name: &str) -> bool {
        true
    }
}

impl Which for OfSandboxes {
    fn has(name: &str) -> bool {
        matches!(name, "apparmor-profile" | "cache" | "languages" | "runtime")
    }
}

impl Which for OfListening {
    fn has(name: &str) -> bool {
        matches!(name, "host" | "port")
    }
}

/// What the flags say of settings.
#[derive(Clone, Debug, Default)]
pub(super) struct Flags<W> {
    file: Option<PathBuf>,
    values: BTreeMap<&'static str, String>,
    which: PhantomData<W>,
}

impl<W: Which> Flags<W> {
    /// The settings, with what the file and the environment say.
    pub(super) fn config(self) -> Result<Config, Failure> {
        Ok(self.effective()?.0)
    }

    /// The settings, and who says each of them.
    pub(super) fn effective(self) -> Result<(Config, Vec<Effective>), Failure> {
        let layers = Layers::load(self.file, self.values)?;
        Ok(Config::read(&layers)?)
    }

    fn settings() -> impl Iterator<Item = &'static Setting> {
        SETTINGS.iter().filter(|setting| W::has(setting.name))
    }
}

impl<W: Which> Args for Flags<W> {
    fn augment_args(command: Command) -> Command {
        let file =
            Arg::new(FILE).long(FILE).value_name("FILE").value_parser(clap::value_parser!(PathBuf)).help(
                format!("The configuration file [{FILE_VARIABLE}; default: {DEFAULT_FILE} if it is there]"),
            );
        let command = command.arg(file);
        Self::settings().fold(command, |command, setting| command.arg(flag(setting)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn flag(setting: &'static Setting) -> Arg {
    let default = match setting.default {
        "" => String::new(),
        default => format!("; default: {default}"),
    };
    let arg = Arg::new(setting.name)
        .long(setting.name)
        .value_name(setting.placeholder)
        .action(ArgAction::Set)
        .allow_hyphen_values(true)
        .help(format!("{} [{}{default}]", setting.help.trim(), setting.variable));
    match setting.bare {
        Some(bare) => arg.num_args(0..=1).default_missing_value(bare),
        None => arg,
    }
}

impl<W: Which> FromArgMatches for Flags<W> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let value = |setting: &'static Setting| {
            Some((setting.name, matches.get_one::<String>(setting.name)?.clone()))
        };
        Ok(Self {
            file: matches.get_one::<PathBuf>(FILE).cloned(),
            values: Self::settings().filter_map(value).collect(),
            which: PhantomData,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
