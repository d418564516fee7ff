//! From the start of a container to the first word of its runner, on whichever route that comes.

use std::future;
use std::io;
use std::time::Duration;

use engine_api::{AttachOptions, Attached, ContainerId, Deadline};
use runner::protocol::{Event, PROTOCOL, Worlds};
use tokio::net::UnixStream;
use tracing::Instrument as _;

use super::link::{self, LinkEvent, LinkReader, LinkWriter};
use super::link_sockets::LinkSocket;
use super::route::Route;
use super::{CALL_DEADLINE, SandboxError, Shared};
use crate::traces::step;

/// How long a runner takes to greet, and much more.
const USUAL_GREETING: Duration = Duration::from_secs(1);

/// A runner that has greeted.
pub(super) struct Greeting {
    pub(super) reader: LinkReader,
    pub(super) writer: LinkWriter,
    /// In bytes.
    pub(super) memory: u64,
    pub(super) worlds: Worlds,
}

impl Shared {
    /// Starts a container, and waits for its runner's greeting.
    pub(super) async fn start(&self, id: &ContainerId, route: &Route) -> Result<Greeting, SandboxError> {
        let deadline = || Deadline::after(CALL_DEADLINE);
        // Attached before the start: nothing that the runner says can be missed.
        let attached = match route.attaches() {
            true => {
                let options = AttachOptions::default();
                let attaching = self.client.container_attach(id, &options, deadline());
                Some(attaching.instrument(step!("attach")).await?)
            }
            false => None,
        };
        self.client.container_start(id, deadline()).instrument(step!("start")).await?;
        let greeting = tokio::time::timeout(CALL_DEADLINE, self.greeting(id, route, attached));
        let greeting = greeting.instrument(step!("greeting")).await;
        if let (Route::Socket(_), Err(_) | Ok(Err(SandboxError::Ended))) = (route, &greeting) {
            self.routes.doubt();
        }
        greeting.map_err(|_| SandboxError::NoGreeting)?
    }

    /// Waits for the runner of the container.
    async fn greeting(
        &self,
        id: &ContainerId,
        route: &Route,
        attached: Option<Attached>,
    ) -> Result<Greeting, SandboxError> {
        let metrics = &self.metrics.executions;
        let mut attached = attached.map(|attached| link::over_engine(attached, metrics));
        let (greeting, (reader, writer)) = tokio::select! {
            biased;
            connection = accepted(route.socket()) => {
                let mut link = link::over_socket(connection.map_err(SandboxError::Socket)?, metrics);
                self.routes.prove();
                (link.0.next().await?, link)
            }
            greeting = said(attached.as_mut()) => {
                let greeting = greeting?;
                if let (Some(_), Some(_)) = (&greeting, route.socket()) {
                    self.routes.bar("a runner could not connect");
                }
                (greeting, attached.ok_or(SandboxError::Ended)?)
            }
            () = self.end(id), if !route.attaches() => return Err(SandboxError::Ended),
        };
        match greeting {
            Some(LinkEvent::Control(Event::Hello { protocol: PROTOCOL, memory_bytes, worlds, .. })) => {
                Ok(Greeting { reader, writer, memory: memory_bytes, worlds })
            }
            Some(_) => Err(SandboxError::NoGreeting),
            None => Err(SandboxError::Ended),
        }
    }

    /// Waits until the container has ended. Where nothing is attached to it, only the engine can tell.
    async fn end(&self, id: &ContainerId) {
        loop {
            tokio::time::sleep(USUAL_GREETING).await;
            match self.client.container_inspect(id, Deadline::after(CALL_DEADLINE)).await {
                Ok(container) if !container.state.running => return,
                Err(error) if error.is_not_found() => return,
                // An engine that does not answer says nothing of the container.
                Ok(_) | Err(_) => {}
            }
        }
    }
}

/// The connection to the socket, if there is one.
async fn accepted(socket: Option<&LinkSocket>) -> io::Result<UnixStream> {
    match socket {
        Some(socket) => socket.accept().await,
        None => future::pending().await,
    }
}

/// What comes first over the engine, if the server is attached.
async fn said(link: Option<&mut (LinkReader, LinkWriter)>) -> Result<Option<LinkEvent>, SandboxError> {
    match link {
        Some((reader, _)) => reader.next().await,
        None => future::pending().await,
    }
}
