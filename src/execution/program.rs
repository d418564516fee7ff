//! The files of a program.

use std::collections::BTreeSet;

use bytes::Bytes;
use thiserror::Error;

use crate::languages::Language;

/// The most files of one program.
const MOST_FILES: usize = 256;
/// The longest name of a file, in bytes: what a tar header holds without extensions.
const LONGEST_NAME: usize = 100;

/// One file of a program.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SourceFile {
    /// Its path in the work folder, with `/` between its parts.
    pub name: String,
    /// What it holds.
    pub content: Bytes,
}

/// The files of a program, one of which is the entry: what is compiled first, or run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Program {
    /// The entry is the first.
    files: Vec<SourceFile>,
}

/// Why files make no program.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ProgramError {
    /// Two files have one name.
    #[error("two files are called {name:?}")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// No file is the entry.
    #[error("{message}")]
    Entry {
        /// Why, and what to do.
        message: String,
    },
    /// A name that no file may have.
    #[error("{name:?} is no name for a file: {reason}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// More files than are accepted.
    #[error("{count} files are too many: at most {MOST_FILES} are accepted")]
    TooMany {
        /// How many.
        count: usize,
    },
}

impl Program {
    /// The program of this one text.
    #[must_use]
    pub fn single(language: &Language, code: impl Into<Bytes>) -> Self {
        Self { files: vec![SourceFile { name: language.spec.source.clone(), content: code.into() }] }
    }

    /// The program of these files. The entry is the one that `entry` names; if it names none, the one with the language's
    /// own source name, or the only one that there is.
    ///
    /// # Errors
    /// Names that no file may have, or no entry.
    pub fn new(
        language: &Language,
        mut files: Vec<SourceFile>,
        entry: Option<&str>,
    ) -> Result<Self, ProgramError> {
        if files.len() > MOST_FILES {
            return Err(ProgramError::TooMany { count: files.len() });
        }
        let mut seen = BTreeSet::new();
        for SourceFile { name, .. } in &files {
            check_name(name).map_err(|reason| ProgramError::Name { name: name.clone(), reason })?;
            if !seen.insert(name) {
                return Err(ProgramError::Duplicate { name: name.clone() });
            }
        }
        let wanted = entry.unwrap_or(&language.spec.source);
        let index = match files.iter().position(|file| file.name == wanted) {
            Some(index) => index,
            None if entry.is_none() && files.len() == 1 => 0,
            None => {
                let message = match entry {
                    Some(entry) => format!("the entry {entry:?} is none of the files"),
                    None => format!("name the file to start with as \"entry\": none is called {wanted:?}"),
                };
                return Err(ProgramError::Entry { message });
            }
        };
        files.swap(0, index);
        Ok(Self { files })
    }

    /// The name of the entry.
    #[must_use]
    pub fn entry(&self) -> &str {
        self.files.first().map_or("", |file| &file.name)
    }

    /// The text of the entry; what is no text is marked.
    #[must_use]
    pub fn entry_text(&self) -> String {
        self.files.first().map_or(String::new(), |file| String::from_utf8_lossy(&file.content).into_owned())
    }

    /// Whether the entry is a text: UTF-8, without a zero byte.
    #[must_use]
    pub fn entry_is_text(&self) -> bool {
        let is_text =
            |file: &SourceFile| !file.content.contains(&0) && std::str::from_utf8(&file.content).is_ok();
        self.files.first().is_some_and(is_text)
    }

    /// What the files hold together, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.content.len() as u64).sum()
    }

    /// A command with its placeholders replaced, see [`spec`](crate::languages::spec).
    #[must_use]
    pub fn expand(&self, command: &[String], language: &Language) -> Vec<String> {
        let is_source = |name: &str| {
            name.rsplit_once('.')
                .is_some_and(|(_, end)| language.spec.extensions.iter().any(|known| known == end))
        };
        let others =
            || self.files.iter().skip(1).map(|file| &file.name).filter(|name| is_source(name)).cloned();
        let mut expanded = Vec::with_capacity(command.len());
        for argument in command {
            match argument.as_str() {
                "{sources}" => expanded.extend([self.entry().to_owned()].into_iter().chain(others())),
                "{others}" => expanded.extend(others()),
                _ => expanded.push(argument.replace("{entry}", self.entry())),
            }
        }
        expanded
    }

    /// The files as a tar.
    ///
    /// # Errors
    /// A name that no tar can hold.
    pub fn archive(&self) -> std::io::Result<Vec<u8>> {
        let mut archive = tar::Builder::new(Vec::new());
        for file in &self.files {
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o644);
            header.set_size(file.content.len() as u64);
            archive.append_data(&mut header, &file.name, &*file.content)?;
        }
        archive.into_inner()
    }
}

fn check_name(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("it is empty");
    }
    if name.len() > LONGEST_NAME {
        return Err("it is longer than 100 bytes");
    }
    if name.starts_with(['-', '@']) {
        return Err("compilers would take it for an option");
    }
    if name.chars().any(char::is_control) {
        return Err("it holds a control character");
    }
    if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err("it must be relative, without empty parts, `.` and `..`");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::languages::spec::Spec;

    fn language() -> Arc<Language> {
        let spec =
            "name = 'X'\nsource = 'main.x'\nextensions = ['x', 'y']\nimage.base = 'b'\nrun.command = ['x']\n";
        let spec = Spec::parse(spec).unwrap();
        Arc::new(Language { key: "x".into(), spec, context: Vec::new(), examples: Vec::new() })
    }

    fn program(names: &[&str], entry: Option<&str>) -> Result<Program, ProgramError> {
        let file = |name: &&str| SourceFile { name: (*name).to_owned(), content: Bytes::new() };
        Program::new(&language(), names.iter().map(file).collect(), entry)
    }

    #[test]
    fn the_entry_is_the_named_one_the_usual_one_or_the_only_one() {
        assert_eq!(program(&["a.x", "b.x"], Some("b.x")).unwrap().entry(), "b.x");
        assert_eq!(program(&["a.x", "main.x"], None).unwrap().entry(), "main.x");
        assert_eq!(program(&["a.x"], None).unwrap().entry(), "a.x");
        assert!(matches!(program(&["a.x", "b.x"], None), Err(ProgramError::Entry { .. })));
        assert!(matches!(program(&["a.x"], Some("c.x")), Err(ProgramError::Entry { .. })));
        assert!(matches!(program(&[], None), Err(ProgramError::Entry { .. })));
    }

    #[test]
    fn names_that_leave_the_folder_or_pass_for_options_are_refused() {
        let long = "x".repeat(101);
        for name in ["", "/etc/x", "../x", "a//b", "a/./b", "a/..", "-o", "@file", "a\nb", "a\0", &long] {
            assert!(matches!(program(&[name], None), Err(ProgramError::Name { .. })), "{name:?}");
        }
        assert!(matches!(program(&["a", "a"], Some("a")), Err(ProgramError::Duplicate { .. })));
        let many: Vec<String> = (0..300).map(|number| number.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(program(&many, Some("0")), Err(ProgramError::TooMany { count: 300 }));
    }

    #[test]
    fn placeholders_stand_for_names() {
        let program = program(&["b.y", "data.txt", "main.x", "dir/c.x"], None).unwrap();
        let expand = |command: &[&str]| {
            let command: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
            program.expand(&command, &language()).join(" ")
        };
        assert_eq!(expand(&["cc", "{sources}", "-o{entry}"]), "cc main.x b.y dir/c.x -omain.x");
        assert_eq!(expand(&["cc", "{others}", "{entry}"]), "cc b.y dir/c.x main.x");
    }
}
