//! Counts the alerts of a replay.

use crate::base::clock::{local_form, parse};
use crate::base::sort::SmallSort;
use crate::base::text::plural;
use crate::base::units::duration;
use crate::cli::Output;
use crate::cli::output::Style;
use crate::cli::table::{Column, head, row};
use crate::model::event::{Event, EventKind};
use crate::model::incident::Incident;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

const COLUMNS: &[Column] = &[
    ("Rule", 10, false),
    ("What", 18, false),
    ("Fired", 5, true),
    ("Worse", 5, true),
    ("Told", 5, true),
    ("Over", 5, true),
    ("Longest", 12, true),
    ("First", 8, false),
];

/// Counts of one rule and one set of labels.
#[derive(Debug, Default)]
struct Count {
    title: String,
    fired: usize,
    escalated: usize,
    /// Alerts sent: opened, escalated, reminder, flapping.
    alerted: usize,
    recovered: usize,
    /// Longest incident, in seconds.
    longest: f64,
    is_open: bool,
    first: Option<DateTime<Utc>>,
    /// The newest incident.
    incident: String,
}

/// All counts.
#[derive(Debug, Default)]
pub struct Tally {
    counts: BTreeMap<(String, String), Count>,
    alerts: usize,
    recoveries: usize,
    /// Events recorded without an alert: flapping, silenced, outside the hours of the rule.
    muted: usize,
    last: Option<DateTime<Utc>>,
}

impl Tally {
    pub fn add(&mut self, event: &Event) {
        let labels = event.metric.split_once('{').map_or("", |(_, labels)| labels);
        let count = self.counts.entry((event.rule.clone(), labels.to_string())).or_default();
        count.title.clone_from(&event.title);
        count.incident.clone_from(&event.incident);
        count.first = count.first.or_else(|| parse(&event.time));
        count.longest = count.longest.max(event.duration_seconds);
        match event.kind {
            EventKind::Fired => count.fired += 1,
            EventKind::Escalated => count.escalated += 1,
            EventKind::Recovered => count.recovered += 1,
            EventKind::Reminded | EventKind::Flapping | EventKind::Settled | EventKind::Alive => {}
        }
        match (&event.muted, event.is_over()) {
            (Some(_), _) => self.muted += 1,
            (None, true) => self.recoveries += 1,
            (None, false) => {
                self.alerts += 1;
                count.alerted += 1;
            }
        }
    }

    /// Advances the time.
    pub fn at(&mut self, time: DateTime<Utc>) {
        self.last = Some(time);
    }

    /// Closes the replay: open incidents lasted at least until its end.
    pub fn close(&mut self, open: &[Incident]) {
        let Some(last) = self.last else { return };
        for count in self.counts.values_mut() {
            if let Some(incident) = open.iter().find(|incident| incident.id == count.incident) {
                count.is_open = true;
                count.longest = count.longest.max((last - incident.since).num_milliseconds() as f64 / 1e3);
            }
        }
    }

    /// The table with its total. `span_seconds`: length of the span in seconds.
    pub fn render(&self, out: &Output, heading: &str, span_seconds: f64) -> String {
        let mut lines = vec![out.paint(Style::Bold, heading)];
        if !self.counts.is_empty() {
            lines.extend([String::new(), out.paint(Style::Bold, &head(COLUMNS))]);
        }
        let mut counts: Vec<_> = self.counts.iter().collect();
        counts.arrange_by_key(|((rule, _), count)| (std::cmp::Reverse(count.fired), rule.as_str()));
        for ((rule, _), count) in counts {
            let longest = duration(count.longest);
            let first = count.first.map(|time| local_form(time, "%m-%d")).unwrap_or_default();
            lines.push(row(
                COLUMNS,
                &[
                    rule.clone(),
                    count.title.clone(),
                    count.fired.to_string(),
                    count.escalated.to_string(),
                    count.alerted.to_string(),
                    count.recovered.to_string(),
                    if count.is_open { format!("{longest}…") } else { longest },
                    first,
                ],
            ));
        }
        let (alerts, recoveries) = (plural(self.alerts, "alert"), plural(self.recoveries, "recover"));
        let recoveries =
            if self.recoveries == 1 { format!("{recoveries}y") } else { recoveries.replace("recovers", "recoveries") };
        let muted =
            if self.muted > 0 { format!("; {} not alerted", plural(self.muted, "event")) } else { String::new() };
        lines.extend([String::new(), format!("{alerts} in {}, and {recoveries}{muted}", duration(span_seconds))]);
        lines.join("\n")
    }
}
