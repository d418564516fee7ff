//! `dayfly languages`.

use std::process::ExitCode;

use clap::Args;

use super::{Failure, LanguageSource, client};
use crate::images::{self, ImageState};

#[derive(Args)]
pub(super) struct List {
    #[command(flatten)]
    languages: LanguageSource,
}

impl List {
    #[expect(clippy::print_stdout, reason = "the command's answer")]
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let languages = self.languages.load()?;
        let client = client()?;
        let mut rows = vec![format!("{:14} {:14} {:8} ALIASES", "KEY", "NAME", "IMAGE")];
        for language in languages.iter() {
            let state = match images::state(&client, language).await? {
                ImageState::Missing => "missing",
                ImageState::Ready { .. } => "ready",
                ImageState::Stale { .. } => "stale",
            };
            let spec = &language.spec;
            rows.push(format!("{:14} {:14} {state:8} {}", language.key, spec.name, spec.aliases.join(", ")));
        }
        println!("{}", rows.join("\n"));
        Ok(ExitCode::SUCCESS)
    }
}
