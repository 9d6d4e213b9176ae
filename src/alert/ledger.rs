//! Ledger of the delivery: results of each event, failures and next attempt of each target, number of messages sent,
//! and messages in flight when a run ended. One state file, `state/delivery.json`.

use super::results::{Results, TargetResult};
use crate::base::clock::{parse, stamp};
use crate::base::net::failure::{Failure, FailureKind};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Pauses before the next attempt, in minutes; the last one repeats.
const PAUSES: [i64; 7] = [1, 2, 5, 10, 20, 30, 60];
/// Longest pause, in seconds. A longer one means that the clock was set back.
const PAUSE_MAX: i64 = 4000;
/// Pause in seconds after a failure that only a change of the settings can fix.
const CONFIGURATION_PAUSE: i64 = 3600;
/// How long the first mail of an incident is remembered, in days.
const THREAD_DAYS: i64 = 40;

/// Name of the state file.
pub const STATE: &str = "delivery";

/// Ledger of the delivery.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// By [`target_name`].
    #[serde(default)]
    pub target: BTreeMap<String, TargetState>,
    /// By name of an alert's file.
    #[serde(default)]
    pub result: BTreeMap<String, Results>,
    /// Messages whose result is unknown, by route and Message-ID.
    #[serde(default)]
    pub sending: BTreeMap<String, Batch>,
    /// First mails, by route and incident.
    #[serde(default)]
    pub thread: BTreeMap<String, Thread>,
    /// Time of the last clean-up (RFC 3339).
    #[serde(default)]
    pub tidied: String,
}

/// The state of one recipient of one route.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TargetState {
    /// Fingerprint of its settings: after a change, the target is tried at once.
    #[serde(default)]
    pub settings: u32,
    /// Time of the first failure since the last success (RFC 3339); empty if it does not fail.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub failing_since: String,
    /// Failed attempts since then.
    #[serde(default)]
    pub attempts: u32,
    /// Last failed attempt (RFC 3339).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tried: String,
    /// Earliest next attempt (RFC 3339).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub next: String,
    /// The last error.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// Times of the messages of the last day.
    #[serde(default)]
    pub sent: Vec<String>,
    /// Time since which the rate limit holds events back (RFC 3339); empty if it does not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub held_since: String,
}

/// A message: its events and targets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// Name of the route.
    pub route: String,
    /// Targets whose result is open.
    pub target: Vec<String>,
    /// Names of the alerts' files.
    pub event: Vec<String>,
}

/// The first mail of an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    /// Its Message-ID.
    pub id: String,
    /// Time it was sent (RFC 3339).
    pub time: String,
}

/// The name of a target: route and recipient; the route alone if it has no recipients.
pub fn target_name(route: &str, recipient: &str) -> String {
    if recipient.is_empty() { route.to_string() } else { format!("{route} {recipient}") }
}

impl Ledger {
    /// Returns whether a target may be tried now.
    pub fn is_due(&self, target: &str, settings: u32, now: DateTime<Utc>) -> bool {
        let Some(known) = self.target.get(target) else { return true };
        let wait = parse(&known.next).map_or(0, |next| (next - now).num_seconds());
        known.settings != settings || wait <= 0 || wait > PAUSE_MAX
    }

    /// Returns whether a target has reached its rate limit; a limit of 0 means none.
    pub fn is_rate_limited(&self, target: &str, per_hour: usize, per_day: usize, now: DateTime<Utc>) -> bool {
        let Some(known) = self.target.get(target) else { return false };
        let within = |span: TimeDelta| {
            let times = known.sent.iter().filter_map(|time| parse(time));
            times.filter(|time| *time <= now && now - *time < span).count()
        };
        (per_hour > 0 && within(TimeDelta::hours(1)) >= per_hour)
            || (per_day > 0 && within(TimeDelta::days(1)) >= per_day)
    }

    /// Records that a target accepted a message with these events.
    pub fn accepted(&mut self, target: &str, settings: u32, events: &[String], by: &str, now: DateTime<Utc>) {
        let known = self.target.entry(target.to_string()).or_default();
        let day = stamp(now - TimeDelta::days(1));
        let mut sent = std::mem::take(&mut known.sent);
        sent.retain(|time| *time > day);
        sent.push(stamp(now));
        *known = TargetState { settings, sent, ..TargetState::default() };
        self.set_result(target, events, &TargetResult { accepted: true, by: by.to_string(), time: stamp(now) });
    }

    /// Sets the same final result of a target for several events.
    pub fn set_result(&mut self, target: &str, events: &[String], result: &TargetResult) {
        for event in events {
            self.result.entry(event.clone()).or_default().insert(target.to_string(), result.clone());
        }
    }

    /// Records a failed attempt. The next one follows after an increasing pause, or the pause requested by the peer.
    pub fn failed(&mut self, target: &str, settings: u32, failure: &Failure, now: DateTime<Utc>) {
        let known = self.target.entry(target.to_string()).or_default();
        if known.settings != settings {
            known.attempts = 0;
        }
        let seconds = match (failure.retry_after, failure.kind) {
            (Some(wait), _) => wait.as_secs().cast_signed().clamp(60, 3600),
            // The first such failure may be a transient fault of the server.
            (None, FailureKind::Configuration) if known.attempts > 0 => {
                jittered(CONFIGURATION_PAUSE, target, known.attempts)
            }
            _ => {
                let step = usize::try_from(known.attempts).unwrap_or(usize::MAX).min(PAUSES.len() - 1);
                jittered(PAUSES.get(step).copied().unwrap_or(60) * 60, target, known.attempts)
            }
        };
        known.settings = settings;
        known.attempts = known.attempts.saturating_add(1);
        known.error.clone_from(&failure.reason);
        known.tried = stamp(now);
        known.next = stamp(now + TimeDelta::seconds(seconds));
        if known.failing_since.is_empty() {
            known.failing_since = stamp(now);
        }
    }

    /// Records that a test message reached a target: queued alerts are sent by the next run. With an empty outbox the
    /// target is no longer failing.
    pub fn reached(&mut self, target: &str, is_idle: bool) {
        if let Some(known) = self.target.get_mut(target).filter(|known| known.attempts > 0) {
            known.next.clear();
            if is_idle {
                (known.failing_since, known.error, known.attempts) = Default::default();
            }
        }
    }

    /// Ends all pauses.
    pub fn end_pauses(&mut self) {
        for target in self.target.values_mut() {
            target.next.clear();
        }
    }

    /// Records that a message is about to be sent, possibly for the second time.
    pub fn begin_sending(&mut self, id: &str, batch: &Batch) {
        let known = self.sending.entry(id.to_string()).or_insert_with(|| batch.clone());
        let more: Vec<String> = batch.target.iter().filter(|target| !known.target.contains(target)).cloned().collect();
        known.target.extend(more);
    }

    /// Records that the results of a message for these targets are known. It stays in flight for the others.
    pub fn end_sending<'a>(&mut self, id: &str, answered: impl Iterator<Item = &'a String>) {
        let Some(batch) = self.sending.get_mut(id) else { return };
        answered.for_each(|answered| batch.target.retain(|target| target != answered));
        if batch.target.is_empty() {
            self.sending.remove(id);
        }
    }

    /// Returns whether any target accepted an event.
    pub fn is_accepted(&self, event: &str) -> bool {
        self.result.get(event).is_some_and(|results| results.iter().any(|(_, result)| result.accepted))
    }

    /// Forgets results of events that have left the outbox, old threads and targets of removed routes. `is_waiting` is `None`
    /// for an event without a file: it may still get one and must not be sent again then.
    pub fn prune(
        &mut self,
        is_waiting: impl Fn(&str) -> Option<bool>,
        is_target: impl Fn(&str) -> bool,
        now: DateTime<Utc>,
    ) {
        let old = stamp(now - TimeDelta::days(THREAD_DAYS));
        let is_recent = |results: &Results| results.iter().any(|(_, result)| result.time > old);
        self.result.retain(|event, results| is_waiting(event).unwrap_or_else(|| is_recent(results)));
        self.target.retain(|target, _| is_target(target));
        self.sending.retain(|_, batch| batch.event.iter().any(|event| is_waiting(event) == Some(true)));
        self.thread.retain(|_, thread| thread.time > old);
    }
}

/// A pause up to a tenth longer or shorter, so that many hosts do not retry in the same second. It is the same whenever
/// it is computed for the same target and attempt.
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
            ledger.failed("mail a@b", 1, &Failure::new(FailureKind::Temporary, "refused"), now);
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
    fn configuration_failures_are_retried_after_a_minute_and_then_hourly() {
        let now = parse("2026-11-20T02:05:00Z").unwrap();
        let settings = || Failure::new(FailureKind::Configuration, "535");
        let later = || Failure::new(FailureKind::Temporary, "421");
        let asked = |seconds| Failure { retry_after: Some(std::time::Duration::from_secs(seconds)), ..later() };
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
    fn messages_are_limited_by_hour_and_day() {
        let mut ledger = Ledger::default();
        let begin = parse("2026-11-20T00:00:00Z").unwrap();
        let mut went = 0;
        for minute in 0..2880 {
            let now = begin + TimeDelta::minutes(minute);
            if !ledger.is_rate_limited("m", 10, 50, now) {
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
        assert!(!ledger.is_rate_limited("m", 0, 0, begin));
    }
}
