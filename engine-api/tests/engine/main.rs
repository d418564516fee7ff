//! The client against a real engine, one module a subject.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod archive;
mod attach;
mod containers;
mod events;
mod exec;
mod images;
mod life;
mod logs;
mod networks;
mod registry;
mod support;
mod system;
mod transfer;
mod volumes;
