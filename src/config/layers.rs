//! Where values come from, and which of several counts.

use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;

use super::file::{self, File};
use super::value::{Allows, Value};
use super::{ConfigError, DEFAULT_FILE, Effective, FILE_VARIABLE, SETTINGS, Setting};
use crate::keys::Keys;

/// What all variables of dayfly's own begin with.
const PREFIX: &str = "DAYFLY_";
/// How alike a name must be to be taken for a slip of the pen (Jaro-Winkler).
const SIMILAR: f64 = 0.93;

/// All that was said of settings, by whom.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    file: Option<(PathBuf, File)>,
    environment: BTreeMap<&'static str, String>,
    flags: BTreeMap<&'static str, String>,
}

/// Who says what a setting is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origin {
    /// Nobody.
    Default,
    /// The configuration file at this path.
    File(PathBuf),
    /// This environment variable.
    Environment(&'static str),
    /// The flag of this name.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("the defaults"),
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Environment(variable) => write!(formatter, "the environment variable {variable}"),
            Self::Flag(name) => write!(formatter, "--{name}"),
        }
    }
}

impl Layers {
    /// What the file, the environment of this process, and these flags say. The file is `file`, or the one that
    /// `DAYFLY_CONFIG` names, or [`DEFAULT_FILE`] if it is there.
    ///
    /// # Errors
    /// The file cannot be read, or something that is no setting is set.
    pub fn load(file: Option<PathBuf>, flags: BTreeMap<&'static str, String>) -> Result<Self, ConfigError> {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let variables: BTreeMap<String, String> = variables.filter(|(_, value)| !value.is_empty()).collect();
        let named = file.or_else(|| variables.get(FILE_VARIABLE).map(PathBuf::from));
        let path = named.clone().unwrap_or_else(|| DEFAULT_FILE.into());
        let file = match std::fs::read_to_string(&path) {
            Ok(text) => Some((path.clone(), file::parse(&text, &path)?)),
            Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => None,
            Err(source) => return Err(ConfigError::Unreadable { path, source }),
        };
        Ok(Self { file, environment: environment(variables)?, flags })
    }

    /// The text that counts for a setting, and who says it.
    fn find(&self, setting: &'static Setting) -> (&str, Origin) {
        if let Some(text) = self.flags.get(setting.name) {
            return (text, Origin::Flag(setting.name));
        }
        if let Some(text) = self.environment.get(setting.name) {
            return (text, Origin::Environment(setting.variable));
        }
        if let Some((path, file)) = &self.file
            && let Some(text) = file.settings.get(setting.name)
        {
            return (text, Origin::File(path.clone()));
        }
        (setting.default, Origin::Default)
    }

    /// The keys, which only the file names.
    pub(super) fn keys(&self) -> Keys {
        self.file.as_ref().map(|(_, file)| file.keys.clone()).unwrap_or_default()
    }

    /// The value of a setting.
    pub(super) fn value<T: Value>(
        &self,
        setting: &'static Setting,
        allowed: Option<&dyn Allows<T>>,
    ) -> Result<(T, Effective), ConfigError> {
        let (text, origin) = self.find(setting);
        let checked = T::parse(text.trim()).and_then(|value| {
            allowed.map_or(Ok(()), |allowed| allowed.check(&value))?;
            Ok(value)
        });
        match checked {
            Ok(value) => {
                let written = value.write();
                Ok((value, Effective { setting, value: written, origin }))
            }
            Err(message) => {
                let value = if setting.is_secret { "(hidden)" } else { text }.to_owned();
                Err(ConfigError::Value { name: setting.name, value, origin, message })
            }
        }
    }
}

fn environment(variables: BTreeMap<String, String>) -> Result<BTreeMap<&'static str, String>, ConfigError> {
    let mut settings = BTreeMap::new();
    for (name, value) in variables {
        match SETTINGS.iter().find(|setting| setting.variable == name) {
            Some(setting) => drop(settings.insert(setting.name, value)),
            None if name.starts_with(PREFIX) && name != FILE_VARIABLE => {
                let similar = similar(&name, SETTINGS.iter().map(|setting| setting.variable));
                return Err(ConfigError::Unknown { name, place: "the environment".to_owned(), similar });
            }
            None => {}
        }
    }
    Ok(settings)
}

/// The name that another one is a slip of the pen for.
pub(super) fn similar(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    known
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(likeness, _)| *likeness >= SIMILAR)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    fn layers(
        file: &str,
        environment: &[(&str, &str)],
        flags: &[(&'static str, &str)],
    ) -> Result<Layers, String> {
        let path = Path::new("x.toml");
        let owned = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Ok(Layers {
            file: Some((path.to_owned(), file::parse(file, path).map_err(|error| error.to_string())?)),
            environment: super::environment(owned.collect()).map_err(|error| error.to_string())?,
            flags: flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
        })
    }

    fn refusal(file: &str, environment: &[(&str, &str)], flags: &[(&'static str, &str)]) -> String {
        match layers(file, environment, flags) {
            Ok(layers) => Config::read(&layers).unwrap_err().to_string(),
            Err(error) => error,
        }
    }

    #[test]
    fn later_layers_count_more() {
        let said = layers(
            "port = 1\nmax-waiting = 2\nsocket-idle = '3s'\ncors-origin = ['http://a', 'http://b']",
            &[("PORT", "4"), ("DAYFLY_MAX_WAITING", "5"), ("PATH", "/bin")],
            &[("port", "6")],
        );
        let (config, effective) = Config::read(&said.unwrap()).unwrap();
        assert_eq!((config.port, config.max_waiting), (6, 5));
        assert_eq!(config.cors_origin, "http://a,http://b");
        let origin = |name: &str| effective.iter().find(|it| it.setting.name == name).unwrap().origin.clone();
        assert_eq!(origin("port"), Origin::Flag("port"));
        assert_eq!(origin("max-waiting"), Origin::Environment("DAYFLY_MAX_WAITING"));
        assert_eq!(origin("socket-idle"), Origin::File("x.toml".into()));
        assert_eq!(origin("host"), Origin::Default);
    }

    #[test]
    fn what_is_no_setting_is_refused_by_name() {
        assert_eq!(
            refusal("max-wating = 1", &[], &[]),
            "max-wating in x.toml is no setting; is max-waiting meant?"
        );
        assert_eq!(
            refusal("", &[("DAYFLY_MAX_WAITINGS", "1")], &[]),
            "DAYFLY_MAX_WAITINGS in the environment is no setting; is DAYFLY_MAX_WAITING meant?"
        );
        assert!(refusal("zzz = 1", &[], &[]).contains("`dayfly config` lists them"));
    }

    #[test]
    fn a_bad_value_is_refused_with_its_place() {
        assert_eq!(
            refusal("", &[("MAX_CONCURRENT_EXECUTIONS", "0")], &[]),
            "max-concurrent-executions is \"0\" in the environment variable MAX_CONCURRENT_EXECUTIONS: it must be \
             a whole number from 1 on"
        );
        for (file, name) in [
            ("max-concurrent-executions = -1", "max-concurrent-executions"),
            ("max-concurrent-executions = nan", "max-concurrent-executions"),
            ("max-concurrent-executions = 1000000", "max-concurrent-executions"),
            ("socket-idle = '0s'", "socket-idle"),
            ("socket-idle = 5", "socket-idle"),
            ("socket-idle = '10000d'", "socket-idle"),
            ("host = 'example.org'", "host"),
            ("port = { number = 1 }", "port"),
        ] {
            let refusal = refusal(file, &[], &[]);
            assert!(refusal.starts_with(name) && refusal.contains("in x.toml"), "{file}: {refusal}");
        }
    }
}
