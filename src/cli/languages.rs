//! `dayfly languages`.

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::flags::CommandFlags;
use super::{Failure, choose, client, print, state_name};
use crate::conformance::{self, Row, matrix, measure};
use crate::images::Look;
use crate::languages::{self, Language};
use crate::pool::PoolLimits;
use crate::queue::QueueLimits;
use crate::sandbox::Sandboxes;
use crate::service::Service;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Languages {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    flags: CommandFlags,
}

#[derive(Subcommand)]
enum What {
    /// Run the conformance suite for these languages, or all, and print its matrix
    Check(Trials),
    /// Measure what the toolchains of these languages, or all, cost, against what a person would type
    Measure(Trials),
}

#[derive(Args)]
struct Trials {
    /// Keys or aliases
    #[arg(value_name = "LANG")]
    keys: Vec<String>,
    /// Print for the documentation
    #[arg(long)]
    markdown: bool,
    /// How many languages to try at a time
    #[arg(long, default_value = "2", value_name = "LANGUAGES")]
    jobs: NonZeroUsize,
    /// Let each run find a sandbox that waits, as a server that is asked often has one
    #[arg(long)]
    parked: bool,
    #[command(flatten)]
    flags: CommandFlags,
}

impl Languages {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        match self.what {
            None => list(self.flags).await,
            Some(What::Check(trials)) => {
                let markdown = trials.markdown;
                let rows = trials
                    .run(|service, language| async move { conformance::check(&service, &language).await });
                let rows = rows.await?;
                print(&if markdown { matrix::markdown(&rows) } else { matrix::text(&rows) });
                Ok(if rows.iter().all(Row::passed) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            }
            Some(What::Measure(trials)) => {
                let rows = trials
                    .run(|service, language| async move { Ok(measure::measure(&service, &language).await) });
                print(&measure::markdown(&rows.await?));
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

impl Trials {
    /// Does `what` for every language, some at a time, and gives what comes of it in the languages' order.
    async fn run<T, F>(self, what: fn(Arc<Service>, Arc<Language>) -> F) -> Result<Vec<T>, Failure>
    where
        T: Send + 'static,
        F: Future<Output = engine_api::Result<T>> + Send + 'static,
    {
        let config = self.flags.config()?;
        let languages = languages::Languages::load(config.languages.as_deref())?;
        let chosen = choose(&languages, &self.keys)?;
        let sandboxes = Sandboxes::new(client()?, config.confinement(), Arc::default())?;
        let service = Service::new(languages, sandboxes, QueueLimits::own(self.jobs, usize::MAX));
        let pool = PoolLimits {
            memory: config.pool_memory,
            least: 0,
            most: self.jobs.get(),
            age: config.pool_age,
            making: self.jobs,
            reuse: None,
        };
        let service = Arc::new(if self.parked { service.with_pool(pool) } else { service });
        let turns = Arc::new(Semaphore::new(self.jobs.get()));
        let mut trials = JoinSet::new();
        for (place, language) in chosen.into_iter().enumerate() {
            let (service, turns) = (Arc::clone(&service), Arc::clone(&turns));
            trials.spawn(async move {
                // Turns are given in the order in which they were asked for, and never closed.
                let _turn = turns.acquire().await;
                (place, what(service, language).await)
            });
        }
        let all = async {
            let mut ended = Vec::new();
            while let Some(trial) = trials.join_next().await {
                ended.push(trial.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic())));
            }
            ended
        };
        let ended = tokio::select! {
            ended = all => Ok(ended),
            _ = tokio::signal::ctrl_c() => Err("interrupted"),
        };
        trials.shutdown().await;
        service.close().await;
        let mut ended: Vec<_> = ended?;
        ended.sort_by_key(|(place, _)| *place);
        Ok(ended.into_iter().map(|(_, row)| row).collect::<Result<_, _>>()?)
    }
}

async fn list(flags: CommandFlags) -> Result<ExitCode, Failure> {
    let languages = languages::Languages::load(flags.config()?.languages.as_deref())?;
    let client = client()?;
    let mut look = Look::new(&client);
    let mut rows =
        vec![format!("{:14} {:14} {:8} {:10} {:9} ALIASES", "KEY", "NAME", "IMAGE", "VERSION", "KIND")];
    for language in languages.iter() {
        let state = look.state(language).await?;
        let image = state.image();
        let version = image.and_then(|image| image.version.as_deref()).unwrap_or("-");
        let kind = image.map_or("-", |image| if image.is_stand_in { "stand-in" } else { "own" });
        rows.push(format!(
            "{:14} {:14} {:8} {version:10} {kind:9} {}",
            language.key,
            language.spec.name,
            state_name(&state),
            language.spec.aliases.join(", ")
        ));
    }
    print(&rows.join("\n"));
    Ok(ExitCode::SUCCESS)
}
