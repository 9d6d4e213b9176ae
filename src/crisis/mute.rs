//! What people do not want to be told: silences and acknowledgements. Both end by themselves.

use crate::model::metric::{Selector, read_labels};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Everything that is muted by people: `state/silence.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Mutes {
    /// Silences and downtimes.
    #[serde(default)]
    pub silences: Vec<Silence>,
    /// Acknowledged incidents.
    #[serde(default)]
    pub acks: Vec<Ack>,
}

/// Nothing of what it means is told while it lasts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// What it means: the name of a rule, a metric as in `osmon history` (`disk.*{mount="/var*"}`), or `*`.
    pub matcher: String,
    /// Its end.
    pub until: DateTime<Utc>,
    /// Why.
    #[serde(default)]
    pub because: String,
    /// Who wanted it.
    #[serde(default)]
    pub by: String,
    /// Its beginning; in the future for a downtime that is planned.
    pub since: DateTime<Utc>,
}

/// Somebody is at work on an incident: nobody is reminded of it. It ends when the incident gets worse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ack {
    /// Id of the incident.
    pub incident: String,
    /// Its end.
    pub until: DateTime<Utc>,
    /// Why.
    #[serde(default)]
    pub because: String,
    /// Who.
    #[serde(default)]
    pub by: String,
    /// When it was given.
    pub since: DateTime<Utc>,
}

impl Silence {
    /// Whether it lasts at a time.
    pub fn is_active(&self, now: DateTime<Utc>) -> bool {
        self.since <= now && now < self.until
    }

    /// Whether it means a rule on a metric with labels.
    pub fn means(&self, rule: &str, metric: &str) -> bool {
        if self.matcher == "*" || self.matcher == rule {
            return true;
        }
        let (name, labels) = read_labels(metric);
        Selector::pattern(&self.matcher).is_ok_and(|selector| selector.matches(name, &labels))
    }
}

impl Mutes {
    /// The silence that holds for a rule on a metric now.
    pub fn silence(&self, rule: &str, metric: &str, now: DateTime<Utc>) -> Option<&Silence> {
        self.silences.iter().find(|silence| silence.is_active(now) && silence.means(rule, metric))
    }

    /// The acknowledgement of an incident that holds now. `worse`: when the incident last got worse.
    pub fn ack(&self, incident: &str, worse: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<&Ack> {
        self.acks.iter().find(|ack| {
            ack.incident == incident
                && ack.since <= now
                && now < ack.until
                && worse.is_none_or(|worse| worse <= ack.since)
        })
    }
}
