//! SARIF 2.1.0, the format in which scanners report: read as a stream, told as findings.
//!
//! A document is read twice, each time from its beginning: results may stand before the rules that they name, as those of
//! Semgrep do. The first time ([`Survey::of`]) checks all of it and keeps what results refer to: rules, artifacts, what a
//! run is about. The second time ([`each_result`]) gives one result after another; none is kept. What is malformed is told
//! by its place: line and column for what is no JSON, the path for what is not SARIF.
//!
//! `shapes` says which parts are read, `loose`, `tools` and `reading` how, `telling` what finding a result is, [`sorting`] how
//! findings become batches of reports.
//!
//! Source: Static Analysis Results Interchange Format (SARIF) Version 2.1.0, OASIS Standard, errata 01.

mod loose;
mod reading;
mod shapes;
pub mod sorting;
pub mod telling;
mod tools;

pub use self::reading::{Place, Survey, each_result};
pub use self::shapes::SarifResult;

/// The longest document, unpacked, in bytes.
pub const LONGEST_DOCUMENT: u64 = 64 * 1024 * 1024;

/// The most runs of one document.
pub const MOST_RUNS: usize = 50;

/// The most results of one document.
pub const MOST_RESULTS: u64 = 20_000;

/// The most rules of one document, of all its tools and their extensions.
pub const MOST_RULES: usize = 20_000;

/// The most extensions of one tool.
pub const MOST_EXTENSIONS: usize = 100;

#[cfg(test)]
#[path = "sarif_tests.rs"]
mod tests;
