//! `dayfly keys`.

use std::process::ExitCode;

use clap::Subcommand;

use super::{Failure, print};
use crate::digest;
use crate::keys;

#[derive(Subcommand)]
pub(super) enum Keys {
    /// Make a key: the key itself goes to standard error, this once; the lines for the configuration file to standard
    /// output
    New {
        /// Who will hold it, as logs say
        name: String,
    },
}

impl Keys {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let Self::New { name } = self;
        keys::check_name(&name).map_err(|message| format!("{name:?} is no name for a key: {message}"))?;
        let key = keys::generate()?;
        show(&key);
        print(&format!("[[keys]]\nname = \"{name}\"\nsha256 = \"{}\"", digest::sha256(key.as_bytes())));
        Ok(ExitCode::SUCCESS)
    }
}

#[expect(clippy::print_stderr, reason = "what is redirected to the configuration file must not hold the key")]
fn show(key: &str) {
    eprintln!(
        "The key, which is kept nowhere and not shown again; send it as Authorization: Bearer:\n{key}\n"
    );
}
