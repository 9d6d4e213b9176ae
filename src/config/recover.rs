//! Reads a TOML document with syntax errors: each statement on its own, so that one mistake costs one statement and is
//! reported once.

use super::issue::ConfigIssue;
use super::locate::Part;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::{Table, Value};

/// Longest statement, in lines.
const STATEMENT_LINES: usize = 100;
/// Mistakes that are reported.
const MISTAKES: usize = 100;

/// The readable settings of a document, and the mistakes in it.
#[derive(Debug, Default)]
pub struct Recovered {
    /// The settings of every readable statement.
    pub table: Table,
    /// The readable statements.
    pub parts: Vec<Part>,
    /// A report for each of the others, with its byte offset.
    pub mistakes: Vec<(usize, ConfigIssue)>,
    /// Lines of section headers.
    headers: BTreeMap<Vec<String>, usize>,
}

/// Reads every statement that can be read.
pub fn recover(text: &str) -> Recovered {
    let mut recovered = Recovered::default();
    let lines: Vec<(usize, &str)> =
        text.split_inclusive('\n').scan(0, |at, line| Some((advance(at, line), line))).collect();
    // The section that the statements belong to; `None`: its header cannot be read.
    let (mut section, mut next) = (Some(Vec::new()), 0);
    while let Some((start, line)) = lines.get(next).copied() {
        let number = next + 1;
        next += 1;
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        if recovered.mistakes.len() >= MISTAKES {
            break;
        }
        if bare.starts_with('[') {
            section = recovered.header(line, start, number);
            continue;
        }
        let end = statement_end(text, &lines, number - 1);
        next = end;
        let until = lines.get(end).map_or(text.len(), |(start, _)| *start);
        recovered.statement(text.get(start..until).unwrap_or_default(), start, number, section.as_deref());
    }
    recovered
}

fn advance(at: &mut usize, line: &str) -> usize {
    let start = *at;
    *at += line.len();
    start
}

/// The index of the line after the statement that begins at a line.
fn statement_end(text: &str, lines: &[(usize, &str)], first: usize) -> usize {
    let Some((start, line)) = lines.get(first) else { return first + 1 };
    let value = line.split_once('=').map_or("", |(_, value)| value);
    if reads(line) || !["[", "{", "\"\"\"", "'''"].iter().any(|open| value.contains(open)) {
        return first + 1;
    }
    let last = lines.len().min(first + STATEMENT_LINES);
    let end = |next: usize| lines.get(next).map_or(text.len(), |(start, _)| *start);
    let closes = |next: &usize| {
        let last = lines.get(next - 1).map_or("", |(_, line)| line);
        ["]", "}", "\"\"\"", "'''"].iter().any(|close| last.contains(close))
    };
    let is_whole = |next: &usize| text.get(*start..end(*next)).is_some_and(reads);
    if let Some(next) = (first + 2..=last).filter(closes).find(is_whole) {
        return next;
    }
    // It is broken: it ends before the next line that looks like the beginning of another one.
    let begins = |(_, line): &(usize, &str)| {
        let bare = line.trim_start();
        let word = bare.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "_-.".contains(c));
        reads(line) || (word.len() < bare.len() && word.trim_start().starts_with('=')) || is_header(bare)
    };
    let after = lines.get(first + 1..).unwrap_or_default();
    first + 1 + after.iter().take_while(|line| !begins(line)).count().min(STATEMENT_LINES)
}

fn is_header(line: &str) -> bool {
    line.starts_with('[') && line.trim_start_matches('[').starts_with(|c: char| c.is_ascii_alphabetic())
}

fn reads(text: &str) -> bool {
    toml::from_str::<Table>(text).is_ok()
}

impl Recovered {
    /// Reads a line with the name of a section. `None`: its statements belong to no section.
    fn header(&mut self, line: &str, start: usize, number: usize) -> Option<Vec<String>> {
        let at = start + line.len() - line.trim_start().len();
        let path = match toml::from_str::<Table>(line) {
            Ok(table) => path_of(&table),
            Err(error) => {
                let name = line.split('#').next().unwrap_or_default().trim().trim_matches(['[', ']']);
                let keys: Vec<String> =
                    name.split('.').map(|key| key.trim().trim_matches(['"', '\'']).to_string()).collect();
                let is_key = |key: &String| {
                    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
                };
                let path = keys.iter().all(is_key).then_some(keys);
                self.complain(
                    path.clone().unwrap_or_default(),
                    start + offset(&error),
                    &error.message().replace('\n', "; "),
                );
                if let Some(path) = &path {
                    put(&mut self.table, path, Value::Table(Table::new()));
                }
                return path;
            }
        };
        if line.trim_start().starts_with("[[") {
            put(&mut self.table, &path, Value::Array(Vec::new()));
            return None;
        }
        if !put(&mut self.table, &path, Value::Table(Table::new())) {
            self.complain(path, at, "is set above to something that is no section");
            return None;
        }
        self.parts.push(Part { section: Vec::new(), range: start..start + line.len() });
        if let Some(first) = self.headers.insert(path.clone(), number) {
            self.complain(path.clone(), at, &format!("this section begins on line {first} already; join both"));
        }
        Some(path)
    }

    fn statement(&mut self, text: &str, start: usize, number: usize, section: Option<&[String]>) {
        let key = text.split_once('=').and_then(|(key, _)| toml::from_str::<Table>(&format!("{key}= 0")).ok());
        let key = key.map(|table| path_of(&table)).unwrap_or_default();
        let path = section.map(|section| [section, &key].concat()).unwrap_or_default();
        let at = start + text.len() - text.trim_start().len();
        match (toml::from_str::<Table>(text), section) {
            (Err(error), _) => {
                let is_bare = !key.is_empty() && text.trim_end().ends_with('=');
                let found = if is_bare { "there is nothing after the =" } else { error.message() };
                let message = found.replace('\n', "; ");
                self.complain(path, start + offset(&error).min(text.trim_end().len()), &message);
            }
            (Ok(_), None) => {}
            (Ok(table), Some(section)) => {
                let mut value = Value::Table(table);
                for key in &key {
                    let Value::Table(inner) = &mut value else { break };
                    value = inner.remove(key).unwrap_or(Value::Boolean(false));
                }
                if put(&mut self.table, &path, value) {
                    self.headers.entry(path).or_insert(number);
                    self.parts.push(Part { section: section.to_vec(), range: start..start + text.len() });
                } else {
                    let first = self.headers.get(&path).map_or(String::new(), |line| format!(" (line {line})"));
                    self.complain(path, at, &format!("is set twice{first}; remove one of both"));
                }
            }
        }
    }

    fn complain(&mut self, path: Vec<String>, offset: usize, message: &str) {
        let message = format!("not valid TOML: {message}");
        self.mistakes.push((offset, ConfigIssue { path, message, ..ConfigIssue::default() }));
    }
}

fn offset(error: &toml::de::Error) -> usize {
    error.span().map_or(0, |Range { start, .. }| start)
}

/// The path of the only key of a table.
fn path_of(mut table: &Table) -> Vec<String> {
    let mut path = Vec::new();
    while let Some((key, value)) = table.iter().next() {
        path.push(key.clone());
        match value {
            Value::Table(inner) => table = inner,
            Value::Array(items) => match items.first() {
                Some(Value::Table(inner)) => table = inner,
                _ => break,
            },
            _ => break,
        }
    }
    path
}

/// Sets a value. Returns whether the key was free; an empty table is put over another table.
fn put(table: &mut Table, path: &[String], value: Value) -> bool {
    match path {
        [] => false,
        [key] => match (table.get(key), &value) {
            (None, _) => table.insert(key.clone(), value).is_none(),
            (Some(Value::Table(_)), Value::Table(new)) => new.is_empty(),
            _ => false,
        },
        [first, rest @ ..] => match table.entry(first).or_insert_with(|| Value::Table(Table::new())) {
            Value::Table(inner) => put(inner, rest, value),
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The readable settings, and `LINE KEY` of each mistake.
    fn both(text: &str) -> (String, Vec<String>) {
        let recovered = recover(text);
        let line = |offset: usize| text.get(..offset).unwrap().matches('\n').count() + 1;
        let mistakes = recovered.mistakes.iter().map(|(at, issue)| format!("{} {}", line(*at), issue.path.join(".")));
        (toml::to_string(&recovered.table).unwrap().replace('\n', " ").trim().to_string(), mistakes.collect())
    }

    #[test]
    fn one_mistake_costs_one_statement() {
        for (text, expected, mistakes) in [
            ("[a]\nx = 1\nb = = 2\ny = 3\n", "[a] x = 1 y = 3", &["3 a.b"][..]),
            (
                "x = = 1\n[a]\nto = [\n  \"a@b.c\",\n]\n[r.x\nw = 1\n",
                "[a] to = [\"a@b.c\"]  [r.x] w = 1",
                &["1 x", "6 r.x"],
            ),
            ("[a]\nfrom = \"open\nz = 2\n", "[a] z = 2", &["2 a.from"]),
            ("[a]\nto = [\"x\"]\nto = [\"y\"]\n", "[a] to = [\"x\"]", &["3 a.to"]),
            ("[a]\nto = [\"x\"\nfrom = \"y\"\n[b]\nq = 1\n", "[a] from = \"y\"  [b] q = 1", &["2 a.to"]),
            ("[a]\nto = [\n\"x\"\n\"y\"\n]\nz = 1\n", "[a] z = 1", &["4 a.to"]),
            ("[a]\nhost = mail\nok = 1\n", "[a] ok = 1", &["2 a.host"]),
            ("[a]\nx = 1\n[a]\ny = 2\n", "[a] x = 1 y = 2", &["3 a"]),
            ("[a]\nkey with space = 1\nfoo\nbar: 3\nz = 1\n", "[a] z = 1", &["2 a", "3 a", "4 a"]),
            ("[r.c]]\nw = 1\n", "[r.c] w = 1", &["1 r.c"]),
            ("[r c]\nw = 1\n[b]\nx = 1\n", "[b] x = 1", &["1 "]),
            ("[a]\nb = True\nd = 5m\n e = 'x\nf = 1,5\n", "[a]", &["2 a.b", "3 a.d", "4 a.e", "5 a.f"]),
            ("[a]\nt = \"\"\"\n[b]\nc = 1\n\"\"\"\nd = = 2\n", "[a] t = \"\"\" [b] c = 1 \"\"\"", &["6 a.d"]),
            ("[a]\nfrom = \"\"\"open\nz = 1\n", "[a] z = 1", &["2 a.from"]),
            ("a.b = 1\na.b = 2\n[a]\nc = 1\n", "[a] b = 1 c = 1", &["2 a.b"]),
            ("a = 1\n[a]\nc = 1\n", "a = 1", &["2 a"]),
        ] {
            let (settings, found) = both(text);
            assert_eq!(
                (settings.as_str(), found),
                (expected, mistakes.iter().map(ToString::to_string).collect()),
                "{text:?}"
            );
        }
        assert_eq!(both(&"<<<<<<< HEAD\n".repeat(200)).1.len(), MISTAKES);
    }
}
