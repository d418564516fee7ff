//! Contexts of the `docker` command: which engine it talks to, as its configuration folder says.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::endpoint::invalid;
use crate::error::Result;

/// The context that is none: what the environment says, or the socket of this host.
pub(crate) const DEFAULT: &str = "default";

/// The folder in which the `docker` command keeps its configuration.
#[derive(Debug)]
pub(crate) struct DockerConfig(PathBuf);

/// What a context says about its engine.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Context {
    pub(crate) host: String,
    pub(crate) skip_tls_verify: bool,
    /// The folder of `ca.pem`, `cert.pem` and `key.pem`, if the context has one.
    pub(crate) tls_folder: Option<PathBuf>,
}

#[derive(Deserialize)]
struct ConfigFile {
    #[serde(rename = "currentContext")]
    current_context: Option<String>,
}

/// A file `meta.json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Meta {
    name: String,
    #[serde(default)]
    endpoints: Endpoints,
}

#[derive(Default, Deserialize)]
struct Endpoints {
    docker: Option<DockerEndpoint>,
}

#[derive(Deserialize)]
struct DockerEndpoint {
    #[serde(rename = "Host")]
    host: Option<String>,
    #[serde(default, rename = "SkipTLSVerify")]
    skip_tls_verify: bool,
}

impl DockerConfig {
    pub(crate) fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// The folder that `DOCKER_CONFIG` names, or the one in `HOME`.
    pub(crate) fn folder(docker_config: Option<OsString>, home: Option<OsString>) -> Option<Self> {
        docker_config
            .map(PathBuf::from)
            .or_else(|| home.map(|home| Path::new(&home).join(".docker")))
            .map(Self)
    }

    pub(crate) fn into_path(self) -> PathBuf {
        self.0
    }

    /// The context that `docker context use` chose, if there is one.
    pub(crate) fn current_context(&self) -> Result<Option<String>> {
        let path = self.0.join("config.json");
        if !path.exists() {
            return Ok(None);
        }
        let ConfigFile { current_context } = read(&path)?;
        Ok(current_context.filter(|name| !name.is_empty()))
    }

    /// What the context `name` says. Each has a folder whose name is a digest of its own; all are looked at.
    pub(crate) fn context(&self, name: &str) -> Result<Context> {
        let contexts = self.0.join("contexts");
        let missing = || invalid(&format!("there is no context `{name}` in {}", contexts.display()));
        let folders = std::fs::read_dir(contexts.join("meta")).map_err(|_| missing())?;
        for folder in folders.flatten() {
            let path = folder.path().join("meta.json");
            if !path.exists() {
                continue;
            }
            let meta: Meta = read(&path)?;
            if meta.name != name {
                continue;
            }
            let Some(DockerEndpoint { host: Some(host), skip_tls_verify }) = meta.endpoints.docker else {
                return Err(invalid(&format!("context `{name}` names no engine")));
            };
            let tls_folder = contexts.join("tls").join(folder.file_name()).join("docker");
            let tls_folder = tls_folder.is_dir().then_some(tls_folder);
            return Ok(Context { host, skip_tls_verify, tls_folder });
        }
        Err(missing())
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let told = |error: &dyn std::fmt::Display| invalid(&format!("{}: {error}", path.display()));
    let text = std::fs::read(path).map_err(|error| told(&error))?;
    serde_json::from_slice(&text).map_err(|error| told(&error))
}
