//! Columns for people: 80 wide, nothing broken over lines.

use crate::base::text::fit;

/// A column: its heading, its width in characters, and whether it holds numbers (set to the right).
pub type Column = (&'static str, usize, bool);

/// One row, cut and padded to its columns, two blanks apart, without trailing blanks.
pub fn row(columns: &[Column], cells: &[String]) -> String {
    let parts = columns.iter().zip(cells).map(|((_, width, right), cell)| {
        let cell = fit(cell, *width);
        if *right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    });
    parts.collect::<Vec<_>>().join("  ").trim_end().to_string()
}

/// The row of headings.
pub fn head(columns: &[Column]) -> String {
    row(columns, &columns.iter().map(|(name, _, _)| (*name).to_string()).collect::<Vec<_>>())
}
