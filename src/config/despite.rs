//! What is left of a configuration of which a part is wrong.

use super::Problem;
use super::alert::is_address;
use super::legible::legible;
use super::load::{Loaded, Request, VARIABLE, default_data_dir, load, read_file, readable};
use std::path::PathBuf;
use toml::de::DeTable;
use toml::{Table, Value};

/// Attempts to do without what is wrong: each one shows what was hidden behind the one before.
const ATTEMPTS: usize = 8;
/// Keys of a mail server without which mails go to the same one, and are accepted or not.
const HARMLESS: [&str; 5] = ["user", "password", "password_file", "password_env", "timeout_seconds"];

/// The file without what is wrong in it: a rule or a route goes whole, of all else only the key, of what is no TOML the
/// line or its section; and without variables that are wrong. `None`: that cannot be told apart. And what else is wrong,
/// that was hidden behind the first problems.
pub fn load_despite(request: &Request, problems: &[Problem]) -> (Option<Loaded>, Vec<Problem>) {
    let mut hidden = Vec::new();
    let loaded = attempt(request, problems, &mut hidden);
    (loaded, hidden)
}

/// The same without changing anything but variables of the environment.
pub fn load_without_variables(request: &Request) -> Option<Loaded> {
    let mut request = request.clone();
    for _ in 0..ATTEMPTS {
        match load(&request) {
            Ok(loaded) => return Some(loaded),
            Err(problems) => {
                if !forget(&mut request, &problems) {
                    return None;
                }
            }
        }
    }
    None
}

fn attempt(request: &Request, problems: &[Problem], hidden: &mut Vec<Problem>) -> Option<Loaded> {
    let mut request = request.clone();
    let (file, text) = read_file(&request).ok()??;
    let (mut table, is_whole) = legible(&text)?;
    forget(&mut request, problems);
    let mut paths = paths(problems);
    if !is_whole {
        // What is known is of the lines that were left out; of the others nobody has looked yet for secrets.
        paths = self::paths(&readable(&request, &file, &toml::to_string(&table).ok()?));
    }
    for round in 0..ATTEMPTS {
        let before = table.clone();
        paths.iter().for_each(|path| remove(&mut table, path));
        let has_changed = round == 0 || table != before;
        let instead = Some(toml::to_string(&table).ok()?);
        match load(&Request { instead, written: Some(text.clone()), ..request.clone() }) {
            Ok(loaded) => return Some(loaded),
            Err(problems) => {
                // What is missing once a part of [alert] is left out is no mistake of a person.
                let is_alert = |path: &Vec<String>| path.first().is_some_and(|section| section == "alert");
                let was_alert = paths.iter().any(is_alert);
                paths = self::paths(&problems);
                if !forget(&mut request, &problems) && !has_changed {
                    return None;
                }
                hidden.extend(problems.into_iter().filter(|problem| !(was_alert && is_alert(&problem.path))));
            }
        }
    }
    None
}

/// Leaves out the variables that are wrong; whether there were any.
fn forget(request: &mut Request, problems: &[Problem]) -> bool {
    let before = request.environment.len();
    let wrong: Vec<&str> = problems.iter().filter_map(|problem| problem.place.strip_prefix(VARIABLE)).collect();
    request.environment.retain(|(name, _)| !wrong.contains(&name.as_str()));
    request.environment.len() < before
}

/// Keys in the file that are wrong, each once.
fn paths(problems: &[Problem]) -> Vec<Vec<String>> {
    let of_file = problems.iter().filter(|problem| !problem.place.starts_with(VARIABLE));
    let mut paths: Vec<Vec<String>> = of_file.map(|problem| problem.path.clone()).collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

/// Takes out what is wrong; what is gone already is out.
fn remove(table: &mut Table, path: &[String]) {
    let keys: Vec<&str> = path.iter().map(String::as_str).collect();
    let alert = table.get_mut("alert").and_then(Value::as_table_mut);
    match (keys.as_slice(), alert) {
        (["alert", way @ ("smtp" | "sendmail"), key], Some(alert)) if !HARMLESS.contains(key) => close(alert, way),
        // One wrong address silences no other.
        (["alert", "to"], Some(alert)) => {
            if let Some(Value::Array(to)) = alert.get_mut("to") {
                let before = to.len();
                to.retain(|address| address.as_str().is_some_and(is_address));
                if !to.is_empty() && to.len() < before {
                    return;
                }
            }
            alert.remove("to");
        }
        (keys, _) => {
            let whole = match keys {
                ["rule", ..] => 2,
                ["alert", "route", ..] => 3,
                _ => keys.len(),
            };
            let Some((last, above)) = keys.get(..whole.min(keys.len())).and_then(|keys| keys.split_last()) else {
                return;
            };
            let inner = above.iter().try_fold(table, |table, key| table.get_mut(*key)?.as_table_mut());
            inner.and_then(|inner| inner.remove(*last));
        }
    }
}

/// A way of `[alert]` that is not what was written is none: by another one, mails would be thought told that nobody has.
pub(super) fn close(alert: &mut Table, way: &str) {
    alert.remove(way);
    alert.remove("to");
    let of_its_own = if way == "smtp" { "host" } else { "program" };
    if let Some(Value::Table(routes)) = alert.get_mut("route") {
        routes.retain(|_, route| {
            let has = |key: &str| route.get(key).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
            route.get("kind").and_then(Value::as_str) != Some(way) || has(of_its_own)
        });
    }
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
            remove(&mut table, &path);
            remove(&mut table, &path);
            toml::to_string(&table).unwrap().replace('\n', " ")
        };
        let mail = "[alert]\nto = [\"a@b.c\", \"x\", \"y\"]\n[alert.smtp]\nhost = \"h\"\nuser = \"u\"\n";
        assert_eq!(left("[alert]\nto = [\"x\"]\n", &["alert", "to"]), "[alert] ");
        assert_eq!(left(mail, &["alert", "smtp", "hots"]), "[alert] ", "by another server nobody is told");
        assert!(left(mail, &["alert", "smtp", "user"]).contains("host = \"h\""));
        let pager = "[alert.route.pager]\nkind = \"sendmail\"\n[alert.sendmail]\nprogram = 5\n";
        assert!(!left(pager, &["alert", "sendmail", "program"]).contains("pager"));
        assert_eq!(left("[rule.cpu]\nwarning = 1\nfor = 2\n", &["rule", "cpu", "for"]), "[rule] ");
    }
}
