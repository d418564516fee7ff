//! `[image]` of `language.toml`: what a language's image is made of.
//!
//! | key | what it says |
//! |---|---|
//! | `base` | the image that the Dockerfile starts from, handed to it as the build argument `BASE` |
//! | `version` | a command whose output holds the toolchain's version; asked once, when the image is built |
//! | `dockerfile` | its name in the folder; `Dockerfile` if not said |
//! | `fetch` | packages that are fetched on this host and put into the build context, below `fetched/` |
//! | `ia32` | whether programs may make 32-bit system calls; not unless said |
//! | `[image.stand_in]` | the same keys but `version`, and a `note` for people: what the image is made of instead where `base` can be neither found nor pulled |
//!
//! An entry of `fetch` names the package (`npm = "NAME@VERSION"` or `pypi = "NAME==VERSION"`), the `file` it is stored
//! as, and the `sha256` of what the registry gives.

use serde::Deserialize;

use super::spec::is_plain_file_name;

/// What a language's image is made of.
#[derive(Clone, Debug)]
pub struct ImageSpec {
    /// What it is made of where its base can be had.
    pub recipe: Recipe,
    /// What it is made of where not.
    pub stand_in: Option<Recipe>,
    /// The command that tells the toolchain's version.
    pub version: Option<Vec<String>>,
}

/// One way to make an image.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The image it is built on.
    pub base: String,
    /// The name of its Dockerfile.
    pub dockerfile: String,
    /// What the host fetches for it.
    pub packages: Vec<Package>,
    /// Whether programs may make 32-bit system calls.
    pub ia32: bool,
    /// What people should know of it.
    pub note: Option<String>,
}

/// A package that the host fetches for a build.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Package {
    /// Whose package it is.
    pub registry: Registry,
    /// Name and version, in the registry's own spelling.
    pub name: String,
    /// Its name in the build context, below `fetched/`.
    pub file: String,
    /// The SHA-256 of what the registry gives, in hexadecimal.
    pub sha256: String,
}

/// Where packages come from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Registry {
    /// Fetched with `npm pack`.
    Npm,
    /// Fetched with `pip download`.
    Pypi,
}

impl ImageSpec {
    /// Both recipes, the one to prefer first.
    pub fn recipes(&self) -> impl Iterator<Item = &Recipe> {
        [&self.recipe].into_iter().chain(&self.stand_in)
    }
}

const DOCKERFILE: &str = "Dockerfile";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenImage {
    base: String,
    version: Option<Vec<String>>,
    dockerfile: Option<String>,
    #[serde(default)]
    fetch: Vec<WrittenPackage>,
    #[serde(default)]
    ia32: bool,
    stand_in: Option<WrittenRecipe>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRecipe {
    base: String,
    dockerfile: Option<String>,
    #[serde(default)]
    fetch: Vec<WrittenPackage>,
    #[serde(default)]
    ia32: bool,
    note: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPackage {
    npm: Option<String>,
    pypi: Option<String>,
    file: String,
    sha256: String,
}

impl WrittenImage {
    pub(super) fn check(self) -> Result<ImageSpec, String> {
        if self.version.as_ref().is_some_and(Vec::is_empty) {
            return Err("image.version: a program is missing".into());
        }
        let Self { base, version, dockerfile, fetch, ia32, stand_in } = self;
        let recipe = WrittenRecipe { base, dockerfile, fetch, ia32, note: None }.check("image")?;
        let stand_in = stand_in.map(|written| written.check("image.stand_in")).transpose()?;
        Ok(ImageSpec { recipe, stand_in, version })
    }
}

impl WrittenRecipe {
    fn check(self, key: &str) -> Result<Recipe, String> {
        if self.base.is_empty() {
            return Err(format!("{key}.base is empty"));
        }
        let dockerfile = self.dockerfile.unwrap_or_else(|| DOCKERFILE.to_owned());
        if !is_plain_file_name(&dockerfile) {
            return Err(format!("{key}.dockerfile: {dockerfile:?} is no plain file name"));
        }
        let packages = self.fetch.into_iter().map(|package| package.check(key)).collect::<Result<_, _>>()?;
        Ok(Recipe { base: self.base, dockerfile, packages, ia32: self.ia32, note: self.note })
    }
}

impl WrittenPackage {
    fn check(self, key: &str) -> Result<Package, String> {
        let (registry, name) = match (self.npm, self.pypi) {
            (Some(name), None) => (Registry::Npm, name),
            (None, Some(name)) => (Registry::Pypi, name),
            _ => return Err(format!("{key}.fetch: {:?} needs either `npm` or `pypi`", self.file)),
        };
        // Handed to npm and pip as an argument: it must be no option and no address.
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"@/._-=".contains(&byte);
        if name.starts_with(['-', '.', '/']) || !name.bytes().all(is_name) {
            return Err(format!("{key}.fetch: {name:?} is no name and version of a package"));
        }
        if !is_plain_file_name(&self.file) {
            return Err(format!("{key}.fetch: {:?} is no plain file name", self.file));
        }
        if self.sha256.len() != 64 || !self.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(format!("{key}.fetch: the sha256 of {name} is not 64 hexadecimal digits"));
        }
        let sha256 = self.sha256.to_ascii_lowercase();
        Ok(Package { registry, name, file: self.file, sha256 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(text: &str) -> Result<Package, String> {
        toml::from_str::<WrittenPackage>(text).map_err(|error| error.to_string())?.check("image")
    }

    #[test]
    fn a_package_is_named_exactly() {
        let sha256 = "0".repeat(64);
        let good = package(&format!("npm = '@a/b-c@1.2.3'\nfile = 'b.tgz'\nsha256 = '{sha256}'")).unwrap();
        assert_eq!((good.registry, good.name.as_str()), (Registry::Npm, "@a/b-c@1.2.3"));
        for (name, file) in [
            ("npm = '--registry=x'", "b.tgz"),
            ("npm = './folder'", "b.tgz"),
            ("npm = 'https://x/y'", "b.tgz"),
            ("npm = 'x y'", "b.tgz"),
            ("npm = 'x@1'", "../b.tgz"),
            ("npm = 'x@1'\npypi = 'x==1'", "b.tgz"),
            ("", "b.tgz"),
        ] {
            let text = format!("{name}\nfile = '{file}'\nsha256 = '{sha256}'");
            assert!(package(&text).unwrap_err().contains("image.fetch"), "{text}");
        }
    }
}
