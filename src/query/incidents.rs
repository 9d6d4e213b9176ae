//! Incidents, past and open, assembled from events and the present state.

use crate::alert::{Outbox, Stage};
use crate::base::clock::parse;
use crate::base::error_kind::ErrorKind;
use crate::base::sort::SmallSort;
use crate::context::Context;
use crate::crisis::State;
use crate::crisis::state::Alert;
use crate::model::event::{Event, EventKind};
use crate::model::incident::{Incident, Severity, short_id};
use crate::query::incident_lookup::{self as lookup, Named};
use crate::query::timeline;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// Number of days searched for an incident by its id.
const SEARCHED_DAYS: i64 = 400;
/// Name under which the dead man's switch reports that nothing is being recorded.
pub const STALE: &str = "stale-data";

/// One incident with its events.
#[derive(Debug, Clone)]
pub struct IncidentRecord {
    /// Its id, such as `cpu-1795210980`.
    pub id: String,
    /// Name of the rule.
    pub rule: String,
    /// Its subject: `CPU`, `File system /var`.
    pub title: String,
    /// Metric with labels.
    pub metric: String,
    /// The worst severity it reached.
    pub severity: Severity,
    /// First breach.
    pub since: DateTime<Utc>,
    /// Time of the recovery; `None` while it is open, or when its end was not recorded.
    pub ended: Option<DateTime<Utc>>,
    /// From the first breach to the recovery, or to now while it is open, in seconds.
    pub lasted: f64,
    /// The value furthest beyond the limit among those recorded with its events.
    pub peak: Option<f64>,
    /// The limit of the first breach.
    pub limit: f64,
    /// The limit is a ceiling, otherwise a floor.
    pub above: bool,
    /// Its present state while it is open.
    pub open: Option<Incident>,
    /// Its transitions, the oldest first.
    pub events: Vec<Event>,
}

impl IncidentRecord {
    /// The event that opened it.
    pub fn fired(&self) -> Option<&Event> {
        self.events.iter().find(|event| event.kind == EventKind::Fired)
    }

    /// Its short name, for people to type.
    pub fn short_id(&self) -> String {
        short_id(&self.rule, &self.metric)
    }

    /// How closely a name that was typed means it, the closest first; `None`: not at all.
    pub fn closeness(&self, name: &str) -> Option<u8> {
        lookup::closeness(&self.named(), name)
    }

    fn named(&self) -> Named<'_> {
        Named { id: &self.id, rule: &self.rule, short: self.short_id(), is_open: self.open.is_some() }
    }

    /// Returns whether it is information, and no problem.
    pub fn is_information(&self) -> bool {
        let is_open = self.open.as_ref().is_some_and(|open| open.information);
        is_open || self.events.last().is_some_and(|event| event.information)
    }

    /// Name of the metric, without labels.
    pub fn name(&self) -> &str {
        self.metric.split('{').next().unwrap_or_default()
    }

    /// Returns whether a recipient was notified: `yes`, `no`, `waits` while an alert is queued, `–` when that is no
    /// longer known.
    pub fn notified(&self, context: &Context) -> &'static str {
        let outbox = Outbox::new(context.store.directory());
        let stages: Vec<Stage> = self.events.iter().filter_map(|event| outbox.stage(event)).collect();
        let is_young = context.now.wall - self.since < TimeDelta::days(7);
        match (stages.contains(&Stage::Sent), stages.is_empty()) {
            (true, _) => "yes",
            (false, false) if stages.contains(&Stage::Queued) => "waits",
            (false, false) => "no",
            (false, true) if is_young => "no",
            (false, true) => "–",
        }
    }
}

/// The state after the last evaluation of the rules. Reads only.
pub fn state(context: &Context) -> State {
    context.peek_state("crisis").unwrap_or_default()
}

/// The incidents of a span and every open one, the newest first.
///
/// # Errors
/// When the event stream cannot be listed.
pub fn read(context: &Context, since: DateTime<Utc>, until: DateTime<Utc>) -> Result<Vec<IncidentRecord>> {
    let mut events: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for event in timeline::read(context, since, until)?.events {
        events.entry(event.incident.clone()).or_default().push(event);
    }
    let state = state(context);
    let mut records: Vec<IncidentRecord> = Vec::new();
    for incident in state.open() {
        let own = events.remove(&incident.id).unwrap_or_default();
        let alert = state.alerts.values().find(|alert| alert.incident_id() == incident.id);
        if let Some(alert) = alert.filter(|_| incident.since <= until) {
            records.push(from_open(incident, alert, own, context.now.wall));
        }
    }
    records.extend(events.into_values().filter_map(|events| from_events(events, context.now.wall)));
    records.arrange_by(|a, b| b.since.cmp(&a.since).then_with(|| b.id.cmp(&a.id)));
    Ok(records)
}

/// The incident with a name: see [`lookup::find`]; without one the worst open incident, as in the status. `command`: for
/// the hint.
///
/// # Errors
/// When there is none, or several match.
pub fn find(context: &Context, name: Option<&str>, command: &str) -> Result<IncidentRecord> {
    let now = context.now.wall;
    let records = read(context, now - TimeDelta::days(SEARCHED_DAYS), now)?;
    let names: Vec<Named> = records.iter().map(IncidentRecord::named).collect();
    let worst = state(context).open().into_iter().find(|incident| !incident.information).map(|worst| worst.id);
    let at = lookup::find(&names, name.or(worst.as_deref()), command)?;
    let none = || ErrorKind::BadData("no incident is open; osmon incidents lists past ones".to_string()).into();
    at.and_then(|at| records.into_iter().nth(at)).ok_or_else(none)
}

/// The shortest name of each incident. `are_old`: newer ones may exist, so it is the id of all but open ones.
pub fn shortest_names(records: &[IncidentRecord], are_old: bool) -> Vec<String> {
    let names: Vec<Named> = records.iter().map(IncidentRecord::named).collect();
    let name = |(at, named): (usize, &Named)| match are_old && !named.is_open {
        true => named.id.to_string(),
        false => lookup::shortest(&names, at),
    };
    names.iter().enumerate().map(name).collect()
}

fn from_open(incident: Incident, alert: &Alert, events: Vec<Event>, now: DateTime<Utc>) -> IncidentRecord {
    let severities = events.iter().map(|event| event.severity).chain(alert.worst);
    IncidentRecord {
        id: incident.id.clone(),
        rule: alert.rule.clone(),
        title: incident.title.clone(),
        metric: alert.metric.clone(),
        severity: severities.fold(incident.severity, Severity::max),
        since: incident.since,
        ended: None,
        lasted: (now - incident.since).num_milliseconds() as f64 / 1e3,
        peak: peak(&events, alert.above, (!incident.recovering).then_some(incident.value)),
        limit: events.first().map_or(incident.limit, |event| event.limit),
        above: alert.above,
        open: Some(incident),
        events,
    }
}

fn from_events(events: Vec<Event>, now: DateTime<Utc>) -> Option<IncidentRecord> {
    let (first, last) = (events.first()?, events.last()?);
    let since = parse(&first.since).or_else(|| parse(&first.time)).unwrap_or(now);
    // The end of a settled incident precedes its recovery event, which holds its duration.
    let recovery = events.iter().rev().find(|event| event.kind == EventKind::Recovered);
    let end = Some(last).filter(|event| event.is_over()).map(|last| recovery.unwrap_or(last));
    // The dead man's switch has no rule: its incident is open until it reports fresh data.
    let open = Some(last).filter(|event| end.is_none() && event.rule == STALE).map(|event| Incident {
        id: event.incident.clone(),
        short_id: short_id(&event.rule, &event.metric),
        rule: event.rule.clone(),
        severity: event.severity,
        title: event.title.clone(),
        title_localized: event.localized.title.clone(),
        metric: event.metric.clone(),
        value: event.value,
        limit: event.limit,
        since,
        recovering: false,
        information: false,
    });
    Some(IncidentRecord {
        id: first.incident.clone(),
        rule: first.rule.clone(),
        title: last.title.clone(),
        metric: first.metric.clone(),
        severity: events.iter().map(|event| event.severity).max()?,
        since,
        ended: end.and_then(|event| parse(&event.time)),
        lasted: if open.is_some() {
            (now - since).num_milliseconds() as f64 / 1e3
        } else {
            end.unwrap_or(last).duration_seconds
        },
        peak: peak(&events, first.above, None),
        limit: first.limit,
        above: first.above,
        open,
        events,
    })
}

/// The value furthest beyond the limit. The value of a recovery is inside the limit and does not count.
fn peak(events: &[Event], above: bool, now: Option<f64>) -> Option<f64> {
    let breaches = events.iter().filter(|event| !event.is_over());
    let values = breaches.flat_map(|event| {
        let before = event.evidence.iter().flat_map(|evidence| evidence.value.iter().map(|sample| sample.value));
        before.chain([event.value])
    });
    values.chain(now).reduce(if above { f64::max } else { f64::min })
}
