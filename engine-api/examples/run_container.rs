//! Runs a command in a hardened container, with this program's standard streams:
//!
//! ```sh
//! echo hello | cargo run -p engine-api --example run_container -- debian:trixie-slim tr a-z A-Z
//! ```

use std::time::Duration;

use engine_api::{
    AttachOptions, AttachedOutput, AttachedStdin, Client, ContainerCreateBody, Deadline, Endpoint, Error,
    HostConfig, StreamType, WaitCondition,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let image = arguments.next().ok_or("usage: run_container IMAGE COMMAND...")?;
    let exit_code = run(image, arguments.collect()).await?;
    // A blocked read of this program's input would keep the runtime from ending.
    std::process::exit(exit_code);
}

async fn run(image: String, cmd: Vec<String>) -> Result<i32> {
    let client = Client::new(Endpoint::from_env()?);
    let deadline = Deadline::after(Duration::from_secs(60));

    let body = ContainerCreateBody {
        image,
        cmd,
        open_stdin: true,
        // Without this, the end of the input would end the output too.
        stdin_once: true,
        user: Some("65534:65534".to_owned()),
        host_config: hardened(),
        ..ContainerCreateBody::default()
    };
    let id = client.container_create(None, &body, deadline).await?.id;

    // Both before the start: what happens between a start and these would be missed.
    let attached = client.container_attach(&id, &AttachOptions::default(), deadline).await?;
    let exit = client.container_wait(&id, WaitCondition::NextExit, deadline).await?;
    client.container_start(&id, deadline).await?;

    let (output, stdin) = attached.into_split();
    let input = tokio::spawn(send_input(stdin));
    receive_output(output).await?;
    input.abort();

    let exit = exit.result(deadline).await?;
    Ok(i32::try_from(exit.status_code)?)
}

fn hardened() -> HostConfig {
    const MEMORY_BYTES: i64 = 256 << 20;
    HostConfig {
        auto_remove: true,
        cap_drop: vec!["ALL".to_owned()],
        memory: Some(MEMORY_BYTES),
        memory_swap: Some(MEMORY_BYTES),
        network_mode: Some("none".to_owned()),
        pids_limit: Some(64),
        readonly_rootfs: true,
        security_opt: vec!["no-new-privileges".to_owned()],
        ..HostConfig::default()
    }
}

/// Sends this program's input. The end of it, or of the container, is the end of the container's input.
async fn send_input(mut container: AttachedStdin) -> std::result::Result<(), Error> {
    let mut stdin = tokio::io::stdin();
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = stdin.read(&mut buffer).await {
        container.write_all(&buffer[..count]).await?;
    }
    container.close().await
}

async fn receive_output(mut container: AttachedOutput) -> Result<()> {
    let (mut stdout, mut stderr) = (tokio::io::stdout(), tokio::io::stderr());
    while let Some(chunk) = container.next().await? {
        match chunk.stream {
            StreamType::Stdin | StreamType::Stdout => stdout.write_all(&chunk.data).await?,
            StreamType::Stderr | StreamType::Systemerr => stderr.write_all(&chunk.data).await?,
        }
    }
    stdout.flush().await?;
    stderr.flush().await?;
    Ok(())
}
