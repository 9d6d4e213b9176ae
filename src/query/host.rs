//! The host that records here, `state/host.json`: names change, so it is known by its machine and boot.

use crate::base::clock::parse;
use crate::context::Context;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Name of the state file.
pub const STATE: &str = "host";
/// Maximum number of other hosts that are remembered.
const OTHERS_MAX: usize = 8;

/// The hosts that record or recorded here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// The host of the last snapshot.
    #[serde(flatten)]
    pub current: Recorder,
    /// Path of the data directory, without links.
    #[serde(default)]
    pub directory: String,
    /// Time since which it records, RFC 3339; `None`: from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Earlier names of it, and when they ended.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
    /// Hosts that recorded here before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Recorder>,
    /// When it was last said that two hosts record here by turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<String>,
}

/// A host that records.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Recorder {
    /// Host name.
    #[serde(default)]
    pub host: String,
    /// Hash of its machine id; `None`: it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// Its last boot.
    #[serde(default)]
    pub boot_id: String,
    /// Its last snapshot, RFC 3339; empty for the host that records now.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seen: String,
}

impl Recorder {
    fn is(&self, other: &Self) -> bool {
        let is_same_boot = self.boot_id == other.boot_id && self.host == other.host;
        is_same_boot || (self.machine.is_some() && self.machine == other.machine && self.host == other.host)
    }
}

impl Known {
    /// Returns whether the current host recorded here already, between two times.
    pub fn is_returning(&self, since: DateTime<Utc>, until: DateTime<Utc>) -> bool {
        let is_recent = |seen: &str| parse(seen).is_some_and(|seen| (since..=until).contains(&seen));
        self.others.iter().any(|other| other.is(&self.current) && is_recent(&other.seen))
    }

    /// Remembers a host that recorded here before the current one.
    pub fn leave(&mut self, before: Recorder) {
        self.others.retain(|other| !other.is(&before));
        self.others.push(before);
        let excess = self.others.len().saturating_sub(OTHERS_MAX);
        self.others.drain(..excess);
    }
}

/// Reads the state file; empty for a history of an older version and when the file is damaged.
pub fn known(context: &Context) -> Known {
    context.store.peek_state(STATE).content.unwrap_or_default()
}

/// Time since which this host records, when another one did before.
pub fn since(context: &Context) -> Option<DateTime<Utc>> {
    known(context).since.as_deref().and_then(parse)
}
