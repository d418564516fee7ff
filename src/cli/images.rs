//! `dayfly images`.

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;

use bytesize::ByteSize;
use clap::Subcommand;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::flags::CommandFlags;
use super::{Failure, choose, client, print};
use crate::causes::with_causes;
use crate::images::{self, BuildOptions, Builder, ImageState, Look, Progress};
use crate::languages::{Language, Languages};
use crate::sandbox::Sandboxes;

#[derive(Subcommand)]
pub(super) enum Images {
    /// Build the images of these languages, or of all; what is current is skipped
    Build(Build),
    /// List the images with what they are made of and their sizes
    List {
        #[command(flatten)]
        flags: CommandFlags,
    },
}

#[derive(clap::Args)]
pub(super) struct Build {
    /// Keys or aliases
    #[arg(value_name = "LANG")]
    keys: Vec<String>,
    /// Build even what is current, and run every step anew: what it installs is as new as can be had
    #[arg(long)]
    force: bool,
    /// Ask the registry for base images even if they, or images of a stand-in, are here
    #[arg(long)]
    pull: bool,
    /// How many to build at a time
    #[arg(long, default_value = "2", value_name = "BUILDS")]
    jobs: NonZeroUsize,
    #[command(flatten)]
    flags: CommandFlags,
}

impl Images {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Build(build) => build.run().await,
            Self::List { flags } => list(flags).await,
        }
    }
}

impl Build {
    async fn run(self) -> Result<ExitCode, Failure> {
        let config = self.flags.config()?;
        let languages = Languages::load(config.languages.as_deref())?;
        let chosen = choose(&languages, &self.keys)?;
        let sandboxes = Sandboxes::new(client()?, config.confinement(), Arc::default())?;
        let builder = Builder::new(sandboxes.clone(), config.cache);
        let bars = MultiProgress::new();
        let turns = Arc::new(Semaphore::new(self.jobs.get()));
        let mut builds = JoinSet::new();
        for language in chosen {
            let (builder, bars, turns) = (builder.clone(), bars.clone(), Arc::clone(&turns));
            let (force, pull) = (self.force, self.pull);
            builds.spawn(async move {
                // Turns are given in the order in which they were asked for, and never closed.
                let _turn = turns.acquire().await;
                let bar = Bar::new(&bars, &language.key);
                let built = build(&builder, &language, force, pull, &bar).await;
                (language.key.clone(), built)
            });
        }
        let (mut built, mut current, mut failed) = (0, 0, Vec::new());
        let all = async {
            while let Some(ended) = builds.join_next().await {
                let (key, outcome) =
                    ended.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()));
                match outcome {
                    Ok(Built::New) => built += 1,
                    Ok(Built::Current) => current += 1,
                    Err(report) => {
                        // Between the bars, and not over them.
                        bars.suspend(|| print(&format!("{key}: {report}")));
                        failed.push(key);
                    }
                }
            }
        };
        let interrupted = tokio::select! {
            () = all => false,
            _ = tokio::signal::ctrl_c() => true,
        };
        builds.shutdown().await;
        sandboxes.close().await;
        if interrupted {
            return Ok(ExitCode::from(super::INTERRUPTED));
        }
        print(&format!("{built} built, {current} current, {} failed", failed.len()));
        if failed.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        failed.sort();
        Err(format!("these images could not be built: {}", failed.join(", ")).into())
    }
}

/// What became of an image that could be had.
enum Built {
    Current,
    New,
}

/// Builds one image under a bar, and says why if it could not.
async fn build(
    builder: &Builder,
    language: &Arc<Language>,
    force: bool,
    pull: bool,
    bar: &Bar,
) -> Result<Built, String> {
    let state = images::state(builder.client(), language).await.map_err(|error| with_causes(&error))?;
    // An image of the stand-in is current as long as its better base is not here: only a pull can tell.
    let is_settled = matches!(&state, ImageState::Ready(image) if !pull || !image.is_stand_in);
    if is_settled && !force {
        bar.finish("current");
        return Ok(Built::Current);
    }
    let options = BuildOptions { pull, no_cache: force };
    match builder.build(language, options, &|progress| bar.show(&progress)).await {
        Ok(image) => {
            bar.finish(if image.is_stand_in { "built (stand-in)" } else { "built" });
            Ok(Built::New)
        }
        Err(error) => {
            bar.end("failed");
            Err(with_causes(&error))
        }
    }
}

async fn list(flags: CommandFlags) -> Result<ExitCode, Failure> {
    let languages = Languages::load(flags.config()?.languages.as_deref())?;
    let client = client()?;
    let mut look = Look::new(&client);
    let mut rows = vec![format!("{:14} {:8} {:10} {:>9} BASE", "KEY", "STATE", "VERSION", "SIZE")];
    for language in languages.iter() {
        let state = look.state(language).await?;
        let image = state.image();
        let version = image.and_then(|image| image.version.as_deref()).unwrap_or("-");
        let size = image
            .map_or_else(|| "-".to_owned(), |image| ByteSize::b(image.size_bytes).display().si().to_string());
        let base = match image {
            Some(image) if image.is_stand_in => format!("{} (stand-in)", image.recipe(language).base),
            Some(image) => image.recipe(language).base.clone(),
            None => language.spec.image.recipe.base.clone(),
        };
        rows.push(format!(
            "{:14} {:8} {version:10} {size:>9} {base}",
            language.key,
            super::state_name(&state)
        ));
    }
    print(&rows.join("\n"));
    Ok(ExitCode::SUCCESS)
}

/// A progress bar on a terminal; one line at the end elsewhere.
struct Bar {
    bar: ProgressBar,
    key: String,
}

impl Bar {
    fn new(bars: &MultiProgress, key: &str) -> Self {
        let bar = bars.add(ProgressBar::new(1));
        let style =
            ProgressStyle::with_template("{prefix:14} [{bar:24}] {pos:>2}/{len:2} {elapsed:>4} {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        bar.set_prefix(key.to_owned());
        bar.set_message("looking");
        Self { bar, key: key.to_owned() }
    }

    fn show(&self, progress: &Progress) {
        let message = match progress {
            Progress::Step { number, total, instruction } => {
                self.bar.set_length(u64::from(*total));
                self.bar.set_position(u64::from(number.saturating_sub(1)));
                instruction.clone()
            }
            other => other.to_string(),
        };
        self.bar.set_message(message);
    }

    /// A full bar, with how it ended.
    fn finish(&self, word: &str) {
        self.bar.set_position(self.bar.length().unwrap_or_default());
        self.end(word);
    }

    /// Leaves the bar where it is, with how it ended.
    fn end(&self, word: &str) {
        if self.bar.is_hidden() {
            print(&format!("{:14} {word}", self.key));
        } else {
            self.bar.abandon_with_message(word.to_owned());
        }
    }
}
