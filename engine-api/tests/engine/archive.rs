use bytes::Bytes;
use engine_api::{
    ArchiveError, AttachOptions, Client, ContainerCreateBody, ContainerId, Error, Mount, TarEntry, TarStream,
    VolumeOptions,
};

use crate::support::{Container, Volume, engine, shell, soon};

fn with_volume(volume: &Volume, read_only: bool, command: &str) -> ContainerCreateBody {
    let mut body = shell(command);
    body.host_config.mounts.push(Mount {
        source: volume.name.clone(),
        target: "/data".to_owned(),
        read_only,
        volume_options: Some(VolumeOptions { no_copy: true, ..VolumeOptions::default() }),
        ..Mount::default()
    });
    body
}

async fn output(client: &Client, body: &ContainerCreateBody) -> String {
    let container = Container::create(client, body).await;
    let attached = client.container_attach(&container.id, &AttachOptions::default(), soon()).await.unwrap();
    client.container_start(&container.id, soon()).await.unwrap();
    let (mut output, _stdin) = attached.into_split();
    let mut text = Vec::new();
    while let Some(chunk) = output.next().await.unwrap() {
        text.extend_from_slice(&chunk.data);
    }
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn a_volume_is_filled_through_a_container_that_never_starts() {
    const SIZE: usize = 3_000_000;
    let client = engine().await;
    let volume = Volume::create(&client).await;
    let courier = Container::create(&client, &with_volume(&volume, false, "")).await;
    let archive = TarStream::from_entries([
        TarEntry::bytes("tool/run", "#!/bin/sh\necho ran\n", 0o755),
        TarEntry::bytes("zeros", Bytes::from(vec![0; SIZE]), 0o600),
        TarEntry::file("exe", std::env::current_exe().unwrap(), 0o555),
        TarEntry::directory("empty", 0o750),
    ]);
    client.put_container_archive(&courier.id, "/data", archive, soon()).await.unwrap();
    assert_eq!(client.container_inspect(&courier.id, soon()).await.unwrap().state.status, "created");

    let command = "cd /data; tool/run; stat -c '%n %a %u %g' *; stat -c '%n %s %Y' exe zeros; touch x 2>/dev/null || echo refused";
    let size = std::fs::metadata(std::env::current_exe().unwrap()).unwrap().len();
    let found = output(&client, &with_volume(&volume, true, command)).await;
    let found: Vec<&str> = found.lines().collect();
    assert_eq!(
        found,
        [
            "ran",
            "empty 750 0 0",
            "exe 555 0 0",
            "tool 755 0 0",
            "zeros 600 0 0",
            &format!("exe {size} 0"),
            &format!("zeros {SIZE} 0"),
            "refused",
        ]
    );
}

#[tokio::test]
async fn a_missing_folder_or_container_is_not_found() {
    let client = engine().await;
    let archive = || TarStream::from_entries([TarEntry::bytes("a", "", 0o644)]);
    let container = Container::create(&client, &shell("true")).await;
    let error =
        client.put_container_archive(&container.id, "/no/such/folder", archive(), soon()).await.unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
    let id: ContainerId = "no-such-container".parse().unwrap();
    // Large enough that the engine answers before it has read the body.
    let large = TarStream::from_entries([TarEntry::bytes("a", vec![0; 30_000_000], 0o644)]);
    let error = client.put_container_archive(&id, "/", large, soon()).await.unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
}

#[tokio::test]
async fn an_archive_that_cannot_be_made_says_why() {
    let client = engine().await;
    let container = Container::create(&client, &shell("true")).await;
    let archive = TarStream::from_entries([
        TarEntry::bytes("fine", vec![0; 200_000], 0o644),
        TarEntry::file("missing", "/no/such/file", 0o644),
    ]);
    let error = client.put_container_archive(&container.id, "/tmp", archive, soon()).await.unwrap_err();
    let Error::Archive { source: ArchiveError::Read { path, source }, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(path.to_str(), Some("/no/such/file"));
    assert_eq!(source.kind(), std::io::ErrorKind::NotFound);
}
