//! Languages: folders, and nothing else.
//!
//! No other part of the program knows a language by name. A folder holds `language.toml` (see [`spec`]), a
//! `Dockerfile`, what that needs, and `examples/`. The folders of the source tree are embedded in the binary; a folder
//! given by the operator adds to them and replaces those of the same key.

pub mod examples;
mod folder;
pub mod recipe;
pub mod spec;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

pub use self::folder::File;
use self::recipe::Recipe;
use self::spec::Spec;

/// One language.
#[derive(Debug)]
pub struct Language {
    /// The folder's name, by which requests name the language.
    pub key: String,
    /// What `language.toml` says.
    pub spec: Spec,
    /// What its image is built from.
    pub context: Vec<File>,
    /// Programs that show it, and by which it is tested; their paths are relative to `examples/`.
    pub examples: Vec<File>,
}

impl Language {
    /// The tag of the language's image.
    #[must_use]
    pub fn image(&self) -> String {
        format!("code-execution-{}:latest", self.key)
    }

    /// The files that an image is built from by `recipe`: all but the Dockerfiles of other recipes.
    pub fn context_of<'a>(&'a self, recipe: &'a Recipe) -> impl Iterator<Item = &'a File> {
        let of_another = |file: &File| {
            file.path != recipe.dockerfile
                && self.spec.image.recipes().any(|other| other.dockerfile == file.path)
        };
        self.context.iter().filter(move |file| !of_another(file))
    }

    /// The example of this name, whatever its ending.
    #[must_use]
    pub fn example(&self, name: &str) -> Option<&File> {
        self.examples.iter().find(|file| file.path.split_once('.').is_some_and(|(stem, _)| stem == name))
    }

    /// The program that the page shows first.
    #[must_use]
    pub fn sample(&self) -> Option<&str> {
        std::str::from_utf8(&self.example("sample")?.content).ok()
    }
}

/// All languages, by key.
#[derive(Clone, Debug)]
pub struct Languages {
    by_key: BTreeMap<String, Arc<Language>>,
    /// Keys and aliases in lower case, each with its key.
    names: BTreeMap<String, String>,
}

/// A language folder that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LanguageError {
    /// Two languages claim one name.
    #[error("languages {first} and {second} both claim the name {name:?}")]
    Ambiguous {
        /// The name.
        name: String,
        /// One of the two.
        first: String,
        /// The other one.
        second: String,
    },
    /// A file says what it must not.
    #[error("{path}: {message}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and key.
        message: String,
    },
    /// A folder or file cannot be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl Languages {
    /// The embedded languages, with those of `overrides` added and in place of those with the same key.
    ///
    /// # Errors
    /// A folder that cannot be used.
    pub fn load(overrides: Option<&Path>) -> Result<Self, LanguageError> {
        let mut folders = folder::embedded();
        if let Some(root) = overrides {
            folders.extend(folder::read(root)?);
        }
        let mut by_key = BTreeMap::new();
        for (key, files) in folders {
            by_key.insert(key.clone(), Arc::new(Language::new(key, files)?));
        }
        Ok(Self { names: names(&by_key)?, by_key })
    }

    /// The language that is called `name`: its key or an alias, in any case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Language>> {
        self.by_key.get(self.names.get(&name.to_lowercase())?)
    }

    /// The first language whose files may have this extension.
    #[must_use]
    pub fn for_extension(&self, extension: &str) -> Option<&Arc<Language>> {
        let spoken =
            |language: &&Arc<Language>| language.spec.extensions.iter().any(|known| known == extension);
        self.by_key.values().find(spoken)
    }

    /// All of them, ordered by key.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Language>> {
        self.by_key.values()
    }

    /// All of them, ordered by rank and then by key.
    #[must_use]
    pub fn by_rank(&self) -> Vec<Arc<Language>> {
        let mut languages: Vec<_> = self.by_key.values().cloned().collect();
        languages.sort_by_key(|language| language.spec.rank);
        languages
    }

    /// The keys, ordered.
    #[must_use]
    pub fn keys(&self) -> Vec<&str> {
        self.by_key.keys().map(String::as_str).collect()
    }
}

impl Language {
    fn new(key: String, files: Vec<File>) -> Result<Self, LanguageError> {
        let path = |name: &str| Path::new("languages").join(&key).join(name);
        let invalid = |name: &str, message: String| LanguageError::Invalid { path: path(name), message };
        if !key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
            let message = "the folder's name may hold small letters, digits and hyphens only".to_owned();
            return Err(invalid("", message));
        }
        let Some(text) = files.iter().find(|file| file.path == "language.toml") else {
            return Err(invalid("language.toml", "the file is missing".into()));
        };
        let text = std::str::from_utf8(&text.content)
            .map_err(|error| invalid("language.toml", error.to_string()))?;
        let spec = Spec::parse(text).map_err(|message| invalid("language.toml", message))?;
        let (mut context, mut examples) = (Vec::new(), Vec::new());
        for mut file in files {
            match file.path.strip_prefix("examples/") {
                Some(path) => {
                    file.path = path.to_owned();
                    examples.push(file);
                }
                None if file.path == "language.toml" => {}
                None => context.push(file),
            }
        }
        for recipe in spec.image.recipes() {
            if !context.iter().any(|file| file.path == recipe.dockerfile) {
                return Err(invalid(&recipe.dockerfile, "the file is missing".into()));
            }
        }
        Ok(Self { key, spec, context, examples })
    }
}

fn names(by_key: &BTreeMap<String, Arc<Language>>) -> Result<BTreeMap<String, String>, LanguageError> {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for (key, language) in by_key {
        for name in language.spec.aliases.iter().chain([key]) {
            let name = name.to_lowercase();
            match names.insert(name.clone(), key.clone()) {
                Some(first) if first != *key => {
                    return Err(LanguageError::Ambiguous { name, first, second: key.clone() });
                }
                _ => {}
            }
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const SPEC: &str = "name = 'X'\nsource = 'main.x'\n[image]\nbase = 'b'\n[run]\ncommand = ['x']\n";

    const STAND_IN: &str = "name = 'X'\nsource = 'main.x'\n[image]\nbase = 'b'\n\
        stand_in = { base = 'c', dockerfile = 'other' }\n[run]\ncommand = ['x']\n";

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn the_embedded_languages_are_valid_and_found_by_any_name() {
        let languages = Languages::load(None).unwrap();
        assert!(!languages.keys().is_empty());
        for language in languages.iter() {
            for name in language.spec.aliases.iter().chain([&language.key]) {
                assert_eq!(languages.get(&name.to_uppercase()).unwrap().key, language.key);
            }
            for extension in &language.spec.extensions {
                assert!(languages.for_extension(extension).is_some());
            }
            assert!(language.example("hello").is_some() && language.sample().is_some(), "{}", language.key);
        }
    }

    #[test]
    fn a_folder_adds_a_language_and_replaces_one() {
        let existing = Languages::load(None).unwrap().keys()[0].to_owned();
        let spec = |key: &str| format!("{key}/language.toml");
        let root = folder(&[
            (&spec("new"), SPEC),
            ("new/Dockerfile", "FROM b"),
            (&spec(&existing), SPEC),
            (&format!("{existing}/Dockerfile"), "FROM b"),
        ]);
        let languages = Languages::load(Some(root.path())).unwrap();
        assert_eq!(languages.get("new").unwrap().spec.name, "X");
        assert_eq!(languages.get(&existing).unwrap().spec.name, "X");
    }

    #[test]
    fn what_is_wrong_is_said_with_file_and_key() {
        for (files, text) in [
            (vec![("x/Dockerfile", "FROM b")], "languages/x/language.toml: the file is missing"),
            (vec![("x/language.toml", SPEC)], "languages/x/Dockerfile: the file is missing"),
            (
                vec![("x/language.toml", STAND_IN), ("x/Dockerfile", "FROM b")],
                "languages/x/other: the file is missing",
            ),
            (vec![("x/language.toml", "name = 1")], "languages/x/language.toml: TOML parse error at line 1"),
            (vec![("X/language.toml", SPEC)], "small letters"),
        ] {
            let root = folder(&files);
            let error = Languages::load(Some(root.path())).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
    }

    #[test]
    fn a_recipe_has_its_own_dockerfile_and_no_example() {
        let root = folder(&[
            ("x/language.toml", STAND_IN),
            ("x/Dockerfile", "FROM b"),
            ("x/other", "FROM c"),
            ("x/tool.c", ""),
            ("x/examples/hello.x", "hi"),
            ("x/examples/two/main.x", ""),
        ]);
        let languages = Languages::load(Some(root.path())).unwrap();
        let language = languages.get("x").unwrap();
        let names = |recipe| language.context_of(recipe).map(|file| file.path.as_str()).collect::<Vec<_>>();
        assert_eq!(names(&language.spec.image.recipe), ["Dockerfile", "tool.c"]);
        assert_eq!(names(language.spec.image.stand_in.as_ref().unwrap()), ["other", "tool.c"]);
        assert_eq!(language.example("hello").unwrap().content[..], *b"hi");
        assert!(language.example("two").is_none());
    }

    #[test]
    fn one_name_means_one_language() {
        let twin = format!("aliases = ['Twin']\n{SPEC}");
        let root = folder(&[
            ("twin/language.toml", SPEC),
            ("twin/Dockerfile", "FROM b"),
            ("other/language.toml", &twin),
            ("other/Dockerfile", "FROM b"),
        ]);
        let error = Languages::load(Some(root.path())).unwrap_err().to_string();
        assert_eq!(error, "languages other and twin both claim the name \"twin\"");
    }
}
