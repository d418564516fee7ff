//! The TOML file: settings as texts by their names, and the keys.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Value;

use super::{ConfigError, SETTINGS, layers};
use crate::keys::Keys;

/// The table of the file that holds no settings.
const KEYS: &str = "keys";

/// What a file says.
#[derive(Clone, Debug, Default)]
pub(super) struct File {
    pub(super) settings: BTreeMap<&'static str, String>,
    pub(super) keys: Keys,
}

/// What a file's text holds.
///
/// # Errors
/// It is no TOML, or holds something else than settings.
pub(super) fn parse(text: &str, path: &Path) -> Result<File, ConfigError> {
    let syntax = |error: toml::de::Error| ConfigError::Syntax {
        path: path.to_owned(),
        message: error.to_string().trim_end().to_owned(),
    };
    let table: toml::Table = text.parse().map_err(syntax)?;
    let mut file = File::default();
    for (name, value) in table {
        if name == KEYS {
            file.keys =
                Keys::parse(value).map_err(|source| ConfigError::Key { path: path.to_owned(), source })?;
            continue;
        }
        let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else {
            let similar = layers::similar(&name, SETTINGS.iter().map(|setting| setting.name));
            return Err(ConfigError::Unknown { name, place: path.display().to_string(), similar });
        };
        let text = write(&value).ok_or_else(|| ConfigError::Value {
            name: setting.name,
            value: value.to_string(),
            origin: layers::Origin::File(path.to_owned()),
            message: "it must be a text, a number, true or false, or a list of texts".to_owned(),
        })?;
        file.settings.insert(setting.name, text);
    }
    Ok(file)
}

/// A value as it would be written on the command line.
fn write(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Boolean(value) => Some(value.to_string()),
        Value::Array(items) => {
            items.iter().map(Value::as_str).collect::<Option<Vec<_>>>().map(|items| items.join(","))
        }
        Value::Datetime(_) | Value::Table(_) => None,
    }
}
