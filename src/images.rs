//! The images of the languages: which is current, and how one is built.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use engine_api::{BuildStream, Client, Deadline, ImageBuildOptions, ImageInspect, TarEntry, TarStream};
use sha2::{Digest as _, Sha256};

use crate::languages::{File, Language};

/// The label that says from what an image was built.
const CONTENT_LABEL: &str = "dayfly.content";
const CALL_DEADLINE: Duration = Duration::from_secs(30);
/// Toolchains are downloaded and unpacked meanwhile.
const BUILD_DEADLINE: Duration = Duration::from_secs(60 * 60);

/// What is known of a language's image.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ImageState {
    /// There is none.
    Missing,
    /// It was built from what its folder holds now, on the base that is here now.
    Ready {
        /// The image's id.
        id: String,
    },
    /// It was built from something else. It works, and is used until it is built anew.
    Stale {
        /// The image's id.
        id: String,
    },
}

impl ImageState {
    /// The image to use, if there is one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Missing => None,
            Self::Ready { id } | Self::Stale { id } => Some(id),
        }
    }
}

/// Looks at the language's image.
///
/// # Errors
/// The engine failed.
pub async fn state(client: &Client, language: &Language) -> engine_api::Result<ImageState> {
    let Some(image) = inspect(client, &language.image()).await? else { return Ok(ImageState::Missing) };
    let current = current_content(client, language).await?;
    Ok(match image.config.labels.get(CONTENT_LABEL) {
        Some(built_from) if *built_from == current => ImageState::Ready { id: image.id },
        _ => ImageState::Stale { id: image.id },
    })
}

/// Starts to build the language's image: the context is streamed to the engine, events come back.
///
/// # Errors
/// The engine failed before the first step.
pub async fn build(client: &Client, language: &Language) -> engine_api::Result<BuildStream> {
    let options = ImageBuildOptions {
        tags: vec![language.image()],
        build_args: BTreeMap::from([("BASE".to_owned(), language.spec.base.clone())]),
        labels: BTreeMap::from([
            (CONTENT_LABEL.to_owned(), current_content(client, language).await?),
            ("dayfly.language".to_owned(), language.key.clone()),
        ]),
        ..ImageBuildOptions::default()
    };
    let entries: Vec<TarEntry> = language.context.iter().map(entry).collect();
    let context = TarStream::from_entries(entries);
    client.image_build(&options, context, Deadline::after(BUILD_DEADLINE)).await
}

fn entry(file: &File) -> TarEntry {
    TarEntry::bytes(&file.path, Bytes::copy_from_slice(&file.content), mode(file))
}

fn mode(file: &File) -> u32 {
    if file.executable { 0o755 } else { 0o644 }
}

async fn inspect(client: &Client, name: &str) -> engine_api::Result<Option<ImageInspect>> {
    match client.image_inspect(name, Deadline::after(CALL_DEADLINE)).await {
        Ok(image) => Ok(Some(image)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The digest of what the folder holds now, on the base that is here now.
async fn current_content(client: &Client, language: &Language) -> engine_api::Result<String> {
    let base = inspect(client, &language.spec.base).await?;
    Ok(content(language, base.as_ref().map(|base| base.id.as_str())))
}

/// A digest of all that an image is built from.
fn content(language: &Language, base_id: Option<&str>) -> String {
    let mut digest = Sha256::new();
    let mut add = |part: &[u8]| {
        // With its length before it, no part can pass for the end of another.
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    };
    add(language.spec.base.as_bytes());
    add(base_id.unwrap_or_default().as_bytes());
    for file in &language.context {
        add(file.path.as_bytes());
        add(&mode(file).to_le_bytes());
        add(&file.content);
    }
    digest.finalize().iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::languages::spec::Spec;

    fn language(path: &str, content: &'static [u8], executable: bool) -> Language {
        let spec = "name = 'X'\nsource = 'main.x'\nimage.base = 'b'\nrun.command = ['x']\n";
        Language {
            key: "x".into(),
            spec: Spec::parse(spec).unwrap(),
            context: vec![File { path: path.into(), content: content.into(), executable }],
        }
    }

    #[test]
    fn every_part_of_the_content_counts() {
        let all = [
            content(&language("Dockerfile", b"FROM b", false), None),
            content(&language("Dockerfile", b"FROM b", false), Some("sha256:1")),
            content(&language("Dockerfile", b"FROM b", true), None),
            content(&language("Dockerfile", b"FROM c", false), None),
            content(&language("DockerfileF", b"ROM b", false), None),
        ];
        assert_eq!(all[0].len(), 64);
        for (index, one) in all.iter().enumerate() {
            assert!(all[..index].iter().all(|other| other != one), "{index}");
        }
        assert_eq!(all[0], content(&language("Dockerfile", b"FROM b", false), None));
    }
}
