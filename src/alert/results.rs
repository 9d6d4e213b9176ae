//! Results of an event by target. A digest may have ten thousand events with few targets each, so the results are a
//! short list rather than a tree.

use crate::base::clock::stamp;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// The final result of an event for one target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetResult {
    /// The target accepted the event; otherwise it refused it permanently, or did not answer.
    pub accepted: bool,
    /// It did not answer any attempt: the event may have arrived.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unanswered: bool,
    /// Server or program that accepted it, or why it was refused.
    pub by: String,
    /// Time (RFC 3339).
    pub time: String,
}

impl TargetResult {
    /// Accepted by this server or program.
    pub fn accepted(by: &str, now: DateTime<Utc>) -> Self {
        Self { accepted: true, ..Self::refused(by, now) }
    }

    /// Refused for this reason.
    pub fn refused(by: &str, now: DateTime<Utc>) -> Self {
        Self { by: by.to_string(), time: stamp(now), ..Self::default() }
    }

    /// Sent without an answer, described by this text.
    pub fn unanswered(by: &str, now: DateTime<Utc>) -> Self {
        Self { unanswered: true, ..Self::refused(by, now) }
    }
}

/// Final results by target; a map when serialised.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Results(Vec<(String, TargetResult)>);

impl Results {
    /// The result for a target; `None`: there is none yet.
    pub fn get(&self, target: &str) -> Option<&TargetResult> {
        self.0.iter().find(|(known, _)| known == target).map(|(_, result)| result)
    }

    /// Sets the result for a target.
    pub fn insert(&mut self, target: String, result: TargetResult) {
        self.0.retain(|(known, _)| *known != target);
        self.0.reserve_exact(1);
        self.0.push((target, result));
    }

    /// All results in the order in which they were set.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &TargetResult)> {
        self.0.iter().map(|(target, result)| (target, result))
    }

    /// Sets all results of `others`.
    pub fn extend(&mut self, others: &Self) {
        for (target, result) in others.iter() {
            self.insert(target.clone(), result.clone());
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
        Ok(Self(BTreeMap::<String, TargetResult>::deserialize(deserializer)?.into_iter().collect()))
    }
}
