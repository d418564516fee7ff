//! Files of a container as tar archives.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::byte_stream::ByteStream;
use crate::call::Call;
use crate::client::Client;
use crate::deadline::Deadline;
use crate::error::{ProtocolError, Result};
use crate::models::PathStat;
use crate::names::ContainerId;
use crate::tar_stream::TarStream;

/// The header in which the engine says what a path is: JSON in base64.
const PATH_STAT: &str = "x-docker-container-path-stat";

impl Client {
    /// Packs a file or folder of a container, which need not run (`GET /containers/{id}/archive`, API 1.41). Names in
    /// the archive begin with the last part of `path`.
    ///
    /// What is in it is up to the container: unpack it as what a stranger sent.
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container or path, and what any call can fail
    /// with. `deadline` is for all of the archive, until [`ByteStream::set_deadline`] replaces it.
    pub async fn container_archive(
        &self,
        id: &ContainerId,
        path: &str,
        deadline: Deadline,
    ) -> Result<ByteStream> {
        let call = Call::get(&["containers", id.as_str(), "archive"]).query("path", path);
        Ok(ByteStream::new(self.send(call, deadline).await?))
    }

    /// What a path of a container is (`HEAD /containers/{id}/archive`, API 1.41). A symbolic link is told, not followed.
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container or path, and what any call can fail
    /// with.
    pub async fn container_archive_info(
        &self,
        id: &ContainerId,
        path: &str,
        deadline: Deadline,
    ) -> Result<PathStat> {
        let call = Call::head(&["containers", id.as_str(), "archive"]).query("path", path);
        let reply = self.send(call, deadline).await?;
        let json = reply.header(PATH_STAT).and_then(|value| STANDARD.decode(value).ok());
        let json = json.ok_or_else(|| reply.malformed(ProtocolError::Header(PATH_STAT)))?;
        let mut json = serde_json::Deserializer::from_slice(&json);
        let stat =
            serde_path_to_error::deserialize(&mut json).map_err(|error| reply.unexpected_shape(error))?;
        reply.done().await?;
        Ok(stat)
    }

    /// Unpacks an archive into the folder `path` of a container, which need not run
    /// (`PUT /containers/{id}/archive`, API 1.41). The archive is sent as it is made.
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container or folder,
    /// [`Error::Archive`](crate::Error::Archive) when the archive cannot be made, and what any call can fail with.
    pub async fn put_container_archive(
        &self,
        id: &ContainerId,
        path: &str,
        archive: impl Into<TarStream>,
        deadline: Deadline,
    ) -> Result<()> {
        let call = Call::put(&["containers", id.as_str(), "archive"]).query("path", path).tar(archive.into());
        self.send(call, deadline).await?.done().await
    }

    /// Packs the whole file system of a container, volumes left out (`GET /containers/{id}/export`, API 1.41).
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container, and what any call can fail with.
    /// `deadline` is for all of the archive, until [`ByteStream::set_deadline`] replaces it.
    pub async fn container_export(&self, id: &ContainerId, deadline: Deadline) -> Result<ByteStream> {
        let call = Call::get(&["containers", id.as_str(), "export"]);
        Ok(ByteStream::new(self.send(call, deadline).await?))
    }
}
