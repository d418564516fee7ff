//! A client of server-sent events (the HTML Standard, section 9.2.6).

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;

use serde_json::Value;

use super::Server;

pub struct Events {
    lines: BufReader<TcpStream>,
    /// The id that came last.
    pub last_id: Option<String>,
}

#[derive(Debug)]
pub struct Event {
    pub name: String,
    pub data: Value,
}

impl Events {
    /// Reads the events at a path, those after `last_id` if it is given.
    pub fn open(server: &Server, path: &str, last_id: Option<&str>) -> Self {
        let last = last_id.map(|id| format!("\r\nLast-Event-ID: {id}")).unwrap_or_default();
        // To a client of HTTP/1.0 a body is sent as it is, without chunks.
        let stream = server.open(&format!("GET {path} HTTP/1.0{last}"), b"");
        let mut lines = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(lines.read_line(&mut head).unwrap() > 0, "{head}");
        }
        let head = head.to_lowercase();
        assert!(head.contains(" 200 ok\r\n") && head.contains("content-type: text/event-stream"), "{head}");
        Self { lines, last_id: None }
    }

    /// The next event; `None` when the stream has ended.
    pub fn next(&mut self) -> Option<Event> {
        let (mut name, mut data) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            match line.trim_end_matches('\n').split_once(": ") {
                Some(("event", value)) => name = value.to_owned(),
                Some(("data", value)) => data += value,
                Some(("id", value)) => self.last_id = Some(value.to_owned()),
                _ if line == "\n" && !name.is_empty() => {
                    let data = serde_json::from_str(&data).unwrap();
                    return Some(Event { name, data });
                }
                // The end of a comment, or one.
                _ => {}
            }
        }
    }

    /// Reads until `text` was printed on standard output, and gives all that was printed.
    pub fn read_until(&mut self, text: &str) -> String {
        let mut printed = String::new();
        while !printed.contains(text) {
            let event = self.next().unwrap_or_else(|| panic!("no {text:?} in {printed:?}"));
            if event.name == "output" {
                printed += event.data["data"].as_str().unwrap();
            }
        }
        printed
    }

    /// All the rest.
    pub fn rest(mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.next()).collect()
    }
}

/// What these events say was written on standard output.
pub fn output(events: &[Event]) -> String {
    let output = events.iter().filter(|event| event.name == "output" && event.data["type"].is_null());
    output.map(|event| event.data["data"].as_str().unwrap()).collect()
}
