//! The health of the host: verdict, its time, and pending alerts, for the status line, the page, mails and JSON.

use crate::alert::Unreachable;
use crate::base::clock::parse;
use crate::context::Context;
use crate::crisis::State;
use crate::crisis::state::{Alert, Spacing};
use crate::model::incident::{Incident, Lifecycle, Severity};
use crate::model::locale::Locale;
use crate::model::suppression::Suppressions;
use crate::model::title;
use crate::query::failed_run::{self, FailedRun};
use crate::query::suppression::Suppressed;
pub use crate::query::verdict::{Doubt, Verdict, seconds_between, unjudged};
use crate::query::{incidents, silences};
use crate::store::SNAPSHOTS;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use std::collections::BTreeMap;

/// Returns whether a snapshot is stale: older than the usual time between two allows. The rules may lag behind it by as
/// much.
pub fn is_stale(taken: DateTime<Utc>, now: DateTime<Utc>, spacing: &Spacing) -> bool {
    now - taken > TimeDelta::seconds(spacing.stale_seconds() as i64)
}

/// An alert that is over a limit, but not yet for long enough.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// The rule.
    pub rule: String,
    /// Metric with labels.
    pub metric: String,
    /// Title in English, or as written by the user.
    pub title: String,
}

impl Pending {
    fn from_alert(alert: &Alert) -> Self {
        Self { rule: alert.rule.clone(), metric: alert.metric.clone(), title: alert.title.clone() }
    }

    /// The title in a language.
    pub fn title_in(&self, locale: Locale) -> String {
        title::in_language(locale, None, &self.rule, &self.metric, &self.title)
    }
}

/// Health of the host at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// The moment.
    pub now: DateTime<Utc>,
    /// Time of the newest snapshot.
    pub taken: Option<DateTime<Utc>>,
    /// The verdict.
    pub verdict: Verdict,
    /// The verdict at the time of the newest snapshot, regardless of its age and of whether it was evaluated.
    pub verdict_when_taken: Verdict,
    /// Why the verdict is [`Verdict::Unknown`].
    pub doubt: Option<Doubt>,
    /// The reason why nobody can be notified.
    pub untold: Option<Unreachable>,
    /// The last run, if it failed.
    pub failed_run: Option<FailedRun>,
    /// Age above which a snapshot is stale, in seconds.
    pub stale_seconds: f64,
    /// Open incidents, the most urgent first, then the oldest.
    pub open: Vec<Incident>,
    /// Open incidents that are information only. They do not change the verdict.
    pub unusual: Vec<Incident>,
    /// Breaches that have not lasted long enough to fire.
    pub pending: Vec<Pending>,
    /// Acknowledgements and silences of the open incidents, by their ids.
    pub suppressed: BTreeMap<String, Suppressed>,
}

impl Health {
    /// Assesses the state of the rules at a moment. `taken`: time of the newest snapshot, or why there is none.
    pub fn assess(
        state: &State,
        taken: Result<DateTime<Utc>, Doubt>,
        suppressions: &Suppressions,
        now: DateTime<Utc>,
    ) -> Self {
        let (unusual, open): (Vec<_>, Vec<_>) = state.open().into_iter().partition(|incident| incident.information);
        let is_unmeasured = !state.unmeasured.is_empty();
        let verdict_when_taken = match open.first().map(|worst| worst.severity) {
            Some(Severity::Critical) => Verdict::Critical,
            Some(Severity::Warning) => Verdict::Degraded,
            None if is_unmeasured => Verdict::Unknown,
            None => Verdict::Healthy,
        };
        let judged = state.last.map(|last| last.wall);
        let (taken, doubt) = match taken {
            Err(doubt) => (None, Some(doubt)),
            Ok(taken) if is_stale(taken, now, &state.spacing) => {
                (Some(taken), Some(Doubt::Stale(seconds_between(taken, now))))
            }
            Ok(taken) if judged.is_none_or(|judged| is_stale(judged, taken, &state.spacing)) => {
                (Some(taken), Some(Doubt::Unjudged(judged)))
            }
            Ok(taken) => (
                Some(taken),
                (verdict_when_taken == Verdict::Unknown).then(|| Doubt::Unmeasured(state.unmeasured.clone())),
            ),
        };
        let is_pending = |alert: &&Alert| alert.lifecycle == Lifecycle::Pending;
        Self {
            now,
            taken,
            verdict: if doubt.is_some() { Verdict::Unknown } else { verdict_when_taken },
            verdict_when_taken,
            doubt,
            untold: None,
            failed_run: None,
            stale_seconds: state.spacing.stale_seconds(),
            open,
            unusual,
            pending: state.alerts.values().filter(is_pending).map(Pending::from_alert).collect(),
            suppressed: Suppressed::by_incident(state, suppressions, now),
        }
    }

    /// The health right after a snapshot was evaluated.
    pub fn after_judgement(context: &Context, state: &State, taken: DateTime<Utc>) -> Self {
        Self::assess(state, Ok(taken), &silences::read(context), context.now.wall)
    }

    /// With a reason for which nobody can be notified: such a host is not well.
    fn with_untold(mut self, untold: Option<Unreachable>) -> Self {
        if untold.is_some() && self.verdict == Verdict::Healthy {
            self.verdict = Verdict::Degraded;
        }
        self.untold = untold;
        self
    }

    /// With the last run, if it failed and nothing was recorded since: such a host is not well watched.
    pub fn with_failed_run(mut self, run: Option<FailedRun>) -> Self {
        self.failed_run = run.filter(|run| run.is_last(self.taken));
        if self.failed_run.is_some() && self.verdict == Verdict::Healthy {
            self.verdict = Verdict::Degraded;
        }
        self
    }

    /// Returns whether recording has stopped.
    pub fn is_stale(&self) -> bool {
        self.doubt.as_ref().is_some_and(Doubt::is_stale)
    }

    /// The most urgent open incident.
    pub fn worst(&self) -> Option<&Incident> {
        self.open.first()
    }
}

/// The health as it can be read from the store.
#[derive(Debug)]
pub struct Recorded {
    /// State of the rules.
    pub state: State,
    /// The health.
    pub health: Health,
    /// Host name in the newest snapshot; without one, of this host.
    pub host: String,
    /// The newest snapshot, JSON.
    pub json: Option<String>,
    /// The newest snapshot, parsed; null when there is none.
    pub snapshot: Value,
}

/// Reads the newest snapshot and the state of the rules. Writes nothing; unreadable data makes the health unknown,
/// never healthy.
pub fn read(context: &Context) -> Recorded {
    let now = context.now.wall;
    let (json, missing) = match context.store.last(SNAPSHOTS, now) {
        Ok(Some(snapshot)) => (Some(snapshot), Doubt::NoHeader),
        Ok(None) => (None, Doubt::NoData(context.store.directory().display().to_string())),
        Err(error) => (None, Doubt::Unreadable(format!("{error:#}"))),
    };
    let snapshot: Value = json.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let text = |key: &str| snapshot.get(key).and_then(Value::as_str);
    let header = text("time").and_then(parse).zip(text("host"));
    let host = header.map_or_else(|| context.root.host_name(), |(_, host)| host.to_string());
    let taken = header.map(|(time, _)| time).ok_or(missing);
    let state = incidents::state(context);
    let health = Health::assess(&state, taken, &silences::read(context), now).with_untold(context.unreachable());
    let health = health.with_failed_run(context.store.load_cache(failed_run::STATE));
    Recorded { state, health, host, json, snapshot }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crisis::state::Stamp;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_210_800 + second, 0).unwrap()
    }

    fn judged(second: i64) -> State {
        State { last: Some(Stamp { wall: at(second), boottime_seconds: 0.0 }), ..State::default() }
    }

    #[test]
    fn only_fresh_judged_data_is_healthy() {
        let assess =
            |state: &State, taken: i64| Health::assess(state, Ok(at(taken)), &Suppressions::default(), at(1000));
        let health = assess(&judged(1000), 1000);
        assert_eq!((health.verdict, health.doubt), (Verdict::Healthy, None));
        assert_eq!(assess(&judged(820), 820).verdict, Verdict::Healthy, "three minutes are not too old");
        let stale = assess(&judged(819), 819);
        assert_eq!((stale.verdict, stale.doubt), (Verdict::Unknown, Some(Doubt::Stale(181.0))));
        assert_eq!(stale.verdict_when_taken, Verdict::Healthy);
        assert_eq!(assess(&judged(819), 1000).doubt, Some(Doubt::Unjudged(Some(at(819)))));
        assert_eq!(assess(&State::default(), 1000).doubt, Some(Doubt::Unjudged(None)));
        let unmeasured = State { unmeasured: vec!["cpu: no such file".to_string()], ..judged(1000) };
        assert_eq!(assess(&unmeasured, 1000).doubt, Some(Doubt::Unmeasured(unmeasured.unmeasured.clone())));
        let none =
            Health::assess(&judged(1000), Err(Doubt::NoData("/data".to_string())), &Suppressions::default(), at(1000));
        assert!(none.is_stale() && none.verdict == Verdict::Unknown);
        assert_eq!(assess(&judged(1060), 1060).verdict, Verdict::Healthy, "a clock that was set back");
        // The state of a host measured every ten minutes: 25 minutes are not too old.
        let rare = |age: i64| {
            let mut state = judged(1000 - age);
            (0..3).for_each(|_| state.spacing.add(600.0));
            assess(&state, 1000 - age).verdict
        };
        assert_eq!((rare(1500), rare(1501)), (Verdict::Healthy, Verdict::Unknown));
    }
}
