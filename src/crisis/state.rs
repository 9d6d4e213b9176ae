//! What is remembered between two evaluations: `state/crisis.json`.

use crate::model::event::Event;
use crate::model::incident::{Incident, Lifecycle, Severity};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A moment on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stamp {
    /// Wall clock.
    pub wall: DateTime<Utc>,
    /// `CLOCK_BOOTTIME`, seconds; compared only within one boot.
    pub boottime_seconds: f64,
}

/// State of all rules.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Shape of this file.
    #[serde(default)]
    pub schema: u32,
    /// Boot in which it was last evaluated.
    #[serde(default)]
    pub boot_id: String,
    /// When it was last evaluated.
    #[serde(default)]
    pub last: Option<Stamp>,
    /// What could not be measured though every host has it, with the reason: then nothing is known to be well.
    #[serde(default)]
    pub unmeasured: Vec<String>,
    /// Events that may not be in the outbox yet: a run that was killed left them so, the next one puts them in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untold: Vec<Event>,
    /// Events that may not be in the history yet: killed, or the disk was full.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unrecorded: Vec<Event>,
    /// By rule and labels, such as `disk{mount="/"}`.
    #[serde(default)]
    pub alerts: BTreeMap<String, Alert>,
}

/// State of one rule for one thing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Name of the rule.
    pub rule: String,
    /// What it is about, for people.
    #[serde(default)]
    pub title: String,
    /// Metric with labels.
    #[serde(default)]
    pub metric: String,
    /// Where it stands.
    #[serde(default)]
    pub lifecycle: Lifecycle,
    /// How bad it is now; `None`: it is not firing.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// The worst it has been.
    #[serde(default)]
    pub worst: Option<Severity>,
    /// Since when the warning limit is breached without a break.
    #[serde(default)]
    pub warning_since: Option<Stamp>,
    /// Since when the critical limit is breached without a break.
    #[serde(default)]
    pub critical_since: Option<Stamp>,
    /// First breach of this incident.
    #[serde(default)]
    pub since: Option<Stamp>,
    /// Since when it is well again.
    #[serde(default)]
    pub clear_since: Option<Stamp>,
    /// Events of this incident so far.
    #[serde(default)]
    pub sequence: u64,
    /// Last value.
    #[serde(default)]
    pub value: f64,
    /// The limit that counts now.
    #[serde(default)]
    pub limit: f64,
    /// The limit is a ceiling.
    #[serde(default)]
    pub above: bool,
}

impl Alert {
    /// `cpu-1795211520`: the rule and the second of the first breach, so that no id is used twice, not even after this
    /// file was lost; with labels their checksum is in it: `disk-9f1c22ab-1795211520`.
    pub fn incident_id(&self) -> String {
        let labels =
            self.metric.split_once('{').map(|(_, labels)| format!("-{:08x}", crc32fast::hash(labels.as_bytes())));
        let since = self.since.map_or(0, |since| since.wall.timestamp());
        format!("{}{}-{since}", self.rule, labels.unwrap_or_default())
    }

    /// The open incident, when there is one.
    pub(super) fn incident(&self) -> Option<Incident> {
        let (Some(severity), Some(since)) = (self.severity, self.since) else { return None };
        matches!(self.lifecycle, Lifecycle::Firing | Lifecycle::Recovering).then(|| Incident {
            id: self.incident_id(),
            severity,
            title: self.title.clone(),
            metric: self.metric.split('{').next().unwrap_or_default().to_string(),
            value: self.value,
            limit: self.limit,
            since: since.wall,
            recovering: self.lifecycle == Lifecycle::Recovering,
        })
    }
}
