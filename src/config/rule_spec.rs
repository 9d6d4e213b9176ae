//! A rule as it is written: the default rule of that name, overlaid with the keys of `[rule.NAME]`.

use toml::{Table, Value};

/// The keys of a rule; an empty text and `None` stand for an absent key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RuleSpec<'a> {
    pub name: &'a str,
    pub enabled: bool,
    pub title: &'a str,
    pub metric: &'a str,
    pub when: &'a str,
    pub warning: Option<f64>,
    pub warning_clear: Option<f64>,
    pub critical: Option<f64>,
    pub critical_clear: Option<f64>,
    /// `for`
    pub hold: &'a str,
    /// `critical_for`
    pub critical_hold: &'a str,
    pub clear_for: &'a str,
    pub samples: &'a str,
    pub boot_grace: &'a str,
    pub per: &'a str,
    pub total: &'a str,
    pub unusual: Option<f64>,
    pub reaches: Option<f64>,
    pub within: &'a str,
    pub critical_within: &'a str,
    pub message: &'a str,
    pub between: &'a str,
    pub days: &'a str,
    pub mute_usual: bool,
}

/// Names of all keys.
const KEYS: [&str; 23] = [
    "enabled",
    "title",
    "metric",
    "when",
    "warning",
    "warning_clear",
    "critical",
    "critical_clear",
    "for",
    "critical_for",
    "clear_for",
    "samples",
    "boot_grace",
    "per",
    "total",
    "unusual",
    "reaches",
    "within",
    "critical_within",
    "message",
    "between",
    "days",
    "mute_usual",
];

/// Keys, each with one that is derived from it. Setting the first drops the second unless that is set too: a default
/// `warning_clear` belongs to the default `warning`, and a rule counts either time or snapshots.
const DERIVED: [(&str, &str); 6] = [
    ("warning", "warning_clear"),
    ("critical", "critical_clear"),
    ("for", "critical_for"),
    ("for", "samples"),
    ("samples", "for"),
    ("samples", "critical_for"),
];

/// The place of a key's value.
enum Slot<'s, 'a> {
    Text(&'s mut &'a str),
    Number(&'s mut Option<f64>),
    Flag(&'s mut bool),
}

impl<'a> RuleSpec<'a> {
    /// A rule without any keys.
    pub const fn named(name: &'a str) -> Self {
        Self {
            name,
            enabled: true,
            title: "",
            metric: "",
            when: "",
            warning: None,
            warning_clear: None,
            critical: None,
            critical_clear: None,
            hold: "",
            critical_hold: "",
            clear_for: "",
            samples: "",
            boot_grace: "",
            per: "",
            total: "",
            unusual: None,
            reaches: None,
            within: "",
            critical_within: "",
            message: "",
            between: "",
            days: "",
            mute_usual: false,
        }
    }

    fn slot(&mut self, key: &str) -> Option<Slot<'_, 'a>> {
        Some(match key {
            "enabled" => Slot::Flag(&mut self.enabled),
            "title" => Slot::Text(&mut self.title),
            "metric" => Slot::Text(&mut self.metric),
            "when" => Slot::Text(&mut self.when),
            "warning" => Slot::Number(&mut self.warning),
            "warning_clear" => Slot::Number(&mut self.warning_clear),
            "critical" => Slot::Number(&mut self.critical),
            "critical_clear" => Slot::Number(&mut self.critical_clear),
            "for" => Slot::Text(&mut self.hold),
            "critical_for" => Slot::Text(&mut self.critical_hold),
            "clear_for" => Slot::Text(&mut self.clear_for),
            "samples" => Slot::Text(&mut self.samples),
            "boot_grace" => Slot::Text(&mut self.boot_grace),
            "per" => Slot::Text(&mut self.per),
            "total" => Slot::Text(&mut self.total),
            "unusual" => Slot::Number(&mut self.unusual),
            "reaches" => Slot::Number(&mut self.reaches),
            "within" => Slot::Text(&mut self.within),
            "critical_within" => Slot::Text(&mut self.critical_within),
            "message" => Slot::Text(&mut self.message),
            "between" => Slot::Text(&mut self.between),
            "days" => Slot::Text(&mut self.days),
            "mute_usual" => Slot::Flag(&mut self.mute_usual),
            _ => return None,
        })
    }

    /// Sets the keys of a table. `None`: a key is unknown or has the wrong type.
    pub fn overlay(&mut self, table: &'a Table) -> Option<()> {
        for (_, derived) in DERIVED.iter().filter(|(key, derived)| is_orphan(table, key, derived)) {
            match self.slot(derived)? {
                Slot::Text(text) => *text = "",
                Slot::Number(number) => *number = None,
                Slot::Flag(_) => {}
            }
        }
        for (key, value) in table {
            match (self.slot(key)?, value) {
                (Slot::Text(text), Value::String(value)) => *text = value,
                (Slot::Number(number), Value::Integer(value)) => *number = Some(*value as f64),
                (Slot::Number(number), Value::Float(value)) if value.is_finite() => *number = Some(*value),
                (Slot::Flag(flag), Value::Boolean(value)) => *flag = *value,
                _ => return None,
            }
        }
        Some(())
    }
}

fn is_orphan(set: &Table, key: &str, derived: &str) -> bool {
    set.contains_key(key) && !set.contains_key(derived)
}

/// Every key of a rule, with a value of its type.
pub fn keys() -> Table {
    let mut spec = RuleSpec::named("");
    let mut all = Table::new();
    for key in KEYS {
        let value = match spec.slot(key) {
            Some(Slot::Text(_)) => Value::String(String::new()),
            Some(Slot::Number(_)) => Value::Float(0.0),
            Some(Slot::Flag(_)) => Value::Boolean(true),
            None => continue,
        };
        all.insert(key.to_string(), value);
    }
    all
}

/// Removes from a table of a rule the keys that are derived from one in `set` and not set with it.
pub fn forget_derived(rule: &mut Table, set: &Table) {
    for (_, derived) in DERIVED.iter().filter(|(key, derived)| is_orphan(set, key, derived)) {
        rule.remove(*derived);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_set_drop_the_defaults_derived_from_them() {
        let base = RuleSpec { warning: Some(80.0), warning_clear: Some(70.0), hold: "5m", ..RuleSpec::named("x") };
        let overlaid = |text: &str| {
            let table: Table = toml::from_str(text).unwrap();
            let mut spec = base;
            spec.overlay(&table).map(|()| (spec.warning, spec.warning_clear, spec.hold.to_string()))
        };
        assert_eq!(overlaid("warning = 60").unwrap(), (Some(60.0), None, "5m".to_string()));
        assert_eq!(overlaid("samples = \"3 of 5\"").unwrap(), (Some(80.0), Some(70.0), String::new()));
        for wrong in ["warning = \"60\"", "warning = nan", "for = 5", "enabled = 1", "other = 1"] {
            assert_eq!(overlaid(wrong), None, "{wrong}");
        }
        assert_eq!(keys().len(), KEYS.len(), "every key has a slot");
    }
}
