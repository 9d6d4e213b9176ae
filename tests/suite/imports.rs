//! Which source file imports which, read from the text.

use super::harness::repository;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// One file below `src/`.
pub struct Source {
    /// `alert/plan.rs`
    pub name: String,
    /// Module path: `["alert", "plan"]`; of `alert/mod.rs` `["alert"]`.
    pub path: Vec<String>,
    /// The whole text.
    pub text: String,
    /// The text without comments and unit tests.
    pub code: String,
}

impl Source {
    pub fn new(name: &str, text: &str) -> Self {
        let path = name.trim_end_matches(".rs").trim_end_matches("/mod").split('/').map(ToString::to_string).collect();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        Self { name: name.to_string(), path, text: text.to_string(), code: code.join("\n") }
    }

    /// Modules that this file names by path, without itself; each as the longest path that is a file.
    pub fn imports(&self, sources: &[Self]) -> BTreeSet<Vec<String>> {
        let mut found = BTreeSet::new();
        for path in paths(&self.code) {
            let mut full = match path.first().map(String::as_str) {
                Some("crate") => path[1..].to_vec(),
                Some("self") => [self.path.clone(), path[1..].to_vec()].concat(),
                Some("super") => {
                    let ups = path.iter().take_while(|part| *part == "super").count();
                    [self.path[..self.path.len().saturating_sub(ups)].to_vec(), path[ups..].to_vec()].concat()
                }
                // A child module, named as such.
                Some(_) if path.len() > 1 => [self.path.clone(), path].concat(),
                _ => continue,
            };
            while !full.is_empty() && !sources.iter().any(|source| source.path == full) {
                full.pop();
            }
            // A bare path that is none of the children resolves to the file itself.
            if !full.is_empty() && full != self.path {
                found.insert(full);
            }
        }
        found
    }
}

/// Every path with `::` in a text; groups in braces are taken apart.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let bytes = code.as_bytes();
    let is_word = |at: usize| bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let mut at = 0;
    while at < bytes.len() {
        let begins = is_word(at) && (at == 0 || !is_word(at - 1)) && !code[..at].ends_with("::");
        if !begins {
            at += 1;
            continue;
        }
        at = path(code, at, &[], &mut found);
    }
    found
}

/// Reads one path from `at`; returns where it ends.
fn path(code: &str, mut at: usize, head: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut parts = head.to_vec();
    loop {
        let word: String = code[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        if word.is_empty() {
            break;
        }
        at += word.len();
        parts.push(word);
        if !code[at..].starts_with("::") {
            break;
        }
        at += 2;
        if code[at..].starts_with('{') {
            at += 1;
            loop {
                at += code[at..].len() - code[at..].trim_start_matches([' ', '\n', ',']).len();
                if code[at..].is_empty() || code[at..].starts_with('}') {
                    return at + 1;
                }
                let before = at;
                at = path(code, at, &parts, found);
                if code[at..].starts_with(" as ") {
                    at += code[at..].find([',', '}']).unwrap_or(0);
                }
                if at == before {
                    return at + 1;
                }
            }
        }
    }
    if parts.len() > 1 {
        found.push(parts);
    }
    at
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Every file below `src/` but unit tests, sorted by name.
pub fn sources() -> Vec<Source> {
    let top = repository("src");
    let mut files = Vec::new();
    collect(&top, &mut files);
    files.sort();
    let named = files.iter().map(|path| (path.strip_prefix(&top).unwrap().to_string_lossy().into_owned(), path));
    let code = named.filter(|(name, _)| !name.ends_with("tests.rs") && !name.contains("/tests/"));
    code.map(|(name, path)| Source::new(&name, &fs::read_to_string(path).unwrap())).collect()
}

/// Groups of files that import each other, directly or around.
pub fn cycles(sources: &[Source]) -> Vec<Vec<String>> {
    let count = sources.len();
    let number = |path: &Vec<String>| sources.iter().position(|source| source.path == *path).unwrap();
    let mut reach: Vec<Vec<bool>> = sources
        .iter()
        .map(|source| {
            let mut row = vec![false; count];
            source.imports(sources).iter().for_each(|path| row[number(path)] = true);
            row
        })
        .collect();
    for via in 0..count {
        let onward = reach[via].clone();
        for row in reach.iter_mut().filter(|row| row[via]) {
            row.iter_mut().zip(&onward).for_each(|(known, further)| *known |= further);
        }
    }
    let mut groups: Vec<Vec<String>> = Vec::new();
    for (at, row) in reach.iter().enumerate() {
        let is_mutual = |other: &usize| row[*other] && reach[*other][at];
        let group: Vec<String> = (0..count).filter(is_mutual).map(|other| sources[other].name.clone()).collect();
        if group.len() > 1 && !groups.contains(&group) {
            groups.push(group);
        }
    }
    groups
}
