//! Everything known about why an incident fired and when it will end.

use crate::base::clock::{local_short, parse, stamp};
use crate::base::units::{duration, metric_value};
use crate::config::Rule;
use crate::config::rule::{Measure, beyond};
use crate::context::Context;
use crate::crisis::unusual::{GROUP_SECONDS, QUIET};
use crate::model::annotation::Annotation;
use crate::model::event::is_flag;
use crate::model::evidence::{Evidence, Sample};
use crate::model::metric::SeriesKey;
use crate::model::point::Point;
use crate::model::suppression::{Ack, Suppressions};
use crate::pipeline::evidence;
use crate::query::actions::{self, Repair};
use crate::query::health::is_stale;
use crate::query::incidents::{self, IncidentRecord, STALE};
use crate::query::silences;
use crate::store::query::Query;
use crate::store::tier::Tier;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};

/// Number of samples shown up to the moment it fired, and after it.
const SAMPLES: (usize, usize) = (12, 4);
/// Samples are shown from this long before the first breach, in minutes.
const BEFORE_MINUTES: i64 = 5;
/// Samples older than this before it fired are not shown, in hours.
const LONGEST_HOURS: i64 = 24;
/// Largest number of repairs shown.
const REPAIRS_MAX: usize = 50;

/// The acknowledgement in force for an incident, perhaps under the id of an earlier one of the same conversation.
fn ack(context: &Context, id: &str, suppressions: &Suppressions) -> Option<Ack> {
    let state = incidents::state(context);
    let alert = state.alerts.values().find(|alert| alert.is_open() && alert.incident_id() == id)?;
    let worse = alert.escalated.map(|at| at.wall);
    suppressions.ack_of(|known| alert.is_known_as(known), worse, context.now.wall).cloned()
}

/// An incident with its causes.
pub struct Explanation {
    /// The incident.
    pub record: IncidentRecord,
    /// Its current rule; `None` when it was removed, disabled or is built in.
    pub rule: Option<Rule>,
    /// Key, value and place of every setting of the rule.
    pub settings: Vec<(String, String, String)>,
    /// Time at which it fired.
    pub fired: DateTime<Utc>,
    /// Samples around the moment it fired, the oldest first.
    pub samples: Vec<Sample>,
    /// Top consumers of the resource when it fired.
    pub consumers: Evidence,
    /// Changes in the hour before it fired.
    pub changes: Vec<Annotation>,
    /// The repairs that osmon tried, the oldest first.
    pub repairs: Vec<Repair>,
    /// Silences and acknowledgements in force.
    pub suppressions: Suppressions,
    /// The acknowledgement in force for it.
    pub ack: Option<Ack>,
    /// Time of its last value, when that is no longer measured.
    pub unmeasured_since: Option<DateTime<Utc>>,
    /// The moment of the explanation.
    pub now: DateTime<Utc>,
}

impl Explanation {
    /// Gathers events, history and configuration of an incident.
    ///
    /// # Errors
    /// When the samples cannot be read.
    pub fn of(context: &Context, record: IncidentRecord) -> Result<Self> {
        let suppressions = silences::read(context);
        let fired = record.fired().and_then(|event| parse(&event.time)).unwrap_or(record.since);
        let recorded = record.fired().and_then(|event| event.evidence.clone());
        let recorded = recorded.filter(|evidence| !evidence.process.is_empty());
        Ok(Self {
            rule: context.config.rules.iter().find(|rule| rule.name == record.rule).cloned(),
            settings: context.settings(&["rule", &record.rule]),
            fired,
            samples: samples(context, &record, fired)?,
            consumers: recorded.unwrap_or_else(|| evidence::who(context, &record.metric, fired)),
            changes: evidence::changes(context, fired),
            ack: ack(context, &record.id, &suppressions),
            repairs: repairs(context, &record),
            unmeasured_since: unmeasured_since(context, &record.id),
            now: context.now.wall,
            suppressions,
            record,
        })
    }

    /// The severity and the limit that a value breaches; `None` also for rules that do not compare the value itself.
    pub fn breached(&self, value: f64) -> Option<(&'static str, f64)> {
        let rule = self.rule.as_ref().filter(|rule| rule.measure == Measure::Value)?;
        let is_beyond = |limit: &f64| beyond(rule.above, value, *limit);
        let critical = rule.critical.map(|limit| limit.raise).filter(is_beyond).map(|limit| ("critical", limit));
        critical.or_else(|| rule.warning.map(|limit| limit.raise).filter(is_beyond).map(|limit| ("warning", limit)))
    }

    /// `it is 97 % now`, or the last value and its time where it is no longer measured.
    fn last_value(&self, value: f64) -> String {
        let value = metric_value(self.record.name(), value);
        match self.unmeasured_since {
            Some(time) => format!("last measured at {}: {value}", local_short(time, self.now)),
            None => format!("it is {value} now"),
        }
    }

    /// The condition under which it ends; `None`: it has ended.
    pub fn ends_when(&self) -> Option<String> {
        let record = &self.record;
        let open = record.open.as_ref()?;
        let Some(rule) = &self.rule else {
            let when = match record.rule == STALE {
                true => "when new data is recorded",
                false => "with the next run: its rule no longer watches anything",
            };
            return Some(when.to_string());
        };
        let clear = rule.warning.or(rule.critical).map(|limit| limit.clear)?;
        let side = if rule.above { "below" } else { "above" };
        let value = |value| metric_value(record.name(), value);
        let lasting = duration(rule.clear_for.as_secs_f64());
        let (now, clear) = match rule.measure {
            Measure::Unusual { .. } => {
                let quiet = duration(f64::from(QUIET) * GROUP_SECONDS);
                return Some(format!("after {quiet} without another unusual value"));
            }
            Measure::Reaches(target) => {
                let (target, clear) = (value(target), duration(clear));
                return Some(format!("after {lasting} in which it would not reach {target} within {clear}"));
            }
            Measure::Total(span) | Measure::Change(span) => {
                (self.last_value(open.value), format!("{} within {}", value(clear), duration(span.as_secs_f64())))
            }
            Measure::Value => (self.last_value(open.value), value(clear)),
        };
        Some(if is_flag(record.name(), record.limit) {
            format!("after {lasting} without failure")
        } else if open.recovering {
            format!("after {lasting} {side} {clear}; {now}, recovering")
        } else {
            format!("after {lasting} {side} {clear}; {now}")
        })
    }
}

/// When an open incident was last measured, if its value is missing since or osmon records nothing.
fn unmeasured_since(context: &Context, id: &str) -> Option<DateTime<Utc>> {
    let state = incidents::state(context);
    let alert = state.alerts.values().find(|alert| alert.is_open() && alert.incident_id() == id)?;
    let judged = state.last.map(|last| last.wall).filter(|last| is_stale(*last, context.now.wall, &state.spacing));
    alert.nodata_since.map(|since| since.wall).or(judged)
}

/// The repairs that osmon tried for an incident before it ended.
fn repairs(context: &Context, record: &IncidentRecord) -> Vec<Repair> {
    let mut repairs = actions::of_incident(context, &record.id, &record.metric, record.since, REPAIRS_MAX);
    repairs.retain(|repair| record.ended.is_none_or(|ended| repair.time().is_some_and(|time| time <= ended)));
    repairs.reverse();
    repairs
}

/// The last samples up to the moment it fired, and the first after it.
fn samples(context: &Context, record: &IncidentRecord, fired: DateTime<Utc>) -> Result<Vec<Sample>> {
    let since = (record.since - TimeDelta::minutes(BEFORE_MINUTES)).max(fired - TimeDelta::hours(LONGEST_HOURS));
    let until = (fired + TimeDelta::minutes(SAMPLES.1 as i64 + 1)).min(context.now.wall);
    let is_wanted = |name: &str| name == record.name();
    let query = Query { is_wanted: &is_wanted, since, until };
    let series = SeriesKey::parse(&record.metric);
    let points = context.store.points(Tier::Columns, &query)?.points.remove(&series).unwrap_or_default();
    let (before, after): (Vec<&Point>, Vec<&Point>) =
        points.iter().partition(|point| point.time_ms <= fired.timestamp_millis());
    let kept = before.iter().skip(before.len().saturating_sub(SAMPLES.0)).chain(after.iter().take(SAMPLES.1));
    let samples = kept.filter_map(|point| {
        let time = DateTime::from_timestamp_millis(point.time_ms)?;
        Some(Sample { time: stamp(time), value: point.avg })
    });
    let samples: Vec<Sample> = samples.collect();
    if !samples.is_empty() {
        return Ok(samples);
    }
    // The event keeps the last values even when the history has expired.
    Ok(record.fired().and_then(|event| event.evidence.as_ref()).map(|known| known.value.clone()).unwrap_or_default())
}
