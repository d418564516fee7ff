//! The engine's own speed: containers by the thinnest client.

use std::time::Duration;

use engine_api::{
    AttachOptions, AttachedOutput, AttachedStdin, Client, ContainerCreateBody, ContainerDeleteOptions,
    ContainerId, Deadline, Endpoint, HostConfig,
};
use tokio::runtime::Runtime;

pub struct Engine {
    client: Client,
    runtime: Runtime,
}

pub struct Attached {
    pub id: ContainerId,
    pub output: AttachedOutput,
    pub stdin: AttachedStdin,
}

impl Engine {
    pub fn connect() -> Self {
        Self { client: Client::new(Endpoint::from_env().unwrap()), runtime: Runtime::new().unwrap() }
    }

    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Create, attach, start, and wait for the first output.
    pub fn first_output(&self, language: &str, command: &[&str]) -> ContainerId {
        self.runtime.block_on(async {
            let mut attached = self.start(language, command).await;
            attached.output.next().await.unwrap().unwrap();
            attached.id
        })
    }

    /// Create, attach, start, read to the end, and remove: a container's whole life.
    pub async fn whole_life(&self, language: &str, command: &[&str]) -> Vec<u8> {
        let mut attached = self.start(language, command).await;
        let mut said = Vec::new();
        while let Some(chunk) = attached.output.next().await.unwrap() {
            said.extend_from_slice(&chunk.data);
        }
        self.delete(&attached.id).await;
        said
    }

    pub async fn start(&self, language: &str, command: &[&str]) -> Attached {
        let body = ContainerCreateBody {
            image: format!("code-execution-{language}:latest"),
            cmd: command.iter().map(|&argument| argument.to_owned()).collect(),
            open_stdin: true,
            stdin_once: true,
            attach_stdin: true,
            attach_stdout: true,
            attach_stderr: true,
            host_config: HostConfig { network_mode: Some("none".into()), ..HostConfig::default() },
            ..ContainerCreateBody::default()
        };
        let id = self.client.container_create(None, &body, deadline()).await.unwrap().id;
        let attached =
            self.client.container_attach(&id, &AttachOptions::default(), deadline()).await.unwrap();
        let (output, stdin) = attached.into_split();
        self.client.container_start(&id, deadline()).await.unwrap();
        Attached { id, output, stdin }
    }

    pub fn remove(&self, id: &ContainerId) {
        self.runtime.block_on(self.delete(id));
    }

    pub async fn delete(&self, id: &ContainerId) {
        let options = ContainerDeleteOptions { force: true, ..ContainerDeleteOptions::default() };
        self.client.container_delete(id, options, deadline()).await.unwrap();
    }
}

fn deadline() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}
