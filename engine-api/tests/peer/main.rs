//! The client against a peer that does what no engine should, one module a subject.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attach;
mod build;
mod calls;
mod connections;
mod observer;
mod pull;
mod support;
mod versions;
