//! `dayfly doctor`.

use std::process::ExitCode;

use clap::Args;
use console::Style;

use super::{Failure, LanguageSource, SandboxOptions, client, print};
use crate::doctor::{Doctor as Examination, Finding, Group, Level, Report, Verdict};

pub(super) const EXIT_CODES: &str = "\
Exit code:
  0 when all is well, perhaps with warnings; 1 when there is a problem; 2 when the engine does not answer

It makes attacks in sandboxes like everybody's, within bounds, and removes what it made. docs/doctor.md explains
every line.";

const PROBLEM: u8 = 1;
const UNSEEN: u8 = 2;
/// Where what was seen begins.
const INDENT: usize = 34;

#[derive(Args)]
pub(super) struct Doctor {
    /// Print one JSON object for scripts
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    languages: LanguageSource,
    #[command(flatten)]
    sandbox: SandboxOptions,
}

impl Doctor {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let doctor = Examination::new(client()?, self.languages.load()?, self.sandbox.runtime);
        let table = Table::default();
        let tell = |finding: &Finding| {
            if !self.json {
                table.add(finding);
            }
        };
        let report = tokio::select! {
            report = doctor.examine(&tell) => Some(report),
            _ = tokio::signal::ctrl_c() => None,
        };
        doctor.close().await;
        let Some(report) = report else { return Ok(ExitCode::from(super::INTERRUPTED)) };
        if self.json {
            print(&serde_json::to_string_pretty(&report)?);
        } else {
            print(&format!("\n{}", summary(&report)));
        }
        Ok(match report.verdict {
            Verdict::Well => ExitCode::SUCCESS,
            Verdict::Problem => ExitCode::from(PROBLEM),
            Verdict::Unseen => ExitCode::from(UNSEEN),
        })
    }
}

/// Prints findings as they are made, under the headings of their groups.
#[derive(Default)]
struct Table {
    last: std::sync::Mutex<Option<Group>>,
}

impl Table {
    fn add(&self, finding: &Finding) {
        // A finding that could not be printed leaves no group half told.
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *last != Some(finding.group) {
            let blank = if last.is_some() { "\n" } else { "" };
            print(&format!("{blank}{}", Style::new().bold().apply_to(heading(finding.group))));
            *last = Some(finding.group);
        }
        print(&row(finding));
    }
}

fn heading(group: Group) -> &'static str {
    match group {
        Group::Engine => "engine",
        Group::Sandbox => "sandbox: what attacks from inside came to",
        Group::Images => "images",
        Group::Advice => "host",
    }
}

/// Colours are for terminals: `console` knows whether standard output is one.
fn row(finding: &Finding) -> String {
    let (word, style) = match finding.level {
        Level::Ok => ("ok", Style::new().green()),
        Level::Warning => ("warning", Style::new().yellow()),
        Level::Problem => ("problem", Style::new().red().bold()),
    };
    let word = style.apply_to(format!("{word:7}"));
    let advice =
        finding.advice.as_ref().map(|advice| format!("\n{:INDENT$}-> {advice}", "")).unwrap_or_default();
    format!("  {word}  {:21}  {}{advice}", finding.subject, finding.seen)
}

fn summary(report: &Report) -> String {
    let count = |level| report.findings.iter().filter(|finding| finding.level == level).count();
    let (warnings, problems) = (count(Level::Warning), count(Level::Problem));
    let numbers = format!("{problems} problems, {warnings} warnings, {} as it should be", count(Level::Ok));
    match report.verdict {
        Verdict::Well => format!("{numbers}: untrusted code can be run here"),
        Verdict::Problem => {
            format!("{numbers}: do not run untrusted code here before the problems are solved")
        }
        Verdict::Unseen => "the engine does not answer: nothing could be looked at".to_owned(),
    }
}
