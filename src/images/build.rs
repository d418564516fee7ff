//! Builds a language's image: its base, what is fetched for it, the build, and the toolchain's own word that it works.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::{self, Display};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use engine_api::{
    BuildEvent, Client, Deadline, Error as EngineError, ImageBuildOptions, ImageCreateOptions, TarEntry,
    TarStream,
};
use regex::Regex;
use thiserror::Error;
use tokio::sync::mpsc;

use super::content::{digest, mode};
use super::fetch::{FetchError, fetch, folder};
use super::{
    CALL_DEADLINE, CONTENT_LABEL, Choice, Image, LANGUAGE_LABEL, PREFERRED, RECIPE_LABEL, STAND_IN,
    VERSION_LABEL,
};
use crate::client;
use crate::execution::{Channels, Collector, ExecutionError, Input, Job, Status, execute};
use crate::languages::Language;
use crate::languages::recipe::Recipe;
use crate::queue::{Queue, QueueLimits};
use crate::sandbox::{SandboxError, Sandboxes};

/// Toolchains are downloaded and unpacked meanwhile.
const BUILD_DEADLINE: Duration = Duration::from_secs(60 * 60);
/// How long a registry may take until it begins to give an image.
const PULL_START: Duration = Duration::from_secs(60);
/// Lines of a failed build that are kept.
const LOG_LINES: usize = 40;

/// What a build does at the moment.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// Pulls the image that it builds on.
    Pulling {
        /// Which image.
        image: String,
    },
    /// Fetches a package.
    Fetching {
        /// Name and version.
        package: String,
    },
    /// Runs an instruction of the Dockerfile.
    Step {
        /// Which instruction, counted from 1.
        number: u32,
        /// How many there are.
        total: u32,
        /// The instruction on one line.
        instruction: String,
    },
    /// Asks the new image's toolchain for its version, in a sandbox.
    AskingVersion,
}

impl Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pulling { image } => write!(f, "pulling {image}"),
            Self::Fetching { package } => write!(f, "fetching {package}"),
            Self::Step { number, total, instruction } => write!(f, "step {number} of {total}: {instruction}"),
            Self::AskingVersion => f.write_str("asking the toolchain for its version"),
        }
    }
}

/// Why an image was not built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No base is here, and none can be pulled.
    #[error("the base image {image} is not here and cannot be pulled")]
    Base {
        /// The one that was tried last.
        image: String,
        /// Why not.
        source: EngineError,
    },
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A package.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A step of the Dockerfile.
    #[error("the build failed {step}\n{log}\n{message}")]
    Step {
        /// Which one.
        step: String,
        /// The end of what the build printed.
        log: String,
        /// The engine's own words.
        message: String,
    },
    /// The image was built, and its toolchain does not answer in a sandbox.
    #[error("the toolchain does not answer in a sandbox: {message}")]
    Version {
        /// What it said instead.
        message: String,
    },
}

/// What a build may not take from earlier ones.
#[derive(Clone, Copy, Debug, Default)]
pub struct BuildOptions {
    /// Ask the registry also for a base that is here.
    pub pull: bool,
    /// Run every step, whatever the engine has kept of earlier builds: else a step that installs packages is not run
    /// again as long as its text and the base are the same.
    pub no_cache: bool,
}

/// Builds images.
#[derive(Clone, Debug)]
pub struct Builder {
    sandboxes: Sandboxes,
    packages: PathBuf,
    /// Sandboxes that ask for versions.
    queue: Arc<Queue>,
}

impl Builder {
    /// A builder that asks new images for their versions in `sandboxes`, and keeps fetched packages in `cache`, or the
    /// user's cache folder.
    #[must_use]
    pub fn new(sandboxes: Sandboxes, cache: Option<PathBuf>) -> Self {
        Self {
            sandboxes,
            packages: folder(cache),
            queue: Arc::new(Queue::new(QueueLimits::own(NonZeroUsize::MIN, usize::MAX))),
        }
    }

    /// The engine that it builds with.
    #[must_use]
    pub fn client(&self) -> &Client {
        self.sandboxes.client()
    }

    /// Builds the language's image and tells what it does meanwhile. Where the language's base is not here, it is pulled;
    /// where it cannot be, the stand-in is built.
    ///
    /// # Errors
    /// The image was not built; the one before is still there.
    pub async fn build(
        &self,
        language: &Arc<Language>,
        options: BuildOptions,
        tell: &(dyn Fn(Progress) + Sync),
    ) -> Result<Image, BuildError> {
        let choice = self.choose(language, options.pull, tell).await?;
        let recipe = choice.recipe;
        let context = self.context(language, recipe, tell).await?;
        let is_stand_in = !std::ptr::eq(recipe, &language.spec.image.recipe);
        let mut labels = BTreeMap::from([
            (CONTENT_LABEL.to_owned(), digest(language, recipe, choice.base_id.as_deref())),
            (LANGUAGE_LABEL.to_owned(), language.key.clone()),
            (RECIPE_LABEL.to_owned(), if is_stand_in { STAND_IN } else { PREFERRED }.to_owned()),
        ]);
        let options = ImageBuildOptions {
            dockerfile: Some(recipe.dockerfile.clone()),
            build_args: BTreeMap::from([("BASE".to_owned(), recipe.base.clone())]),
            no_cache: options.no_cache,
            ..ImageBuildOptions::default()
        };
        let id = self.run(&options, TarStream::from_entries(context), tell).await?;
        if let Some(command) = &language.spec.image.version {
            tell(Progress::AskingVersion);
            let image = Image { id: id.clone(), is_stand_in, version: None, size_bytes: 0 };
            match self.version(language, &image, command).await {
                Ok(version) => labels.insert(VERSION_LABEL.to_owned(), version),
                Err(error) => {
                    self.remove(&id).await;
                    return Err(error);
                }
            };
        }
        self.label(language, &id, labels).await
    }

    /// The first recipe whose base is here or can be pulled.
    async fn choose<'a>(
        &self,
        language: &'a Language,
        pull: bool,
        tell: &(dyn Fn(Progress) + Sync),
    ) -> Result<Choice<'a>, BuildError> {
        let image = &language.spec.image;
        match (self.with_base(&image.recipe, pull, tell).await, &image.stand_in) {
            (Err(BuildError::Base { .. }), Some(stand_in)) => self.with_base(stand_in, pull, tell).await,
            (tried, _) => tried,
        }
    }

    /// Sees to it that the recipe's base is here.
    async fn with_base<'a>(
        &self,
        recipe: &'a Recipe,
        pull: bool,
        tell: &(dyn Fn(Progress) + Sync),
    ) -> Result<Choice<'a>, BuildError> {
        let base_id = self.id(&recipe.base).await?;
        if base_id.is_some() && !pull {
            return Ok(Choice { recipe, base_id });
        }
        tell(Progress::Pulling { image: recipe.base.clone() });
        match self.pull(&recipe.base).await {
            Ok(()) => Ok(Choice { recipe, base_id: self.id(&recipe.base).await? }),
            // What is here is good enough when there is nothing newer to be had.
            Err(_) if base_id.is_some() => Ok(Choice { recipe, base_id }),
            Err(error) if error.is_unreachable() => Err(error.into()),
            Err(source) => Err(BuildError::Base { image: recipe.base.clone(), source }),
        }
    }

    async fn id(&self, image: &str) -> Result<Option<String>, BuildError> {
        Ok(super::inspect(self.client(), image).await?.map(|image| image.id))
    }

    async fn pull(&self, image: &str) -> engine_api::Result<()> {
        let options = ImageCreateOptions::default();
        let mut pulling = self.client().image_create(image, &options, Deadline::after(PULL_START)).await?;
        pulling.set_deadline(Deadline::after(BUILD_DEADLINE));
        while pulling.next().await?.is_some() {}
        Ok(())
    }

    async fn context(
        &self,
        language: &Language,
        recipe: &Recipe,
        tell: &(dyn Fn(Progress) + Sync),
    ) -> Result<Vec<TarEntry>, BuildError> {
        let files = language.context_of(recipe);
        let mut entries: Vec<TarEntry> = files
            .map(|file| TarEntry::bytes(&file.path, Bytes::copy_from_slice(&file.content), mode(file)))
            .collect();
        for package in &recipe.packages {
            tell(Progress::Fetching { package: package.name.clone() });
            let path = fetch(package, &self.packages).await?;
            entries.push(TarEntry::file(format!("fetched/{}", package.file), path, 0o644));
        }
        Ok(entries)
    }

    /// Runs a build to its end and gives the image's id.
    async fn run(
        &self,
        options: &ImageBuildOptions,
        context: TarStream,
        tell: &(dyn Fn(Progress) + Sync),
    ) -> Result<String, BuildError> {
        let mut stream = self.client().image_build(options, context, Deadline::after(BUILD_DEADLINE)).await?;
        let mut log = Log::default();
        let mut id = None;
        loop {
            match stream.next().await {
                Ok(None) => break,
                Ok(Some(BuildEvent::Step { number, total, instruction })) => {
                    let instruction = instruction.split_whitespace().collect::<Vec<_>>().join(" ");
                    log.step = format!("at step {number} of {total}: {instruction}");
                    tell(Progress::Step { number, total, instruction });
                }
                Ok(Some(BuildEvent::Output(text))) => log.add(&text),
                Ok(Some(BuildEvent::ImageId(built))) => id = Some(built),
                Ok(Some(_)) => {}
                Err(EngineError::Build { message, .. }) => return Err(log.failure(message)),
                Err(error) => return Err(error.into()),
            }
        }
        id.ok_or_else(|| log.failure("the engine names no image".into()))
    }

    /// What the toolchain in a new image says its version is.
    async fn version(
        &self,
        language: &Arc<Language>,
        image: &Image,
        command: &[String],
    ) -> Result<String, BuildError> {
        let mut job = Job::blank(language);
        job.compile = None;
        job.run.command = command.to_vec();
        let failed = |message: String| BuildError::Version { message };
        let Ok(slot) = self.queue.enter(&client::Client::Terminal, |_| {}).await else {
            return Err(failed("the builder is closed".into()));
        };
        let sandbox = match self.sandboxes.open(job.sandbox(image), Arc::new(slot)).await {
            Ok(sandbox) => sandbox,
            Err(SandboxError::Engine(error)) => return Err(error.into()),
            Err(error) => return Err(failed(error.to_string())),
        };
        let (events, received) = mpsc::channel(16);
        let ran = execute(sandbox, &job, Channels::batch(Input::whole(Bytes::new()), events), None);
        let (outcome, collected) = tokio::join!(ran, Collector::default().collect(received));
        let (outcome, _) = outcome.map_err(|error: ExecutionError| failed(error.to_string()))?;
        let found = VERSION.find(&collected.output);
        match found {
            Some(version) if outcome.status == Status::Success => Ok(version.as_str().to_owned()),
            _ => {
                let not_started = outcome.last().and_then(|stage| stage.not_started.clone());
                let said = not_started.unwrap_or(collected.output);
                Err(failed(format!("{command:?} ended with {:?} and said {said:?}", outcome.status)))
            }
        }
    }

    /// Removes an image that nobody needs any more. One that containers still use is refused, and goes when the host is
    /// cleaned up.
    async fn remove(&self, id: &str) {
        if let Err(error) = self.client().image_delete(id, false, Deadline::after(CALL_DEADLINE)).await {
            tracing::debug!(image = id, "not removed: {error}");
        }
    }

    /// Gives the built image its labels and its name, and lets go of the one that had the name before.
    async fn label(
        &self,
        language: &Language,
        id: &str,
        labels: BTreeMap<String, String>,
    ) -> Result<Image, BuildError> {
        let before = super::inspect(self.client(), &language.image()).await?;
        let options =
            ImageBuildOptions { tags: vec![language.image()], labels, ..ImageBuildOptions::default() };
        let dockerfile = TarEntry::bytes("Dockerfile", format!("FROM {id}\n"), 0o644);
        let labelled = self.run(&options, TarStream::from_entries([dockerfile]), &|_| {}).await?;
        if let Some(before) = before.filter(|before| before.id != labelled && before.repo_tags.len() <= 1) {
            self.remove(&before.id).await;
        }
        match super::inspect(self.client(), &labelled).await? {
            Some(image) => Ok(Image::new(image)),
            None => Err(BuildError::Version { message: "the new image is gone".into() }),
        }
    }
}

/// The first thing in a text that looks like a version.
static VERSION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[0-9]+(\.[0-9]+)+").expect("a constant pattern"));

/// What a build prints: the end is kept.
#[derive(Default)]
struct Log {
    step: String,
    lines: VecDeque<String>,
}

impl Log {
    fn add(&mut self, text: &str) {
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            self.lines.push_back(line.to_owned());
        }
        while self.lines.len() > LOG_LINES {
            self.lines.pop_front();
        }
    }

    fn failure(self, message: String) -> BuildError {
        let step = if self.step.is_empty() { "before the first step".to_owned() } else { self.step };
        BuildError::Step { step, log: Vec::from(self.lines).join("\n"), message }
    }
}
