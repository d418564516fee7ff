//! What a server says at `/metrics`.

use std::collections::BTreeMap;

use super::{Server, text_of};

/// Samples by name and labels, as they are written.
pub struct Metrics(pub BTreeMap<String, f64>);

impl Metrics {
    pub fn of(server: &Server) -> Self {
        let text = text_of(server, "GET /metrics HTTP/1.1");
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{text}");
        assert!(head.to_lowercase().contains("content-type: text/plain; version=0.0.4"), "{head}");
        let sample = |line: &str| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        };
        Self(body.lines().filter(|line| !line.starts_with('#')).map(sample).collect())
    }

    /// The value of this very series; 0 if there is none.
    pub fn get(&self, series: &str) -> f64 {
        self.0.get(series).copied().unwrap_or_default()
    }

    /// The names of all metrics, without labels.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|series| series.split('{').next().unwrap())
    }
}
