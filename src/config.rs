//! The settings of dayfly: defaults, then a TOML file, then the environment, then flags.
//!
//! A setting has one name: `max-waiting` in the file is `--max-waiting` on the command line and `DAYFLY_MAX_WAITING` in
//! the environment, but for the names that other servers of this kind and other programs have made known.

mod file;
mod layers;
mod settings;
mod value;

use std::path::PathBuf;

use thiserror::Error;

use crate::keys::KeyError;

pub use self::layers::{Layers, Origin};
pub use self::settings::{Config, SETTINGS};
pub use self::value::{Isolation, LogFormat, Secret};

/// Where the file is looked for if nobody names another; it need not be there.
pub const DEFAULT_FILE: &str = "/etc/dayfly/dayfly.toml";
/// The environment variable that names the file.
pub const FILE_VARIABLE: &str = "DAYFLY_CONFIG";

/// What is known of a setting beside its value.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name in the file and, after `--`, on the command line.
    pub name: &'static str,
    /// The environment variable.
    pub variable: &'static str,
    /// What stands for a value in help texts.
    pub placeholder: &'static str,
    /// The value, as it would be written, if nobody says another. Empty where there is none.
    pub default: &'static str,
    /// What a flag without a value stands for, if it may have none.
    pub bare: Option<&'static str>,
    /// Whether its value is nobody's business.
    pub is_secret: bool,
    /// A sentence for people.
    pub help: &'static str,
}

/// A setting with its value, for people.
#[derive(Clone, Debug)]
pub struct Effective {
    /// Which.
    pub setting: &'static Setting,
    /// Its value, as it would be written in the file.
    pub value: String,
    /// Who says so.
    pub origin: Origin,
}

/// What is wrong with the settings.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {} cannot be read", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{} is not TOML: {message}", path.display())]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and where.
        message: String,
    },
    /// A key cannot be meant.
    #[error("{} is wrong about", path.display())]
    Key {
        /// Which file.
        path: PathBuf,
        /// Which key, and what is wrong.
        source: KeyError,
    },
    /// There is no such setting.
    #[error("{name} in {place} is no setting{}", did_you_mean(similar))]
    Unknown {
        /// What was written.
        name: String,
        /// Where it was written.
        place: String,
        /// The name that it resembles.
        similar: Option<&'static str>,
    },
    /// A value cannot be meant.
    #[error("{name} is {value:?} in {origin}: {message}")]
    Value {
        /// The name of the setting.
        name: &'static str,
        /// What was written.
        value: String,
        /// Where.
        origin: Origin,
        /// What it must be.
        message: String,
    },
}

fn did_you_mean(similar: &Option<&str>) -> String {
    match similar {
        Some(similar) => format!("; is {similar} meant?"),
        None => "; `dayfly config` lists them".to_owned(),
    }
}
