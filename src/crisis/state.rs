//! The state between two evaluations: `state/crisis.json`. Members with their default value are not written.

pub use super::breaches::Breaches;
pub use super::flap::Flap;
use super::series::Series;
pub use super::spacing::Spacing;
pub use super::stamp::Stamp;
use super::swings::Swings;
pub use super::tally::Tally;
use crate::model::event::Event;
use crate::model::incident::{Incident, Lifecycle, Severity, short_id};
use crate::model::message::Message;
use crate::model::title;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// Version of the file. 1: without notifications.
pub(super) const SCHEMA: u32 = 2;

/// State of all rules.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Version of this file; a later version is not read.
    #[serde(deserialize_with = "known")]
    pub schema: u32,
    /// Boot in which it was last evaluated.
    #[serde(default)]
    pub boot_id: String,
    /// Time of the last evaluation.
    #[serde(default)]
    pub last: Option<Stamp>,
    /// How far apart the snapshots usually are.
    #[serde(default, skip_serializing_if = "Spacing::is_unknown")]
    pub spacing: Spacing,
    /// Sections that every host has and that could not be measured, with the reason: the health of the host is then
    /// unknown.
    #[serde(default)]
    pub unmeasured: Vec<String>,
    /// Events that may be missing in the outbox because a run was killed: the next run queues them.
    #[serde(default, alias = "untold", skip_serializing_if = "Vec::is_empty")]
    pub unsent: Vec<Event>,
    /// Events that may be missing in the history: a run was killed, or the disk was full.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unrecorded: Vec<Event>,
    /// The day of the last daily status, in the zone of the host.
    #[serde(default, alias = "signed", skip_serializing_if = "String::is_empty")]
    pub daily_status: String,
    /// By rule and labels, such as `disk{mount="/"}`.
    pub alerts: BTreeMap<String, Alert>,
    /// Past values, by the same keys, for the rules that need them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub series: BTreeMap<String, Series>,
    /// Highest values that forecast series came back from, by the same keys.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub swings: BTreeMap<String, Swings>,
    /// Start of trends that are usual rises so far, by the same keys.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub usual_rises: BTreeMap<String, Stamp>,
}

fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        schema if schema <= SCHEMA => Ok(schema),
        schema => Err(D::Error::custom(format!("schema {schema} is of a later osmon"))),
    }
}

/// State of one rule for one thing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Name of the rule.
    pub rule: String,
    /// Title, for people.
    #[serde(default)]
    pub title: String,
    /// Metric with labels.
    #[serde(default)]
    pub metric: String,
    /// Lifecycle state.
    #[serde(default)]
    pub lifecycle: Lifecycle,
    /// Current severity; `None` when it is not firing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Worst severity so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst: Option<Severity>,
    /// Start of the uninterrupted breach of the warning limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning_since: Option<Stamp>,
    /// Start of the uninterrupted breach of the critical limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical_since: Option<Stamp>,
    /// Snapshots beyond a limit, for a rule that counts them.
    #[serde(default, skip_serializing_if = "Breaches::is_none")]
    pub breaches: Breaches,
    /// First breach of this incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Stamp>,
    /// Time since which it is within its limits again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear_since: Option<Stamp>,
    /// First breach of the newest incident in seconds since 1970, part of its id; 0 when there was none.
    #[serde(default, skip_serializing_if = "is_none")]
    pub began: i64,
    /// Events of this incident so far.
    #[serde(default)]
    pub sequence: u64,
    /// Last value.
    #[serde(default)]
    pub value: f64,
    /// The limit in force.
    #[serde(default)]
    pub limit: f64,
    /// The limit is a ceiling.
    #[serde(default)]
    pub above: bool,
    /// The title as a message, where it does not follow from rule and labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_localized: Option<Message>,
    /// Message of the rule about the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The message in localisable form; `None` if a user wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_localized: Option<Message>,
    /// Recovery time in seconds, if relapses made it longer than configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear_for_seconds: Option<f64>,
    /// The last relapse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relapsed: Option<Stamp>,
    /// When it last became critical, which ends earlier acknowledgements of a warning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalated: Option<Stamp>,
    /// Time of the last value, while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodata_since: Option<Stamp>,
    /// Severity of the last notification; `None`: that it recovered, or there was none.
    #[serde(default, alias = "told", skip_serializing_if = "Option::is_none")]
    pub notified: Option<Severity>,
    /// Time of the last notification.
    #[serde(default, alias = "told_at", skip_serializing_if = "Option::is_none")]
    pub notified_at: Option<Stamp>,
    /// Number of reminders of the present severity.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reminders: u32,
    /// End of the last incident, while the next one would continue the conversation about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Stamp>,
    /// [`Self::began`] of the first incident of this conversation; 0: the newest began it.
    #[serde(default, skip_serializing_if = "is_none")]
    pub conversation: i64,
    /// The count of a rule about something that happens now and then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tally: Option<Tally>,
    /// Of an unusual value: groups without a breach since the last one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub quiet: u32,
    /// It is information, and says nothing about the health of the host.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub information: bool,
    /// Recent changes of its state.
    #[serde(default, skip_serializing_if = "Flap::is_calm")]
    pub flap: Flap,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the shape serde asks for
fn is_none(second: &i64) -> bool {
    *second == 0
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the shape serde asks for
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Alert {
    /// Id such as `cpu-1795211520`: the rule and the second of the first breach, so that no id is used twice, even
    /// after this file is lost; with labels it contains their checksum: `disk-9f1c22ab-1795211520`.
    pub fn incident_id(&self) -> String {
        let labels =
            self.metric.split_once('{').map(|(_, labels)| format!("-{:08x}", crc32fast::hash(labels.as_bytes())));
        format!("{}{}-{}", self.rule, labels.unwrap_or_default(), self.began)
    }

    /// Id of the open incident; of a breach that has not lasted long enough yet, the id that it will have.
    pub fn present_id(&self) -> String {
        let mut alert = self.clone();
        if !self.is_open() {
            alert.begin(false);
        }
        alert.incident_id()
    }

    /// Returns whether an id is that of this incident, or of an earlier one of the same conversation.
    pub fn is_known_as(&self, id: &str) -> bool {
        let split = |id: &str| {
            let (name, second) = id.rsplit_once('-')?;
            Some((name.to_string(), second.parse::<i64>().ok()?))
        };
        let first = if self.conversation == 0 { self.began } else { self.conversation };
        split(id)
            .zip(split(&self.incident_id()))
            .is_some_and(|((name, second), (own, _))| name == own && (first..=self.began).contains(&second))
    }

    /// Starts a new incident, named after its first breach, and later than the previous one even if the clock was set
    /// back. `continues`: it is about the same as the last one, whose acknowledgement holds.
    pub(super) fn begin(&mut self, continues: bool) {
        let before = if self.conversation == 0 { self.began } else { self.conversation };
        self.conversation = if continues { before } else { 0 };
        if !continues {
            self.escalated = None;
        }
        self.ended = None;
        self.began = self.since.map_or(0, |since| since.wall.timestamp()).max(self.began + 1);
        self.sequence = 0;
    }

    /// Returns whether it must be kept although it is within its limits: for the last notification, a relapse, the next
    /// incident or the flap meter.
    pub(super) fn is_remembered(&self) -> bool {
        let is_kept = self.relapsed.is_some() || self.ended.is_some() || self.tally.is_some();
        is_kept || self.notified.is_some() || !self.flap.is_calm()
    }

    /// Returns whether an incident is open.
    pub fn is_open(&self) -> bool {
        matches!(self.lifecycle, Lifecycle::Firing | Lifecycle::Recovering)
    }

    /// Name of the metric, without labels.
    pub(super) fn name(&self) -> &str {
        self.metric.split('{').next().unwrap_or_default()
    }

    /// All time stamps it contains.
    pub(super) fn stamps(&mut self) -> impl Iterator<Item = &mut Stamp> {
        [
            &mut self.warning_since,
            &mut self.critical_since,
            &mut self.since,
            &mut self.clear_since,
            &mut self.relapsed,
            &mut self.escalated,
            &mut self.nodata_since,
            &mut self.notified_at,
            &mut self.ended,
        ]
        .into_iter()
        .flatten()
        .chain(self.tally.iter_mut().flat_map(|tally| [&mut tally.since, &mut tally.last]))
        .chain(&mut self.flap.changes)
    }

    /// The title as a message; `None` if a user wrote it.
    pub(super) fn title_message(&self) -> Option<Message> {
        self.title_localized.clone().or_else(|| title::shipped(&self.rule, &self.metric, &self.title))
    }

    /// The open incident, when there is one.
    pub(super) fn incident(&self) -> Option<Incident> {
        let (Some(severity), Some(since)) = (self.severity, self.since) else { return None };
        self.is_open().then(|| Incident {
            id: self.incident_id(),
            short_id: short_id(&self.rule, &self.metric),
            rule: self.rule.clone(),
            severity,
            title: self.title.clone(),
            title_localized: self.title_message(),
            metric: self.name().to_string(),
            value: self.value,
            limit: self.limit,
            since: since.wall,
            recovering: self.lifecycle == Lifecycle::Recovering,
            information: self.information,
        })
    }
}
