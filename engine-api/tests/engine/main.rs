//! The client against a real engine, one module a subject.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod archive;
mod attach;
mod containers;
mod images;
mod support;
mod system;
mod volumes;
