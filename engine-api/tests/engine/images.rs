use std::collections::BTreeMap;

use engine_api::{
    ArchiveError, BuildEvent, Client, Error, Filters, ImageBuildOptions, ImageCreateOptions, Result,
    TarEntry, TarStream,
};

use crate::support::{IMAGE, LABEL, Tag, engine, labels, soon};

fn context(dockerfile: &str) -> TarStream {
    TarStream::from_entries([
        TarEntry::bytes("Dockerfile", dockerfile.to_owned(), 0o644),
        TarEntry::bytes("folder/greeting", "hello from the context\n", 0o644),
    ])
}

async fn build(client: &Client, options: &ImageBuildOptions, context: TarStream) -> Result<Vec<BuildEvent>> {
    let mut stream = client.image_build(options, context, soon()).await?;
    let mut events = Vec::new();
    while let Some(event) = stream.next().await? {
        events.push(event);
    }
    assert_eq!(stream.next().await.unwrap(), None, "the end stays the end");
    Ok(events)
}

fn options(tags: &[&Tag]) -> ImageBuildOptions {
    ImageBuildOptions {
        tags: tags.iter().map(|tag| tag.name.clone()).collect(),
        labels: labels(),
        network: Some("none".to_owned()),
        ..ImageBuildOptions::default()
    }
}

#[tokio::test]
async fn a_build_tells_its_steps_its_output_and_its_image() {
    let client = engine().await;
    let (tag, second) = (Tag::new(), Tag::new());
    let dockerfile = format!(
        "FROM {IMAGE}\nARG WHO=nobody\nENV WHO=$WHO\nCOPY folder/greeting /\nRUN cat /greeting && echo \"for $WHO\"\n"
    );
    let options = ImageBuildOptions {
        build_args: BTreeMap::from([("WHO".to_owned(), "a test & more".to_owned())]),
        no_cache: true,
        ..options(&[&tag, &second])
    };
    let events = build(&client, &options, context(&dockerfile)).await.unwrap();

    let steps: Vec<(u32, u32, &str)> = events
        .iter()
        .filter_map(|event| match event {
            BuildEvent::Step { number, total, instruction } => Some((*number, *total, instruction.as_str())),
            _ => None,
        })
        .collect();
    // The label of the options is a step of its own, the last.
    assert_eq!(steps[0], (1, 6, format!("FROM {IMAGE}").as_str()));
    assert_eq!(steps.iter().map(|step| step.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    let output: String = events
        .iter()
        .filter_map(|event| match event {
            BuildEvent::Output(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert!(output.contains("hello from the context\nfor a test & more\n"), "{output}");

    let image = client.image_inspect(&tag.name, soon()).await.unwrap();
    assert!(events.contains(&BuildEvent::ImageId(image.id.clone())), "{events:?}");
    assert_eq!(image.config.labels, labels());
    assert!(image.config.env.contains(&"WHO=a test & more".to_owned()), "{image:?}");
    assert!(image.repo_tags.contains(&second.name), "{image:?}");
    assert!(image.size > 0);

    let found =
        client.image_list(&Filters::new().label(LABEL).with("reference", &tag.name), soon()).await.unwrap();
    assert_eq!(found.iter().map(|image| &image.id).collect::<Vec<_>>(), [&image.id]);
    assert_eq!(found[0].labels, labels());

    let untagged = client.image_delete(&second.name, false, soon()).await.unwrap();
    assert_eq!(untagged.iter().filter_map(|item| item.untagged.as_ref()).collect::<Vec<_>>(), [&second.name]);
    assert!(untagged.iter().all(|item| item.deleted.is_none()), "it has another name: {untagged:?}");
    let deleted = client.image_delete(&tag.name, false, soon()).await.unwrap();
    assert!(deleted.iter().any(|item| item.deleted.as_ref() == Some(&image.id)), "{deleted:?}");
    assert!(client.image_inspect(&tag.name, soon()).await.unwrap_err().is_not_found());
    assert!(client.image_delete(&tag.name, false, soon()).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_failed_step_is_an_error_with_its_exit_code() {
    let client = engine().await;
    let tag = Tag::new();
    let error = build(&client, &options(&[&tag]), context(&format!("FROM {IMAGE}\nRUN exit 42\n")))
        .await
        .unwrap_err();
    let Error::Build { message, code } = &error else { panic!("{error:?}") };
    assert_eq!(*code, Some(42));
    assert!(message.contains("exit 42"), "{message}");
    assert!(client.image_inspect(&tag.name, soon()).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_dockerfile_that_is_none_is_refused() {
    let client = engine().await;
    let error = build(&client, &options(&[]), context("NONSENSE\n")).await.unwrap_err();
    assert!(error.to_string().to_lowercase().contains("unknown instruction"), "{error}");
}

#[tokio::test]
async fn other_files_and_stages_can_be_built() {
    let client = engine().await;
    let tag = Tag::new();
    let options = ImageBuildOptions {
        dockerfile: Some("other/Dockerfile".to_owned()),
        target: Some("first".to_owned()),
        ..options(&[&tag])
    };
    let dockerfile = format!("FROM {IMAGE} AS first\nENV STAGE=first\nFROM {IMAGE}\nRUN exit 1\n");
    let context = TarStream::from_entries([TarEntry::bytes("other/Dockerfile", dockerfile, 0o644)]);
    build(&client, &options, context).await.unwrap();
    let image = client.image_inspect(&tag.name, soon()).await.unwrap();
    assert!(image.config.env.contains(&"STAGE=first".to_owned()));
}

#[tokio::test]
async fn a_context_that_cannot_be_made_says_why() {
    let client = engine().await;
    let context = TarStream::from_entries([
        TarEntry::bytes("Dockerfile", format!("FROM {IMAGE}\n"), 0o644),
        TarEntry::bytes("../escape", "", 0o644),
    ]);
    let error = build(&client, &options(&[]), context).await.unwrap_err();
    assert!(matches!(&error, Error::Archive { source: ArchiveError::Path { .. }, .. }), "{error:?}");
}

#[tokio::test]
async fn an_image_that_no_registry_has_is_refused() {
    let client = engine().await;
    // Nothing listens there: the registry of the tests' own machine.
    let error = client
        .image_create("127.0.0.1:9/dayfly-test/none:1", &ImageCreateOptions::default(), soon())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Engine { .. }), "{error:?}");
    assert!(error.to_string().contains("POST /images/create"), "{error}");
}
