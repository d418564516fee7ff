//! A reply that is a stream of JSON values, one a line.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::json_lines::JsonLines;
use crate::reply::Reply;

/// The longest line, in bytes.
const LINE_LIMIT: usize = 1024 * 1024;

/// The lines of a reply. After an error there are no more.
#[derive(Debug)]
pub(crate) struct LineStream {
    reply: Reply,
    lines: JsonLines,
    ended: bool,
}

impl LineStream {
    pub(crate) fn new(reply: Reply) -> Self {
        Self { reply, lines: JsonLines::new(LINE_LIMIT), ended: false }
    }

    pub(crate) fn set_deadline(&mut self, deadline: Deadline) {
        self.reply.set_deadline(deadline);
    }

    pub(crate) fn end(&mut self) {
        self.ended = true;
        self.lines.take_rest();
    }

    /// The next line; `None` at the end.
    pub(crate) fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        let result = ready!(self.poll_line_or_fail(cx));
        if result.is_err() {
            self.end();
        }
        Poll::Ready(result)
    }

    fn poll_line_or_fail(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        loop {
            match self.lines.next_line() {
                Err(error) => return Poll::Ready(Err(self.reply.malformed(error))),
                Ok(Some(line)) => return Poll::Ready(Ok(Some(line))),
                Ok(None) if self.ended => return Poll::Ready(Ok(None)),
                Ok(None) => match ready!(self.reply.poll_data(cx))? {
                    Some(data) => self.lines.feed(&data),
                    None => {
                        self.ended = true;
                        return Poll::Ready(Ok(self.lines.take_rest()));
                    }
                },
            }
        }
    }

    /// The next value; `None` at the end.
    pub(crate) fn poll_value<T: DeserializeOwned>(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<T>>> {
        let Some(line) = ready!(self.poll_line(cx))? else { return Poll::Ready(Ok(None)) };
        let mut json = serde_json::Deserializer::from_slice(&line);
        let value = serde_path_to_error::deserialize(&mut json).map_err(|error| self.unexpected_shape(error));
        if value.is_err() {
            self.end();
        }
        Poll::Ready(value.map(Some))
    }

    pub(crate) fn unexpected_shape(&self, error: serde_path_to_error::Error<serde_json::Error>) -> Error {
        self.reply.unexpected_shape(error)
    }
}

/// Makes a type with `poll(&mut self, cx) -> Poll<Result<Option<T>>>` a stream of `Result<T>`.
macro_rules! stream {
    ($type:ty, $item:ty) => {
        impl futures_core::Stream for $type {
            type Item = $crate::Result<$item>;

            fn poll_next(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<Self::Item>> {
                self.get_mut().poll(cx).map(Result::transpose)
            }
        }
    };
}
pub(crate) use stream;
