//! Keys of `[heal]` and of `[heal.NAME]`.

use super::heal::Heal;
use crate::model::action::{ActionKind, Mode};
use serde::Deserialize;
use toml::{Table, Value};

/// The plain keys of `[heal]`: the mode of each kind of action, and the budget of the host.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct PlainKeys {
    restart: Mode,
    end: Mode,
    clean: Mode,
    #[serde(rename = "vacuum-journal")]
    vacuum_journal: Mode,
    #[serde(rename = "clear-packages")]
    clear_packages: Mode,
    #[serde(rename = "drop-caches")]
    drop_caches: Mode,
    run: Mode,
    /// Largest number of actions on the host within an hour.
    pub actions_per_hour: u32,
}

impl Default for PlainKeys {
    fn default() -> Self {
        Self {
            restart: Mode::Enforce,
            end: Mode::DryRun,
            clean: Mode::DryRun,
            vacuum_journal: Mode::Enforce,
            clear_packages: Mode::Enforce,
            drop_caches: Mode::Off,
            run: Mode::Enforce,
            actions_per_hour: Heal::default().actions_per_hour,
        }
    }
}

impl PlainKeys {
    /// Splits `[heal]` into its plain keys and its entries. `None` when a plain key or its type is wrong.
    pub fn split(given: Table) -> Option<(Self, Table)> {
        let (entries, plain): (Table, Table) = given.into_iter().partition(|(_, value)| value.is_table());
        let is_taken =
            |name: &String| name == "actions_per_hour" || ActionKind::ALL.iter().any(|kind| kind.word() == name);
        if entries.keys().any(is_taken) {
            return None;
        }
        Some((plain.try_into().ok()?, entries))
    }

    /// The mode of a kind.
    pub fn mode(&self, kind: ActionKind) -> Mode {
        match kind {
            ActionKind::Restart => self.restart,
            ActionKind::End => self.end,
            ActionKind::Clean => self.clean,
            ActionKind::VacuumJournal => self.vacuum_journal,
            ActionKind::ClearPackages => self.clear_packages,
            ActionKind::DropCaches => self.drop_caches,
            ActionKind::Run => self.run,
        }
    }
}

/// The type of a key.
#[derive(Clone, Copy)]
enum KeyType {
    Text,
    List,
    Count,
}

use ActionKind::{Clean, End, Restart, Run, VacuumJournal};
use KeyType::{Count, List, Text};

/// Every key of an entry, its type, and the only action that it belongs to.
const KEYS: [(&str, KeyType, Option<ActionKind>); 21] = [
    ("rule", Text, None),
    ("match", Text, None),
    ("action", Text, None),
    ("mode", Text, None),
    ("after", Text, None),
    ("per_hour", Count, None),
    ("per_day", Count, None),
    ("waits", List, None),
    ("verify", Text, None),
    ("then", Text, None),
    ("unit", Text, Some(Restart)),
    ("executables", List, Some(End)),
    ("users", List, Some(End)),
    ("min_memory", Text, Some(End)),
    ("directories", List, Some(Clean)),
    ("older_than", Text, Some(Clean)),
    ("keep", List, Some(Clean)),
    ("stop_after", Text, Some(Clean)),
    ("keep_size", Text, Some(VacuumJournal)),
    ("command", List, Some(Run)),
    ("timeout", Text, Some(Run)),
];

/// Every key of an entry, with a value of its type.
pub fn keys() -> Table {
    let example = |kind| match kind {
        Text => Value::String(String::new()),
        List => Value::Array(Vec::new()),
        Count => Value::Integer(0),
    };
    KEYS.iter().map(|(key, kind, _)| ((*key).to_string(), example(*kind))).collect()
}

/// Returns whether the keys of an entry exist and have the right types.
pub fn has_known_keys(entry: &Table) -> bool {
    let fits = |kind: KeyType, value: &Value| match kind {
        Text => value.is_str(),
        List => value.as_array().is_some_and(|items| items.iter().all(Value::is_str)),
        Count => value.as_integer().is_some_and(|number| u32::try_from(number).is_ok()),
    };
    entry.iter().all(|(key, value)| KEYS.iter().any(|(known, kind, _)| known == key && fits(*kind, value)))
}

/// The keys of an entry that its action does not have, with the action that has them.
pub fn misplaced(entry: &Table, action: ActionKind) -> impl Iterator<Item = (&'static str, ActionKind)> {
    let is_set = |key: &str| entry.contains_key(key);
    KEYS.iter().filter_map(move |(key, _, of)| Some((*key, of.filter(|of| *of != action && is_set(key))?)))
}
