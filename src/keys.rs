//! API keys: who may ask, and how much of everything each may have.
//!
//! A key has 256 bits of chance, so that nobody can guess it from its SHA-256, however fast that is to compute: a slow
//! hash, as passwords need, would only make requests slow.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytesize::ByteSize;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use thiserror::Error;

use crate::client::Client;
use crate::limits::Ceilings;

/// What every key begins with, so that one that has got about is known for what it is.
pub const PREFIX: &str = "dayfly_";
const RANDOM_BYTES: usize = 32;
const LONGEST_NAME: usize = 64;

type Sha256Hash = [u8; 32];

/// The keys of a server; none of them means that nobody needs one.
#[derive(Clone, Debug, Default)]
pub struct Keys(Arc<[Key]>);

/// What is known of a key: not the key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Key {
    /// Who holds it, as logs say.
    pub name: Arc<str>,
    /// Requests a minute that run something; as many as for everybody if nothing is said.
    pub requests_per_minute: Option<NonZeroU32>,
    /// Jobs that run at a time; as many as for everybody if nothing is said.
    pub concurrency: Option<NonZeroUsize>,
    /// Jobs that wait; as many as for everybody if nothing is said.
    pub max_waiting: Option<usize>,
    /// The most that a run may ask for, below what everybody may.
    pub limits: Ceilings,
    /// Whether it opens the metrics.
    pub metrics: bool,
    hash: Sha256Hash,
}

/// What is wrong with a table of `[[keys]]`.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{key}: {message}")]
pub struct KeyError {
    key: String,
    message: String,
}

/// A table of `[[keys]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    name: String,
    sha256: String,
    requests_per_minute: Option<NonZeroU32>,
    concurrency: Option<NonZeroUsize>,
    max_waiting: Option<usize>,
    #[serde(default, with = "humantime_serde")]
    max_wall_time: Option<Duration>,
    #[serde(default, with = "humantime_serde")]
    max_cpu_time: Option<Duration>,
    max_memory: Option<ByteSize>,
    max_output: Option<ByteSize>,
    max_processes: Option<NonZeroU32>,
    #[serde(default)]
    metrics: bool,
}

impl Keys {
    /// The keys that the value of `keys` in the configuration file describes.
    ///
    /// # Errors
    /// It is no list of keys.
    pub(crate) fn parse(value: toml::Value) -> Result<Self, KeyError> {
        let fail = |key: String, message: String| KeyError { key, message };
        let toml::Value::Array(tables) = value else {
            return Err(fail("keys".to_owned(), "each key is a table: write [[keys]]".to_owned()));
        };
        let mut keys = Vec::<Key>::with_capacity(tables.len());
        for (number, table) in (1..).zip(tables) {
            let name = table.get("name").and_then(toml::Value::as_str);
            let which = match name {
                Some(name) => format!("the key {name:?}"),
                None => format!("number {number} of the keys"),
            };
            let table: Table = serde_path_to_error::deserialize(table).map_err(|error| {
                let message = error.inner().to_string();
                match error.path().to_string().as_str() {
                    "." | "" => fail(which.clone(), message.trim_end().to_owned()),
                    field => fail(which.clone(), format!("{field}: {}", message.trim_end())),
                }
            })?;
            let key = Key::from_table(table).map_err(|message| fail(which.clone(), message))?;
            if keys.iter().any(|other| other.name == key.name) {
                return Err(fail(which, "another one has this name".to_owned()));
            }
            if keys.iter().any(|other| other.hash == key.hash) {
                return Err(fail(which, "another one has this sha256".to_owned()));
            }
            keys.push(key);
        }
        Ok(Self(keys.into()))
    }

    /// Whether nobody needs a key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Key> {
        self.0.iter()
    }

    /// The key that somebody presents. The time that this takes says nothing about the keys: all of them are compared,
    /// and each to its end.
    #[must_use]
    pub fn find(&self, presented: &str) -> Option<&Key> {
        let hash = sha256(presented);
        self.0.iter().fold(None, |found, key| if key.hash.ct_eq(&hash).into() { Some(key) } else { found })
    }

    /// The key of a client.
    #[must_use]
    pub fn of(&self, client: &Client) -> Option<&Key> {
        let Client::Key(name) = client else { return None };
        self.0.iter().find(|key| key.name == *name)
    }
}

impl Key {
    fn from_table(table: Table) -> Result<Self, String> {
        check_name(&table.name)?;
        let Some(hash) = read_hash(&table.sha256) else {
            // What stands there may be the key itself.
            return Err("sha256 must be 64 hexadecimal digits, as `dayfly keys new` prints them".to_owned());
        };
        for (field, value) in [("max-wall-time", table.max_wall_time), ("max-cpu-time", table.max_cpu_time)] {
            if value.is_some_and(|time| time.is_zero()) {
                return Err(format!("{field} must be more than nothing"));
            }
        }
        for (field, value) in [("max-memory", table.max_memory), ("max-output", table.max_output)] {
            if value.is_some_and(|size| size.as_u64() == 0) {
                return Err(format!("{field} must be more than nothing"));
            }
        }
        Ok(Self {
            name: table.name.into(),
            requests_per_minute: table.requests_per_minute,
            concurrency: table.concurrency,
            max_waiting: table.max_waiting,
            limits: Ceilings {
                wall_time: table.max_wall_time,
                cpu_time: table.max_cpu_time,
                memory: table.max_memory,
                output: table.max_output,
                processes: table.max_processes,
            },
            metrics: table.metrics,
            hash,
        })
    }
}

/// A new key.
///
/// # Errors
/// The system gives no random bytes.
pub fn generate() -> Result<String, getrandom::Error> {
    let mut bytes = [0; RANDOM_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// What a key may be called.
///
/// # Errors
/// What a name must be, for a person.
pub fn check_name(name: &str) -> Result<(), String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    match (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_plain) {
        true => Ok(()),
        false => Err(format!("a name is made of 1 to {LONGEST_NAME} of A-Z, a-z, 0-9, '.', '_' and '-'")),
    }
}

fn sha256(key: &str) -> Sha256Hash {
    Sha256::digest(key.as_bytes()).into()
}

fn read_hash(text: &str) -> Option<Sha256Hash> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut hash = Sha256Hash::default();
    for (place, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest;

    fn parse(text: &str) -> Result<Keys, String> {
        let mut table: toml::Table = text.parse().unwrap();
        Keys::parse(table.remove("keys").unwrap()).map_err(|error| error.to_string())
    }

    fn table(name: &str, key: &str, more: &str) -> String {
        format!("[[keys]]\nname = '{name}'\nsha256 = '{}'\n{more}\n", digest::sha256(key.as_bytes()))
    }

    #[test]
    fn a_key_is_found_by_itself_only() {
        let [one, other] = [generate().unwrap(), generate().unwrap()];
        assert_ne!(one, other);
        assert_eq!(one.len(), PREFIX.len() + 43);
        let more = "requests-per-minute = 5\nconcurrency = 2\nmax-waiting = 0\nmax-wall-time = '2s'\nmax-memory = '64 MiB'";
        let keys = parse(&(table("one", &one, more) + &table("other", &other, ""))).unwrap();
        let found = keys.find(&one).unwrap();
        assert_eq!((&*found.name, found.requests_per_minute), ("one", NonZeroU32::new(5)));
        assert_eq!((found.limits.wall_time, found.max_waiting), (Some(Duration::from_secs(2)), Some(0)));
        assert_eq!(&*keys.find(&other).unwrap().name, "other");
        assert_eq!(keys.of(&Client::Key("one".into())).map(|key| &*key.name), Some("one"));
        for wrong in
            ["", PREFIX, &one[1..], &format!("{one} "), &one.to_uppercase(), &digest::sha256(one.as_bytes())]
        {
            assert!(keys.find(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_key_is_said_with_its_name() {
        for (text, said) in [
            (table("a", "x", "colour = 1"), "the key \"a\": colour: unknown field `colour`"),
            (table("a", "x", "requests-per-minute = 0"), "the key \"a\": requests-per-minute: "),
            (table("a", "x", "concurrency = 0"), "the key \"a\": concurrency: "),
            (table("a", "x", "max-waiting = -1"), "the key \"a\": max-waiting: "),
            (table("a", "x", "max-wall-time = '0s'"), "the key \"a\": max-wall-time must be more"),
            (table("a", "x", "max-wall-time = 5"), "the key \"a\": max-wall-time: "),
            (table("a", "x", "max-memory = 0"), "the key \"a\": max-memory must be more"),
            (table("a", "x", "max-output = nan"), "the key \"a\": max-output: "),
            (table("a b", "x", ""), "a name is made of"),
            (table("", "x", ""), "a name is made of"),
            (table("a", "x", "") + &table("a", "y", ""), "the key \"a\": another one has this name"),
            (table("a", "x", "") + &table("b", "x", ""), "the key \"b\": another one has this sha256"),
            ("[[keys]]\nname = 'a'".to_owned(), "missing field `sha256`"),
            ("[[keys]]\nsha256 = ''".to_owned(), "number 1 of the keys: missing field `name`"),
            ("keys = 'a'".to_owned(), "write [[keys]]"),
            ("[keys]\nname = 'a'".to_owned(), "write [[keys]]"),
        ] {
            let refusal = parse(&text).unwrap_err();
            assert!(refusal.contains(said), "{text}: {refusal}");
        }
        let secret = generate().unwrap();
        let refusal = parse(&format!("[[keys]]\nname = 'a'\nsha256 = '{secret}'")).unwrap_err();
        assert!(refusal.contains("64 hexadecimal digits") && !refusal.contains(&secret), "{refusal}");
    }
}
