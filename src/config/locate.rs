//! Finds the line and column where a key is set.

use super::environment::SetBy;
use super::issue::{ConfigIssue, VARIABLE};
use super::renamed;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// The place of a setting that is nowhere set.
const DEFAULT: &str = "default";

/// A part of a document that is valid TOML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The section that its keys are in.
    pub section: Vec<String>,
    /// Its bytes.
    pub range: Range<usize>,
}

/// Locations of settings.
pub struct Places<'a> {
    variables: &'a SetBy,
    file: Option<(&'a Path, &'a str)>,
    parts: Vec<(&'a [String], usize, DeTable<'a>)>,
}

impl<'a> Places<'a> {
    /// Locations of settings from a file and from variables. `parts`: those of a file that is not valid as a whole.
    pub fn new(file: Option<&'a (PathBuf, String)>, parts: &'a [Part], variables: &'a SetBy) -> Self {
        let read = |text: &'a str| DeTable::parse_recoverable(text).0.into_inner();
        let file = file.map(|(path, text)| (path.as_path(), text.as_str()));
        let parts = match file {
            Some((_, text)) if parts.is_empty() => vec![(&[][..], 0, read(text))],
            Some((_, text)) => {
                let part = |part: &'a Part| {
                    let text = text.get(part.range.clone()).unwrap_or_default();
                    (part.section.as_slice(), part.range.start, read(text))
                };
                parts.iter().map(part).collect()
            }
            None => Vec::new(),
        };
        Self { variables, file, parts }
    }

    /// Adds the place to fix to an issue: where its key is set, else the section that lacks it, else `default`.
    pub fn locate(&self, issue: &mut ConfigIssue) {
        match self.find(&issue.path, false) {
            Ok(offset) => self.locate_at(issue, offset),
            Err(place) => issue.place = place,
        }
    }

    /// Adds the place at a byte offset of the file to an issue.
    pub fn locate_at(&self, issue: &mut ConfigIssue, offset: usize) {
        if let Some((path, text)) = self.file {
            issue.place = position(path, text, offset);
            issue.position = Some(line_and_column(text, offset));
        }
    }

    /// The place where a key is set; `default` if it is not.
    pub fn exact(&self, path: &[String]) -> String {
        match (self.find(path, true), self.file) {
            (Ok(offset), Some((path, text))) => position(path, text, offset),
            (Ok(_), None) => DEFAULT.to_string(),
            (Err(place), _) => place,
        }
    }

    /// The byte offset in the file, or the other place.
    fn find(&self, path: &[String], exact: bool) -> Result<usize, String> {
        if let Some((_, variable)) = self.variables.iter().find(|(set, _)| set == path) {
            return Err(format!("{VARIABLE}{variable}"));
        }
        let paths = [Some(path.to_vec()), renamed::old_path(path)];
        let in_part = |path: &Vec<String>, (section, start, table): &(&[String], usize, DeTable<'_>)| {
            let (span, depth) = find(table, path.strip_prefix(*section)?, section.len())?;
            Some((depth, depth == path.len(), start + span.start))
        };
        let found = paths.iter().flatten().flat_map(|path| self.parts.iter().filter_map(|part| in_part(path, part)));
        // The first of those that are nearest.
        let nearest = found.reduce(|best, next| if (next.1, next.0) > (best.1, best.0) { next } else { best });
        let nearest = nearest.filter(|(_, is_whole, _)| *is_whole || !exact).map(|(_, _, offset)| offset);
        nearest.ok_or_else(|| DEFAULT.to_string())
    }
}

/// `FILE:LINE:COLUMN` of a byte offset.
pub fn position(path: &Path, text: &str, offset: usize) -> String {
    let (line, column) = line_and_column(text, offset);
    format!("{}:{line}:{column}", path.display())
}

/// Line and column of a byte offset, from 1, in characters.
fn line_and_column(text: &str, offset: usize) -> (u32, u32) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    let small = |number| u32::try_from(number).unwrap_or(u32::MAX);
    (small(line), small(column))
}

/// The byte range of the key at a path such as `["rule", "cpu", "warning"]`, or of the nearest one above it, and how many
/// keys of the path it covers, `depth` of them before this table.
fn find(table: &DeTable<'_>, path: &[String], depth: usize) -> Option<(Range<usize>, usize)> {
    let (first, rest) = path.split_first()?;
    let (key, value) = table.iter().find(|(key, _)| key.get_ref().as_ref() == first)?;
    let here = (key.span(), depth + 1);
    match value.get_ref() {
        DeValue::Table(inner) if !rest.is_empty() => find(inner, rest, depth + 1).or(Some(here)),
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
        let places = Places::new(Some(&file), &[], &variables);
        let path = |keys: &[&str]| keys.iter().map(ToString::to_string).collect::<Vec<_>>();
        for (keys, nearest, exact) in [
            (&["a"][..], "f:1:1", "f:1:1"),
            (&["rule", "cpu", "warning"], "f:4:3", "f:4:3"),
            (&["rule", "cpu", "missing"], "f:2:7", "default"),
            (&["b"], "environment variable OSMON_B", "environment variable OSMON_B"),
            (&["nothing"], "default", "default"),
        ] {
            let mut issue = ConfigIssue { path: path(keys), ..ConfigIssue::default() };
            places.locate(&mut issue);
            assert_eq!((issue.place.as_str(), places.exact(&path(keys)).as_str()), (nearest, exact));
        }
        assert_eq!(line_and_column("é = 1", 3), (1, 3));
    }
}
