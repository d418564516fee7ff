//! Rows, and how they are written.

use std::fmt;
use std::time::{Duration, Instant};

/// What a ratio is to be.
#[derive(Clone, Copy)]
pub enum Aim {
    AtMost(f64),
    AtLeast(f64),
    None,
}

impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(ratio) => write!(f, "≤ {ratio}"),
            Self::AtLeast(ratio) => write!(f, "≥ {ratio}"),
            Self::None => write!(f, ""),
        }
    }
}

struct Row {
    name: String,
    median: String,
    last: String,
    yardstick: String,
    measure: String,
    ratio: Option<f64>,
    aim: Aim,
}

/// The whole table; each row is told on standard error when it is there.
#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
}

impl Table {
    /// Times of ours, beside those of the yardstick; the ratio is that of the medians.
    pub fn times(&mut self, name: &str, ours: &[Duration], yardstick: &str, theirs: &[Duration], aim: Aim) {
        let ratio = median(ours).as_secs_f64() / median(theirs).as_secs_f64();
        self.push(Row {
            name: name.into(),
            median: millis(median(ours)),
            last: millis(percentile(ours, 99)),
            yardstick: yardstick.into(),
            measure: millis(median(theirs)),
            ratio: Some(ratio),
            aim,
        });
    }

    /// One figure of ours beside one of the yardstick's, in the same unit.
    pub fn figures(&mut self, name: &str, unit: &str, ours: f64, yardstick: &str, theirs: f64, aim: Aim) {
        self.push(Row {
            name: name.into(),
            median: figure(ours, unit),
            last: String::new(),
            yardstick: yardstick.into(),
            measure: figure(theirs, unit),
            ratio: Some(ours / theirs),
            aim,
        });
    }

    /// A figure that has no yardstick.
    pub fn figure(&mut self, name: &str, unit: &str, ours: f64) {
        self.push(Row {
            name: name.into(),
            median: figure(ours, unit),
            last: String::new(),
            yardstick: String::new(),
            measure: String::new(),
            ratio: None,
            aim: Aim::None,
        });
    }

    fn push(&mut self, row: Row) {
        eprintln!("{row}");
        self.rows.push(row);
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, median, last, yardstick, measure, ratio, aim } = self;
        let ratio = ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
        write!(f, "| {name} | {median} | {last} | {yardstick} | {measure} | {ratio} | {aim} |")
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| | median | 99th percentile | yardstick | its median | ratio | aim |")?;
        writeln!(f, "|---|--:|--:|---|--:|--:|--:|")?;
        self.rows.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}

pub fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

pub fn median(times: &[Duration]) -> Duration {
    percentile(times, 50)
}

fn percentile(times: &[Duration], part: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted[sorted.len() * part / 100]
}

fn millis(time: Duration) -> String {
    figure(time.as_secs_f64() * 1e3, "ms")
}

fn figure(value: f64, unit: &str) -> String {
    let digits = if value < 10.0 {
        2
    } else if value < 100.0 {
        1
    } else {
        0
    };
    format!("{value:.digits$} {unit}")
}
