//! What is remembered of sending: who has which event, who could not be reached since when and is asked again when,
//! how many messages went out, and what was on its way when a run ended. One state file, `state/delivery.json`.

use super::results::{Results, Told};
use crate::base::clock::{parse, stamp};
use crate::base::net::attempt::{Failure, Fate};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Pauses before an attempt, in minutes.
const PAUSES: [i64; 7] = [1, 2, 5, 10, 20, 30, 60];
/// The longest pause, in seconds; where more is written, the clock was set.
const PAUSE_MAX: i64 = 4000;
/// So long the first mail of an incident is remembered, in days.
const THREAD_DAYS: i64 = 40;

/// Name of the state file.
pub const STATE: &str = "delivery";

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// By target: a way and a recipient.
    #[serde(default)]
    pub target: BTreeMap<String, Target>,
    /// By name of an alert's file and target.
    #[serde(default)]
    pub result: BTreeMap<String, Results>,
    /// By id of the message: what was on its way, and nobody knows whether it arrived.
    #[serde(default)]
    pub sending: BTreeMap<String, Batch>,
    /// By way and incident: the first mail that told of it.
    #[serde(default)]
    pub thread: BTreeMap<String, Thread>,
    /// When old files were removed last.
    #[serde(default)]
    pub tidied: String,
}

/// One recipient by one way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Of its settings: other settings are tried at once.
    #[serde(default)]
    pub settings: u32,
    /// Since when it has not worked; empty: it works.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub failing_since: String,
    /// Failed attempts since then.
    #[serde(default)]
    pub attempts: u32,
    /// When it was tried last.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tried: String,
    /// Not before then.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub next: String,
    /// Why it did not work.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// When messages went out, in the last day.
    #[serde(default)]
    pub sent: Vec<String>,
    /// Events wait because so many messages went out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub held_since: String,
}

/// A message with its events and recipients.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// The way.
    pub route: String,
    /// Its targets.
    pub target: Vec<String>,
    /// Names of the alerts' files.
    pub event: Vec<String>,
}

/// The first mail of an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    /// Its Message-ID.
    pub id: String,
    /// When it was sent.
    pub time: String,
}

/// The name of a target.
pub fn target(route: &str, recipient: &str) -> String {
    if recipient.is_empty() { route.to_string() } else { format!("{route} {recipient}") }
}

impl Ledger {
    /// Whether a target may be tried now.
    pub fn is_due(&self, target: &str, settings: u32, now: DateTime<Utc>) -> bool {
        let Some(known) = self.target.get(target) else { return true };
        let wait = parse(&known.next).map_or(0, |next| (next - now).num_seconds());
        known.settings != settings || wait <= 0 || wait > PAUSE_MAX
    }

    /// Whether a target has had as many messages as it may.
    pub fn is_full(&self, target: &str, per_hour: usize, per_day: usize, now: DateTime<Utc>) -> bool {
        let Some(known) = self.target.get(target) else { return false };
        let within = |span: TimeDelta| {
            let times = known.sent.iter().filter_map(|time| parse(time));
            times.filter(|time| *time <= now && now - *time < span).count()
        };
        (per_hour > 0 && within(TimeDelta::hours(1)) >= per_hour)
            || (per_day > 0 && within(TimeDelta::days(1)) >= per_day)
    }

    /// Somebody has some events.
    pub fn accepted(&mut self, target: &str, settings: u32, events: &[String], by: &str, now: DateTime<Utc>) {
        let known = self.target.entry(target.to_string()).or_default();
        let day = stamp(now - TimeDelta::days(1));
        let mut sent = std::mem::take(&mut known.sent);
        sent.retain(|time| *time > day);
        sent.push(stamp(now));
        *known = Target { settings, sent, ..Target::default() };
        self.told(target, events, &Told { accepted: true, by: by.to_string(), time: stamp(now) });
    }

    /// Notes the same result for some events.
    pub fn told(&mut self, target: &str, events: &[String], told: &Told) {
        for event in events {
            self.result.entry(event.clone()).or_default().insert(target.to_string(), told.clone());
        }
    }

    /// Somebody could not be reached; he is asked again after a pause that grows.
    pub fn failed(&mut self, target: &str, settings: u32, failure: &Failure, now: DateTime<Utc>) {
        let known = self.target.entry(target.to_string()).or_default();
        if known.settings != settings {
            known.attempts = 0;
        }
        let seconds = match (failure.wait, failure.fate) {
            (Some(wait), _) => wait.as_secs().cast_signed().clamp(60, 3600),
            // The first time it may be a bad moment of the server.
            (None, Fate::Settings) if known.attempts > 0 => jittered(3600, target, known.attempts),
            _ => {
                let step = usize::try_from(known.attempts).unwrap_or(usize::MAX).min(PAUSES.len() - 1);
                jittered(PAUSES.get(step).copied().unwrap_or(60) * 60, target, known.attempts)
            }
        };
        known.settings = settings;
        known.attempts = known.attempts.saturating_add(1);
        known.error.clone_from(&failure.why);
        known.tried = stamp(now);
        known.next = stamp(now + TimeDelta::seconds(seconds));
        if known.failing_since.is_empty() {
            known.failing_since = stamp(now);
        }
    }

    /// A test reached somebody: what waits goes with the next run. Where nothing waits he is not failing any more.
    pub fn reached(&mut self, target: &str, is_idle: bool) {
        if let Some(known) = self.target.get_mut(target).filter(|known| known.attempts > 0) {
            known.next.clear();
            if is_idle {
                (known.failing_since, known.error, known.attempts) = Default::default();
            }
        }
    }

    /// Everybody may be tried now.
    pub fn hurry(&mut self) {
        for target in self.target.values_mut() {
            target.next.clear();
        }
    }

    /// A message is on its way; to some of its recipients perhaps for the second time.
    pub fn begins(&mut self, id: &str, batch: &Batch) {
        let known = self.sending.entry(id.to_string()).or_insert_with(|| batch.clone());
        let more: Vec<String> = batch.target.iter().filter(|target| !known.target.contains(target)).cloned().collect();
        known.target.extend(more);
    }

    /// Of these recipients it is known what became of a message. It is remembered for the others.
    pub fn ends<'a>(&mut self, id: &str, answered: impl Iterator<Item = &'a String>) {
        let Some(batch) = self.sending.get_mut(id) else { return };
        answered.for_each(|answered| batch.target.retain(|target| target != answered));
        if batch.target.is_empty() {
            self.sending.remove(id);
        }
    }

    /// Whether anybody has an event.
    pub fn has_somebody(&self, event: &str) -> bool {
        self.result.get(event).is_some_and(|told| told.iter().any(|(_, told)| told.accepted))
    }

    /// Forgets what is over: of events whether they still wait (`None`: they have no file; they may yet get one, and are not
    /// told again then), old threads, targets that nobody names any more.
    pub fn prune(
        &mut self,
        is_waiting: impl Fn(&str) -> Option<bool>,
        is_target: impl Fn(&str) -> bool,
        now: DateTime<Utc>,
    ) {
        let old = stamp(now - TimeDelta::days(THREAD_DAYS));
        let is_recent = |told: &Results| told.iter().any(|(_, told)| told.time > old);
        self.result.retain(|event, told| is_waiting(event).unwrap_or_else(|| is_recent(told)));
        self.target.retain(|target, _| is_target(target));
        self.sending.retain(|_, batch| batch.event.iter().any(|event| is_waiting(event) == Some(true)));
        self.thread.retain(|_, thread| thread.time > old);
    }
}

/// A pause up to a tenth longer or shorter, so that many hosts do not come at the same second; for one host and one
/// attempt always the same.
fn jittered(seconds: i64, target: &str, attempt: u32) -> i64 {
    let hash = i64::from(crc32fast::hash(format!("{target} {attempt}").as_bytes()) % 201);
    seconds + seconds * (hash - 100) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_other_settings_are_tried_at_once() {
        let mut ledger = Ledger::default();
        let begin = parse("2026-11-20T02:05:00Z").unwrap();
        let mut now = begin;
        let mut pauses = Vec::new();
        for _ in 0..9 {
            ledger.failed("mail a@b", 1, &Failure::new(Fate::Later, "refused"), now);
            let next = parse(&ledger.target["mail a@b"].next).unwrap();
            pauses.push((next - now).num_seconds());
            assert!(!ledger.is_due("mail a@b", 1, now) && ledger.is_due("mail a@b", 2, now));
            assert!(ledger.is_due("mail a@b", 1, now - TimeDelta::days(3)), "the clock was set back");
            now = next;
        }
        for (pause, minutes) in pauses.iter().zip([1, 2, 5, 10, 20, 30, 60, 60, 60]) {
            assert!((pause - minutes * 60).abs() <= minutes * 6, "{pause} for {minutes} min");
        }
        assert_eq!(ledger.target["mail a@b"].failing_since, stamp(begin));
        ledger.accepted("mail a@b", 1, &["x".to_string()], "somebody", now);
        assert!(
            ledger.target["mail a@b"].failing_since.is_empty() && ledger.result["x"].get("mail a@b").unwrap().accepted
        );
    }

    #[test]
    fn what_a_person_must_change_is_tried_after_a_minute_and_then_hourly() {
        let now = parse("2026-11-20T02:05:00Z").unwrap();
        let settings = || Failure::new(Fate::Settings, "535");
        let later = || Failure::new(Fate::Later, "421");
        let asked = |seconds| Failure { wait: Some(std::time::Duration::from_secs(seconds)), ..later() };
        let cases: [(Vec<Failure>, &[i64]); 3] = [
            (vec![settings(), settings(), settings()], &[60, 3600, 3600]),
            (vec![later(), settings()], &[60, 3600]),
            (vec![asked(5), asked(600), asked(86_400)], &[60, 600, 3600]),
        ];
        for (failures, expected) in cases {
            let mut ledger = Ledger::default();
            for (failure, expected) in failures.iter().zip(expected) {
                ledger.failed("mail a@b", 1, failure, now);
                let pause = (parse(&ledger.target["mail a@b"].next).unwrap() - now).num_seconds();
                assert!((pause - expected).abs() * 10 <= *expected, "{pause} for {expected} after {failure:?}");
            }
        }
    }

    #[test]
    fn an_hour_and_a_day_hold_so_many_messages() {
        let mut ledger = Ledger::default();
        let begin = parse("2026-11-20T00:00:00Z").unwrap();
        let mut went = 0;
        for minute in 0..2880 {
            let now = begin + TimeDelta::minutes(minute);
            if !ledger.is_full("m", 10, 50, now) {
                ledger.accepted("m", 0, &[], "", now);
                went += 1;
            }
            if minute == 59 {
                assert_eq!(went, 10);
            }
            if minute == 1439 {
                assert_eq!(went, 50);
            }
        }
        assert!((95..=100).contains(&went), "{went}");
        assert!(!ledger.is_full("m", 0, 0, begin));
    }
}
