//! The client against a peer that does what no engine should, one module a subject.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attach;
mod build;
mod calls;
mod cancel;
mod connections;
mod dropped;
mod faults;
mod observer;
mod pull;
mod search;
mod support;
mod tcp;
mod versions;
