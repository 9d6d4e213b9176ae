//! Values that have the right type and still make no sense.

use super::merge::{Wrong, flatten};
use super::rule::Measure;
use super::{Alert, Config, Probe, Report, Rule, Store, rule, template};
use crate::base::similar::hint;
use crate::model::catalogue;
use serde::Deserialize;
use std::path::PathBuf;
use toml::Table;

/// Less than this holds no two days of a small host.
const LEAST_BYTES: u64 = 32 << 20;

/// Incidents that no rule of the configuration raises have these names.
const RESERVED: [&str; 4] = ["no-data", "sign-of-life", "skipped-runs", "stale-data"];

#[derive(Deserialize)]
struct Written {
    data_dir: String,
    store: Store,
    probe: Probe,
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
    if !report.path.is_empty() && ![".html", ".htm"].iter().any(|end| report.path.to_lowercase().ends_with(end)) {
        add(&["report", "path"], format!("{:?} must end in .html", report.path));
    }
    let mut rules: Vec<Rule> = Vec::new();
    let written_rules = merged.get("rule").and_then(toml::Value::as_table);
    for (name, rule) in written_rules.into_iter().flatten() {
        let Some(rule) = rule.as_table().map(rule::Written) else { continue };
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
            add(&["rule", name], "the name of a rule is made of letters, digits, _ and -".to_string());
        }
        if RESERVED.contains(&name.as_str()) {
            add(&["rule", name], format!("{name:?} is a rule of osmon itself; choose another name"));
        }
        match rule.read(name) {
            Ok(read) if rule.is_enabled() => rules.push(read),
            Ok(_) => {}
            Err((key, message)) => add(&["rule", name, key], message),
        }
    }
    let data_dir = if written.data_dir.is_empty() { default_data_dir } else { PathBuf::from(&written.data_dir) };
    if !data_dir.is_absolute() {
        add(&["data_dir"], format!("{:?} must be an absolute path", written.data_dir));
    }
    Some(Config { data_dir, store: written.store, probe: written.probe, report, alert: Alert::default(), rules })
}

/// Numbers that cannot be.
fn choices(merged: &Table, wrong: &mut Vec<Wrong>) {
    let mut all = Vec::new();
    flatten(merged, &[], &mut all);
    for (path, _) in all.into_iter().filter(|(_, value)| value.as_integer().is_some_and(|number| number < 0)) {
        wrong.push(Wrong { path, message: "must not be negative".to_string() });
    }
}

/// What a message may name besides labels.
const PLACES: [&str; 4] = ["value", "limit", "left", "usual"];

/// A name in braces that nothing is put in for.
fn unknown_place<'a>(rule: &'a Rule, label: &str) -> Option<&'a str> {
    let names = rule.message.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    names.filter(|name| !PLACES.contains(name)).find(|name| *name != label)
}

/// A limit beyond all that can be.
fn is_never_reached(rule: &Rule) -> bool {
    // Of a unit or a process it is the share of one core.
    let is_whole = rule.metric.name.ends_with("_percent") && !rule.metric.name.starts_with("unit.");
    let limits = rule.warning.into_iter().chain(rule.critical);
    rule.above
        && rule.measure == Measure::Value
        && is_whole
        && limits.map(|limit| limit.raise).any(|raise| raise > 101.0)
}

/// What is allowed and probably not meant: a rule that watches nothing is silent for ever, a secret that others can read.
pub fn doubts(config: &Config) -> Vec<Wrong> {
    let known = catalogue::all();
    let secrets = config.alert.secrets().into_iter();
    let mut doubts: Vec<Wrong> =
        secrets.filter_map(|(path, secret)| Some(Wrong { path, message: secret.doubt()? })).collect();
    let places = template::unknown_places(&config.alert.routes).into_iter();
    doubts.extend(places.map(|(path, message)| Wrong { path, message }));
    for rule in &config.rules {
        let name = &rule.metric.name;
        let entry = known.iter().find(|entry| entry.name == *name);
        let path = |key: &str| ["rule", &rule.name, key].map(str::to_string).to_vec();
        if let Some(place) = entry.and_then(|entry| unknown_place(rule, &entry.label)) {
            let message = format!(
                "nothing is put in for {{{place}}}; there are {{value}}, {{limit}}, {{left}}, {{usual}} and labels"
            );
            doubts.push(Wrong { path: path("message"), message });
        }
        if is_never_reached(rule) {
            doubts.push(Wrong { path: path("warning"), message: "a limit above 100 % is never reached".to_string() });
        }
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
        doubts.push(Wrong { path: path("metric"), message });
    }
    doubts
}
