//! Filters of the list calls.

use std::collections::BTreeMap;

use serde::Serialize;

/// Filters of a list call: a resource is listed when, for every key, it matches one of the values (all of them for
/// labels).
///
/// ```
/// let filters = engine_api::Filters::new().label("com.example.owner=me").with("status", "exited");
/// assert!(!filters.is_empty());
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Filters(BTreeMap<String, Vec<String>>);

impl Filters {
    /// No filters: everything is listed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value to a key; which keys there are is the engine's matter (`status`, `ancestor`, `dangling`, ...).
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.entry(key.into()).or_default().push(value.into());
        self
    }

    /// Only what has this label: `key`, or `key=value`.
    #[must_use]
    pub fn label(self, label: impl Into<String>) -> Self {
        self.with("label", label)
    }

    /// Only what has this in its name.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        self.with("name", name)
    }

    /// Only containers in this state, such as `running`.
    #[must_use]
    pub fn status(self, status: impl Into<String>) -> Self {
        self.with("status", status)
    }

    /// Whether there is no filter.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_a_map_of_lists() {
        let filters = Filters::new().status("exited").label("a=b").label("c");
        assert_eq!(serde_json::to_string(&filters).unwrap(), r#"{"label":["a=b","c"],"status":["exited"]}"#);
    }
}
