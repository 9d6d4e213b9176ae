//! Who has an event and who refused it: few entries, and perhaps of ten thousand events, so no tree.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// How somebody was told of an event, or that he refused it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// He has it (else he refused it for good).
    pub accepted: bool,
    /// By whom it was accepted, or why not.
    pub by: String,
    /// RFC 3339.
    pub time: String,
}

/// By target; in a file a map.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Results(Vec<(String, Told)>);

impl Results {
    /// What came of it with one target.
    pub fn get(&self, target: &str) -> Option<&Told> {
        self.0.iter().find(|(known, _)| known == target).map(|(_, told)| told)
    }

    /// Notes what came of it with one target.
    pub fn insert(&mut self, target: String, told: Told) {
        self.0.retain(|(known, _)| *known != target);
        self.0.reserve_exact(1);
        self.0.push((target, told));
    }

    /// All of them, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Told)> {
        self.0.iter().map(|(target, told)| (target, told))
    }

    /// Puts others in.
    pub fn extend(&mut self, others: &Self) {
        for (target, told) in others.iter() {
            self.insert(target.clone(), told.clone());
        }
    }
}

impl Serialize for Results {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Results {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(BTreeMap::<String, Told>::deserialize(deserializer)?.into_iter().collect()))
    }
}
