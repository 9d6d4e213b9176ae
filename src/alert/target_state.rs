//! The state of one recipient of one route: failures, next attempt, messages of the last day.

use crate::base::clock::{parse, stamp};
use crate::base::net::failure::{Failure, FailureKind};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Pauses before the next attempt, in minutes; the last one repeats.
const PAUSES: [i64; 7] = [1, 2, 5, 10, 20, 30, 60];
/// Pause in seconds after a failure that only a change of the settings can fix.
const CONFIGURATION_PAUSE: i64 = 3600;
/// How long unanswered messages are reported after they were closed, in hours.
const UNANSWERED_HOURS: i64 = 24;

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
    /// When it last accepted a message under the present settings (RFC 3339); empty: never, or not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub accepted: String,
    /// Last failed attempt (RFC 3339).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tried: String,
    /// Earliest next attempt (RFC 3339).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub next: String,
    /// The last error.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// Times of the messages of the last day that count against the budget.
    #[serde(default)]
    pub sent: Vec<String>,
    /// Times of the messages of the last day that do not, because they contain the beginning of a crisis.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urgent: Vec<String>,
    /// Time since which the budget holds events back (RFC 3339); empty if it does not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub held_since: String,
    /// Alerts that were closed without an answer, until a day after the last of them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unanswered: usize,
    /// When the last of them was closed (RFC 3339).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unanswered_at: String,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // the shape serde asks for
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl TargetState {
    /// Alerts that were closed without an answer in the last day, and when the last of them was.
    pub fn unanswered(&self, now: DateTime<Utc>) -> Option<(usize, DateTime<Utc>)> {
        let at = parse(&self.unanswered_at).filter(|at| now - *at < TimeDelta::hours(UNANSWERED_HOURS))?;
        Some((self.unanswered, at))
    }

    /// Counts a message that it accepted or may have accepted.
    pub fn count(&mut self, is_urgent: bool, now: DateTime<Utc>) {
        let day = stamp(now - TimeDelta::days(1));
        for times in [&mut self.sent, &mut self.urgent] {
            times.retain(|time| *time > day);
        }
        if is_urgent { &mut self.urgent } else { &mut self.sent }.push(stamp(now));
    }

    /// Records that it accepted a message. Its budget and what it did not answer stay.
    pub fn accept(&mut self, settings: u32, now: DateTime<Utc>) {
        self.settings = settings;
        self.accepted = stamp(now);
        (self.failing_since, self.attempts, self.tried, self.next, self.error) = Default::default();
    }

    /// Records a failed attempt. The next one follows after an increasing pause, or the pause requested by the peer. A
    /// target that took a message without an answer is not paused: only that message waits.
    pub fn fail(&mut self, name: &str, settings: u32, failure: &Failure, now: DateTime<Utc>) {
        self.forget_other(settings);
        let seconds = match (failure.retry_after, failure.kind) {
            (Some(wait), _) => wait.as_secs().cast_signed().clamp(60, 3600),
            // The first such failure may be a transient fault of the server.
            (None, FailureKind::Configuration) if self.attempts > 0 => {
                jittered(CONFIGURATION_PAUSE, name, self.attempts)
            }
            _ => jittered(pause_seconds(self.attempts), name, self.attempts),
        };
        self.settings = settings;
        self.attempts = self.attempts.saturating_add(1);
        self.error.clone_from(&failure.reason);
        if failure.kind == FailureKind::Unconfirmed {
            self.next.clear();
        } else {
            self.tried = stamp(now);
            self.next = stamp(now + TimeDelta::seconds(seconds));
        }
        if self.failing_since.is_empty() {
            self.failing_since = stamp(now);
        }
    }

    /// Records that it did not accept a test message, if it has accepted none yet. Alerts are not paused by that.
    pub fn refuse_test(&mut self, settings: u32, reason: &str, now: DateTime<Utc>) {
        self.forget_other(settings);
        if self.accepted.is_empty() {
            self.settings = settings;
            self.error = reason.to_string();
            if self.failing_since.is_empty() {
                self.failing_since = stamp(now);
            }
        }
    }

    /// Results recorded under other settings do not apply.
    fn forget_other(&mut self, settings: u32) {
        if self.settings != settings {
            self.attempts = 0;
            self.accepted.clear();
        }
    }

    /// Records alerts that were closed without an answer.
    pub fn close_unanswered(&mut self, count: usize, now: DateTime<Utc>) {
        self.unanswered = self.unanswered(now).map_or(0, |(count, _)| count) + count;
        self.unanswered_at = stamp(now);
    }
}

/// Pause after a number of attempts, in seconds.
pub fn pause_seconds(attempts: u32) -> i64 {
    let step = usize::try_from(attempts).unwrap_or(usize::MAX).min(PAUSES.len() - 1);
    PAUSES.get(step).copied().unwrap_or(60) * 60
}

/// A pause up to a tenth longer or shorter, so that many hosts do not retry in the same second. It is the same whenever
/// it is computed for the same target and attempt.
fn jittered(seconds: i64, target: &str, attempt: u32) -> i64 {
    let hash = i64::from(crc32fast::hash(format!("{target} {attempt}").as_bytes()) % 201);
    seconds + seconds * (hash - 100) / 1000
}
