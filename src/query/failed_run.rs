//! Failures of the last run. When there is no room for its record, the newest record still says that all is well.

use crate::base::clock::{parse, stamp};
use crate::base::text::clean;
use crate::model::locale::{Locale, key};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Name of the state file; there is none while runs succeed.
pub const STATE: &str = "failed-run";
/// Longest reason that is shown, in characters.
const REASON_MAX: usize = 200;

/// A run in which a step failed. Failed deliveries are not included: the ledger keeps them, and they are tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedRun {
    /// Time of the run.
    time: String,
    /// Each step that failed, with the reason.
    failed: Vec<String>,
}

impl FailedRun {
    /// The run at `time`; `None` when nothing failed.
    pub fn new(time: DateTime<Utc>, failed: &[String]) -> Option<Self> {
        (!failed.is_empty()).then(|| Self { time: stamp(time), failed: failed.to_vec() })
    }

    /// Returns whether no record is newer than this run.
    pub fn is_last(&self, taken: Option<DateTime<Utc>>) -> bool {
        let time = parse(&self.time);
        taken.is_none_or(|taken| time.is_some_and(|time| taken - time < TimeDelta::seconds(1)))
    }

    /// One line: `the last run failed: store: …`.
    pub fn text(&self, locale: Locale) -> String {
        let reasons = self.failed.join(locale.text(key::MAIL_SEMICOLON));
        locale.with(key::VERDICT_RUN_FAILED, &clean(&reasons, REASON_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_record_ends_it() {
        let time: DateTime<Utc> = "2026-11-20T21:40:00.5Z".parse().unwrap();
        assert_eq!(FailedRun::new(time, &[]), None);
        let run = FailedRun::new(time, &["store: full".to_string()]).unwrap();
        let is_last = |seconds| run.is_last(Some(time + TimeDelta::seconds(seconds)));
        assert!(run.is_last(None) && is_last(-60) && is_last(0) && !is_last(60));
        assert_eq!(run.text(Locale::En), "the last run failed: store: full");
    }
}
