//! Attaching to a container.

use crate::call::Call;
use crate::client::Client;
use crate::deadline::Deadline;
use crate::error::Result;
use crate::hijack::Attached;
use crate::names::ContainerId;

/// What to attach to, and how. The default is all streams of a container without a terminal, from now on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AttachOptions {
    /// Attach to the input, if the container has one (`open_stdin`).
    pub stdin: bool,
    /// Attach to the output.
    pub stdout: bool,
    /// Attach to the error output.
    pub stderr: bool,
    /// First what was put out before.
    pub logs: bool,
    /// Then what is put out from now on.
    pub stream: bool,
    /// Whether the container was created with a terminal. Then the output is one raw stream; otherwise it is
    /// multiplexed. The engine's reply does not tell these apart in every version.
    pub tty: bool,
    /// The keys that detach, as in `ctrl-p,ctrl-q`, which is the default of a container with a terminal.
    pub detach_keys: Option<String>,
}

impl Default for AttachOptions {
    fn default() -> Self {
        Self {
            stdin: true,
            stdout: true,
            stderr: true,
            logs: false,
            stream: true,
            tty: false,
            detach_keys: None,
        }
    }
}

impl Client {
    /// Attaches to a container (`POST /containers/{id}/attach`, API 1.41). Attach before the start, and no output is
    /// missed.
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such container, and what any call can fail with.
    /// `deadline` is for the attachment only, not for the streams.
    pub async fn container_attach(
        &self,
        id: &ContainerId,
        options: &AttachOptions,
        deadline: Deadline,
    ) -> Result<Attached> {
        let call = Call::post(&["containers", id.as_str(), "attach"])
            .flag("stdin", options.stdin)
            .flag("stdout", options.stdout)
            .flag("stderr", options.stderr)
            .flag("logs", options.logs)
            .flag("stream", options.stream)
            .query_opt("detachKeys", options.detach_keys.as_deref());
        self.hijack(call, options.tty, deadline).await
    }
}
