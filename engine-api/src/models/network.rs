//! Networks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{is_false, null_default};
use crate::names::ContainerId;

/// The network to be created.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct NetworkCreateRequest {
    /// Its name.
    #[serde(deserialize_with = "null_default")]
    pub name: String,
    /// Its driver; `bridge` if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Have no way out of it.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub internal: bool,
    /// Let containers into it that are not of a service; for networks of a swarm.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub attachable: bool,
    /// Its addresses.
    #[serde(rename = "IPAM", skip_serializing_if = "Option::is_none")]
    pub ipam: Option<Ipam>,
    /// Have addresses of IPv6.
    #[serde(rename = "EnableIPv6", deserialize_with = "null_default", skip_serializing_if = "is_false")]
    pub enable_ipv6: bool,
    /// The driver's options.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Labels.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// The network that was created.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct NetworkCreateResponse {
    /// Its id.
    #[serde(deserialize_with = "null_default")]
    pub id: String,
    /// What the engine did not like.
    #[serde(deserialize_with = "null_default")]
    pub warning: String,
}

/// A network.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Network {
    /// Its name.
    #[serde(deserialize_with = "null_default")]
    pub name: String,
    /// Its id.
    #[serde(deserialize_with = "null_default")]
    pub id: String,
    /// When it was created, in RFC 3339.
    #[serde(deserialize_with = "null_default")]
    pub created: String,
    /// `local`, `swarm` or `global`.
    #[serde(deserialize_with = "null_default")]
    pub scope: String,
    /// Its driver.
    #[serde(deserialize_with = "null_default")]
    pub driver: String,
    /// Whether it has addresses of IPv6.
    #[serde(rename = "EnableIPv6", deserialize_with = "null_default")]
    pub enable_ipv6: bool,
    /// Its addresses.
    #[serde(rename = "IPAM", deserialize_with = "null_default")]
    pub ipam: Ipam,
    /// Whether there is no way out of it.
    #[serde(deserialize_with = "null_default")]
    pub internal: bool,
    /// Whether containers can be put into it by hand.
    #[serde(deserialize_with = "null_default")]
    pub attachable: bool,
    /// Containers in it that run, by id; a list of networks leaves them out.
    #[serde(deserialize_with = "null_default")]
    pub containers: BTreeMap<String, NetworkContainer>,
    /// The driver's options.
    #[serde(deserialize_with = "null_default")]
    pub options: BTreeMap<String, String>,
    /// Labels.
    #[serde(deserialize_with = "null_default")]
    pub labels: BTreeMap<String, String>,
}

/// A container in a network.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct NetworkContainer {
    /// Its name.
    #[serde(deserialize_with = "null_default")]
    pub name: String,
    /// The id of its place in the network.
    #[serde(rename = "EndpointID", deserialize_with = "null_default")]
    pub endpoint_id: String,
    /// Its hardware address.
    #[serde(deserialize_with = "null_default")]
    pub mac_address: String,
    /// Its address with the length of the prefix, as in `172.20.0.2/16`.
    #[serde(rename = "IPv4Address", deserialize_with = "null_default")]
    pub ipv4_address: String,
    /// The same in IPv6.
    #[serde(rename = "IPv6Address", deserialize_with = "null_default")]
    pub ipv6_address: String,
}

/// How a network hands out addresses.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Ipam {
    /// Its driver; `default` if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Its subnets; the engine picks one if there is none.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub config: Vec<IpamConfig>,
    /// The driver's options.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// A subnet.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct IpamConfig {
    /// As in `172.20.0.0/16`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet: Option<String>,
    /// The part of it that containers get addresses of.
    #[serde(rename = "IPRange", skip_serializing_if = "Option::is_none")]
    pub ip_range: Option<String>,
    /// The host's own address in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
}

/// Who is put into a network, and how.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NetworkConnectRequest {
    /// The container.
    pub(crate) container: ContainerId,
    /// Its place in the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint_config: Option<EndpointSettings>,
}

/// Who is taken out of a network.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NetworkDisconnectRequest {
    /// The container.
    pub(crate) container: ContainerId,
    /// Whether it may be gone.
    pub(crate) force: bool,
}

/// The networks of a container to be created.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct NetworkingConfig {
    /// Its place in each, by name; more than one only from API 1.44.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub endpoints_config: BTreeMap<String, EndpointSettings>,
}

/// A container's place in a network. Requests have the first four; the rest is what the engine made.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct EndpointSettings {
    /// The addresses it is to have.
    #[serde(rename = "IPAMConfig", skip_serializing_if = "Option::is_none")]
    pub ipam_config: Option<EndpointIpamConfig>,
    /// Further names that others in the network find it by.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The driver's options.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub driver_opts: BTreeMap<String, String>,
    /// Its hardware address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<String>,
    /// The id of the network.
    #[serde(
        rename = "NetworkID",
        deserialize_with = "null_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub network_id: String,
    /// The id of the place.
    #[serde(
        rename = "EndpointID",
        deserialize_with = "null_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub endpoint_id: String,
    /// The way out.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "String::is_empty")]
    pub gateway: String,
    /// Its address.
    #[serde(
        rename = "IPAddress",
        deserialize_with = "null_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub ip_address: String,
    /// The length of its prefix, in bits.
    #[serde(rename = "IPPrefixLen", skip_serializing_if = "Option::is_none")]
    pub ip_prefix_len: Option<i64>,
    /// The way out, in IPv6.
    #[serde(
        rename = "IPv6Gateway",
        deserialize_with = "null_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub ipv6_gateway: String,
    /// Its address in IPv6.
    #[serde(
        rename = "GlobalIPv6Address",
        deserialize_with = "null_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub global_ipv6_address: String,
    /// The length of its prefix, in bits.
    #[serde(rename = "GlobalIPv6PrefixLen", skip_serializing_if = "Option::is_none")]
    pub global_ipv6_prefix_len: Option<i64>,
}

/// The addresses a container is to have in a network.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct EndpointIpamConfig {
    /// The address.
    #[serde(rename = "IPv4Address", skip_serializing_if = "Option::is_none")]
    pub ipv4_address: Option<String>,
    /// The address in IPv6.
    #[serde(rename = "IPv6Address", skip_serializing_if = "Option::is_none")]
    pub ipv6_address: Option<String>,
}

/// The networks of a container.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct NetworkSettings {
    /// Its place in each, by name.
    #[serde(deserialize_with = "null_default")]
    pub networks: BTreeMap<String, EndpointSettings>,
    /// Where its ports are found on the host, by port, as in `80/tcp`; `None` for one that is not published.
    #[serde(deserialize_with = "null_default")]
    pub ports: BTreeMap<String, Option<Vec<PortBinding>>>,
    /// The id of its network namespace.
    #[serde(rename = "SandboxID", deserialize_with = "null_default")]
    pub sandbox_id: String,
    /// The path of its network namespace on the host.
    #[serde(deserialize_with = "null_default")]
    pub sandbox_key: String,
}

/// Where a port of a container is found on the host.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct PortBinding {
    /// The address of the host; all of them if it is empty.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "String::is_empty")]
    pub host_ip: String,
    /// The port; the engine picks one if it is empty.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "String::is_empty")]
    pub host_port: String,
}

/// A port of a container, in a list.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, rename_all = "PascalCase")]
#[non_exhaustive]
pub struct PortSummary {
    /// The address of the host.
    #[serde(rename = "IP", deserialize_with = "null_default")]
    pub ip: String,
    /// The port inside.
    #[serde(deserialize_with = "null_default")]
    pub private_port: u16,
    /// The port on the host, if it is published.
    pub public_port: Option<u16>,
    /// `tcp`, `udp` or `sctp`.
    #[serde(rename = "Type", deserialize_with = "null_default")]
    pub port_type: String,
}
