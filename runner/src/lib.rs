//! PID 1 of a sandbox, and the protocol that the server speaks with it.
//!
//! A sandbox's first process is the *runner*. It reads commands on its standard input and writes events on its
//! standard output; both are carried by the engine's attach connection, the *link*. The server sends the files of a
//! run as a tar, then says which stages to start; the runner starts each stage, enforces its time and output limits,
//! passes bytes both ways, and reports how the stage ended.
//!
//! | module | what it is |
//! |---|---|
//! | [`collected`] | the tar of collected files, as the server reads it (sans-IO) |
//! | [`frame`] | the bytes on the link: an 8-byte header, then the payload (sans-IO) |
//! | [`message`] | frames as typed commands and events (sans-IO) |
//! | [`pattern`] | globs over paths in the work folder (sans-IO) |
//! | [`protocol`] | the control messages and the rules of the conversation |
//! | [`init`] | the process itself: synchronous, one thread, no async runtime |
//!
//! The user's code never holds a descriptor of the link, so it cannot forge an event: whatever arrives on the link
//! was written by the runner.

pub mod collected;
pub mod frame;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod init;
pub mod message;
pub mod pattern;
pub mod protocol;
