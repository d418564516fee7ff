//! How values are written, in all places the same.

use std::fmt;
use std::net::IpAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use ipnet::IpNet;

use crate::pool::Scope;
use crate::sandbox::{AppArmorProfile, LinkSockets};
use crate::traces::CollectorUrl;

/// A kind of value.
pub(super) trait Value: Sized {
    /// What stands for it in help texts.
    const PLACEHOLDER: &'static str;

    /// The value that is written so.
    ///
    /// # Errors
    /// What it must be, for a person.
    fn parse(text: &str) -> Result<Self, String>;

    /// As it is written.
    fn write(&self) -> String;
}

/// What a value may be.
pub(super) trait Allows<T> {
    /// # Errors
    /// What the value must be, for a person.
    fn check(&self, value: &T) -> Result<(), String>;
}

impl<T: Value + PartialOrd> Allows<T> for RangeInclusive<T> {
    fn check(&self, value: &T) -> Result<(), String> {
        match self.contains(value) {
            true => Ok(()),
            false => Err(format!("it must be from {} to {}", self.start().write(), self.end().write())),
        }
    }
}

impl<T: Value + PartialOrd> Allows<Option<T>> for RangeInclusive<T> {
    fn check(&self, value: &Option<T>) -> Result<(), String> {
        value.as_ref().map_or(Ok(()), |value| self.check(value))
    }
}

/// An empty text is no value.
impl<T: Value> Value for Option<T> {
    const PLACEHOLDER: &'static str = T::PLACEHOLDER;

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "" => Ok(None),
            text => T::parse(text).map(Some),
        }
    }

    fn write(&self) -> String {
        self.as_ref().map(T::write).unwrap_or_default()
    }
}

impl Value for bool {
    const PLACEHOLDER: &'static str = "true|false";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "it must be true or false".to_owned())
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

macro_rules! numbers {
    ($($type:ty),+) => {$(
        impl Value for $type {
            const PLACEHOLDER: &'static str = "NUMBER";

            fn parse(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| "it must be a whole number that is not negative".to_owned())
            }

            fn write(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

numbers!(u16, u32, usize);

macro_rules! counts {
    ($($type:ty),+) => {$(
        impl Value for $type {
            const PLACEHOLDER: &'static str = "NUMBER";

            fn parse(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| "it must be a whole number from 1 on".to_owned())
            }

            fn write(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

counts!(NonZeroU32, NonZeroUsize);

impl Value for Duration {
    const PLACEHOLDER: &'static str = "TIME";

    fn parse(text: &str) -> Result<Self, String> {
        humantime::parse_duration(text)
            .map_err(|error| format!("it must be a time with its unit, as in 90s or 1h 30m ({error})"))
    }

    fn write(&self) -> String {
        humantime::format_duration(*self).to_string()
    }
}

impl Value for ByteSize {
    const PLACEHOLDER: &'static str = "SIZE";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "it must be a size, as in 512 KiB or 2 MB".to_owned())
    }

    /// The largest unit that says it exactly.
    fn write(&self) -> String {
        let bytes = self.as_u64();
        let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
        match units.iter().find(|(power, _)| bytes > 0 && bytes.is_multiple_of(1 << power)) {
            Some((power, unit)) => format!("{} {unit}", bytes >> power),
            None => format!("{bytes} B"),
        }
    }
}

impl Value for IpAddr {
    const PLACEHOLDER: &'static str = "ADDRESS";

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "it must be an IP address, as in 127.0.0.1 or ::".to_owned())
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

/// Networks, with commas between them; an address alone is the network of that one.
impl Value for Vec<IpNet> {
    const PLACEHOLDER: &'static str = "NETWORKS";

    fn parse(text: &str) -> Result<Self, String> {
        let network = |text: &str| {
            let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_| {
                format!("{text:?} is no network: write addresses, or networks as in 10.0.0.0/8 or fd00::/8")
            })
        };
        text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(network).collect()
    }

    fn write(&self) -> String {
        self.iter().map(IpNet::to_string).collect::<Vec<_>>().join(",")
    }
}

impl Value for PathBuf {
    const PLACEHOLDER: &'static str = "PATH";

    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.into())
    }

    fn write(&self) -> String {
        self.display().to_string()
    }
}

impl Value for String {
    const PLACEHOLDER: &'static str = "TEXT";

    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }

    fn write(&self) -> String {
        self.clone()
    }
}

/// Types that say themselves how they are written.
macro_rules! written_by_themselves {
    ($($type:ty as $placeholder:literal),+) => {$(
        impl Value for $type {
            const PLACEHOLDER: &'static str = $placeholder;

            fn parse(text: &str) -> Result<Self, String> {
                text.parse().map_err(str::to_owned)
            }

            fn write(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

written_by_themselves!(AppArmorProfile as "PROFILE", CollectorUrl as "URL", LinkSockets as "PATH|none");

/// What only the operator and those who were told it know.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(String);

/// The fewest characters of a secret: less can be guessed.
const SHORTEST_SECRET: usize = 16;

impl Secret {
    /// The secret itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(hidden)")
    }
}

impl Value for Secret {
    const PLACEHOLDER: &'static str = "SECRET";

    fn parse(text: &str) -> Result<Self, String> {
        match text.chars().count() {
            length if length < SHORTEST_SECRET => {
                Err(format!("it must have {SHORTEST_SECRET} characters at least"))
            }
            _ => Ok(Self(text.to_owned())),
        }
    }

    fn write(&self) -> String {
        self.0.clone()
    }
}

/// What stands between two runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Isolation {
    /// Each has a container of its own.
    Container,
    /// Runs of one tenant follow each other in one container, each in a world of its own.
    World,
}

impl Value for Isolation {
    const PLACEHOLDER: &'static str = "container|world";

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "container" => Ok(Self::Container),
            "world" => Ok(Self::World),
            _ => Err("it must be container or world".to_owned()),
        }
    }

    fn write(&self) -> String {
        match self {
            Self::Container => "container".to_owned(),
            Self::World => "world".to_owned(),
        }
    }
}

impl Value for Scope {
    const PLACEHOLDER: &'static str = "key|all";

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "key" => Ok(Self::Key),
            "all" => Ok(Self::All),
            _ => Err("it must be key or all".to_owned()),
        }
    }

    fn write(&self) -> String {
        match self {
            Self::Key => "key".to_owned(),
            Self::All => "all".to_owned(),
        }
    }
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogFormat {
    /// A JSON object in each line, for programs.
    Json,
    /// Lines for people.
    Text,
}

impl Value for LogFormat {
    const PLACEHOLDER: &'static str = "text|json";

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err("it must be text or json".to_owned()),
        }
    }

    fn write(&self) -> String {
        match self {
            Self::Json => "json".to_owned(),
            Self::Text => "text".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for bytes in [0, 1, 1000, 1024, 1536, 3 << 20, (3 << 20) + 1, 5 << 30] {
            let size = ByteSize::b(bytes);
            assert_eq!(ByteSize::parse(&size.write()).unwrap(), size);
        }
        for text in ["1ms", "90s", "1h 30m"] {
            let time = Duration::parse(text).unwrap();
            assert_eq!(Duration::parse(&time.write()).unwrap(), time);
        }
        for text in ["", "10.0.0.0/8", "127.0.0.1/32,fd00::/8"] {
            assert_eq!(Vec::<IpNet>::parse(text).unwrap().write(), text);
        }
        assert_eq!(Vec::<IpNet>::parse("127.0.0.1, ::1").unwrap().write(), "127.0.0.1/32,::1/128");
    }

    #[test]
    fn networks_are_written_in_a_list() {
        let networks = Vec::<IpNet>::parse("10.0.0.0/8, 192.0.2.1,fd00::/8").unwrap();
        assert_eq!(networks.write(), "10.0.0.0/8,192.0.2.1/32,fd00::/8");
        assert_eq!(Vec::parse(&networks.write()), Ok(networks));
        assert_eq!(Vec::<IpNet>::parse(""), Ok(Vec::new()));
        for bad in ["10.0.0.0/33", "localhost", "10.0.0.0-10.0.0.9"] {
            assert!(Vec::<IpNet>::parse(bad).unwrap_err().contains(bad));
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-1", "nan", "inf", "1.5", "1e3", "99999999999999999999999"] {
            assert!(usize::parse(text).is_err(), "{text}");
            assert!(Duration::parse(text).is_err(), "{text}");
        }
        for text in ["localhost", "10.0.0.0/33", "10.0.0", "10.0.0.0/8 fd00::/8"] {
            assert!(Vec::<IpNet>::parse(text).is_err(), "{text}");
        }
        assert!(NonZeroUsize::parse("0").is_err());
        assert!(ByteSize::parse("-1").is_err() && ByteSize::parse("nan").is_err());
    }

    #[test]
    fn a_secret_is_not_shown_and_not_short() {
        let secret = Secret::parse("0123456789abcdef").unwrap();
        assert_eq!(
            (secret.reveal(), format!("{secret:?}")),
            ("0123456789abcdef", "Secret(hidden)".to_owned())
        );
        assert!(!Secret::parse("0123456789abcde").unwrap_err().contains("0123"));
    }
}
