//! `dayfly images`.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use engine_api::{BuildEvent, Client, Error};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, LanguageSource, client};
use crate::images::{self, ImageState};
use crate::languages::{Language, Languages};

/// Lines of a failed build that are shown.
const SHOWN: usize = 40;

#[derive(Subcommand)]
pub(super) enum Images {
    /// Build the images of these languages, or of all; what is current is skipped
    Build {
        /// Keys or aliases
        #[arg(value_name = "LANG")]
        keys: Vec<String>,
        /// Build even what is current
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        languages: LanguageSource,
    },
}

impl Images {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let Self::Build { keys, force, languages } = self;
        let languages = languages.load()?;
        let chosen = choose(&languages, &keys)?;
        let client = client()?;
        let mut failed = Vec::new();
        for language in chosen {
            if let Err(report) = build(&client, &language, force).await? {
                print(&report);
                failed.push(language.key.clone());
            }
        }
        if failed.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        Err(format!("these images could not be built: {}", failed.join(", ")).into())
    }
}

fn choose(languages: &Languages, keys: &[String]) -> Result<Vec<Arc<Language>>, Failure> {
    if keys.is_empty() {
        return Ok(languages.iter().cloned().collect());
    }
    let find = |key: &String| {
        let known = || format!("there is no language {key}; there are {}", languages.keys().join(", "));
        languages.get(key).cloned().ok_or_else(|| known().into())
    };
    keys.iter().map(find).collect()
}

/// Builds one image under a bar. A build that fails is reported with its step and the end of its output.
async fn build(client: &Client, language: &Language, force: bool) -> Result<Result<(), String>, Failure> {
    let bar = Bar::new(&language.key);
    if !force && matches!(images::state(client, language).await?, ImageState::Ready { .. }) {
        bar.finish("current");
        return Ok(Ok(()));
    }
    let mut stream = images::build(client, language).await?;
    let mut log = Vec::new();
    let mut step = "before the first step".to_owned();
    loop {
        match stream.next().await {
            Ok(None) => break,
            Ok(Some(BuildEvent::Step { number, total, instruction })) => {
                step = format!("at step {number} of {total}: {instruction}");
                bar.step(number, total, &instruction);
            }
            Ok(Some(BuildEvent::Output(text))) => {
                log.extend(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned));
            }
            Ok(Some(_)) => {}
            Err(Error::Build { message, .. }) => {
                bar.fail();
                let from = log.len().saturating_sub(SHOWN);
                return Ok(Err(format!(
                    "{}: the build failed {step}\n{}\n{message}",
                    language.key,
                    log[from..].join("\n")
                )));
            }
            Err(error) => return Err(error.into()),
        }
    }
    bar.finish("built");
    Ok(Ok(()))
}

/// A progress bar on a terminal; one line at the end elsewhere.
struct Bar {
    bar: ProgressBar,
    key: String,
}

impl Bar {
    fn new(key: &str) -> Self {
        let bar = ProgressBar::new(1);
        let style = ProgressStyle::with_template("{prefix:14} [{bar:24}] {pos}/{len} {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        bar.set_prefix(key.to_owned());
        bar.set_message("looking");
        Self { bar, key: key.to_owned() }
    }

    fn step(&self, number: u32, total: u32, instruction: &str) {
        self.bar.set_length(total.into());
        self.bar.set_position(number.saturating_sub(1).into());
        self.bar.set_message(instruction.split_whitespace().collect::<Vec<_>>().join(" "));
    }

    fn finish(&self, word: &str) {
        self.bar.set_position(self.bar.length().unwrap_or_default());
        self.end(word);
    }

    /// Leaves the bar where the build stopped.
    fn fail(&self) {
        self.end("failed");
    }

    fn end(&self, word: &str) {
        if self.bar.is_hidden() {
            print(&format!("{:14} {word}", self.key));
        } else {
            self.bar.abandon_with_message(word.to_owned());
        }
    }
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn print(text: &str) {
    println!("{text}");
}
