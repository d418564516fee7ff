//! A typed client of the Docker Engine API: exact, small, and no slower than the socket.
//!
//! It covers containers, exec, images, registries, networks, volumes and the engine itself. Types and methods have the
//! names of the API's own definition (`ContainerCreate` is [`Client::container_create`]), from version 1.41 (Docker Engine
//! 20.10) to 1.55; the version is agreed on with the engine at the first call.
//!
//! - Every call takes a [`Deadline`] that covers all of it, and every reply has a limit in bytes.
//! - Every [`Error`] says which call failed and whose fault it is. The exit code of a program is never an error.
//! - What goes on is a [`Stream`](futures_core::Stream) with back-pressure: nothing is read before it is asked for, and
//!   dropping it closes its connection.
//! - An attached stream is decoded as it arrives, without copying and without believing a length it is told.
//! - Dropping a future cancels its call and harms no other.
//!
//! An engine is reached over a unix socket or TCP, and with the feature `tls` over TLS with client certificates;
//! [`Endpoint::from_env`] finds the one that the `docker` command would use. SSH, BuildKit, swarm and plugins are not here.
//!
//! # Example
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use engine_api::{
//!     AttachOptions, Client, ContainerCreateBody, Deadline, Endpoint, HostConfig, StreamType, WaitCondition,
//! };
//!
//! # async fn example() -> Result<(), engine_api::Error> {
//! let client = Client::new(Endpoint::from_env()?);
//! let deadline = Deadline::after(Duration::from_secs(30));
//!
//! let body = ContainerCreateBody {
//!     image: "debian:trixie-slim".to_owned(),
//!     cmd: vec!["cat".to_owned()],
//!     open_stdin: true,
//!     stdin_once: true,
//!     host_config: HostConfig {
//!         memory: Some(64 << 20),
//!         network_mode: Some("none".to_owned()),
//!         auto_remove: true,
//!         ..HostConfig::default()
//!     },
//!     ..ContainerCreateBody::default()
//! };
//! let id = client.container_create(None, &body, deadline).await?.id;
//!
//! // Attach and wait first: what happens between a start and these would be missed.
//! let attached = client.container_attach(&id, &AttachOptions::default(), deadline).await?;
//! let exit = client.container_wait(&id, WaitCondition::NextExit, deadline).await?;
//! client.container_start(&id, deadline).await?;
//!
//! let (mut output, mut stdin) = attached.into_split();
//! stdin.write_all(b"hello\n").await?;
//! stdin.close().await?;
//! while let Some(chunk) = output.next().await? {
//!     assert_eq!((chunk.stream, &chunk.data[..]), (StreamType::Stdout, &b"hello\n"[..]));
//! }
//! assert_eq!(exit.result(deadline).await?.status_code, 0);
//! # Ok(())
//! # }
//! ```

mod byte_stream;
mod call;
mod client;
mod containers;
mod deadline;
pub mod demux;
mod docker_context;
mod endpoint;
mod error;
mod events;
mod filters;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod head;
mod hijack;
mod images;
mod json_lines;
mod line_stream;
mod models;
mod names;
mod networks;
mod observer;
mod output;
mod progress;
mod progress_stream;
mod reply;
mod request_body;
mod socket;
mod system;
mod tar_entry;
mod tar_stream;
#[cfg(feature = "tls")]
mod tls;
mod transport;
mod version;
mod volumes;

pub use byte_stream::ByteStream;
pub use call::Operation;
pub use client::Client;
pub use containers::{
    AttachOptions, ContainerDeleteOptions, ContainerListOptions, LogStream, LogsOptions, PendingWait,
    StatsStream, WaitCondition,
};
pub use deadline::Deadline;
pub use demux::StreamType;
pub use endpoint::Endpoint;
pub use error::{Error, Phase, ProtocolError, Result};
pub use events::{EventStream, EventsOptions};
pub use filters::Filters;
pub use head::HeadError;
pub use hijack::{Attached, AttachedOutput, AttachedStdin};
pub use images::{ImageBuildOptions, ImageCreateOptions};
pub use json_lines::JsonLinesError;
pub use models::*;
pub use names::{ContainerId, ExecId};
pub use observer::CallInfo;
pub use output::OutputChunk;
pub use progress::BuildEvent;
pub use progress_stream::ProgressStream;
pub use tar_entry::{ArchiveError, TarEntry};
pub use tar_stream::TarStream;
#[cfg(feature = "tls")]
pub use tls::TlsConfig;
pub use version::{ApiVersion, ParseApiVersionError, VersionError};
