//! Calls about images.

use std::collections::BTreeMap;

use crate::build_progress::{self, BuildEvent, BuildFailure};
use crate::call::Call;
use crate::client::Client;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::filters::Filters;
use crate::json_lines::JsonLines;
use crate::models::{ImageDeleteResponseItem, ImageInspect, ImageSummary};
use crate::names;
use crate::reply::Reply;
use crate::tar_stream::TarStream;

/// The longest line of a build's progress, in bytes.
const LINE_LIMIT: usize = 1024 * 1024;

/// How [`Client::image_build`] builds.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ImageBuildOptions {
    /// The names the image gets, as in `name:tag`.
    pub tags: Vec<String>,
    /// The path of the Dockerfile inside the context; `Dockerfile` if there is none.
    pub dockerfile: Option<String>,
    /// Values of the Dockerfile's `ARG`s.
    pub build_args: BTreeMap<String, String>,
    /// Labels of the image.
    pub labels: BTreeMap<String, String>,
    /// Run every step, whatever the cache holds.
    pub no_cache: bool,
    /// Ask the registry for a newer base image even if there is one here.
    pub pull: bool,
    /// The network of the steps, as in `none`; the engine's default network if there is none.
    pub network: Option<String>,
    /// The stage to stop at; the last if there is none.
    pub target: Option<String>,
}

/// A build that is running. Dropping it cancels the build.
#[derive(Debug)]
pub struct BuildStream(ProgressLines);

impl BuildStream {
    /// The next event; `None` at the end of a build that succeeded.
    ///
    /// # Errors
    /// [`Error::Build`] when the build failed, and what any call can fail with.
    pub async fn next(&mut self) -> Result<Option<BuildEvent>> {
        let failed = |BuildFailure { message, code }| Error::Build { message, code };
        self.0.next().await.and_then(|event| event.transpose().map_err(failed))
    }
}

/// A pull that is running. Dropping it cancels the pull.
#[derive(Debug)]
pub struct PullStream {
    lines: ProgressLines,
    image: String,
}

impl PullStream {
    /// Replaces the deadline, as for a pull that has begun and may take long.
    pub fn set_deadline(&mut self, deadline: Deadline) {
        self.lines.reply.set_deadline(deadline);
    }

    /// The next event, of which [`BuildEvent::Status`] tells what is done; `None` at the end of a pull that succeeded.
    ///
    /// # Errors
    /// [`Error::Pull`] when the pull failed, and what any call can fail with.
    pub async fn next(&mut self) -> Result<Option<BuildEvent>> {
        let event = self.lines.next().await?;
        event
            .transpose()
            .map_err(|BuildFailure { message, .. }| Error::Pull { image: self.image.clone(), message })
    }
}

/// The lines in which the engine tells how far it is.
#[derive(Debug)]
struct ProgressLines {
    reply: Reply,
    lines: JsonLines,
    ended: bool,
}

impl ProgressLines {
    fn new(reply: Reply) -> Self {
        Self { reply, lines: JsonLines::new(LINE_LIMIT), ended: false }
    }

    /// The next event or the engine's word that it failed; `None` at the end.
    async fn next(&mut self) -> Result<Option<Result<BuildEvent, BuildFailure>>> {
        loop {
            let line = match self.lines.next_line().map_err(|error| self.reply.malformed(error))? {
                Some(line) => line,
                None if self.ended => return Ok(None),
                None => match self.reply.data().await? {
                    Some(data) => {
                        self.lines.feed(&data);
                        continue;
                    }
                    None => {
                        self.ended = true;
                        match self.lines.take_rest() {
                            Some(line) => line,
                            None => return Ok(None),
                        }
                    }
                },
            };
            let event = build_progress::parse(&line).map_err(|error| self.reply.unexpected_shape(error))?;
            if let Some(event) = event.transpose() {
                return Ok(Some(event));
            }
        }
    }
}

impl Client {
    /// Builds an image from a context, with the engine's classic builder (`POST /build`, API 1.41). `deadline` is for
    /// the whole build; the context is sent as it is made.
    ///
    /// # Errors
    /// [`Error::Archive`] when the context cannot be made, a refusal when the Dockerfile cannot be read, and what any
    /// call can fail with. A step that fails is told by [`BuildStream::next`].
    pub async fn image_build(
        &self,
        options: &ImageBuildOptions,
        context: impl Into<TarStream>,
        deadline: Deadline,
    ) -> Result<BuildStream> {
        let mut call = Call::post(&["build"])
            .query_opt("dockerfile", options.dockerfile.as_deref())
            .flag("nocache", options.no_cache)
            .flag("pull", options.pull)
            .query_opt("networkmode", options.network.as_deref())
            .query_opt("target", options.target.as_deref())
            // Otherwise the container of a failed step stays.
            .flag("forcerm", true);
        for tag in &options.tags {
            call = call.query("t", names::check("tag", tag)?);
        }
        if !options.build_args.is_empty() {
            call = call.query_json("buildargs", &options.build_args)?;
        }
        if !options.labels.is_empty() {
            call = call.query_json("labels", &options.labels)?;
        }
        let reply = self.send(call.tar(context.into()), deadline).await?;
        Ok(BuildStream(ProgressLines::new(reply)))
    }

    /// Pulls an image from its registry, without logging in (`POST /images/create`, API 1.41). A name without a tag means
    /// `latest`. `deadline` is for the whole pull.
    ///
    /// # Errors
    /// A refusal when the registry cannot be reached or does not have the image, and what any call can fail with. What
    /// fails later is told by [`PullStream::next`].
    pub async fn image_create(&self, image: &str, deadline: Deadline) -> Result<PullStream> {
        let name = names::check("image name", image)?;
        let last = name.rsplit('/').next().unwrap_or(name);
        // Without a tag, the engine would pull every one that there is.
        let tag = (!last.contains([':', '@'])).then_some("latest");
        let call = Call::post(&["images", "create"]).query("fromImage", name).query_opt("tag", tag);
        let reply = self.send(call, deadline).await?;
        Ok(PullStream { lines: ProgressLines::new(reply), image: image.to_owned() })
    }

    /// All about one image, by name or id (`GET /images/{name}/json`, API 1.41).
    ///
    /// # Errors
    /// [`is_not_found`](Error::is_not_found) when there is no such image, and what any call can fail with.
    pub async fn image_inspect(&self, name: &str, deadline: Deadline) -> Result<ImageInspect> {
        let name = names::check("image name", name)?;
        self.send(Call::get(&["images", name, "json"]), deadline).await?.json().await
    }

    /// Lists images (`GET /images/json`, API 1.41).
    ///
    /// # Errors
    /// What any call can fail with.
    pub async fn image_list(&self, filters: &Filters, deadline: Deadline) -> Result<Vec<ImageSummary>> {
        self.send(Call::get(&["images", "json"]).filters(filters)?, deadline).await?.json().await
    }

    /// Takes a name off an image, and removes the image with its last name (`DELETE /images/{name}`, API 1.41).
    /// `force` removes it even if a stopped container uses it.
    ///
    /// # Errors
    /// [`is_not_found`](Error::is_not_found) when there is no such image, [`is_conflict`](Error::is_conflict) when it
    /// is in use, and what any call can fail with.
    pub async fn image_delete(
        &self,
        name: &str,
        force: bool,
        deadline: Deadline,
    ) -> Result<Vec<ImageDeleteResponseItem>> {
        let call = Call::delete(&["images", names::check("image name", name)?]).flag("force", force);
        self.send(call, deadline).await?.json().await
    }
}
