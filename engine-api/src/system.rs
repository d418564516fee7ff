//! Calls about the engine itself.

use crate::call::Call;
use crate::client::Client;
use crate::deadline::Deadline;
use crate::error::Result;
use crate::models::{Ping, SystemDataUsageResponse, SystemInfo, SystemVersion};
use crate::version::VersionError;

impl Call {
    pub(crate) fn ping() -> Self {
        Self::get(&["_ping"])
    }
}

impl Client {
    /// Asks whether the engine is there (`GET /_ping`, the same in every version).
    ///
    /// # Errors
    /// [`Error::Version`](crate::Error::Version) when the answer names no version of the API, and what any call can
    /// fail with.
    pub async fn ping(&self, deadline: Deadline) -> Result<Ping> {
        let reply = self.send_unversioned(Call::ping(), deadline).await?;
        let text = |name: &str| reply.header(name).map(str::to_owned);
        let api_version = reply.header("api-version").and_then(|version| version.parse().ok());
        let ping = Ping {
            api_version: api_version.ok_or_else(|| self.version_error(VersionError::Unstated))?,
            os_type: text("ostype"),
            server: text("server"),
            builder_version: text("builder-version"),
        };
        reply.done().await?;
        Ok(ping)
    }

    /// The versions of the engine, its parts and its API (`GET /version`, the same in every version).
    ///
    /// # Errors
    /// What any call can fail with.
    pub async fn version(&self, deadline: Deadline) -> Result<SystemVersion> {
        self.send_unversioned(Call::get(&["version"]), deadline).await?.json().await
    }

    /// What the engine and its host can do (`GET /info`, API 1.41).
    ///
    /// # Errors
    /// What any call can fail with.
    pub async fn info(&self, deadline: Deadline) -> Result<SystemInfo> {
        self.send(Call::get(&["info"]), deadline).await?.json().await
    }

    /// What images, containers, volumes and build caches take on the disk (`GET /system/df`, API 1.41). Measuring it
    /// takes long.
    ///
    /// # Errors
    /// What any call can fail with.
    pub async fn data_usage(&self, deadline: Deadline) -> Result<SystemDataUsageResponse> {
        self.send(Call::get(&["system", "df"]), deadline).await?.json().await
    }
}
