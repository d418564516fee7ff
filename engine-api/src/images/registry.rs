//! Registries: pulling, pushing, searching, and logging in.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use crate::call::Call;
use crate::client::Client;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::filters::Filters;
use crate::line_stream::stream;
use crate::models::{AuthConfig, AuthResponse, ImageSearchResponseItem};
use crate::names;
use crate::progress::{BuildEvent, Failure, ProgressStream};

/// The header that credentials travel in.
const AUTH: &str = "x-registry-auth";

/// How [`Client::image_create`] pulls.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ImageCreateOptions {
    /// Credentials, if the registry wants them.
    pub auth: Option<AuthConfig>,
    /// The platform, as in `linux/arm64`; the engine's own if there is none.
    pub platform: Option<String>,
}

/// A pull that is running. Dropping it cancels the pull.
#[derive(Debug)]
pub struct PullStream {
    progress: ProgressStream,
    image: String,
}

impl PullStream {
    /// Replaces the deadline, as for a pull that has begun and may take long.
    pub fn set_deadline(&mut self, deadline: Deadline) {
        self.progress.set_deadline(deadline);
    }

    /// The next event, of which [`BuildEvent::Status`] tells what is done; `None` at the end of a pull that succeeded,
    /// and after an error.
    ///
    /// # Errors
    /// [`Error::Pull`] when the pull failed, and what any call can fail with.
    pub async fn next(&mut self) -> Result<Option<BuildEvent>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<BuildEvent>>> {
        let event = ready!(self.progress.poll(cx))?;
        let failed = |Failure { message, .. }| Error::Pull { image: self.image.clone(), message };
        Poll::Ready(event.transpose().map_err(failed))
    }
}

stream!(PullStream, BuildEvent);

/// A push that is running. Dropping it cancels the push.
#[derive(Debug)]
pub struct PushStream {
    progress: ProgressStream,
    image: String,
}

impl PushStream {
    /// Replaces the deadline, as for a push that has begun and may take long.
    pub fn set_deadline(&mut self, deadline: Deadline) {
        self.progress.set_deadline(deadline);
    }

    /// The next event, of which [`BuildEvent::Status`] tells what is done; `None` at the end of a push that succeeded,
    /// and after an error.
    ///
    /// # Errors
    /// [`Error::Push`] when the push failed, a refusal of the credentials included, and what any call can fail with.
    pub async fn next(&mut self) -> Result<Option<BuildEvent>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<BuildEvent>>> {
        let event = ready!(self.progress.poll(cx))?;
        let failed = |Failure { message, .. }| Error::Push { image: self.image.clone(), message };
        Poll::Ready(event.transpose().map_err(failed))
    }
}

stream!(PushStream, BuildEvent);

impl Client {
    /// Pulls an image from its registry (`POST /images/create`, API 1.41). A name without a tag means `latest`. `deadline`
    /// is for the whole pull, until [`PullStream::set_deadline`] replaces it.
    ///
    /// # Errors
    /// A refusal when the registry cannot be reached, does not have the image or wants other credentials, and what any
    /// call can fail with. What fails later is told by [`PullStream::next`].
    pub async fn image_create(
        &self,
        image: &str,
        options: &ImageCreateOptions,
        deadline: Deadline,
    ) -> Result<PullStream> {
        let name = names::check("image name", image)?;
        // Without a tag, the engine would pull every one that there is.
        let tag = (!has_tag(name)).then_some("latest");
        let mut call = Call::post(&["images", "create"])
            .query("fromImage", name)
            .query_opt("tag", tag)
            .query_opt("platform", options.platform.as_deref());
        if let Some(auth) = &options.auth {
            call = call.registry_header(AUTH, auth)?;
        }
        let reply = self.send(call, deadline).await?;
        Ok(PullStream { progress: ProgressStream::new(reply), image: image.to_owned() })
    }

    /// Pushes an image to the registry in its name (`POST /images/{name}/push`, API 1.41). A name without a tag means
    /// `latest`. `deadline` is for the whole push, until [`PushStream::set_deadline`] replaces it.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a digest, [`is_not_found`](Error::is_not_found) when there is no such image, and
    /// what any call can fail with. What fails later is told by [`PushStream::next`].
    pub async fn image_push(
        &self,
        image: &str,
        auth: Option<&AuthConfig>,
        deadline: Deadline,
    ) -> Result<PushStream> {
        let name = names::check("image name", image)?;
        if name.contains('@') {
            let reason = format!("{image}: what is pushed is named by a tag, not by a digest");
            return Err(Error::InvalidArgument { argument: "image name", reason });
        }
        let (name, tag) = split_tag(name);
        // The engine wants the header even if there is nothing to say.
        let none = AuthConfig::default();
        let call = Call::post(&["images", name, "push"])
            .query("tag", tag)
            .registry_header(AUTH, auth.unwrap_or(&none))?;
        let reply = self.send(call, deadline).await?;
        Ok(PushStream { progress: ProgressStream::new(reply), image: image.to_owned() })
    }

    /// Searches Docker Hub (`GET /images/search`, API 1.41). `limit` is from 1 to 100, 25 unless said otherwise.
    ///
    /// # Errors
    /// What any call can fail with.
    pub async fn image_search(
        &self,
        term: &str,
        limit: Option<u8>,
        filters: &Filters,
        deadline: Deadline,
    ) -> Result<Vec<ImageSearchResponseItem>> {
        let call = Call::get(&["images", "search"])
            .query("term", term)
            .query_opt("limit", limit)
            .filters(filters)?;
        self.send(call, deadline).await?.json_or_null().await
    }

    /// Asks a registry whether it takes the credentials (`POST /auth`, API 1.41).
    ///
    /// # Errors
    /// A refusal when it does not take them or cannot be reached (401 or 500, as the engine sees fit), and what any call
    /// can fail with.
    pub async fn auth(&self, credentials: &AuthConfig, deadline: Deadline) -> Result<AuthResponse> {
        self.send(Call::post(&["auth"]).json(credentials)?, deadline).await?.json().await
    }
}

/// Whether a name says which image of its repository. A colon before the last slash is a port.
fn has_tag(name: &str) -> bool {
    name.rsplit('/').next().unwrap_or(name).contains([':', '@'])
}

/// The repository and the tag of a name.
fn split_tag(name: &str) -> (&str, &str) {
    if !has_tag(name) {
        return (name, "latest");
    }
    name.rsplit_once(':').unwrap_or((name, "latest"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_no_tag() {
        assert_eq!(split_tag("host:5000/x"), ("host:5000/x", "latest"));
        assert_eq!(split_tag("host:5000/x:1"), ("host:5000/x", "1"));
        assert_eq!(split_tag("x"), ("x", "latest"));
        assert_eq!(split_tag("a/b:c"), ("a/b", "c"));
    }
}
