//! Tables as CSV (RFC 4180): for spreadsheets, so that no cell is taken for a formula.
//!
//! A cell that a spreadsheet could take for a formula gets an apostrophe in front; [`unprotected`] takes it off again. So
//! does a cell that already begins with apostrophes before such a character, and therefore what is written and read
//! again is always the same.
//!
//! Source: OWASP, "CSV Injection": `=`, `+`, `-`, `@`, tab, carriage return, line feed.

use std::borrow::Cow;

use crate::{Error, Result};

/// The beginnings of what a spreadsheet may take for a formula.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// What some spreadsheets take for the end of a cell, whatever the quotes around it say.
const SEPARATORS: [char; 2] = [';', '\t'];

/// A cell that no spreadsheet takes for a formula, nor a part of it behind what it may take for the cell's end.
pub fn protected(cell: &str) -> Cow<'_, str> {
    let mut written = String::new();
    if cell.trim_start_matches('\'').starts_with(FORMULA) {
        written.push('\'');
    }
    let mut is_changed = !written.is_empty();
    for (place, character) in cell.char_indices() {
        written.push(character);
        if SEPARATORS.contains(&character) && begins_formula(&cell[place + character.len_utf8()..]) {
            written.push('\'');
            is_changed = true;
        }
    }
    if is_changed { Cow::Owned(written) } else { Cow::Borrowed(cell) }
}

/// A cell as it was before it was protected.
pub fn unprotected(cell: &str) -> Cow<'_, str> {
    let whole = match cell.strip_prefix('\'') {
        Some(rest) if rest.trim_start_matches('\'').starts_with(FORMULA) => rest,
        _ => cell,
    };
    let (mut read, mut rest) = (String::new(), whole);
    while let Some(place) = rest.find(SEPARATORS) {
        let (before, behind) = rest.split_at(place + 1);
        read.push_str(before);
        rest = match behind.strip_prefix('\'') {
            Some(bare) if begins_formula(bare) => bare,
            _ => behind,
        };
    }
    read.push_str(rest);
    if read == whole { Cow::Borrowed(whole) } else { Cow::Owned(read) }
}

/// Whether what stands behind a separator begins as a formula does.
fn begins_formula(behind: &str) -> bool {
    behind.trim_start_matches(['\'', '"', ' ']).starts_with(FORMULA)
}

/// A table that is written row by row.
#[derive(Debug)]
pub struct Sheet(csv::Writer<Vec<u8>>);

impl Sheet {
    /// A table with these columns.
    ///
    /// # Errors
    /// None that can happen in memory; `Internal` otherwise. The same goes for the other functions.
    pub fn with_columns(columns: &[&str]) -> Result<Self> {
        let mut sheet = Self::without_columns();
        sheet.row(columns)?;
        Ok(sheet)
    }

    /// A table that goes on with another one, so that it needs no columns of its own.
    pub fn without_columns() -> Self {
        Self(
            csv::WriterBuilder::new()
                .terminator(csv::Terminator::CRLF)
                .flexible(true)
                .from_writer(Vec::new()),
        )
    }

    /// Adds a row; each cell is protected.
    pub fn row(&mut self, cells: &[impl AsRef<str>]) -> Result<()> {
        let cells = cells.iter().map(|cell| protected(cell.as_ref()));
        self.0.write_record(cells.map(|cell| cell.into_owned().into_bytes())).map_err(failed)
    }

    /// The table as text.
    pub fn finish(self) -> Result<String> {
        let bytes = self.0.into_inner().map_err(|cause| failed(cause.into_error()))?;
        String::from_utf8(bytes).map_err(failed)
    }
}

fn failed(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::internal("could not write a table").because(cause)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{FORMULA, Sheet, protected, unprotected};

    #[test]
    fn what_a_spreadsheet_could_take_for_a_formula_begins_with_an_apostrophe() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\ta", "\r=1", "\n=1"] {
            assert_eq!(protected(cell), format!("'{cell}"));
            assert_eq!(unprotected(&protected(cell)), cell);
        }
        for cell in ["", "Anna", "1-1", "O'Neil", "'Anna", " =1"] {
            assert_eq!((protected(cell).as_ref(), unprotected(cell).as_ref()), (cell, cell));
        }
        // Where the list separator is a semicolon, a spreadsheet may split a cell there.
        assert_eq!(protected("x;=HYPERLINK(1)"), "x;'=HYPERLINK(1)");
        assert_eq!(protected("x; \"-1"), "x;' \"-1");
        assert_eq!(protected("Anna; Berlin"), "Anna; Berlin");
    }

    #[test]
    fn rows_are_quoted_where_they_must_be() {
        let mut sheet = Sheet::with_columns(&["name", "note"]).unwrap();
        sheet.row(&["Schmidt, \"Anna\"", "=HYPERLINK(\"x\")"]).unwrap();
        sheet.row(&["a\r\nb", ""]).unwrap();
        let text = sheet.finish().unwrap();
        assert_eq!(
            text,
            "name,note\r\n\"Schmidt, \"\"Anna\"\"\",\"'=HYPERLINK(\"\"x\"\")\"\r\n\"a\r\nb\",\r\n"
        );
        assert_eq!(Sheet::without_columns().finish().unwrap(), "");
    }

    proptest! {
        #[test]
        fn any_cell_is_the_same_after_it_was_written_and_read(cell in "['=+@;\t\r\n \"a-]{0,8}") {
            let written = protected(&cell);
            prop_assert!(!written.starts_with(FORMULA));
            let read = unprotected(&written);
            prop_assert_eq!(read.as_ref(), cell.as_str());
        }
    }
}
