//! Values that have the right type and still make no sense.

use super::merge::{Wrong, flatten};
use super::{Alert, Config, Probe, Report, Rule, Security, Store, Transport, rule};
use crate::base::similar::hint;
use crate::model::catalogue;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use toml::Table;

/// Less than this holds no two days of a small host.
const LEAST_BYTES: u64 = 32 << 20;

/// Incidents that no rule of the configuration raises have these names.
const RESERVED: [&str; 2] = ["no-data", "skipped-runs"];

#[derive(Deserialize)]
struct Written {
    data_dir: String,
    store: Store,
    probe: Probe,
    alert: Alert,
    rule: BTreeMap<String, rule::Written>,
}

/// The typed configuration of a merged table, whose keys and types are right.
pub fn read(merged: &Table, default_data_dir: PathBuf, wrong: &mut Vec<Wrong>) -> Option<Config> {
    choices(merged, wrong);
    let written: Written = match merged.clone().try_into() {
        Ok(written) => written,
        Err(error) => {
            // The keys and types were right, so what is left is a choice or a range, which has been named above.
            if wrong.is_empty() {
                wrong.push(Wrong { path: Vec::new(), message: error.message().trim().to_string() });
            }
            return None;
        }
    };
    let mut add = |path: &[&str], message: String| {
        wrong.push(Wrong { path: path.iter().map(ToString::to_string).collect(), message });
    };
    if written.probe.top_processes > 1000 {
        add(&["probe", "top_processes"], "must be at most 1000".to_string());
    }
    if !(1..=15).contains(&written.alert.smtp.timeout_seconds) {
        add(&["alert", "smtp", "timeout_seconds"], "must be from 1 to 15".to_string());
    }
    for (key, size) in [("max_size", &written.store.max_size), ("min_free", &written.store.min_free)] {
        match Store::size(size) {
            Err(message) => add(&["store", key], message),
            Ok(1..LEAST_BYTES) if key == "max_size" => add(&["store", key], "must be at least 32 MiB".to_string()),
            Ok(_) => {}
        }
    }
    let report = Report::read(merged.get("report"));
    for (key, path) in [("path", &report.path), ("style_file", &report.style_file)] {
        if !path.is_empty() && !path.starts_with('/') {
            add(&["report", key], format!("{path:?} must be an absolute path"));
        }
    }
    let language = std::slice::from_ref(&report.language);
    for (key, values, known) in [
        ("ranges", report.ranges.as_slice(), " 1h, 24h, 7d, 30d, 1y,"),
        ("sections", &report.sections, " tiles, attention, changed, days, charts, who, services,"),
        ("language", language, " en, fr,"),
    ] {
        for value in values.iter().filter(|value| !known.contains(&format!(" {value},"))) {
            add(&["report", key], format!("{value:?} is not one of{}", known.trim_end_matches(',')));
        }
    }
    mail(&written.alert, &mut add);
    let mut rules: Vec<Rule> = Vec::new();
    for (name, rule) in &written.rule {
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
            add(&["rule", name], "the name of a rule is made of letters, digits, _ and -".to_string());
        }
        if RESERVED.contains(&name.as_str()) {
            add(&["rule", name], format!("{name:?} is a rule of osmon itself; choose another name"));
        }
        match rule.read(name) {
            Ok(read) if rule.enabled => rules.push(read),
            Ok(_) => {}
            Err((key, message)) => add(&["rule", name, key], message),
        }
    }
    let data_dir = if written.data_dir.is_empty() { default_data_dir } else { PathBuf::from(&written.data_dir) };
    if !data_dir.is_absolute() {
        add(&["data_dir"], format!("{:?} must be an absolute path", written.data_dir));
    }
    Some(Config { data_dir, store: written.store, probe: written.probe, report, alert: written.alert, rules })
}

/// Strings of which only some are allowed, and numbers that cannot be.
fn choices(merged: &Table, wrong: &mut Vec<Wrong>) {
    let mut all = Vec::new();
    flatten(merged, &[], &mut all);
    for (path, _) in all.into_iter().filter(|(_, value)| value.as_integer().is_some_and(|number| number < 0)) {
        wrong.push(Wrong { path, message: "must not be negative".to_string() });
    }
    let mut check = |path: [&str; 2], value: Option<&toml::Value>, allowed: &[&str]| {
        if let Some(found) = value.and_then(toml::Value::as_str)
            && !allowed.contains(&found)
        {
            let path: Vec<String> =
                ["alert"].iter().chain(&path).filter(|key| !key.is_empty()).map(ToString::to_string).collect();
            let list: Vec<String> = allowed.iter().map(|word| format!("{word:?}")).collect();
            wrong.push(Wrong { path, message: format!("{found:?} is not one of {}", list.join(", ")) });
        }
    };
    let alert = merged.get("alert");
    check(["transport", ""], alert.and_then(|alert| alert.get("transport")), &["auto", "smtp", "sendmail"]);
    let smtp = alert.and_then(|alert| alert.get("smtp"));
    check(["smtp", "security"], smtp.and_then(|smtp| smtp.get("security")), &["starttls", "tls", "none"]);
    if let Some(port) = smtp.and_then(|smtp| smtp.get("port")).and_then(toml::Value::as_integer)
        && u16::try_from(port).is_err()
    {
        wrong.push(Wrong {
            path: ["alert", "smtp", "port"].map(str::to_string).into(),
            message: "must be from 0 to 65535".into(),
        });
    }
}

/// What is allowed and probably not meant: a rule that watches nothing is silent for ever.
pub fn doubts(config: &Config) -> Vec<Wrong> {
    let known = catalogue::all();
    let mut doubts = Vec::new();
    for rule in &config.rules {
        let name = &rule.metric.name;
        let entry = known.iter().find(|entry| entry.name == *name);
        let message = match entry {
            None => format!(
                "nothing that osmon measures is called {name:?}{}",
                hint(name, known.iter().map(|entry| entry.name.as_str()))
            ),
            Some(entry) => match rule.metric.patterns.iter().find(|(key, _)| *key != entry.label) {
                None => continue,
                Some((key, _)) if entry.label.is_empty() => format!("{name} has no label {key:?}, nor any other"),
                Some((key, _)) => format!("{name} has no label {key:?}; it has {:?}", entry.label),
            },
        };
        doubts.push(Wrong { path: ["rule", &rule.name, "metric"].map(str::to_string).into(), message });
    }
    doubts
}

/// `you@example.org` or `You <you@example.org>`. Whether it is right in every detail is seen when a mail is put together;
/// the full grammar with its tables of characters would double what `osmon-probe` weighs.
fn is_address(text: &str) -> bool {
    let bare = text.rsplit_once('<').map_or(Some(text), |(_, rest)| rest.strip_suffix('>'));
    bare.and_then(|bare| bare.split_once('@')).is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.is_empty()
            && !bare.is_some_and(|bare| bare.contains(char::is_whitespace))
            && !domain.contains('@')
    })
}

fn mail(alert: &Alert, add: &mut impl FnMut(&[&str], String)) {
    let smtp = &alert.smtp;
    for address in alert.to.iter().filter(|address| !is_address(address)) {
        add(&["alert", "to"], format!("{address:?} is not a mail address"));
    }
    if !alert.from.is_empty() && !is_address(&alert.from) {
        add(&["alert", "from"], format!("{:?} is not a mail address", alert.from));
    }
    if alert.transport == Transport::Smtp && smtp.host.is_empty() {
        add(&["alert", "transport"], "\"smtp\" needs [alert.smtp] host".to_string());
    }
    if !smtp.user.is_empty() && smtp.password_file.is_empty() {
        add(&["alert", "smtp", "user"], "needs password_file, a file whose first line is the password".to_string());
    }
    let here = smtp.host == "localhost" || smtp.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if smtp.security == Security::None && !smtp.user.is_empty() && !here {
        add(
            &["alert", "smtp", "security"],
            "\"none\" would send the password in clear; use \"starttls\" or \"tls\"".to_string(),
        );
    }
}
