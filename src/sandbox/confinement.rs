//! What the operator of the server chooses of a sandbox's walls. A caller never does.

use std::fmt;
use std::str::FromStr;

use super::link_sockets::LinkSockets;

/// How sandboxes are confined and reached, beside what all of them have.
#[derive(Clone, Debug, Default)]
pub struct Confinement {
    /// The OCI runtime, as the engine knows it; the engine's default if not given.
    pub runtime: Option<String>,
    /// The AppArmor profile, which the kernel of the engine's host has to know; the engine's own if not given.
    pub apparmor_profile: Option<AppArmorProfile>,
    /// Where the sockets are by which they are reached.
    pub link_sockets: LinkSockets,
}

/// The name of an AppArmor profile (apparmor.d(5)).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AppArmorProfile(String);

impl AppArmorProfile {
    /// Whether it is among those that confine a process, whose label proc_pid_attr(5) has shown: `NAME (enforce)`, or
    /// `NAME//&OTHER (enforce)` where several do.
    #[must_use]
    pub fn confines(&self, label: &str) -> bool {
        let names = label.rsplit_once(" (").map_or(label, |(names, _mode)| names);
        names.split("//&").any(|name| name == self.0)
    }
}

impl FromStr for AppArmorProfile {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        match name {
            // The engine's word for no profile at all.
            "unconfined" => Err("unconfined is no profile: sandboxes would have no AppArmor around them"),
            name if name.is_empty() || !name.chars().all(is_plain) => {
                Err("it must be the name of a profile, of letters, digits and - _ .")
            }
            name => Ok(Self(name.to_owned())),
        }
    }
}

impl fmt::Display for AppArmorProfile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_profile_is_no_name_and_a_name_adds_no_option() {
        for name in ["", "unconfined", "a b", "a,b", "a=b", "a//b", "a\n", "\u{e9}"] {
            assert!(name.parse::<AppArmorProfile>().is_err(), "{name:?}");
        }
        assert_eq!("dayfly-sandbox".parse::<AppArmorProfile>().unwrap().to_string(), "dayfly-sandbox");
    }

    #[test]
    fn a_label_may_have_several_names() {
        let profile: AppArmorProfile = "dayfly-sandbox".parse().unwrap();
        for label in ["dayfly-sandbox (enforce)", "dayfly-sandbox//&dayfly-sandbox//program (enforce)"] {
            assert!(profile.confines(label), "{label}");
        }
        for label in ["docker-default (enforce)", "unconfined", "dayfly-sandbox-2 (enforce)", ""] {
            assert!(!profile.confines(label), "{label}");
        }
    }
}
