use std::collections::BTreeMap;

use engine_api::{
    EndpointSettings, Filters, HostConfig, Ipam, IpamConfig, NetworkCreateRequest, NetworkingConfig,
    PortBinding,
};

use crate::support::{Container, LABEL, Network, engine, labels, shell, soon, unique_name};

#[tokio::test]
async fn a_network_is_made_joined_left_and_removed() {
    let client = engine().await;
    let network =
        Network::create(&client, NetworkCreateRequest { internal: true, ..Network::request() }).await;
    let shown = client.network_inspect(&network.name, soon()).await.unwrap();
    assert_eq!(
        (shown.name.as_str(), shown.driver.as_str(), shown.internal),
        (&*network.name, "bridge", true)
    );
    assert_eq!(shown.labels, labels());
    assert!(shown.containers.is_empty());
    assert_eq!(shown.ipam.config.len(), 1);

    let first = Network::create(&client, Network::request()).await;
    let mut body = shell("sleep 1000");
    body.host_config.network_mode = Some(first.name.clone());
    let container = Container::run(&client, &body).await;
    let settings = EndpointSettings { aliases: vec!["alias".to_owned()], ..EndpointSettings::default() };
    client.network_connect(&network.name, &container.id, Some(&settings), soon()).await.unwrap();
    let shown = client.network_inspect(&shown.id, soon()).await.unwrap();
    let member = &shown.containers[container.id.as_str()];
    let place = &client.container_inspect(&container.id, soon()).await.unwrap().network_settings.networks
        [&network.name];
    assert_eq!(place.network_id, shown.id);
    assert!(place.aliases.contains(&"alias".to_owned()), "{place:?}");
    assert_eq!(member.ipv4_address, format!("{}/{}", place.ip_address, place.ip_prefix_len.unwrap()));

    assert!(client.network_delete(&network.name, soon()).await.is_err(), "somebody is in it");
    client.network_disconnect(&network.name, &container.id, false, soon()).await.unwrap();
    client.network_delete(&network.name, soon()).await.unwrap();
    assert!(client.network_inspect(&network.name, soon()).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_container_gets_the_address_and_the_port_it_asks_for() {
    let client = engine().await;
    let subnet = Ipam {
        config: vec![IpamConfig { subnet: Some("10.213.7.0/24".to_owned()), ..IpamConfig::default() }],
        ..Ipam::default()
    };
    let network =
        Network::create(&client, NetworkCreateRequest { ipam: Some(subnet), ..Network::request() }).await;
    let mut body = shell("sleep 1000");
    body.exposed_ports.insert("80/tcp".to_owned(), engine_api::Empty {});
    body.host_config = HostConfig {
        network_mode: Some(network.name.clone()),
        port_bindings: BTreeMap::from([(
            "80/tcp".to_owned(),
            Some(vec![PortBinding { host_ip: "127.0.0.1".to_owned(), ..PortBinding::default() }]),
        )]),
        ..HostConfig::default()
    };
    let address = engine_api::EndpointIpamConfig {
        ipv4_address: Some("10.213.7.77".to_owned()),
        ..engine_api::EndpointIpamConfig::default()
    };
    let settings = EndpointSettings { ipam_config: Some(address), ..EndpointSettings::default() };
    body.networking_config =
        Some(NetworkingConfig { endpoints_config: BTreeMap::from([(network.name.clone(), settings)]) });
    let container = Container::run(&client, &body).await;
    let shown = client.container_inspect(&container.id, soon()).await.unwrap();
    assert_eq!(shown.network_settings.networks[&network.name].ip_address, "10.213.7.77");
    let bindings = shown.network_settings.ports["80/tcp"].as_ref().unwrap();
    assert_eq!(bindings[0].host_ip, "127.0.0.1");
    assert!(bindings[0].host_port.parse::<u16>().unwrap() > 0);
    assert!(shown.config.exposed_ports.contains_key("80/tcp"));
    assert_eq!(shown.host_config.port_bindings.len(), 1);
}

#[tokio::test]
async fn lists_and_prunes_are_filtered() {
    let client = engine().await;
    let label = unique_name();
    let mut request = Network::request();
    request.labels.insert(label.clone(), String::new());
    let network = Network::create(&client, request).await;
    let filters = Filters::new().label(LABEL).label(&label);
    let found = client.network_list(&filters, soon()).await.unwrap();
    assert_eq!(found.iter().map(|network| &network.name).collect::<Vec<_>>(), [&network.name]);
    assert_eq!(client.network_list(&Filters::new().name(unique_name()), soon()).await.unwrap(), []);
    let pruned = client.network_prune(&Filters::new().label(&label), soon()).await.unwrap();
    assert_eq!(pruned.networks_deleted, [&*network.name]);
}
