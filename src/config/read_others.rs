//! Reads `[report]`, `[alert]`, `[rule]` and `[heal]`.

use super::default_rules::DEFAULT_RULES;
use super::issue::ConfigIssue;
use super::key_errors::KeyErrors;
use super::read::{SectionReader, section};
use super::resolve_rule::resolve;
use super::rule::Rule;
use super::rule_spec::RuleSpec;
use super::settings::{Config, Report};
use super::{alert::Alert, measured, read_heal, read_routes};
use std::collections::BTreeMap;
use toml::Table;

/// Reads all sections.
pub const ALL_SECTIONS: SectionReader = SectionReader(read);

/// Names of incidents that osmon itself raises.
const RESERVED: [&str; 4] = ["no-data", "sign-of-life", "skipped-runs", "stale-data"];

fn read(given: &mut Table, config: &mut Config, issues: &mut Vec<ConfigIssue>) -> Option<()> {
    config.report = section::<Report>(given, "report")?;
    check_report(&config.report, issues);
    let given_rules = section::<Table>(given, "rule")?;
    config.rules = rules(&given_rules, issues)?;
    config.alert = section::<Alert>(given, "alert")?;
    config.alert.check(issues);
    config.alert.routes = read_routes::read(&config.alert, issues)?;
    let rules = read_heal::Rules::new(&given_rules, &config.rules);
    config.heal = read_heal::read(section::<Table>(given, "heal")?, &rules, issues)?;
    Some(())
}

fn check_report(report: &Report, issues: &mut Vec<ConfigIssue>) {
    let mut add = |key: &str, message: String| issues.push(ConfigIssue::at(&["report", key], message));
    for (key, path) in [("path", &report.path), ("style_file", &report.style_file)] {
        if !path.is_empty() && !path.starts_with('/') {
            add(key, format!("{path:?} must be an absolute path"));
        }
    }
    let known = Report::default();
    let languages = ["en".to_string(), "fr".to_string()];
    for (key, values, known) in [
        ("ranges", report.ranges.as_slice(), known.ranges.as_slice()),
        ("sections", &report.sections, &known.sections),
        ("language", std::slice::from_ref(&report.language), &languages),
    ] {
        for value in values.iter().filter(|value| !known.contains(value)) {
            add(key, format!("{value:?} is not one of {}", known.join(", ")));
        }
    }
    if !report.path.is_empty() && ![".html", ".htm"].iter().any(|end| report.path.to_lowercase().ends_with(end)) {
        add("path", format!("{:?} must end in .html", report.path));
    }
    let is_address = ["https://", "http://"].iter().any(|begin| report.url.starts_with(begin))
        && !report.url.contains(|c: char| c.is_whitespace() || c.is_control());
    if !report.url.is_empty() && !is_address {
        add("url", format!("{:?} must begin with https:// or http://, and contain no blank", report.url));
    }
}

/// The enabled rules: the default ones, overlaid with those of the settings, by name.
fn rules(given: &Table, issues: &mut Vec<ConfigIssue>) -> Option<Vec<Rule>> {
    let mut specs: BTreeMap<&str, RuleSpec> = DEFAULT_RULES.iter().map(|spec| (spec.name, *spec)).collect();
    for (name, keys) in given {
        specs.entry(name).or_insert_with(|| RuleSpec::named(name)).overlay(keys.as_table()?)?;
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
            let message = "the name of a rule is made of letters, digits, _ and -";
            issues.push(ConfigIssue::at(&["rule", name], message));
        }
        if RESERVED.contains(&name.as_str()) {
            let message = format!("{name:?} is a rule of osmon itself; choose another name");
            issues.push(ConfigIssue::at(&["rule", name], message));
        }
    }
    let mut rules = Vec::with_capacity(specs.len());
    for spec in specs.values() {
        let mut errors = KeyErrors::default();
        let rule = resolve(spec, &mut errors);
        errors.report(&["rule", spec.name], issues);
        // The default rules watch what exists.
        if given.contains_key(spec.name) {
            issues.extend(measured::check(spec));
        }
        rules.extend(rule.filter(|_| spec.enabled));
    }
    Some(rules)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::heal_keys::PlainKeys;
    use crate::config::read;
    use crate::config::schema::DEFAULT;
    use crate::config::settings::{Probe, Store};
    use std::path::PathBuf;

    fn config(text: &str) -> Option<Config> {
        let mut issues = Vec::new();
        let config = read::read(toml::from_str(text).unwrap(), PathBuf::from("/data"), Some(ALL_SECTIONS), &mut issues);
        config.filter(|_| issues.is_empty())
    }

    #[test]
    fn the_documented_defaults_are_the_typed_ones() {
        let documented: Table = toml::from_str(DEFAULT).unwrap();
        let alert = Alert { route: Table::new(), ..Alert::default() };
        let mut typed = Table::new();
        typed.insert("data_dir".into(), String::new().into());
        typed.insert("store".into(), Table::try_from(Store::default()).unwrap().into());
        typed.insert("probe".into(), Table::try_from(Probe::default()).unwrap().into());
        typed.insert("report".into(), Table::try_from(Report::default()).unwrap().into());
        typed.insert("alert".into(), Table::try_from(alert).unwrap().into());
        typed.insert("rule".into(), documented["rule"].clone());
        typed.insert("heal".into(), Table::try_from(PlainKeys::default()).unwrap().into());
        for section in crate::config::watched_keys::SECTIONS {
            typed.insert(section.into(), Table::new().into());
        }
        assert_eq!(documented, typed);
        let mut rules = Vec::new();
        for (name, keys) in documented["rule"].as_table().unwrap() {
            let mut spec = RuleSpec::named(name);
            spec.overlay(keys.as_table().unwrap()).unwrap();
            rules.push(spec);
        }
        assert_eq!(rules, DEFAULT_RULES);
        assert_eq!(config(DEFAULT), config(""));
        assert!(config("").is_some(), "the defaults are valid");
    }

    #[test]
    fn the_default_rules_watch_what_is_measured() {
        let found: Vec<_> = DEFAULT_RULES.iter().flat_map(measured::check).collect();
        assert_eq!(found, []);
    }

    #[test]
    fn what_the_types_refuse_the_schema_names() {
        for text in [
            "x = 1",
            "data_dir = 1",
            "[store]\nhour_days = -1",
            "[store]\nhour_days = 5000000000",
            "[probe]\nservices = [1]",
            "[report]\npublic = \"no\"",
            "[alert]\nwebhook = 1",
            "[alert]\ntransport = \"pigeon\"",
            "[alert]\nrouts = []",
            "[alert]\nsmtp = \"mail\"",
            "[alert.smtp]\nport = 99999",
            "[alert.smtp]\nsecurity = \"ssl\"",
            "[alert.sendmail]\narguments = \"-i\"",
            "[alert.route.x]\nkid = \"ntfy\"",
            "[alert.route.x]\nto = [1]",
            "[alert]\nroute = 1",
            "[alert.route]\nx = 1",
            "[rule.x]\nwarning = inf",
            "[rule.x]\nwarnin = 1",
            "[rule]\nx = 1",
            "heal = 1",
            "[heal]\nrestart = \"maybe\"",
            "[heal]\nrestart = true",
            "[heal]\nactions_per_hour = \"many\"",
            "[heal]\nweb = 1",
            "[heal.restart]\nrule = \"service\"",
            "[heal.web]\nrul = \"service\"",
            "[heal.web]\nper_hour = \"3\"",
            "[heal.web]\nper_day = -1",
            "[heal.web]\nwaits = \"1m\"",
            "[heal.web]\nwaits = [1]",
            "rule = 1",
            "process = 1",
            "[process]\nx = 1",
            "[process.x]\nmtach = \"nginx\"",
            "[process.x]\nmatch = [\"nginx\"]",
            "[process.x]\nmatch = \"nginx\"\nat_most = -1",
            "[freshness]\nx = \"1h\"",
            "[freshness.x]\nmax_age = 26",
            "[freshness.x]\ncommand = \"/bin/date\"",
        ] {
            assert_eq!(config(text), None, "{text}");
            let mut issues = Vec::new();
            let right = crate::config::schema::check(&toml::from_str(text).unwrap(), &mut issues);
            assert_eq!(issues.len(), 1, "{text}: {issues:?}");
            let rest = toml::to_string(&right).unwrap();
            let read = read::read(right, PathBuf::from("/data"), Some(ALL_SECTIONS), &mut issues);
            assert!(read.is_some(), "what is left of {text} can be read: {rest}");
        }
    }
}
