//! Replaces a broken configuration: by the last good one, else by the defaults with every `[alert]` key that is valid on
//! its own.

use super::address;
use super::issue::ConfigIssue;
use super::load::{Loaded, Request, load_table, load_text};
use super::location::Source;
use super::open_secrets::open_secrets;
use super::recover::recover;
use super::renamed;
use crate::base::sort::SmallSort;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Name of the fallback when the only errors are rules on unknown metrics.
const THE_REST: &str = "the rest of the configuration";
/// Name of the fallback when there are invalid addresses too.
const WITHOUT_ADDRESSES: &str = "the configuration without the invalid addresses";
/// Rounds of removing invalid keys; a removed key may leave another one incomplete.
const ROUNDS: usize = 8;
/// Keys of `[alert.smtp]` without which mails go to the same server, and are accepted or not.
const LOGIN: [&str; 6] = ["user", "password", "password_file", "password_env", "timeout_seconds", "helo_name"];

/// Loads the fallback for a broken configuration, with its name. `last_good` reads the last good configuration of a
/// data directory. A fallback repairs nothing: what may be done to the host is taken from a valid configuration only.
pub fn salvage(
    request: &Request,
    issues: &[ConfigIssue],
    last_good: impl FnOnce(&Path) -> Option<String>,
) -> Option<(Loaded, &'static str)> {
    let (mut loaded, what) = fallback(request, issues, last_good)?;
    loaded.config.heal.entries.clear();
    Some((loaded, what))
}

fn fallback(
    request: &Request,
    issues: &[ConfigIssue],
    last_good: impl FnOnce(&Path) -> Option<String>,
) -> Option<(Loaded, &'static str)> {
    let file = request.source.read().ok().flatten();
    let directory = request.source.data_dir(file.as_ref().map(|(_, text)| text.as_str()));
    let last_good = last_good(&directory);
    let source = Source { data_dir: Some(directory), ..request.source.clone() };
    let mut request = Request { source, ..request.clone() };
    forget_variables(&mut request, issues);
    let partial = load_valid_part(&request, file.as_ref(), issues);
    if partial.as_ref().is_some_and(|(loaded, what)| *what == THE_REST || !loaded.config.alert.routes.is_empty()) {
        return partial;
    }
    if let Some(loaded) = last_good.and_then(|text| load_last_good(request.clone(), text)) {
        return Some((loaded, "the last good configuration"));
    }
    if partial.is_some() {
        return partial;
    }
    let loaded = load_alert(request, file)?;
    let is_alert = !loaded.config.alert.routes.is_empty();
    Some((loaded, if is_alert { "the defaults and what is valid of [alert]" } else { "the defaults" }))
}

/// Loads the configuration without its invalid addresses, if nothing else is wrong. A rule on a metric that does not exist
/// stays: it never fires.
fn load_valid_part(
    request: &Request,
    file: Option<&(PathBuf, String)>,
    issues: &[ConfigIssue],
) -> Option<(Loaded, &'static str)> {
    let (path, text) = file?;
    let mut given: Table = toml::from_str(text).ok()?;
    renamed::apply(&mut given);
    let is_of_addresses = |issue: &ConfigIssue| {
        let keys: Vec<&str> = issue.path.iter().map(String::as_str).collect();
        let value = keys.iter().skip(1).try_fold(given.get("alert"), |above, key| Some(above?.get(key)));
        match keys.as_slice() {
            ["alert", "to"] | ["alert", "route", _, "to"] => value.flatten().is_some_and(Value::is_array),
            ["alert", "from"] => value.flatten().is_some_and(Value::is_str),
            _ => false,
        }
    };
    let is_of_rules = |issue: &ConfigIssue| issue.is_unmeasured && issue.path.len() == 3;
    if !issues.iter().all(|issue| issue.variable().is_none() && (is_of_addresses(issue) || is_of_rules(issue))) {
        return None;
    }
    let (rules, addresses): (Vec<_>, Vec<_>) = issues.iter().partition(|issue| is_of_rules(issue));
    let mut paths: Vec<&[String]> = addresses.iter().map(|issue| issue.path.as_slice()).collect();
    paths.dedup();
    paths.into_iter().for_each(|path| remove(&mut given, path));
    if let Some(all) = given.get_mut("rule").and_then(Value::as_table_mut) {
        for name in rules.iter().filter_map(|issue| issue.path.get(1)) {
            if let Some(rule) = all.get_mut(name).and_then(Value::as_table_mut) {
                rule.insert("optional".to_string(), Value::Boolean(true));
            }
        }
    }
    let loaded = load_table(request, file.cloned(), given.clone(), open_secrets(path, &given)).ok()?;
    Some((loaded, if addresses.is_empty() { THE_REST } else { WITHOUT_ADDRESSES }))
}

/// Variables that are invalid for the last good configuration only: those of a rule that it does not have.
fn load_last_good(mut request: Request, text: String) -> Option<Loaded> {
    load_text(&request, text.clone())
        .or_else(|issues| {
            forget_variables(&mut request, &issues);
            load_text(&request, text)
        })
        .ok()
}

/// Loads the defaults with every valid key of `[alert]`.
fn load_alert(mut request: Request, file: Option<(PathBuf, String)>) -> Option<Loaded> {
    let text = file.as_ref().map_or("", |(_, text)| text);
    let mut given = match toml::from_str::<Table>(text) {
        Ok(mut given) => {
            given.retain(|name, _| name == "alert");
            given
        }
        Err(_) => recover_alert(text),
    };
    renamed::apply(&mut given);
    for _ in 0..ROUNDS {
        let secrets = file.as_ref().map_or_else(Vec::new, |(path, _)| open_secrets(path, &given));
        match load_table(&request, file.clone(), given.clone(), secrets) {
            Ok(loaded) => return Some(loaded),
            Err(issues) => {
                forget_variables(&mut request, &issues);
                let mut paths: Vec<_> = issues.into_iter().filter(|issue| issue.variable().is_none()).collect();
                paths.arrange_by(|a, b| a.path.cmp(&b.path));
                paths.dedup_by(|a, b| a.path == b.path);
                paths.iter().for_each(|issue| remove(&mut given, &issue.path));
            }
        }
    }
    load_table(&request, file, Table::new(), Vec::new()).ok()
}

/// Drops the variables of the environment that are wrong.
fn forget_variables(request: &mut Request, issues: &[ConfigIssue]) {
    let wrong: Vec<&str> = issues.iter().filter_map(ConfigIssue::variable).collect();
    request.source.environment.retain(|(name, _)| !wrong.contains(&name.as_str()));
}

/// Removes an invalid key. Half a route or mail server would be a different one, so they are removed as a whole; one
/// invalid address does not affect the others.
fn remove(given: &mut Table, path: &[String]) {
    let keys: Vec<&str> = path.iter().map(String::as_str).collect();
    let Some(alert) = given.get_mut("alert").and_then(Value::as_table_mut) else {
        given.remove("alert");
        return;
    };
    match keys.as_slice() {
        ["alert", transport @ ("smtp" | "sendmail"), key] if !LOGIN.contains(key) => close(alert, transport),
        ["alert", transport @ ("smtp" | "sendmail")] => close(alert, transport),
        ["alert", "smtp", key] => {
            alert.get_mut("smtp").and_then(Value::as_table_mut).and_then(|smtp| smtp.remove(*key));
        }
        ["alert", "to"] => {
            keep_addresses(alert);
        }
        ["alert", "route", name, rest @ ..] => {
            let route = alert.get_mut("route").and_then(|routes| routes.get_mut(*name)).and_then(Value::as_table_mut);
            if rest == ["to"] && route.is_some_and(keep_addresses) {
                return;
            }
            alert.get_mut("route").and_then(Value::as_table_mut).and_then(|routes| routes.remove(*name));
        }
        ["alert", key, ..] => {
            alert.remove(*key);
        }
        _ => {}
    }
}

/// Keeps the valid addresses of `to`. Returns whether any are left.
fn keep_addresses(section: &mut Table) -> bool {
    let to = section.remove("to");
    let addresses = to.as_ref().and_then(Value::as_array).into_iter().flatten();
    let is_valid = |address: &&Value| address.as_str().is_some_and(|address| address::parse(address).is_ok());
    let valid: Vec<Value> = addresses.filter(is_valid).cloned().collect();
    let is_any = !valid.is_empty();
    if is_any {
        section.insert("to".to_string(), Value::Array(valid));
    }
    is_any
}

/// Removes all routes of a mail transport whose settings are broken: through another server or program mails would
/// count as delivered although nobody was notified.
fn close(alert: &mut Table, transport: &str) {
    alert.remove(transport);
    alert.remove("to");
    let own = if transport == "smtp" { "host" } else { "program" };
    if let Some(Value::Table(routes)) = alert.get_mut("route") {
        routes.retain(|_, route| {
            let is_set = |key: &str| route.get(key).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
            route.get("kind").and_then(Value::as_str) != Some(transport) || is_set(own)
        });
    }
}

/// Recovers `[alert]` from a document with syntax errors, without what would be something else without its broken parts.
fn recover_alert(text: &str) -> Table {
    let recovered = recover(text);
    let mut given = recovered.table;
    given.retain(|name, _| name == "alert");
    for (_, issue) in recovered.mistakes.iter().filter(|(_, issue)| issue.path.len() > 1) {
        remove(&mut given, &issue.path);
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(table: &Table) -> String {
        toml::to_string(table).unwrap().replace('\n', " ")
    }

    #[test]
    fn an_invalid_key_takes_no_other_channel_with_it() {
        let left = |given: &str, path: &[&str]| {
            let mut table: Table = toml::from_str(given).unwrap();
            let path: Vec<String> = path.iter().map(ToString::to_string).collect();
            remove(&mut table, &path);
            remove(&mut table, &path);
            text(&table)
        };
        let mail = "[alert]\nto = [\"a@b.c\", \"x\", \"y\"]\n[alert.smtp]\nhost = \"h\"\nuser = \"u\"\n";
        assert_eq!(left("[alert]\nto = [\"x\"]\n", &["alert", "to"]), "[alert] ");
        assert!(left(mail, &["alert", "to"]).contains("to = [\"a@b.c\"]"));
        assert_eq!(left(mail, &["alert", "smtp", "hots"]), "[alert] ", "another server would not notify anybody");
        assert!(left(mail, &["alert", "smtp", "user"]).contains("host = \"h\""));
        let pager = "[alert.route.pager]\nkind = \"sendmail\"\n[alert.sendmail]\nprogram = 5\n";
        assert!(!left(pager, &["alert", "sendmail", "program"]).contains("pager"));
        let routes = "[alert.route.x]\nkind = \"ntfy\"\n[alert.route.y]\nkind = \"smtp\"\n";
        assert_eq!(left(routes, &["alert", "route", "y", "to"]), "[alert.route.x] kind = \"ntfy\" ");
    }

    #[test]
    fn valid_alert_sections_are_recovered_from_broken_toml() {
        for (given, recovered) in [
            ("[alert]\nper_day = 1\nb = = 2\nper_hour = 3\n", "[alert] per_day = 1 per_hour = 3 "),
            ("x = = 1\n[alert]\nto = [\n  \"a@b.c\",\n]\n[rule.x\nwarning = 1\n", "[alert] to = [\"a@b.c\"] "),
            ("[alert]\nto = [\"a@b.c\"]\nfrom = \"open\nper_day = 2\n", "[alert] per_day = 2 to = [\"a@b.c\"] "),
            ("[alert]\nto = [\"a@b.c\"]\nto = [\"d@e.f\"]\n", "[alert] to = [\"a@b.c\"] "),
            ("[alert]\nto = [\"a@b.c\"]\nfrom = \"\"\"open\n\n", "[alert] to = [\"a@b.c\"] "),
            ("[alert]\nto = [\"a@b.c\"]\n[alert.smtp] # mail, here\nport = 25\nhost = mail\n", "[alert] "),
            (
                "[alert]\nto = [\"a@b.c\"]\n[alert.route.\"y\"]\nkind = \"smtp\"\nenabled = flase\n",
                "[alert] to = [\"a@b.c\"]  [alert.route] ",
            ),
            ("= 1\n[alert.route.z]\nkind = \"ntfy\"\n", "[alert.route.z] kind = \"ntfy\" "),
        ] {
            assert_eq!(text(&recover_alert(given)), recovered, "{given:?}");
        }
        let conflict = "<<<<<<< HEAD\n".repeat(60) + "[alert]\nto = [\"a@b.c\"]\n";
        assert_eq!(text(&recover_alert(&conflict)), "[alert] to = [\"a@b.c\"] ");
    }
}
