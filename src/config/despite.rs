//! What is left of a configuration of which a part is wrong.

use super::Problem;
use super::alert::is_address;
use super::load::{Loaded, Request, default_data_dir, load, read_file, readable};
use std::path::PathBuf;
use toml::Table;
use toml::de::DeTable;

/// Attempts to do without what is wrong: each one shows what was hidden behind the one before.
const ATTEMPTS: usize = 8;
/// Lines that are no TOML and are left out, at most.
const LINES: usize = 32;

/// The file without what is wrong in it: a rule or a route goes whole, of all else only the key, of what is no TOML the
/// line. `None`: that cannot be told apart, or a variable of the environment is wrong. And what else is wrong, that was
/// hidden behind the first problems.
pub fn load_despite(request: &Request, problems: &[Problem]) -> (Option<Loaded>, Vec<Problem>) {
    let mut hidden = Vec::new();
    let loaded = attempt(request, problems, &mut hidden);
    (loaded, hidden)
}

fn attempt(request: &Request, problems: &[Problem], hidden: &mut Vec<Problem>) -> Option<Loaded> {
    let (file, text) = read_file(request).ok()??;
    let (mut table, is_whole) = legible(text.clone())?;
    let mut paths = paths(problems);
    if !is_whole {
        // What is known is of the lines that were left out; of the others nobody has looked yet for secrets.
        paths = self::paths(&readable(request, &file, &toml::to_string(&table).ok()?));
    }
    for _ in 0..ATTEMPTS {
        for path in &paths {
            remove(&mut table, path)?;
        }
        let instead = Some(toml::to_string(&table).ok()?);
        match load(&Request { instead, written: Some(text.clone()), ..request.clone() }) {
            Ok(loaded) => return Some(loaded),
            Err(problems) => {
                // What is missing once a part of [alert] is left out is no mistake of a person.
                let is_alert = |path: &Vec<String>| path.first().is_some_and(|section| section == "alert");
                let was_alert = paths.iter().any(is_alert);
                paths = self::paths(&problems);
                hidden.extend(problems.into_iter().filter(|problem| !(was_alert && is_alert(&problem.path))));
            }
        }
    }
    None
}

fn paths(problems: &[Problem]) -> Vec<Vec<String>> {
    problems.iter().map(|problem| problem.path.clone()).collect()
}

/// The table of a text, without the lines that are no TOML; of a broken `[section]` without all of the section, whose
/// keys would else go to another. And whether it is the whole text.
fn legible(mut text: String) -> Option<(Table, bool)> {
    for attempt in 0..LINES {
        let error = match toml::from_str(&text) {
            Ok(table) => return Some((table, attempt == 0)),
            Err(error) => error,
        };
        let at = error.span()?.start.min(text.len());
        let begin = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
        let line = text.get(begin..)?.split('\n').next()?;
        let mut end = begin + line.len();
        if line.trim().is_empty() {
            return None;
        }
        if line.trim_start().starts_with('[') {
            end = text.get(end..)?.find("\n[").map_or(text.len(), |next| end + next);
        }
        text.replace_range(begin..end, "");
    }
    None
}

/// Keys of a mail server without which mails may be accepted all the same.
const HARMLESS: [&str; 5] = ["user", "password", "password_file", "password_env", "timeout_seconds"];

/// `None`: there is no such key.
fn remove(table: &mut Table, path: &[String]) -> Option<()> {
    let keys: Vec<&str> = path.iter().map(String::as_str).collect();
    let alert = table.get_mut("alert").and_then(toml::Value::as_table_mut);
    match (keys.as_slice(), alert) {
        // By another way than what was written, mails would be thought told that nobody has.
        (["alert", "smtp", key], Some(alert)) if !HARMLESS.contains(key) => {
            alert.remove("to");
            return alert.remove("smtp").map(|_| ());
        }
        // One wrong address silences no other.
        (["alert", "to"], Some(alert)) => {
            if let Some(toml::Value::Array(to)) = alert.get_mut("to") {
                let before = to.len();
                to.retain(|address| address.as_str().is_some_and(is_address));
                if !to.is_empty() && to.len() < before {
                    return Some(());
                }
            }
        }
        _ => {}
    }
    let whole = match path.first().map(String::as_str) {
        Some("rule") => 2,
        Some("alert") if path.get(1).is_some_and(|key| key == "route") => 3,
        _ => path.len(),
    };
    let (last, above) = path.get(..whole.min(path.len()))?.split_last()?;
    let inner = above.iter().try_fold(table, |table, key| table.get_mut(key)?.as_table_mut())?;
    // Two keys of one rule may be wrong: it goes with the first.
    inner.remove(last).map(|_| ()).or_else(|| (whole < path.len()).then_some(()))
}

/// The data directory as far as it can be told from a configuration that is wrong elsewhere.
pub fn data_dir_despite(request: &Request) -> PathBuf {
    let variable =
        |name: &str| request.environment.iter().find(|(key, _)| key == name).map(|(_, value)| PathBuf::from(value));
    let from_file = || {
        let (_, text) = read_file(request).ok()??;
        let (table, _) = DeTable::parse_recoverable(&text);
        table.get_ref().get("data_dir")?.get_ref().as_str().map(PathBuf::from)
    };
    let chosen = request.data_dir.clone().or_else(|| variable("OSMON_DATA_DIR")).or_else(from_file);
    chosen.and_then(|path| std::path::absolute(path).ok()).unwrap_or_else(|| default_data_dir(request))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_of_a_way_takes_no_other_with_it() {
        let left = |text: &str, path: &[&str]| {
            let mut table: Table = toml::from_str(text).unwrap();
            let path: Vec<String> = path.iter().map(ToString::to_string).collect();
            remove(&mut table, &path).unwrap();
            toml::to_string(&table).unwrap().replace('\n', " ")
        };
        let mail = "[alert]\nto = [\"a@b.c\", \"x\"]\n[alert.smtp]\nhost = \"h\"\nuser = \"u\"\n";
        assert!(left(mail, &["alert", "to"]).contains("to = [\"a@b.c\"]"));
        assert_eq!(left(mail, &["alert", "smtp", "hots"]), "[alert] ", "by another server nobody is told");
        assert!(left(mail, &["alert", "smtp", "user"]).contains("host = \"h\""));
        assert_eq!(left("[rule.cpu]\nwarning = 1\nfor = 2\n", &["rule", "cpu", "for"]), "[rule] ");
    }

    #[test]
    fn lines_that_are_no_toml_are_left_out() {
        for (text, left) in [
            ("a = 1\nb = = 2\nc = 3\n", "a = 1\nc = 3\n"),
            ("a = 1\nwhat is this\nc = 3", "a = 1\nc = 3\n"),
            ("[x]\na = 1\n[y\na = 2\nb = 3\n[z]\nc = 3\n", "[x]\na = 1\n\n[z]\nc = 3\n"),
            ("[x]\na = \"open\nb = 2\n", "[x]\nb = 2\n"),
            ("a = 1\na = 2\n", "a = 1\n"),
        ] {
            let (table, is_whole) = legible(text.to_string()).unwrap();
            assert_eq!(toml::to_string(&table).unwrap(), left, "{text:?}");
            assert!(!is_whole);
        }
    }
}
