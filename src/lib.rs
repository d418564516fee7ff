//! dayfly: runs untrusted code, each run in a container that lives for that run alone.
//!
//! | module | what it is |
//! |---|---|
//! | [`languages`] | language folders: what can be run, and how |
//! | [`limits`] | what a run may use |
//! | [`images`] | building the languages' images |
//! | [`sandbox`] | one hardened container, its link, its removal |
//! | [`execution`] | one run in a sandbox, from files to outcome |
//! | [`executions`] | runs that nobody waits for: what happened, kept for a while |
//! | [`compile_cache`] | programs that were compiled before, if that is switched on |
//! | [`callback`] | tells an address on the web, and only there, that something is over |
//! | [`conformance`] | the suite that every language passes, and what its toolchain costs |
//! | [`doctor`] | looks at the host, and proves what its sandboxes stand |
//! | [`queue`] | who may use a sandbox next |
//! | [`service`] | takes jobs and runs them |
//! | [`readiness`] | whether a program could be run now |
//! | [`metrics`] | counts and times, for Prometheus |
//! | [`traces`] | where a run's time went, for OpenTelemetry |
//! | [`api`] | HTTP on top |
//! | [`web_ui`] | the page |
//! | [`http_server`] | connections, and HTTP on them |
//! | [`client`] | who asks for runs |
//! | [`keys`] | API keys |
//! | [`rates`] | how often a client may ask |
//! | [`config`] | the settings, and where each comes from |
//! | [`cli`] | the commands of the binary |

pub mod api;
pub mod callback;
mod causes;
pub mod cli;
pub mod client;
pub mod compile_cache;
pub mod config;
pub mod conformance;
mod digest;
pub mod doctor;
pub mod execution;
pub mod executions;
mod fields;
pub mod http_server;
pub mod images;
pub mod keys;
pub mod languages;
pub mod limits;
pub mod metrics;
mod outage;
pub mod pool;
pub mod queue;
pub mod rates;
pub mod readiness;
pub mod sandbox;
pub mod service;
pub mod traces;
pub mod web_ui;
