use engine_api::{ApiVersion, ContainerDeleteOptions, Filters, Mount, VolumeCreateOptions};

use crate::support::{Container, Volume, engine, labels, shell, soon, unique_name};

#[tokio::test]
async fn a_volume_lives_from_create_to_delete() {
    let client = engine().await;
    let volume = Volume::create(&client).await;
    let shown = client.volume_inspect(&volume.name, soon()).await.unwrap();
    assert_eq!(shown.name, volume.name);
    assert_eq!(shown.labels, labels());
    assert_eq!(shown.driver, "local");
    assert!(shown.mountpoint.starts_with('/'), "{shown:?}");

    let options = VolumeCreateOptions { name: volume.name.clone(), ..VolumeCreateOptions::default() };
    assert_eq!(
        client.volume_create(&options, soon()).await.unwrap().created_at,
        shown.created_at,
        "it was there"
    );

    let list = client.volume_list(&Filters::new().name(&volume.name), soon()).await.unwrap();
    assert_eq!(list, [shown]);
    let none = client.volume_list(&Filters::new().label("no.such=label"), soon()).await.unwrap();
    assert_eq!(none, []);

    client.volume_delete(&volume.name, false, soon()).await.unwrap();
    assert!(client.volume_inspect(&volume.name, soon()).await.unwrap_err().is_not_found());
    assert!(client.volume_delete(&volume.name, false, soon()).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_volume_in_use_is_not_deleted() {
    let client = engine().await;
    let volume = Volume::create(&client).await;
    let mut body = shell("true");
    body.host_config.mounts =
        vec![Mount { source: volume.name.clone(), target: "/data".to_owned(), ..Mount::default() }];
    let container = Container::create(&client, &body).await;

    let mounts = client.container_inspect(&container.id, soon()).await.unwrap().mounts;
    assert_eq!(mounts.len(), 1);
    assert_eq!(
        (mounts[0].name.as_str(), mounts[0].destination.as_str(), mounts[0].rw),
        (&*volume.name, "/data", true)
    );

    let error = client.volume_delete(&volume.name, false, soon()).await.unwrap_err();
    assert!(error.is_conflict(), "{error:?}");
    client.container_delete(&container.id, ContainerDeleteOptions::default(), soon()).await.unwrap();
    client.volume_delete(&volume.name, false, soon()).await.unwrap();
}

#[tokio::test]
async fn a_name_that_leaves_the_path_is_not_sent() {
    let client = engine().await;
    for name in ["", "..", "../containers", "a\n"] {
        let error = client.volume_inspect(name, soon()).await.unwrap_err();
        assert!(error.to_string().starts_with("invalid volume name"), "{error}");
    }
}

#[tokio::test]
async fn a_prune_removes_what_matches() {
    let client = engine().await;
    let label = unique_name();
    let name = unique_name();
    let options = VolumeCreateOptions {
        name: name.clone(),
        labels: [(label.clone(), String::new())].into(),
        ..VolumeCreateOptions::default()
    };
    client.volume_create(&options, soon()).await.unwrap();
    let mut filters = Filters::new().label(&label);
    if client.api_version(soon()).await.unwrap() >= ApiVersion::new(1, 42) {
        filters = filters.with("all", "true");
    }
    let pruned = client.volume_prune(&filters, soon()).await.unwrap();
    assert_eq!(pruned.volumes_deleted, [name]);
}
