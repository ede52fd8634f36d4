//! A plain text table with columns as wide as they need to be.

use crate::say;

/// Prints `rows` under `heads`.
pub fn print(title: &str, heads: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([heads[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("| {} |", padded.collect::<Vec<_>>().join(" | "))
    };
    say(title);
    say("");
    say(&line(heads.to_vec()));
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    say(&line(rule.iter().map(String::as_str).collect()));
    for row in rows {
        say(&line(row.iter().map(String::as_str).collect()));
    }
    say("");
}
