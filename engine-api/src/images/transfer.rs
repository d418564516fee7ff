//! Images as archives.

use bytes::Bytes;
use futures_core::Stream;

use crate::byte_stream::ByteStream;
use crate::call::Call;
use crate::client::Client;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::names;
use crate::progress_stream::{ProgressStream, Work};

impl Client {
    /// Packs images with their names and layers into one archive (`GET /images/get`, API 1.41).
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for no names, [`is_not_found`](Error::is_not_found) when there is no such image, and
    /// what any call can fail with. `deadline` is for all of the archive, until [`ByteStream::set_deadline`] replaces it.
    pub async fn image_get(&self, images: &[&str], deadline: Deadline) -> Result<ByteStream> {
        if images.is_empty() {
            return Err(Error::InvalidArgument { argument: "images", reason: "there are none".to_owned() });
        }
        let mut call = Call::get(&["images", "get"]);
        for image in images {
            call = call.query("names", names::check("image name", image)?);
        }
        Ok(ByteStream::new(self.send(call, deadline).await?))
    }

    /// Unpacks an archive of images, as [`image_get`](Self::image_get) or `docker save` makes them
    /// (`POST /images/load`, API 1.41). `deadline` is for the whole load, until [`ProgressStream::set_deadline`] replaces it;
    /// the archive is read as fast as the engine takes it.
    ///
    /// # Errors
    /// [`Error::Body`] when `archive` fails, and what any call can fail with. What the engine finds wrong with the
    /// archive is told by [`ProgressStream::next`] or as a refusal.
    pub async fn image_load<S, E>(&self, archive: S, deadline: Deadline) -> Result<ProgressStream>
    where
        S: Stream<Item = std::result::Result<Bytes, E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let call = Call::post(&["images", "load"]).query("quiet", true).tar_parts(archive);
        Ok(ProgressStream::new(self.send(call, deadline).await?, Work::Load))
    }
}
