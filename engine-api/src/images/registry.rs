//! Registries: pulling, pushing, searching, and logging in.

use crate::call::Call;
use crate::client::Client;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::filters::Filters;
use crate::models::{AuthConfig, AuthResponse, ImageSearchResponseItem};
use crate::names;
use crate::progress_stream::{ProgressStream, Work};

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

impl Client {
    /// Pulls an image from its registry (`POST /images/create`, API 1.41). A name without a tag means `latest`. `deadline`
    /// is for the whole pull, until [`ProgressStream::set_deadline`] replaces it.
    ///
    /// # Errors
    /// A refusal when the registry cannot be reached, does not have the image or wants other credentials, and what any
    /// call can fail with. What fails later is told by [`ProgressStream::next`].
    pub async fn image_create(
        &self,
        image: &str,
        options: &ImageCreateOptions,
        deadline: Deadline,
    ) -> Result<ProgressStream> {
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
        Ok(ProgressStream::new(reply, Work::Pull { image: image.to_owned() }))
    }

    /// Pushes an image to the registry in its name (`POST /images/{name}/push`, API 1.41). A name without a tag means
    /// `latest`. `deadline` is for the whole push, until [`ProgressStream::set_deadline`] replaces it.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a digest, [`is_not_found`](Error::is_not_found) when there is no such image, and
    /// what any call can fail with. What fails later is told by [`ProgressStream::next`].
    pub async fn image_push(
        &self,
        image: &str,
        auth: Option<&AuthConfig>,
        deadline: Deadline,
    ) -> Result<ProgressStream> {
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
        Ok(ProgressStream::new(reply, Work::Push { image: image.to_owned() }))
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
