//! `dayfly doctor`.

use std::process::ExitCode;

use clap::Args;
use console::{Style, Term};

use super::flags::CommandFlags;
use super::{Failure, client, print};
use crate::doctor::{Doctor as Examination, Finding, Group, Level, Report, Verdict};
use crate::languages::Languages;

pub(super) const EXIT_CODES: &str = "\
Exit code:
  0 when all is well, perhaps with warnings; 1 when there is a problem;
  2 when the engine does not answer

It makes attacks in sandboxes like everybody's, within bounds, and removes what it made.
docs/doctor.md explains every line.";

const PROBLEM: u8 = 1;
const UNSEEN: u8 = 2;
/// The columns before what was seen.
const WORD: usize = 7;
const SUBJECT: usize = 21;
const INDENT: usize = 2 + WORD + 2 + SUBJECT + 2;
/// Columns of text on the narrowest terminal that it is broken for.
const LEAST_TEXT: usize = 30;

#[derive(Args)]
pub(super) struct Doctor {
    /// Print one JSON object for scripts
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: CommandFlags,
}

impl Doctor {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let config = self.flags.config()?;
        let languages = Languages::load(config.languages.as_deref())?;
        let doctor = Examination::new(client()?, languages, config.confinement());
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
        Group::Sandbox => "sandbox, proven by attacks from inside",
        Group::Images => "images",
        Group::Advice => "advice for the host",
    }
}

/// Colours are for terminals: `console` knows whether standard output is one.
fn row(finding: &Finding) -> String {
    let (word, style) = match finding.level {
        Level::Ok => ("ok", Style::new().green()),
        Level::Warning => ("warning", Style::new().yellow()),
        Level::Problem => ("problem", Style::new().red().bold()),
    };
    let word = style.apply_to(format!("{word:WORD$}"));
    let width = text_width();
    let mut lines = wrap(&finding.seen, width);
    if let Some(advice) = &finding.advice {
        lines.extend(wrap(&format!("-> {advice}"), width));
    }
    format!("  {word}  {:SUBJECT$}  {}", finding.subject, lines.join(&format!("\n{:INDENT$}", "")))
}

/// Columns for text; elsewhere than on a terminal, lines are for other programs and stay whole.
fn text_width() -> usize {
    match Term::stdout().size_checked() {
        Some((_, columns)) => usize::from(columns).saturating_sub(INDENT).max(LEAST_TEXT),
        None => usize::MAX,
    }
}

/// Breaks a text between words.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn summary(report: &Report) -> String {
    let count = |level, name: &str| {
        let count = report.findings.iter().filter(|finding| finding.level == level).count();
        format!("{count} {name}{}", if count == 1 { "" } else { "s" })
    };
    let numbers = format!("{}, {}", count(Level::Problem, "problem"), count(Level::Warning, "warning"));
    match report.verdict {
        Verdict::Well => format!("{numbers}: untrusted code can be run here"),
        Verdict::Problem => format!("{numbers}: do not run untrusted code here before that is solved"),
        Verdict::Unseen => "the engine does not answer: nothing could be looked at".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words_only() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("one two", 2), ["one", "two"]);
        assert_eq!(wrap("one two three", usize::MAX), ["one two three"]);
        assert_eq!(wrap("", 5), [""]);
    }
}
