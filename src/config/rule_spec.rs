//! A rule as it is written: the default rule of that name, overlaid with the keys of `[rule.NAME]`.

use toml::{Table, Value};

/// Keys, each with one that is derived from it. Setting the first drops the second unless that is set too: a default
/// `warning_clear` belongs to the default `warning`, and a rule counts either time or snapshots. A limit that a person
/// wrote is taken at its word: the conditions of the default limits are not.
const DERIVED: [(&str, &str); 15] = [
    ("warning", "warning_clear"),
    ("critical", "critical_clear"),
    ("for", "critical_for"),
    ("for", "samples"),
    ("samples", "for"),
    ("samples", "critical_for"),
    ("warning", "only_if"),
    ("warning", "notify_if"),
    ("warning", "mute_usual"),
    ("warning", "critical_only_if"),
    ("critical", "only_if"),
    ("critical", "notify_if"),
    ("critical", "mute_usual"),
    ("critical", "critical_only_if"),
    ("only_if", "critical_only_if"),
];

/// The value of a key; an empty text and `None` stand for an absent one.
trait KeyValue<'a> {
    /// Sets it. `None`: the value has the wrong type.
    fn set(&mut self, value: &'a Value) -> Option<()>;
    /// Makes the key absent.
    fn clear(&mut self);
    /// A value of its type.
    fn example(&self) -> Value;
}

impl<'a> KeyValue<'a> for &'a str {
    fn set(&mut self, value: &'a Value) -> Option<()> {
        *self = value.as_str()?;
        Some(())
    }
    fn clear(&mut self) {
        *self = "";
    }
    fn example(&self) -> Value {
        Value::String(String::new())
    }
}

impl<'a> KeyValue<'a> for Option<f64> {
    fn set(&mut self, value: &'a Value) -> Option<()> {
        let number = value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))?;
        *self = Some(number).filter(|number| number.is_finite());
        self.map(|_| ())
    }
    fn clear(&mut self) {
        *self = None;
    }
    fn example(&self) -> Value {
        Value::Float(0.0)
    }
}

/// The key `unusual`: true or false. A number above 0, which once meant spreads, is as good as true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unusual(pub bool);

impl<'a> KeyValue<'a> for Unusual {
    fn set(&mut self, value: &'a Value) -> Option<()> {
        let is_positive =
            || value.as_float().or(value.as_integer().map(|whole| whole as f64)).map(|number| number > 0.0);
        *self = Self(value.as_bool().or_else(|| is_positive().filter(|is_positive| *is_positive))?);
        Some(())
    }
    fn clear(&mut self) {
        *self = Self(false);
    }
    fn example(&self) -> Value {
        Value::Boolean(true)
    }
}

impl<'a> KeyValue<'a> for bool {
    fn set(&mut self, value: &'a Value) -> Option<()> {
        *self = value.as_bool()?;
        Some(())
    }
    fn clear(&mut self) {
        *self = false;
    }
    fn example(&self) -> Value {
        Value::Boolean(true)
    }
}

macro_rules! rule_keys {
    ($($key:literal $field:ident: $type:ty = $absent:expr;)*) => {
        /// The keys of a rule.
        #[derive(Debug, Clone, Copy, PartialEq)]
        #[allow(missing_docs, reason = "data/osmon.toml explains every key")]
        pub struct RuleSpec<'a> {
            pub name: &'a str,
            $(pub $field: $type,)*
        }

        impl<'a> RuleSpec<'a> {
            /// A rule without any keys.
            pub const fn named(name: &'a str) -> Self {
                Self { name, $($field: $absent,)* }
            }

            fn key(&mut self, key: &str) -> Option<&mut dyn KeyValue<'a>> {
                match key {
                    $($key => Some(&mut self.$field),)*
                    _ => None,
                }
            }
        }

        /// Every key of a rule, with a value of its type.
        pub fn keys() -> Table {
            let absent = RuleSpec::named("");
            [$(($key.to_string(), absent.$field.example()),)*].into_iter().collect()
        }
    };
}

rule_keys! {
    "enabled" enabled: bool = true;
    "title" title: &'a str = "";
    "metric" metric: &'a str = "";
    "when" when: &'a str = "";
    "warning" warning: Option<f64> = None;
    "warning_clear" warning_clear: Option<f64> = None;
    "critical" critical: Option<f64> = None;
    "critical_clear" critical_clear: Option<f64> = None;
    "only_if" only_if: &'a str = "";
    "critical_only_if" critical_only_if: &'a str = "";
    "for" hold: &'a str = "";
    "critical_for" critical_hold: &'a str = "";
    "clear_for" clear_for: &'a str = "";
    "samples" samples: &'a str = "";
    "boot_grace" boot_grace: &'a str = "";
    "per" per: &'a str = "";
    "total" total: &'a str = "";
    "unusual" unusual: Unusual = Unusual(false);
    "floor" floor: Option<f64> = None;
    "reaches" reaches: Option<f64> = None;
    "within" within: &'a str = "";
    "critical_within" critical_within: &'a str = "";
    "message" message: &'a str = "";
    "between" between: &'a str = "";
    "days" days: &'a str = "";
    "notify_if" notify_if: &'a str = "";
    "mute_usual" mute_usual: bool = false;
    "notify" notify: bool = true;
    "optional" optional: bool = false;
}

impl<'a> RuleSpec<'a> {
    /// Sets the keys of a table. `None`: a key is unknown or has the wrong type.
    pub fn overlay(&mut self, table: &'a Table) -> Option<()> {
        for (_, derived) in DERIVED.iter().filter(|(key, derived)| is_orphan(table, key, derived)) {
            self.key(derived)?.clear();
        }
        table.iter().try_for_each(|(key, value)| self.key(key)?.set(value))
    }
}

fn is_orphan(set: &Table, key: &str, derived: &str) -> bool {
    set.contains_key(key) && !set.contains_key(derived)
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
        let spec = RuleSpec { only_if: "a.b > 1", notify_if: "a.b > 2", mute_usual: true, ..base };
        for (text, is_kept) in [("for = \"1m\"", true), ("warning = 60", false), ("critical = 99", false)] {
            let (mut spec, table) = (spec, toml::from_str(text).unwrap());
            spec.overlay(&table).unwrap();
            assert_eq!(
                (spec.only_if.is_empty(), spec.notify_if.is_empty(), spec.mute_usual),
                (!is_kept, !is_kept, is_kept)
            );
        }
        assert_eq!(overlaid("warning = 60").unwrap(), (Some(60.0), None, "5m".to_string()));
        assert_eq!(overlaid("samples = \"3 of 5\"").unwrap(), (Some(80.0), Some(70.0), String::new()));
        assert_eq!(overlaid("unusual = true"), overlaid("unusual = 4"));
        for wrong in [
            "unusual = 0",
            "unusual = \"4\"",
            "warning = \"60\"",
            "warning = nan",
            "for = 5",
            "enabled = 1",
            "other = 1",
        ] {
            assert_eq!(overlaid(wrong), None, "{wrong}");
        }
    }
}
