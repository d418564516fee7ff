//! `dayfly config`.

use std::process::ExitCode;

use clap::Args;

use super::flags::ServerFlags;
use super::{Failure, print};
use crate::config::{Effective, Origin};

#[derive(Args)]
pub(super) struct Config {
    #[command(flatten)]
    flags: ServerFlags,
}

impl Config {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let (config, effective) = self.flags.effective()?;
        let lines: Vec<String> = effective.iter().map(line).collect();
        let width = effective.iter().zip(&lines).map(|(_, line)| line.chars().count()).max().unwrap_or(0);
        for (setting, line) in effective.iter().zip(&lines) {
            print(&format!("{line:width$}  # {}", origin(&setting.origin)));
        }
        for key in config.keys.iter() {
            print(&format!("# [[keys]] name = \"{}\", sha256 = (hidden)", key.name));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// As a line of the configuration file; a value that is hidden, or not there, is commented out.
fn line(Effective { setting, value, .. }: &Effective) -> String {
    match value.as_str() {
        "" => format!("# {} =", setting.name),
        _ if setting.is_secret => format!("# {} = (hidden)", setting.name),
        value if value.parse::<u64>().is_ok() || value.parse::<bool>().is_ok() => {
            format!("{} = {value}", setting.name)
        }
        value => format!("{} = {}", setting.name, toml::Value::from(value)),
    }
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Default => "default".to_owned(),
        Origin::Environment(variable) => (*variable).to_owned(),
        Origin::File(_) | Origin::Flag(_) => origin.to_string(),
    }
}
