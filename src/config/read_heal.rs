//! Reads `[heal]` and its entries.

use super::default_rules::DEFAULT_RULES;
use super::heal::{Heal, HealEntry};
use super::heal_keys::{PlainKeys, has_known_keys, misplaced};
use super::heal_values::{MINUTE, span, text_or, waits, word};
use super::issue::{ConfigIssue, is_hidden};
use super::key_errors::KeyErrors;
use super::read_repair;
use super::route_keys::RouteKeys;
use super::rule::Rule;
use crate::base::suggestion::hint;
use crate::model::action::{ActionKind, Mode};
use crate::model::catalogue;
use std::collections::BTreeMap;
use std::time::Duration;
use toml::{Table, Value};

/// Start of the names of the metrics about repairs themselves.
const OF_REPAIRS: &str = "heal.";

/// The rules that an entry may name.
pub struct Rules<'a> {
    /// Every rule by name, and whether it is enabled.
    names: BTreeMap<&'a str, bool>,
    /// Those that are in force.
    in_force: &'a [Rule],
}

impl<'a> Rules<'a> {
    /// Reads the names from `given`, the settings of `[rule]`. `in_force`: the rules that result from them.
    pub fn new(given: &'a Table, in_force: &'a [Rule]) -> Self {
        let mut names: BTreeMap<&str, bool> = DEFAULT_RULES.iter().map(|spec| (spec.name, spec.enabled)).collect();
        for (name, keys) in given {
            let is_enabled = names.entry(name).or_insert(true);
            *is_enabled = keys.get("enabled").and_then(Value::as_bool).unwrap_or(*is_enabled);
        }
        Self { names, in_force }
    }

    /// The error in the name of a rule in an entry; `None`: there is none.
    fn problem(&self, name: &str) -> Option<String> {
        match self.names.get(name) {
            None => Some(format!("there is no rule {name:?}{}", hint(name, self.names.keys().copied()))),
            Some(false) => Some(format!("the rule {name:?} is off: it has no incidents")),
            Some(true) if self.metric(name).is_some_and(|metric| metric.starts_with(OF_REPAIRS)) => {
                Some(format!("the rule {name:?} is about repairs themselves"))
            }
            Some(true) => None,
        }
    }

    fn metric(&self, name: &str) -> Option<&str> {
        self.in_force.iter().find(|rule| rule.name == name).map(|rule| rule.metric.name.as_str())
    }

    /// The label of the metric of a rule; empty when it has none, `None` when that is not known.
    pub fn label(&self, name: &str) -> Option<&'static str> {
        catalogue::find(self.metric(name)?).map(|metric| metric.label)
    }
}

/// Reads the section. `None` when a key or type is wrong.
pub fn read(given: Table, rules: &Rules<'_>, issues: &mut Vec<ConfigIssue>) -> Option<Heal> {
    let (plain, named) = PlainKeys::split(given)?;
    if plain.actions_per_hour == 0 {
        issues.push(ConfigIssue::at(&["heal", "actions_per_hour"], "must be at least 1"));
    }
    let mut entries = Vec::new();
    for (name, entry) in &named {
        let entry = entry.as_table().filter(|entry| has_known_keys(entry))?;
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) || name.is_empty() {
            let message = "the name of a repair is made of letters, digits, _ and -";
            issues.push(ConfigIssue::at(&["heal", name], message));
        }
        let mut errors = KeyErrors::default();
        let rule = RouteKeys(entry).text("rule");
        let is_rule_reported = is_hidden(issues, &["rule", &rule]);
        let read = one(name, entry, &plain, rules, is_rule_reported, &mut errors);
        let is_right = errors.is_empty();
        errors.report(&["heal", name], issues);
        entries.extend(read.filter(|entry| is_right && entry.mode != Mode::Off));
    }
    Some(Heal { actions_per_hour: plain.actions_per_hour, entries })
}

/// Reads an entry; `None` or errors when it is wrong.
fn one(
    name: &str,
    entry: &Table,
    plain: &PlainKeys,
    rules: &Rules<'_>,
    is_rule_reported: bool,
    errors: &mut KeyErrors,
) -> Option<HealEntry> {
    let keys = RouteKeys(entry);
    let rule = keys.text("rule");
    if rule.is_empty() {
        errors.related("rule", &["rule"], "is required: the rule whose incidents are repaired");
    } else if let Some(problem) = rules.problem(&rule).filter(|_| !is_rule_reported) {
        errors.add("rule", problem);
    }
    let matches = text_or(keys, "match", "*");
    if matches != "*" && rules.label(&rule) == Some("") {
        errors.related("match", &["rule"], format!("the metric of the rule {rule:?} has no label that could match"));
    }
    let kind = kind(keys, errors);
    let own_mode =
        word(keys, "mode", &[Mode::Off, Mode::DryRun, Mode::Enforce].map(|mode| (mode.word(), mode)), errors);
    let escalates = word(keys, "then", &[("escalate", true), ("nothing", false)], errors).unwrap_or(true);
    let mut span = |key, default, least, most| span(keys, key, default, (least, most), errors);
    let day = 24 * 60 * MINUTE;
    let after = span("after", Duration::ZERO, Duration::ZERO, 7 * day);
    let verify = span("verify", MINUTE, Duration::from_secs(1), 60 * MINUTE);
    let waits = waits(keys, errors);
    let mut count = |key: &'static str, default: u32| {
        let given = entry.get(key).and_then(Value::as_integer).map(|number| u32::try_from(number).unwrap_or(u32::MAX));
        if given == Some(0) {
            errors.add(key, "must be at least 1; mode = \"off\" switches the repair off");
        }
        given.unwrap_or(default)
    };
    let (per_hour, per_day) = (count("per_hour", 3), count("per_day", 6));
    let kind = kind?;
    for (key, of) in misplaced(entry, kind) {
        let message = format!("belongs to action = \"{}\", not \"{}\"", of.word(), kind.word());
        errors.related(key, &["action"], message);
    }
    let repair = read_repair::read(kind, keys, &matches, rules.label(&rule), errors)?;
    let mode = own_mode.unwrap_or(plain.mode(kind));
    let name = name.to_string();
    Some(HealEntry { name, rule, matches, repair, mode, after, per_hour, per_day, waits, verify, escalates })
}

/// The action of an entry.
fn kind(keys: RouteKeys<'_>, errors: &mut KeyErrors) -> Option<ActionKind> {
    let action = keys.text("action");
    let known = ActionKind::ALL.map(ActionKind::word);
    let kind = ActionKind::ALL.into_iter().find(|kind| kind.word() == action);
    if action.is_empty() {
        errors.related("action", &["action"], format!("is required: one of {}", known.join(", ")));
    } else if kind.is_none() {
        let message = match hint(&action, known) {
            hint if hint.is_empty() => format!("{action:?} is not one of {}", known.join(", ")),
            hint => format!("there is no action {action:?}{hint}"),
        };
        errors.add("action", message);
    }
    kind
}
