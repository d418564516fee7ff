//! Building images.

use std::collections::BTreeMap;

use crate::call::Call;
use crate::client::Client;
use crate::deadline::Deadline;
use crate::error::Result;
use crate::filters::Filters;
use crate::models::{AuthConfig, BuildPruneResponse};
use crate::names;
use crate::progress_stream::{ProgressStream, Work};
use crate::tar_stream::TarStream;

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
    /// Images whose steps may be taken for the same steps of this build.
    pub cache_from: Vec<String>,
    /// Ask the registry for a newer base image even if there is one here.
    pub pull: bool,
    /// Credentials for base images, by the registry's address, as in `https://index.docker.io/v1/`.
    pub registries: BTreeMap<String, AuthConfig>,
    /// The network of the steps, as in `none`; the engine's default network if there is none.
    pub network: Option<String>,
    /// Names that the steps can look up, as in `name:192.0.2.1`.
    pub extra_hosts: Vec<String>,
    /// The platform, as in `linux/arm64`; the engine's own if there is none.
    pub platform: Option<String>,
    /// The stage to stop at; the last if there is none.
    pub target: Option<String>,
    /// The memory of each step, in bytes.
    pub memory: Option<u64>,
    /// Size of `/dev/shm` of each step, in bytes.
    pub shm_size: Option<u64>,
}

impl Client {
    /// Builds an image from a context, with the engine's classic builder (`POST /build`, API 1.41). `deadline` is for
    /// the whole build, until [`ProgressStream::set_deadline`] replaces it; the context is sent as it is made.
    ///
    /// # Errors
    /// [`Error::Archive`](crate::Error::Archive) when the context cannot be made, a refusal when the Dockerfile cannot be read, and what any
    /// call can fail with. A step that fails is told by [`ProgressStream::next`].
    pub async fn image_build(
        &self,
        options: &ImageBuildOptions,
        context: impl Into<TarStream>,
        deadline: Deadline,
    ) -> Result<ProgressStream> {
        let mut call = Call::post(&["build"])
            .query_opt("dockerfile", options.dockerfile.as_deref())
            .flag("nocache", options.no_cache)
            .flag("pull", options.pull)
            .query_opt("networkmode", options.network.as_deref())
            .query_opt("platform", options.platform.as_deref())
            .query_opt("target", options.target.as_deref())
            .query_opt("memory", options.memory)
            .query_opt("shmsize", options.shm_size)
            // Otherwise the container of a failed step stays.
            .flag("forcerm", true);
        for tag in &options.tags {
            call = call.query("t", names::check("tag", tag)?);
        }
        if !options.extra_hosts.is_empty() {
            call = call.query("extrahosts", options.extra_hosts.join(","));
        }
        if !options.build_args.is_empty() {
            call = call.query_json("buildargs", &options.build_args)?;
        }
        if !options.labels.is_empty() {
            call = call.query_json("labels", &options.labels)?;
        }
        if !options.cache_from.is_empty() {
            call = call.query_json("cachefrom", &options.cache_from)?;
        }
        if !options.registries.is_empty() {
            call = call.registry_header("x-registry-config", &options.registries)?;
        }
        let reply = self.send(call.tar(context.into()), deadline).await?;
        Ok(ProgressStream::new(reply, Work::Build))
    }

    /// Removes what the engine keeps for later builds (`POST /build/prune`, API 1.41). The classic builder keeps
    /// images, which [`image_prune`](Self::image_prune) removes.
    ///
    /// # Errors
    /// What any call can fail with.
    pub async fn build_prune(&self, filters: &Filters, deadline: Deadline) -> Result<BuildPruneResponse> {
        self.send(Call::post(&["build", "prune"]).filters(filters)?, deadline).await?.json().await
    }
}
