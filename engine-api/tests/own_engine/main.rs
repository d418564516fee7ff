//! The client against an engine that the tests start for themselves: over TLS, and stopped in the middle of things.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stopped;
mod support;
#[cfg(feature = "tls")]
mod tls;
