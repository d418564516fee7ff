//! Follows what a container puts out, each line with its time, until it exits or is silent for a minute:
//!
//! ```sh
//! cargo run -p engine-api --example follow_logs -- CONTAINER
//! ```

use std::time::Duration;

use engine_api::{Client, ContainerId, Deadline, Endpoint, LogsOptions, StreamType};
use tokio::io::AsyncWriteExt as _;

const SILENCE: Duration = Duration::from_secs(60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let id: ContainerId = std::env::args().nth(1).ok_or("usage: follow_logs CONTAINER")?.parse()?;
    let client = Client::new(Endpoint::from_env()?);
    let deadline = Deadline::after(Duration::from_secs(10));

    let tty = client.container_inspect(&id, deadline).await?.config.tty;
    let options =
        LogsOptions { follow: true, tail: Some(10), timestamps: true, tty, ..LogsOptions::default() };
    let mut logs = client.container_logs(&id, &options, deadline).await?;

    let (mut stdout, mut stderr) = (tokio::io::stdout(), tokio::io::stderr());
    loop {
        // Anew for each chunk: this bounds the silence, not the whole.
        logs.set_deadline(Deadline::after(SILENCE));
        let Some(chunk) = logs.next().await? else { break };
        match chunk.stream {
            StreamType::Stdin | StreamType::Stdout => stdout.write_all(&chunk.data).await?,
            StreamType::Stderr | StreamType::Systemerr => stderr.write_all(&chunk.data).await?,
        }
        stdout.flush().await?;
    }
    stderr.flush().await?;
    Ok(())
}
