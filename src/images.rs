//! The images of the languages: which is current, what it is made of, and how one is built.

pub mod background;
mod build;
mod content;
mod fetch;
pub(crate) mod known;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use engine_api::{Client, Deadline, Filters, ImageInspect};

pub use self::build::{BuildError, BuildOptions, Builder, Progress};
pub use self::fetch::FetchError;
use crate::languages::Language;
use crate::languages::recipe::Recipe;

/// The label that says from what an image was built.
const CONTENT_LABEL: &str = "dayfly.content";
const LANGUAGE_LABEL: &str = "dayfly.language";
/// The label that says by which recipe.
const RECIPE_LABEL: &str = "dayfly.recipe";
/// The label that says which version of the toolchain answered when the image was built.
const VERSION_LABEL: &str = "dayfly.version";

const CALL_DEADLINE: Duration = Duration::from_secs(30);

/// What is known of a language's image.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ImageState {
    /// There is none.
    Missing,
    /// It was built from what its folder holds now, on the base that is here now.
    Ready(Image),
    /// It was built from something else. It works, and is used until it is built anew.
    Stale(Image),
}

/// A language's image.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Image {
    /// Its id: a tag can be moved between two looks, an id cannot.
    pub id: String,
    /// Whether it is made of the stand-in recipe.
    pub is_stand_in: bool,
    /// The toolchain's version, if the language says how to ask for it.
    pub version: Option<String>,
    /// Its size in bytes, that of its base included.
    pub size_bytes: u64,
}

impl ImageState {
    /// The image to use, if there is one.
    #[must_use]
    pub fn image(&self) -> Option<&Image> {
        match self {
            Self::Missing => None,
            Self::Ready(image) | Self::Stale(image) => Some(image),
        }
    }
}

impl Image {
    fn new(inspected: ImageInspect) -> Self {
        let mut labels = inspected.config.labels;
        Self {
            id: inspected.id,
            is_stand_in: labels.get(RECIPE_LABEL).is_some_and(|name| name == STAND_IN),
            version: labels.remove(VERSION_LABEL),
            size_bytes: u64::try_from(inspected.size).unwrap_or_default(),
        }
    }

    /// What it was made of, as the language's folder says it now.
    #[must_use]
    pub fn recipe<'a>(&self, language: &'a Language) -> &'a Recipe {
        let stand_in = language.spec.image.stand_in.as_ref().filter(|_| self.is_stand_in);
        stand_in.unwrap_or(&language.spec.image.recipe)
    }
}

const STAND_IN: &str = "stand-in";
const PREFERRED: &str = "preferred";

/// A recipe that was chosen for a language, and what its base is now.
struct Choice<'a> {
    recipe: &'a Recipe,
    /// `None` where the base is not here.
    base_id: Option<String>,
}

/// Looks at the language's image.
///
/// # Errors
/// The engine failed.
pub async fn state(client: &Client, language: &Language) -> engine_api::Result<ImageState> {
    Look::new(client).state(language).await
}

/// One look at many images: each base is asked for once.
#[derive(Debug)]
pub struct Look<'a> {
    client: &'a Client,
    bases: HashMap<String, Option<String>>,
}

impl<'a> Look<'a> {
    /// A look at what the engine has now.
    #[must_use]
    pub fn new(client: &'a Client) -> Self {
        Self { client, bases: HashMap::new() }
    }

    /// Looks at the language's image.
    ///
    /// # Errors
    /// The engine failed.
    pub async fn state(&mut self, language: &Language) -> engine_api::Result<ImageState> {
        let Some(inspected) = inspect(self.client, &language.image()).await? else {
            return Ok(ImageState::Missing);
        };
        let choice = self.choose(language).await?;
        let current = content::digest(language, choice.recipe, choice.base_id.as_deref());
        let is_current = inspected.config.labels.get(CONTENT_LABEL).is_some_and(|built| *built == current);
        let image = Image::new(inspected);
        Ok(if is_current { ImageState::Ready(image) } else { ImageState::Stale(image) })
    }

    /// The first recipe whose base is here; the last one if none is.
    async fn choose<'l>(&mut self, language: &'l Language) -> engine_api::Result<Choice<'l>> {
        let mut choice = Choice { recipe: &language.spec.image.recipe, base_id: None };
        for recipe in language.spec.image.recipes() {
            choice = Choice { recipe, base_id: self.base_id(&recipe.base).await? };
            if choice.base_id.is_some() {
                break;
            }
        }
        Ok(choice)
    }

    async fn base_id(&mut self, base: &str) -> engine_api::Result<Option<String>> {
        if let Some(known) = self.bases.get(base) {
            return Ok(known.clone());
        }
        let id = inspect(self.client, base).await?.map(|image| image.id);
        self.bases.insert(base.to_owned(), id.clone());
        Ok(id)
    }
}

/// The tags of all languages' images that the engine has, in one call (`GET /images/json`).
///
/// # Errors
/// The engine failed.
pub async fn tags(client: &Client, deadline: Deadline) -> engine_api::Result<BTreeSet<String>> {
    let images = client.image_list(&Filters::new().label(LANGUAGE_LABEL), deadline).await?;
    Ok(images.into_iter().flat_map(|image| image.repo_tags).collect())
}

async fn inspect(client: &Client, name: &str) -> engine_api::Result<Option<ImageInspect>> {
    match client.image_inspect(name, Deadline::after(CALL_DEADLINE)).await {
        Ok(image) => Ok(Some(image)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
