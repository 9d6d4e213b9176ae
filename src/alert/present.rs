//! The state of the host at the time of a delivery: what is open, and what is about to begin or end.

use crate::base::clock::stamp;
use crate::base::sort::SmallSort;
use crate::model::event::{Event, EventKind, Localized};
use crate::model::incident::Severity;
use crate::model::locale::Locale;
use crate::model::title;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The state of the host at the time of a delivery.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Present {
    /// Open incidents by id; `None`: unknown.
    pub open: Option<BTreeMap<String, OpenIncident>>,
    /// Ids of incidents that are over, though people may not have been notified of that.
    pub over: BTreeSet<String>,
    /// When further incidents are expected to begin or end, if their values stay as they are.
    pub expected: Vec<DateTime<Utc>>,
    /// Runs are at most this long apart as far as is known, in seconds; infinite: unknown.
    pub spacing_seconds: f64,
}

/// An open incident as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenIncident {
    /// Current severity.
    pub severity: Severity,
    /// Name of the rule.
    pub rule: String,
    /// Its subject.
    pub title: String,
    /// Metric with labels.
    pub metric: String,
    /// Value.
    pub value: f64,
    /// The limit in force.
    pub limit: f64,
    /// The message of the rule.
    pub message: Option<String>,
    /// Title and message as messages.
    pub localized: Localized,
    /// Seconds since the first breach.
    pub duration_seconds: f64,
}

impl OpenIncident {
    /// The event that would report the incident at a time.
    pub fn event(&self, now: DateTime<Utc>) -> Event {
        let since = TimeDelta::try_milliseconds((self.duration_seconds * 1e3) as i64).unwrap_or_default();
        Event {
            id: String::new(),
            incident: String::new(),
            kind: EventKind::Fired,
            severity: self.severity,
            time: stamp(now),
            host: String::new(),
            rule: self.rule.clone(),
            title: self.title.clone(),
            metric: self.metric.clone(),
            value: self.value,
            limit: self.limit,
            above: true,
            since: stamp(now.checked_sub_signed(since).unwrap_or(now)),
            duration_seconds: self.duration_seconds,
            message: self.message.clone(),
            reason: None,
            well: false,
            muted: None,
            information: false,
            localized: self.localized.clone(),
            evidence: None,
        }
    }

    /// The title in a language.
    pub fn title_in(&self, locale: Locale) -> String {
        title::in_language(locale, self.localized.title.as_ref(), &self.rule, &self.metric, &self.title)
    }
}

impl Present {
    /// Events as they would be reported now: the last one of each open incident with the present values, that of one that
    /// is over as its end.
    pub fn update(&self, events: &[&Event]) -> Vec<Event> {
        let mut updated: Vec<Event> = events.iter().map(|event| (*event).clone()).collect();
        let mut seen = HashSet::new();
        for event in updated.iter_mut().rev() {
            if seen.insert(event.incident.clone()) {
                self.update_last(event);
            }
        }
        updated
    }

    fn update_last(&self, event: &mut Event) {
        if let Some(now) = self.open.as_ref().and_then(|open| open.get(&event.incident)) {
            (event.severity, event.value, event.limit) = (now.severity, now.value, now.limit);
            event.duration_seconds = now.duration_seconds.max(event.duration_seconds);
            event.message.clone_from(&now.message);
            event.localized.message.clone_from(&now.localized.message);
        } else if self.over.contains(&event.incident) && !event.is_over() {
            (event.kind, event.well, event.reason) = (EventKind::Settled, true, None);
        }
    }

    /// The open incidents other than those of `events`, worst first, then the oldest; `None`: unknown.
    pub fn others(&self, events: &[&Event]) -> Option<Vec<&OpenIncident>> {
        let open = self.open.as_ref()?;
        let is_other = |id: &str| events.iter().all(|event| event.incident != id || event.is_over());
        let mut others: Vec<&OpenIncident> =
            open.iter().filter(|(id, _)| is_other(id)).map(|(_, incident)| incident).collect();
        others.arrange_by(|a, b| b.severity.cmp(&a.severity).then(b.duration_seconds.total_cmp(&a.duration_seconds)));
        Some(others)
    }
}
