//! Holders of API keys.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::{Server, dayfly_with};

/// A configuration file with keys in it, and the keys.
pub struct Holders {
    _folder: TempDir,
    pub file: PathBuf,
    pub keys: Vec<String>,
}

impl Holders {
    /// Holders of these names, each with more lines for its table.
    pub fn new(holders: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dayfly.toml");
        let (mut text, mut keys) = (String::new(), Vec::new());
        for (name, more) in holders {
            let made = dayfly_with(&["keys", "new", name], &[]);
            assert!(made.status.success());
            let (lines, said) =
                (String::from_utf8(made.stdout).unwrap(), String::from_utf8(made.stderr).unwrap());
            let key = said.split_whitespace().find(|word| word.starts_with("dayfly_")).unwrap().to_owned();
            assert!(!lines.contains(&key));
            text += &format!("{lines}{more}\n");
            keys.push(key);
        }
        fs::write(&file, text).unwrap();
        Self { _folder: folder, file, keys }
    }

    pub fn server(&self, more: &[&str]) -> Server {
        Server::start(&[&["--config", self.file.to_str().unwrap()], more].concat())
    }
}

/// The header that shows a key.
pub fn bearer(key: &str) -> String {
    format!("\r\nAuthorization: Bearer {key}")
}
