//! The conformance suite: what every language must do, run for real in its sandbox.
//!
//! The programs are the language folders' own examples ([`examples`](crate::languages::examples)), so a new language is
//! tried by the same command as the built-in ones.

mod cases;
pub mod matrix;
pub mod measure;
mod trial;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::images::{Image, state};
use crate::languages::Language;
use crate::languages::examples::CELLS;
use crate::service::Service;

/// How one cell came out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Cell {
    /// It did not do what it must; why.
    Failed(String),
    /// The language cannot have it; why.
    NotApplicable(String),
    /// It did what it must.
    Passed,
}

/// A language's row in the matrix.
#[derive(Clone, Debug)]
pub struct Row {
    /// The language.
    pub language: Arc<Language>,
    /// Its image, if there is one.
    pub image: Option<Image>,
    /// Every cell, by its name in [`CELLS`].
    pub cells: BTreeMap<&'static str, Cell>,
}

impl Row {
    /// Whether no cell failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.cells.values().any(|cell| matches!(cell, Cell::Failed(_)))
    }
}

/// Runs the suite for one language. What fails is told in the row.
///
/// # Errors
/// The engine failed before the first run.
pub async fn check(service: &Service, language: &Arc<Language>) -> engine_api::Result<Row> {
    let image = state(service.client(), language).await?.image().cloned();
    let mut cells = BTreeMap::new();
    for case in cases::ALL {
        cells.extend(case.run(service, language).await);
    }
    debug_assert!(CELLS.iter().all(|cell| cells.contains_key(cell)));
    Ok(Row { language: Arc::clone(language), image, cells })
}
