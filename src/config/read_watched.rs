//! Reads `[process.NAME]` and `[freshness.NAME]`.

use super::heal_values::{MINUTE, size, span};
use super::issue::ConfigIssue;
use super::key_errors::KeyErrors;
use super::route_keys::RouteKeys;
use super::settings::Probe;
use super::watched::{FreshnessSource, WatchedFreshness, WatchedProcess};
use super::watched_keys::has_known_keys;
use std::path::{Component, Path};
use std::time::Duration;
use toml::{Table, Value};

/// Longest time that a command may take: the measurement of a minute is over after eight seconds.
const TIMEOUT_MAX: Duration = Duration::from_secs(4);
const DAY: Duration = Duration::from_secs(86_400);

/// Takes both sections out of the settings. `None` when a key or type is wrong.
pub fn read(given: &mut Table, probe: &mut Probe, issues: &mut Vec<ConfigIssue>) -> Option<()> {
    probe.watched_processes = entries(given, "process", process, issues)?;
    probe.freshness = entries(given, "freshness", freshness, issues)?;
    Some(())
}

/// Reads an entry; `None` or errors when it is wrong.
type ReadEntry<T> = fn(&str, RouteKeys<'_>, &mut KeyErrors) -> Option<T>;

fn entries<T>(given: &mut Table, kind: &str, read: ReadEntry<T>, issues: &mut Vec<ConfigIssue>) -> Option<Vec<T>> {
    let mut all = Vec::new();
    let section = match given.remove(kind) {
        None => Table::new(),
        Some(Value::Table(section)) => section,
        Some(_) => return None,
    };
    for (name, entry) in &section {
        let entry = entry.as_table().filter(|entry| has_known_keys(kind, entry))?;
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) || name.is_empty() {
            issues.push(ConfigIssue::at(&[kind, name], "the name is made of letters, digits, _ and -"));
        }
        let mut errors = KeyErrors::default();
        let read = read(name, RouteKeys(entry), &mut errors);
        let is_right = errors.is_empty();
        errors.report(&[kind, name], issues);
        all.extend(read.filter(|_| is_right));
    }
    Some(all)
}

fn process(name: &str, keys: RouteKeys<'_>, errors: &mut KeyErrors) -> Option<WatchedProcess> {
    let (matches, command_line) = (keys.text("match"), keys.text("command_line"));
    if matches.is_empty() && command_line.is_empty() {
        let message =
            "is required: the name of the program, as \"ps -e\" shows it; or \"command_line\", a pattern of it";
        errors.related("match", &["match", "command_line"], message);
    }
    if matches.contains('/') {
        let message = format!("{matches:?} is a path; write the name of the program, or a pattern in \"command_line\"");
        errors.add("match", message);
    }
    let count = |key| keys.0.get(key).and_then(Value::as_integer).and_then(|number| u64::try_from(number).ok());
    let at_most = count("at_most");
    // `at_most = 0`: the default of `at_least` is 0.
    let at_least = count("at_least").unwrap_or(if at_most == Some(0) { 0 } else { 1 });
    if let Some(at_most) = at_most.filter(|at_most| *at_most < at_least) {
        let message = format!("at_most ({at_most}) must not be below at_least ({at_least})");
        errors.related("at_most", &["at_least"], message);
    }
    Some(WatchedProcess { name: name.to_string(), matches, command_line, user: keys.text("user"), at_least, at_most })
}

fn freshness(name: &str, keys: RouteKeys<'_>, errors: &mut KeyErrors) -> Option<WatchedFreshness> {
    let is_given = |key: &str| keys.0.contains_key(key);
    let (path, command) = (keys.text("path"), keys.list("command"));
    let misplaced = |key, of: &'static str, errors: &mut KeyErrors| {
        if is_given(key) && !is_given(of) {
            errors.related(key, &["path", "command"], format!("belongs to \"{of}\""));
        }
    };
    misplaced("min_size", "path", errors);
    misplaced("every", "command", errors);
    misplaced("timeout", "command", errors);
    if keys.text("max_age").is_empty() {
        errors.related("max_age", &["max_age"], "is required: how old it may be, such as \"26h\"");
    }
    let max_age = span(keys, "max_age", DAY, (MINUTE, 3660 * DAY), errors);
    let min_bytes = size(keys, "min_size", 1, 0, errors);
    let every = span(keys, "every", 10 * MINUTE, (5 * MINUTE, DAY), errors);
    let timeout = span(keys, "timeout", Duration::from_secs(3), (Duration::from_secs(1), TIMEOUT_MAX), errors);
    let source = match (path.is_empty(), command.first()) {
        (true, None) => {
            let message = "is required: the file whose age counts; or \"command\", a program that prints a time";
            errors.related("path", &["path", "command"], message);
            return None;
        }
        (false, Some(_)) => {
            errors.related("path", &["path", "command"], "either \"path\" or \"command\" says the time, not both");
            return None;
        }
        (false, None) => {
            check_path(&path, errors);
            FreshnessSource::Path { path, min_bytes }
        }
        (true, Some(program)) => {
            if !is_absolute(program) {
                errors.add("command", format!("the program {program:?} must be an absolute path; there is no shell"));
            }
            FreshnessSource::Command { command, every, timeout }
        }
    };
    Some(WatchedFreshness { name: name.to_string(), source, max_age })
}

fn check_path(path: &str, errors: &mut KeyErrors) {
    if !is_absolute(path) {
        errors.add("path", format!("{path:?} must be an absolute path"));
    }
    if path.rsplit_once('/').is_some_and(|(directory, _)| directory.contains('*')) {
        errors.add("path", "only the last part of the path may be a pattern");
    }
}

fn is_absolute(path: &str) -> bool {
    let path = Path::new(path);
    path.is_absolute() && !path.components().any(|part| part == Component::ParentDir)
}
