//! The matrix as text: for terminals and for the documentation.

use std::fmt::Write as _;

use bytesize::ByteSize;

use super::{Cell, Row};
use crate::languages::examples::CELLS;

/// The matrix for a terminal, then what failed and why.
#[must_use]
pub fn text(rows: &[Row]) -> String {
    let mut text = format!("{:14}", "KEY");
    for cell in CELLS {
        let _ = write!(text, " {cell}");
    }
    text.push('\n');
    for row in rows {
        let _ = write!(text, "{:14}", row.language.key);
        for cell in CELLS {
            let word = match row.cells.get(cell) {
                Some(Cell::Passed) => "ok",
                Some(Cell::NotApplicable(_)) => "-",
                Some(Cell::Failed(_)) | None => "FAIL",
            };
            let _ = write!(text, " {word:width$}", width = cell.len());
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    for row in rows {
        for (cell, verdict) in &row.cells {
            if let Cell::Failed(reason) = verdict {
                let _ = writeln!(text, "{} {cell}: {reason}", row.language.key);
            }
        }
    }
    text
}

/// The matrix for the documentation, with what each image is made of and why a cell is empty.
#[must_use]
pub fn markdown(rows: &[Row]) -> String {
    let mut text = "| language | version | built on | image |".to_owned();
    for cell in CELLS {
        let _ = write!(text, " {cell} |");
    }
    text.push_str("\n|---|---|---|---:|");
    text.push_str(&":-:|".repeat(CELLS.len()));
    text.push('\n');
    let mut notes = String::new();
    for row in rows {
        let key = &row.language.key;
        let Some(image) = &row.image else {
            let _ = writeln!(text, "| {key} | no image |");
            continue;
        };
        let recipe = image.recipe(&row.language);
        let version = image.version.as_deref().unwrap_or("");
        let stand_in = if image.is_stand_in { " (stand-in)" } else { "" };
        let size = ByteSize::b(image.size_bytes).display().si();
        let _ = write!(text, "| {key} | {version} | {}{stand_in} | {size} |", recipe.base);
        if let Some(note) = &recipe.note {
            let _ = writeln!(notes, "- {key}: {note}");
        }
        for cell in CELLS {
            let sign = match row.cells.get(cell) {
                Some(Cell::Passed) => "✓",
                Some(Cell::NotApplicable(reason)) => {
                    let _ = writeln!(notes, "- {key}, {cell}: {reason}");
                    "–"
                }
                Some(Cell::Failed(reason)) => {
                    let _ = writeln!(notes, "- {key}, {cell} **failed**: {reason}");
                    "✗"
                }
                None => "",
            };
            let _ = write!(text, " {sign} |");
        }
        text.push('\n');
    }
    format!("{text}\n{notes}")
}
