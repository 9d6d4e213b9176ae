//! Finds the line and column where a key is set.

use super::environment::SetBy;
use super::issue::VARIABLE;
use super::renamed;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// Locations of settings.
pub struct Places<'a> {
    variables: &'a SetBy,
    file: Option<(&'a Path, &'a str, DeTable<'a>)>,
}

impl<'a> Places<'a> {
    /// Locations of settings from a file and from variables.
    pub fn new(file: Option<&'a (PathBuf, String)>, variables: &'a SetBy) -> Self {
        let file = file.map(|(path, text)| {
            let (table, _) = DeTable::parse_recoverable(text);
            (path.as_path(), text.as_str(), table.into_inner())
        });
        Self { variables, file }
    }

    /// The place to fix a key: where it is set, else the section that lacks it, else `default`.
    pub fn nearest(&self, path: &[String]) -> String {
        self.find(path, false)
    }

    /// The place where a key is set; `default` if it is not.
    pub fn exact(&self, path: &[String]) -> String {
        self.find(path, true)
    }

    fn find(&self, path: &[String], exact: bool) -> String {
        if let Some((_, variable)) = self.variables.iter().find(|(set, _)| set == path) {
            return format!("{VARIABLE}{variable}");
        }
        let in_file = self.file.as_ref().and_then(|(file, text, table)| {
            let paths = [Some(path.to_vec()), renamed::old_path(path)];
            let found = paths.iter().flatten().filter_map(|path| find(table, path));
            let (span, is_whole) = found.max_by_key(|(_, is_whole)| *is_whole)?;
            (is_whole || !exact).then(|| position(file, text, span.start))
        });
        in_file.unwrap_or_else(|| "default".to_string())
    }
}

/// `FILE:LINE:COLUMN` of a byte offset.
pub fn position(path: &Path, text: &str, offset: usize) -> String {
    let (line, column) = line_and_column(text, offset);
    format!("{}:{line}:{column}", path.display())
}

/// Line and column of a byte offset, from 1, in characters.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}

/// The byte range of the key at a path such as `["rule", "cpu", "warning"]`, or of the nearest one above it, and whether
/// it is the key itself.
fn find(table: &DeTable<'_>, path: &[String]) -> Option<(Range<usize>, bool)> {
    let (first, rest) = path.split_first()?;
    let (key, value) = table.iter().find(|(key, _)| key.get_ref().as_ref() == first)?;
    let here = (key.span(), rest.is_empty());
    match value.get_ref() {
        DeValue::Table(inner) if !rest.is_empty() => find(inner, rest).or(Some(here)),
        _ => Some(here),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_where_they_are_set() {
        let file = (PathBuf::from("f"), "a = 1\n[rule.cpu]\nfor = \"5m\"\n  warning = 3\n".to_string());
        let variables = vec![(vec!["b".to_string()], "OSMON_B".to_string())];
        let places = Places::new(Some(&file), &variables);
        let path = |keys: &[&str]| keys.iter().map(ToString::to_string).collect::<Vec<_>>();
        for (keys, nearest, exact) in [
            (&["a"][..], "f:1:1", "f:1:1"),
            (&["rule", "cpu", "warning"], "f:4:3", "f:4:3"),
            (&["rule", "cpu", "missing"], "f:2:7", "default"),
            (&["b"], "environment variable OSMON_B", "environment variable OSMON_B"),
            (&["nothing"], "default", "default"),
        ] {
            assert_eq!((places.nearest(&path(keys)).as_str(), places.exact(&path(keys)).as_str()), (nearest, exact));
        }
        assert_eq!(line_and_column("é = 1", 3), (1, 3));
    }
}
