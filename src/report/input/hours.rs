//! Hours of the records of processes, counted.

use crate::context::Context;
use crate::model::record::time_of;
use crate::report::chart::range::Range;
use crate::report::page::consumers::Tally;
use crate::store::{PROCESSES, day, hour};
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// Of an hour so many units are kept, for each of CPU and memory; one sample in so many seconds.
const UNITS_MAX: usize = 12;
const UNIT_STEP: f64 = 300.0;
/// So many hours are counted at once where a run follows each minute; a day is a multiple of it.
const HOURS_AT_ONCE: usize = 2;

/// What is to be counted, and how much of it now.
#[derive(Debug, Clone, Copy)]
pub struct Count<'a> {
    /// The open hour.
    pub hour: DateTime<Utc>,
    /// The ranges of the page.
    pub ranges: &'a [Range],
    /// Hours to which a record was added when they were over.
    pub late: &'a [DateTime<Utc>],
    /// Another run follows soon: it goes on.
    pub is_patient: bool,
}

impl Count<'_> {
    /// So many hours are counted by this run.
    pub fn hours(&self) -> usize {
        if self.is_patient { HOURS_AT_ONCE } else { 24 }
    }

    /// The ranges beyond a day.
    pub fn long(&self) -> impl Iterator<Item = &Range> {
        self.ranges.iter().filter(|range| range.step_seconds > 300)
    }
}

/// What an hour is called: `2026-11-20T21`.
pub fn name(hour: DateTime<Utc>) -> String {
    hour.format("%Y-%m-%dT%H").to_string()
}

/// The hours of a span, by name. Bounded in memory, however long it is.
pub fn tallies(
    context: &Context,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    count: &Count,
) -> Result<BTreeMap<String, Tally>> {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let (mut open, mut lines) = (String::new(), Vec::new());
    let mut close = |hour: &str, lines: &mut Vec<String>| {
        if !lines.is_empty() {
            tallies.entry(hour.to_string()).or_default().join(&Tally::of(lines, true));
            lines.clear();
        }
    };
    let visit = &mut |line: &str| {
        let hour = time_of(line).and_then(|time| time.get(..13)).unwrap_or_default();
        if hour != open {
            close(&open, &mut lines);
            open = hour.to_string();
        }
        lines.push(line.to_string());
    };
    let end = until - TimeDelta::milliseconds(1);
    let is_end = count.late.is_empty() && end >= hour::of(count.hour) - TimeDelta::hours(1);
    if is_end && day::of(since) == day::of(end) {
        context.store.read_tail(PROCESSES, since, end, visit)?;
    } else {
        context.store.read(PROCESSES, since, end, visit)?;
    }
    close(&open, &mut lines);
    for tally in tallies.values_mut() {
        tally.units.group(UNIT_STEP);
        tally.units.shorten(UNITS_MAX);
    }
    Ok(tallies)
}
