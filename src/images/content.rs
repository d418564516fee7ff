//! What an image is built from, as a digest: the same digest means that building again would change nothing.

use sha2::{Digest as _, Sha256};

use crate::digest::hexadecimal;
use crate::languages::recipe::Recipe;
use crate::languages::{File, Language};

/// The mode that a file has in the build context.
pub(super) fn mode(file: &File) -> u32 {
    if file.executable { 0o755 } else { 0o644 }
}

/// A digest of all that the language's image is built from by `recipe`.
pub(super) fn digest(language: &Language, recipe: &Recipe, base_id: Option<&str>) -> String {
    let mut digest = Sha256::new();
    let mut add = |part: &[u8]| {
        // With its length before it, no part can pass for the end of another.
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    };
    for text in [&recipe.base, base_id.unwrap_or_default(), &recipe.dockerfile] {
        add(text.as_bytes());
    }
    for word in language.spec.image.version.iter().flatten() {
        add(word.as_bytes());
    }
    for package in &recipe.packages {
        add(package.file.as_bytes());
        add(package.sha256.as_bytes());
    }
    for file in language.context_of(recipe) {
        add(file.path.as_bytes());
        add(&mode(file).to_le_bytes());
        add(&file.content);
    }
    hexadecimal(&digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::languages::spec::Spec;

    const SPEC: &str = "name = 'X'\nsource = 'main.x'\nimage.base = 'b'\nrun.command = ['x']\n";

    fn language(spec: &str, path: &str, content: &'static [u8], executable: bool) -> Language {
        Language {
            key: "x".into(),
            spec: Spec::parse(spec).unwrap(),
            context: vec![File { path: path.into(), content: content.into(), executable }],
            examples: Vec::new(),
        }
    }

    fn content(language: &Language, base_id: Option<&str>) -> String {
        digest(language, &language.spec.image.recipe, base_id)
    }

    #[test]
    fn every_part_of_the_content_counts() {
        let fetching = |digit: &str| {
            let sha256 = digit.repeat(64);
            format!("{SPEC}image.fetch = [{{ npm = 'p@1', file = 'p', sha256 = '{sha256}' }}]\n")
        };
        let all = [
            content(&language(SPEC, "Dockerfile", b"FROM b", false), None),
            content(&language(SPEC, "Dockerfile", b"FROM b", false), Some("sha256:1")),
            content(&language(SPEC, "Dockerfile", b"FROM b", true), None),
            content(&language(SPEC, "Dockerfile", b"FROM c", false), None),
            content(&language(SPEC, "DockerfileF", b"ROM b", false), None),
            content(&language(&fetching("0"), "Dockerfile", b"FROM b", false), None),
            content(&language(&fetching("1"), "Dockerfile", b"FROM b", false), None),
            content(&language(&format!("{SPEC}image.version = ['x']"), "Dockerfile", b"FROM b", false), None),
        ];
        assert_eq!(all[0].len(), 64);
        for (index, one) in all.iter().enumerate() {
            assert!(all[..index].iter().all(|other| other != one), "{index}");
        }
        assert_eq!(all[0], content(&language(SPEC, "Dockerfile", b"FROM b", false), None));
    }
}
