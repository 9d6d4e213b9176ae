//! What people do not want to be told: silences and acknowledgements. Both end by themselves. `state/silence.json`.

use super::metric::{Selector, read_labels};
use chrono::{DateTime, Utc};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// Everything that is muted by people.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Suppressions {
    /// Shape of this file.
    #[serde(deserialize_with = "known")]
    pub schema: u32,
    /// Silences and downtimes.
    #[serde(default, rename = "silence")]
    pub silences: Vec<Silence>,
    /// Acknowledged incidents.
    #[serde(default, rename = "ack")]
    pub acks: Vec<Ack>,
}

fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        schema @ 0..=1 => Ok(schema),
        schema => Err(D::Error::custom(format!("schema {schema} is of a later osmon"))),
    }
}

/// Nothing of what it means is told while it lasts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// What it means: the name of a rule, a metric as in `osmon history` (`disk.*{mount="/var*"}`), or `*`.
    #[serde(rename = "match")]
    pub matcher: String,
    /// Its beginning; in the future for one that is planned.
    pub since: DateTime<Utc>,
    /// Its end.
    pub until: DateTime<Utc>,
    /// Why.
    #[serde(default)]
    pub because: String,
    /// Who wanted it.
    #[serde(default)]
    pub by: String,
}

/// Somebody is at work on an incident: nobody is reminded of it. It ends when the incident gets worse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ack {
    /// Id of the incident.
    pub incident: String,
    /// When it was given.
    pub since: DateTime<Utc>,
    /// Its end.
    pub until: DateTime<Utc>,
    /// Why.
    #[serde(default)]
    pub because: String,
    /// Who.
    #[serde(default)]
    pub by: String,
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

impl Suppressions {
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

    /// Forgets what has ended.
    pub fn tidy(&mut self, now: DateTime<Utc>) {
        self.schema = 1;
        self.silences.retain(|silence| now < silence.until);
        self.acks.retain(|ack| now < ack.until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::parse;

    #[test]
    fn what_a_silence_means_and_when_it_ends() {
        let time = |text: &str| parse(text).unwrap();
        let json = r#"{"schema":1,"silence":[{"match":"disk.used_percent{mount=\"/var*\"}","since":"2026-11-20T21:00:00.000Z","until":"2026-11-20T22:00:00Z","because":"x","by":"anna"}],"ack":[{"incident":"cpu-1","since":"2026-11-20T21:00:00Z","until":"2026-11-21T21:00:00Z"}]}"#;
        let mut mutes: Suppressions = serde_json::from_str(json).unwrap();
        let cases = [
            ("disk", "disk.used_percent{mount=\"/var/lib\"}", "2026-11-20T21:30:00Z", true),
            ("disk", "disk.used_percent{mount=\"/\"}", "2026-11-20T21:30:00Z", false),
            ("disk", "disk.used_percent{mount=\"/var\"}", "2026-11-20T22:00:00Z", false),
            ("disk", "disk.used_percent{mount=\"/var\"}", "2026-11-20T20:59:59Z", false),
        ];
        for (rule, metric, now, expected) in cases {
            assert_eq!(mutes.silence(rule, metric, time(now)).is_some(), expected, "{metric} {now}");
        }
        let (then, later) = (time("2026-11-20T23:00:00Z"), time("2026-11-20T21:30:00Z"));
        assert!(mutes.ack("cpu-1", None, then).is_some() && mutes.ack("cpu-2", None, then).is_none());
        assert!(mutes.ack("cpu-1", Some(later), then).is_none(), "it got worse since");
        mutes.tidy(then);
        assert_eq!((mutes.silences.len(), mutes.acks.len()), (0, 1));
        assert!(
            serde_json::to_string(&mutes)
                .unwrap()
                .starts_with(r#"{"schema":1,"silence":[],"ack":[{"incident":"cpu-1""#)
        );
    }
}
