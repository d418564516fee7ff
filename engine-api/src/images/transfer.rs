//! Images as archives.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use crate::byte_stream::ByteStream;
use crate::call::Call;
use crate::client::Client;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::line_stream::stream;
use crate::names;
use crate::progress::{BuildEvent, Failure, ProgressStream};

/// The load of an archive that is running. Dropping it ends the load; layers that were unpacked stay.
#[derive(Debug)]
pub struct LoadStream(ProgressStream);

impl LoadStream {
    /// Replaces the deadline of the whole load.
    pub fn set_deadline(&mut self, deadline: Deadline) {
        self.0.set_deadline(deadline);
    }

    /// The next event: which images were loaded is told as [`BuildEvent::Output`]. `None` at the end of a load that
    /// succeeded, and after an error.
    ///
    /// # Errors
    /// [`Error::Load`] when the archive is none or cannot be unpacked, and what any call can fail with.
    pub async fn next(&mut self) -> Result<Option<BuildEvent>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<BuildEvent>>> {
        let event = ready!(self.0.poll(cx))?;
        Poll::Ready(event.transpose().map_err(|Failure { message, .. }| Error::Load { message }))
    }
}

stream!(LoadStream, BuildEvent);

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
    /// (`POST /images/load`, API 1.41). `deadline` is for the whole load, until [`LoadStream::set_deadline`] replaces it;
    /// the archive is read as fast as the engine takes it.
    ///
    /// # Errors
    /// [`Error::Body`] when `archive` fails, and what any call can fail with. What the engine finds wrong with the
    /// archive is told by [`LoadStream::next`] or as a refusal.
    pub async fn image_load<S, E>(&self, archive: S, deadline: Deadline) -> Result<LoadStream>
    where
        S: Stream<Item = std::result::Result<Bytes, E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let call = Call::post(&["images", "load"]).query("quiet", true).tar_parts(archive);
        Ok(LoadStream(ProgressStream::new(self.send(call, deadline).await?)))
    }
}
