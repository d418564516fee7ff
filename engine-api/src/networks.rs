//! Calls about networks. A network goes by its name or its id.

use crate::call::Call;
use crate::client::Client;
use crate::deadline::Deadline;
use crate::error::Result;
use crate::filters::Filters;
use crate::models::{
    EndpointSettings, Network, NetworkConnectRequest, NetworkCreateRequest, NetworkCreateResponse,
    NetworkDisconnectRequest, NetworkPruneResponse,
};
use crate::names::{self, ContainerId};

impl Client {
    /// Creates a network (`POST /networks/create`, API 1.41).
    ///
    /// # Errors
    /// [`is_conflict`](crate::Error::is_conflict) when the name is in use, status 403 when the addresses are, and what
    /// any call can fail with.
    pub async fn network_create(
        &self,
        request: &NetworkCreateRequest,
        deadline: Deadline,
    ) -> Result<NetworkCreateResponse> {
        self.send(Call::post(&["networks", "create"]).json(request)?, deadline).await?.json().await
    }

    /// All about one network (`GET /networks/{id}`, API 1.41).
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such network, and what any call can fail with.
    pub async fn network_inspect(&self, network: &str, deadline: Deadline) -> Result<Network> {
        let network = names::check("network", network)?;
        self.send(Call::get(&["networks", network]), deadline).await?.json().await
    }

    /// Lists networks, without the containers in them (`GET /networks`, API 1.41).
    ///
    /// # Errors
    /// What any call can fail with.
    pub async fn network_list(&self, filters: &Filters, deadline: Deadline) -> Result<Vec<Network>> {
        self.send(Call::get(&["networks"]).filters(filters)?, deadline).await?.json_or_null().await
    }

    /// Removes a network (`DELETE /networks/{id}`, API 1.41).
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such network, status 403 when containers are in it
    /// or it is the engine's own, and what any call can fail with.
    pub async fn network_delete(&self, network: &str, deadline: Deadline) -> Result<()> {
        let network = names::check("network", network)?;
        self.send(Call::delete(&["networks", network]), deadline).await?.done().await
    }

    /// Puts a container into a network (`POST /networks/{id}/connect`, API 1.41).
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such network or container, status 403 when it is in
    /// it or cannot be, and what any call can fail with.
    pub async fn network_connect(
        &self,
        network: &str,
        container: &ContainerId,
        endpoint: Option<&EndpointSettings>,
        deadline: Deadline,
    ) -> Result<()> {
        let network = names::check("network", network)?;
        let body = NetworkConnectRequest { container: container.clone(), endpoint_config: endpoint.cloned() };
        self.send(Call::post(&["networks", network, "connect"]).json(&body)?, deadline).await?.done().await
    }

    /// Takes a container out of a network (`POST /networks/{id}/disconnect`, API 1.41). With `force`, one that is gone
    /// too.
    ///
    /// # Errors
    /// [`is_not_found`](crate::Error::is_not_found) when there is no such network or container, status 403 when it is
    /// not in it, and what any call can fail with.
    pub async fn network_disconnect(
        &self,
        network: &str,
        container: &ContainerId,
        force: bool,
        deadline: Deadline,
    ) -> Result<()> {
        let network = names::check("network", network)?;
        let body = NetworkDisconnectRequest { container: container.clone(), force };
        self.send(Call::post(&["networks", network, "disconnect"]).json(&body)?, deadline).await?.done().await
    }

    /// Removes all networks that no container is in and that match the filters (`POST /networks/prune`, API 1.41).
    ///
    /// # Errors
    /// [`is_conflict`](crate::Error::is_conflict) when a prune is under way already, and what any call can fail with.
    pub async fn network_prune(&self, filters: &Filters, deadline: Deadline) -> Result<NetworkPruneResponse> {
        self.send(Call::post(&["networks", "prune"]).filters(filters)?, deadline).await?.json().await
    }
}
