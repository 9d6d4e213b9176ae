//! Silences and acknowledgements, kept in `state/silence.json`. Both expire.

use super::incident::Severity;
use super::metric::{Selector, read_labels};
use chrono::{DateTime, TimeDelta, Utc};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// All silences and acknowledgements.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Suppressions {
    /// Version of the file format.
    #[serde(deserialize_with = "known")]
    pub schema: u32,
    /// Silences and downtimes.
    #[serde(default, rename = "silence")]
    pub silences: Vec<Silence>,
    /// Acknowledged incidents.
    #[serde(default, rename = "ack")]
    pub acks: Vec<Ack>,
    /// The highest number given to one of them; 0 when there is none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub numbered: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the shape serde asks for
fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        schema @ 0..=1 => Ok(schema),
        schema => Err(D::Error::custom(format!("schema {schema} is of a later osmon"))),
    }
}

/// Mutes notifications of matching alerts for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// Its number in the list, which it keeps; 0 in files of earlier versions.
    #[serde(default)]
    pub number: u32,
    /// Name of a rule, a metric as in `osmon history` (`disk.*{mount="/var*"}`), or `*`.
    #[serde(rename = "match")]
    pub matcher: String,
    /// Start; in the future for a planned silence.
    pub since: DateTime<Utc>,
    /// End.
    pub until: DateTime<Utc>,
    /// Reason.
    #[serde(default)]
    pub because: String,
    /// Author.
    #[serde(default)]
    pub by: String,
    /// While it is in force, nothing that it matches is repaired.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_heal: bool,
}

/// Marks an incident as being handled: no reminders until it expires or the incident gets worse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ack {
    /// Its number in the list of silences and acknowledgements, which it keeps; 0 in files of earlier versions.
    #[serde(default)]
    pub number: u32,
    /// Id of the incident.
    pub incident: String,
    /// Its severity at that time; `None` in files of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Time of the acknowledgement.
    pub since: DateTime<Utc>,
    /// End.
    pub until: DateTime<Utc>,
    /// Reason.
    #[serde(default)]
    pub because: String,
    /// Author.
    #[serde(default)]
    pub by: String,
}

impl Silence {
    /// Whether it is in force at a time.
    pub fn is_active(&self, now: DateTime<Utc>) -> bool {
        self.since <= now && now < self.until
    }

    /// Whether it matches a rule on a metric with labels.
    pub fn matches_alert(&self, rule: &str, metric: &str) -> bool {
        if self.matcher == "*" || self.matcher == rule {
            return true;
        }
        let (name, labels) = read_labels(metric);
        Selector::pattern(&self.matcher).is_ok_and(|selector| selector.matches(name, &labels))
    }
}

impl Suppressions {
    /// The silence in force for a rule on a metric.
    pub fn silence(&self, rule: &str, metric: &str, now: DateTime<Utc>) -> Option<&Silence> {
        self.silences.iter().find(|silence| silence.is_active(now) && silence.matches_alert(rule, metric))
    }

    /// The acknowledgement in force for an incident. `worse`: when it last became critical, which ends one of a warning.
    pub fn ack(&self, incident: &str, worse: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<&Ack> {
        self.ack_of(|id| id == incident, worse, now)
    }

    /// Like [`Self::ack`], for an incident with several ids.
    pub fn ack_of(
        &self,
        is_incident: impl Fn(&str) -> bool,
        worse: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Option<&Ack> {
        let holds =
            |ack: &Ack| ack.severity == Some(Severity::Critical) || worse.is_none_or(|worse| worse <= ack.since);
        self.acks.iter().find(|ack| ack.since <= now && now < ack.until && holds(ack) && is_incident(&ack.incident))
    }

    /// Adds a silence and returns its number.
    pub fn add_silence(&mut self, silence: Silence) -> u32 {
        self.silences.push(silence);
        self.give_numbers();
        self.numbered
    }

    /// Adds an acknowledgement and returns its number.
    pub fn add_ack(&mut self, ack: Ack) -> u32 {
        self.acks.push(ack);
        self.give_numbers();
        self.numbered
    }

    /// Brings the file of an earlier version to the present form.
    pub fn prepare(&mut self) {
        self.schema = 1;
        self.give_numbers();
    }

    /// Moves all times, to those of a clock that is off by `by`.
    pub fn shift(&mut self, by: TimeDelta) {
        let silences = self.silences.iter_mut().flat_map(|silence| [&mut silence.since, &mut silence.until]);
        let acks = self.acks.iter_mut().flat_map(|ack| [&mut ack.since, &mut ack.until]);
        for time in silences.chain(acks) {
            *time = time.checked_add_signed(by).unwrap_or(*time);
        }
    }

    /// Removes expired entries. A number is used again only after the list was empty.
    pub fn tidy(&mut self, now: DateTime<Utc>) {
        self.prepare();
        self.silences.retain(|silence| now < silence.until);
        self.acks.retain(|ack| now < ack.until);
        if self.silences.is_empty() && self.acks.is_empty() {
            self.numbered = 0;
        }
    }

    /// Numbers the entries without a number: new ones, and those of files of earlier versions.
    fn give_numbers(&mut self) {
        let silences = self.silences.iter_mut().map(|silence| &mut silence.number);
        let acks = self.acks.iter_mut().map(|ack| &mut ack.number);
        for number in silences.chain(acks).filter(|number| **number == 0) {
            self.numbered += 1;
            *number = self.numbered;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::parse;

    #[test]
    fn a_silence_matches_until_it_expires() {
        let time = |text: &str| parse(text).unwrap();
        let json = r#"{"schema":1,"silence":[{"match":"disk.used_percent{mount=\"/var*\"}","since":"2026-11-20T21:00:00.000Z","until":"2026-11-20T22:00:00Z","because":"x","by":"anna"}],"ack":[{"incident":"cpu-1","since":"2026-11-20T21:00:00Z","until":"2026-11-21T21:00:00Z"}]}"#;
        let mut suppressions: Suppressions = serde_json::from_str(json).unwrap();
        let cases = [
            ("disk", "disk.used_percent{mount=\"/var/lib\"}", "2026-11-20T21:30:00Z", true),
            ("disk", "disk.used_percent{mount=\"/\"}", "2026-11-20T21:30:00Z", false),
            ("disk", "disk.used_percent{mount=\"/var\"}", "2026-11-20T22:00:00Z", false),
            ("disk", "disk.used_percent{mount=\"/var\"}", "2026-11-20T20:59:59Z", false),
        ];
        for (rule, metric, now, expected) in cases {
            assert_eq!(suppressions.silence(rule, metric, time(now)).is_some(), expected, "{metric} {now}");
        }
        let (then, later) = (time("2026-11-20T23:00:00Z"), time("2026-11-20T21:30:00Z"));
        assert!(suppressions.ack("cpu-1", None, then).is_some() && suppressions.ack("cpu-2", None, then).is_none());
        assert!(suppressions.ack("cpu-1", Some(later), then).is_none(), "it got worse since");
        suppressions.tidy(then);
        assert_eq!((suppressions.silences.len(), suppressions.acks.len()), (0, 1));
        assert!(
            serde_json::to_string(&suppressions)
                .unwrap()
                .starts_with(r#"{"schema":1,"silence":[],"ack":[{"number":2,"incident":"cpu-1""#)
        );
        let silence = |text: &str| serde_json::from_str::<Silence>(text).unwrap();
        let more = r#"{"match":"disk","since":"2026-11-20T21:00:00Z","until":"2026-11-20T23:30:00Z"}"#;
        assert_eq!((suppressions.add_silence(silence(more)), suppressions.add_silence(silence(more))), (3, 4));
        suppressions.silences.remove(1);
        assert_eq!(suppressions.add_silence(silence(more)), 5, "a number is not used twice");
        suppressions.tidy(time("2027-01-01T00:00:00Z"));
        assert_eq!(suppressions.add_silence(silence(more)), 1, "until the list was empty");
    }
}
