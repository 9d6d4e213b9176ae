//! Where in a file a key is: so that an error can point at it.

use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// Line and column (both from 1, in characters) of a byte offset.
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}

/// The byte range of the key at a path such as `["rule", "cpu", "warning"]`, or of the nearest one above it.
pub fn find(table: &DeTable<'_>, path: &[&str]) -> Option<Range<usize>> {
    let (first, rest) = path.split_first()?;
    let (key, value) = table.iter().find(|(key, _)| key.get_ref().as_ref() == *first)?;
    match value.get_ref() {
        DeValue::Table(inner) if !rest.is_empty() => find(inner, rest).or_else(|| Some(key.span())),
        _ => Some(key.span()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_where_they_stand() {
        let text = "a = 1\n[rule.cpu]\nfor = \"5m\"\n  warning = 3\n";
        let table = DeTable::parse(text).unwrap();
        let place = |path: &[&str]| find(table.get_ref(), path).map(|span| line_and_column(text, span.start));
        assert_eq!(place(&["a"]), Some((1, 1)));
        assert_eq!(place(&["rule", "cpu", "warning"]), Some((4, 3)));
        assert_eq!(place(&["rule", "cpu", "missing"]), Some((2, 7)));
        assert_eq!(place(&["nothing"]), None);
        assert_eq!(line_and_column("é = 1", 3), (1, 3));
    }
}
