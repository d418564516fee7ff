use std::io::Read as _;
use std::path::PathBuf;

use bytes::Bytes;
use engine_api::{BuildEvent, ByteStream, Error, ImageBuildOptions, TarEntry, TarStream};

use crate::support::{Container, IMAGE, Tag, engine, labels, shell, soon};

async fn collect(mut stream: ByteStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(part) = stream.next().await.unwrap() {
        bytes.extend_from_slice(&part);
    }
    bytes
}

#[tokio::test]
async fn what_goes_into_a_container_comes_out_again() {
    let client = engine().await;
    let container = Container::create(&client, &shell("true")).await;
    let content: Vec<u8> = (0..300_000_u32).map(|at| u8::try_from(at % 251).unwrap()).collect();
    let archive = TarStream::from_entries([TarEntry::bytes("deep/file", content.clone(), 0o640)]);
    client.put_container_archive(&container.id, "/srv", archive, soon()).await.unwrap();

    let stat = client.container_archive_info(&container.id, "/srv/deep/file", soon()).await.unwrap();
    assert_eq!((stat.name.as_str(), stat.size, stat.mode & 0o777), ("file", 300_000, 0o640));
    assert!(!stat.is_dir() && !stat.is_symlink());
    assert!(client.container_archive_info(&container.id, "/srv", soon()).await.unwrap().is_dir());
    let link = client.container_archive_info(&container.id, "/bin", soon()).await.unwrap();
    assert!(link.is_symlink() && link.link_target.ends_with("usr/bin"), "{link:?}");

    let packed = collect(client.container_archive(&container.id, "/srv/deep", soon()).await.unwrap()).await;
    let mut archive = tar::Archive::new(&packed[..]);
    let mut found: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        found.push((entry.path().unwrap().into_owned(), bytes));
    }
    assert!(found == [("deep".into(), Vec::new()), ("deep/file".into(), content)]);

    let missing = client.container_archive(&container.id, "/nothing", soon()).await.unwrap_err();
    assert!(missing.is_not_found(), "{missing:?}");
    let missing = client.container_archive_info(&container.id, "/nothing", soon()).await.unwrap_err();
    assert!(missing.is_not_found(), "{missing:?}");
}

#[tokio::test]
async fn a_whole_file_system_can_be_packed() {
    let client = engine().await;
    let container = Container::create(&client, &shell("true")).await;
    let packed = collect(client.container_export(&container.id, soon()).await.unwrap()).await;
    let mut archive = tar::Archive::new(&packed[..]);
    let found =
        archive.entries().unwrap().any(|entry| entry.unwrap().path().unwrap().ends_with("etc/passwd"));
    assert!(found);
}

#[tokio::test]
async fn an_image_goes_out_and_comes_back() {
    let client = engine().await;
    let (tag, second) = (Tag::new(), Tag::new());
    let options =
        ImageBuildOptions { tags: vec![tag.name.clone()], labels: labels(), ..ImageBuildOptions::default() };
    let context = TarStream::from_entries([
        TarEntry::bytes("Dockerfile", "FROM scratch\nCOPY file /file\n", 0o644),
        TarEntry::bytes("file", "content", 0o644),
    ]);
    let mut build = client.image_build(&options, context, soon()).await.unwrap();
    while build.next().await.unwrap().is_some() {}
    let id = client.image_inspect(&tag.name, soon()).await.unwrap().id;

    let history = client.image_history(&tag.name, soon()).await.unwrap();
    assert!(history.iter().any(|layer| layer.created_by.contains("COPY")), "{history:?}");
    let (repo, name) = second.name.split_once(':').unwrap();
    client.image_tag(&tag.name, repo, name, soon()).await.unwrap();
    assert_eq!(client.image_inspect(&second.name, soon()).await.unwrap().id, id);
    let missing = client.image_tag("no-such-image", repo, name, soon()).await.unwrap_err();
    assert!(missing.is_not_found(), "{missing:?}");

    let packed = collect(client.image_get(&[&tag.name, &second.name], soon()).await.unwrap()).await;
    for name in [&tag.name, &second.name] {
        client.image_delete(name, true, soon()).await.unwrap();
    }
    assert!(client.image_inspect(&id, soon()).await.unwrap_err().is_not_found());

    let parts: Vec<Result<Bytes, Error>> =
        packed.chunks(10_000).map(|part| Ok(Bytes::copy_from_slice(part))).collect();
    let mut load = client.image_load(futures_util::stream::iter(parts), soon()).await.unwrap();
    let mut told = String::new();
    while let Some(event) = load.next().await.unwrap() {
        if let BuildEvent::Output(text) = event {
            told.push_str(&text);
        }
    }
    assert!(told.contains(&tag.name), "{told}");
    assert_eq!(client.image_inspect(&second.name, soon()).await.unwrap().id, id);
}

#[tokio::test]
async fn an_archive_that_breaks_off_says_why() {
    let client = engine().await;
    let parts: [Result<Bytes, std::io::Error>; 2] =
        [Ok(Bytes::from(vec![0; 100_000])), Err(std::io::Error::other("the disk fell off"))];
    let error = client.image_load(futures_util::stream::iter(parts), soon()).await.unwrap_err();
    let Error::Body { source, .. } = &error else { panic!("{error:?}") };
    assert_eq!(source.to_string(), "the disk fell off");
    assert!(client.image_inspect(IMAGE, soon()).await.is_ok());
}

#[tokio::test]
async fn only_images_that_are_there_are_packed() {
    let client = engine().await;
    let error = client.image_get(&[], soon()).await.unwrap_err();
    assert!(matches!(error, Error::InvalidArgument { .. }), "{error:?}");
    let error = client.image_get(&["no-such-image"], soon()).await.unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
}
