//! Incidents with everything known of them: from the events and the present state.

use crate::alert::{Outbox, Stage};
use crate::base::clock::parse;
use crate::base::error_kind::ErrorKind;
use crate::base::text::{NAME_MAX, clean};
use crate::context::Context;
use crate::crisis::State;
use crate::crisis::state::Alert;
use crate::model::event::{Event, EventKind};
use crate::model::incident::{Incident, Severity};
use crate::query::timeline;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// How far back an incident is looked for by its id, in days.
const SEARCHED_DAYS: i64 = 400;
/// The name under which the dead man's switch tells that nothing is recorded.
pub const STALE: &str = "stale-data";

/// One incident.
#[derive(Debug, Clone)]
pub struct Case {
    pub id: String,
    pub rule: String,
    pub title: String,
    /// With labels.
    pub metric: String,
    /// The worst it has been.
    pub severity: Severity,
    /// First breach.
    pub since: DateTime<Utc>,
    /// When it was told that it is over; `None`: it is open, or its end was never recorded.
    pub ended: Option<DateTime<Utc>>,
    /// From the first breach until it was well, or until now, in seconds.
    pub lasted: f64,
    /// The value furthest beyond the limit among those known.
    pub peak: Option<f64>,
    /// The limit it went beyond first.
    pub limit: f64,
    pub above: bool,
    /// As it is now, when it is open.
    pub open: Option<Incident>,
    /// The oldest first.
    pub events: Vec<Event>,
}

impl Case {
    /// The event with which it began.
    pub fn fired(&self) -> Option<&Event> {
        self.events.iter().find(|event| event.kind == EventKind::Fired)
    }

    /// Name of the metric without labels.
    pub fn name(&self) -> &str {
        self.metric.split('{').next().unwrap_or_default()
    }

    /// Whether people were told of it: of the event that is furthest on its way.
    pub fn told(&self, context: &Context) -> &'static str {
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

/// The state as it was last judged, without touching it.
pub fn state(context: &Context) -> State {
    context.peek_state("crisis").unwrap_or_default()
}

/// The incidents of a span and every open one, the newest first.
pub fn read(context: &Context, since: DateTime<Utc>, until: DateTime<Utc>) -> Result<Vec<Case>> {
    let mut events: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for event in timeline::read(context, since, until)?.events {
        events.entry(event.incident.clone()).or_default().push(event);
    }
    let state = state(context);
    let mut cases: Vec<Case> = Vec::new();
    for incident in state.open() {
        let of_it = events.remove(&incident.id).unwrap_or_default();
        let alert = state.alerts.values().find(|alert| alert.incident_id() == incident.id);
        if let Some(alert) = alert.filter(|_| incident.since <= until) {
            cases.push(of_open(incident, alert, of_it, context.now.wall));
        }
    }
    cases.extend(events.into_values().filter_map(|events| of_events(events, context.now.wall)));
    cases.sort_by(|a, b| b.since.cmp(&a.since).then_with(|| b.id.cmp(&a.id)));
    Ok(cases)
}

/// The incident of that id or unique beginning; without one the newest open one.
pub fn find(context: &Context, id: Option<&str>) -> Result<Case> {
    let now = context.now.wall;
    let mut cases = read(context, now - TimeDelta::days(SEARCHED_DAYS), now)?;
    let Some(id) = id else {
        let open = cases.into_iter().find(|case| case.open.is_some());
        return open.ok_or_else(|| {
            ErrorKind::BadData("no incident is open; osmon incidents lists those that were".to_string()).into()
        });
    };
    if let Some(at) = cases.iter().position(|case| case.id == id) {
        return Ok(cases.swap_remove(at));
    }
    let mut found: Vec<Case> = cases.into_iter().filter(|case| case.id.starts_with(id)).collect();
    // The name of a rule means that rule, not another one whose name is longer.
    if found.iter().filter(|case| case.rule == id).count() == 1 {
        found.retain(|case| case.rule == id);
    }
    let plain = clean(id, NAME_MAX);
    match (found.pop(), found.as_slice()) {
        (Some(case), []) => Ok(case),
        (Some(last), rest) => {
            let names: Vec<&str> = rest.iter().take(4).map(|case| case.id.as_str()).chain([last.id.as_str()]).collect();
            let count = rest.len() + 1;
            Err(ErrorKind::Usage(format!(
                "{count} incidents begin with {plain}: {}; write more of it",
                names.join(", ")
            ))
            .into())
        }
        (None, _) => {
            Err(ErrorKind::BadData(format!("no incident begins with {plain}; osmon incidents lists them")).into())
        }
    }
}

fn of_open(incident: Incident, alert: &Alert, events: Vec<Event>, now: DateTime<Utc>) -> Case {
    let severities = events.iter().map(|event| event.severity).chain(alert.worst);
    Case {
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

fn of_events(events: Vec<Event>, now: DateTime<Utc>) -> Option<Case> {
    let (first, last) = (events.first()?, events.last()?);
    let since = parse(&first.since).or_else(|| parse(&first.time)).unwrap_or(now);
    // What settled was over before: how long it lasted stands in the recovery.
    let recovery = events.iter().rev().find(|event| event.kind == EventKind::Recovered);
    let end = Some(last).filter(|event| event.is_over()).map(|last| recovery.unwrap_or(last));
    // Told by the dead man's switch, which has no rule: it is over when it says so.
    let open = Some(last).filter(|event| end.is_none() && event.rule == STALE).map(|event| Incident {
        id: event.incident.clone(),
        severity: event.severity,
        title: event.title.clone(),
        title_localized: event.localized.title.clone(),
        metric: event.metric.clone(),
        value: event.value,
        limit: event.limit,
        since,
        recovering: false,
    });
    Some(Case {
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

/// Of a recovery the value is well again: it does not count.
fn peak(events: &[Event], above: bool, now: Option<f64>) -> Option<f64> {
    let told = events.iter().filter(|event| !event.is_over());
    let values = told.flat_map(|event| {
        let before = event.evidence.iter().flat_map(|evidence| evidence.value.iter().map(|sample| sample.value));
        before.chain([event.value])
    });
    values.chain(now).reduce(if above { f64::max } else { f64::min })
}
