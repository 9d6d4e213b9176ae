//! The status bars of the last 90 days, cached until an incident begins or ends.

use crate::context::Context;
use crate::model::incident::{Incident, Severity};
use crate::model::metric::read_labels;
use crate::query::incidents;
use crate::report::input::coverage;
use crate::report::input::watched_services;
use crate::report::page::options::PageOptions;
use crate::report::page::public;
use crate::report::page::status_bars::incident_span::IncidentSpan;
use crate::report::page::status_bars::{Bars, rows};
use anyhow::Result;
use chrono::{DateTime, TimeDelta};
use serde::{Deserialize, Serialize};

/// Cached bars and their inputs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct KeptBars {
    key: String,
    /// The rows.
    pub bars: Bars,
}

/// Rebuilds the bars when `key` or the open incidents changed; returns whether the cache must be written.
///
/// # Errors
/// When the history cannot be read.
pub fn update(kept: &mut KeptBars, context: &Context, look: &PageOptions, key: String) -> Result<bool> {
    let open = incidents::state(context).open();
    let is_problem = |incident: &&Incident| !incident.information;
    let open: Vec<_> = open.iter().filter(is_problem).map(|incident| (&incident.id, incident.severity)).collect();
    let key = format!("{key} {:?} {open:?}", context.config.probe.services);
    if kept.key == key {
        return Ok(false);
    }
    let now = context.now.wall;
    let cases = incidents::read(context, now - TimeDelta::days(91), now)?;
    let troubles: Vec<IncidentSpan> = cases
        .into_iter()
        .filter(|case| !case.is_information())
        .map(|case| IncidentSpan {
            until: case.ended.or_else(|| case.open.is_none().then(|| case.since + seconds(case.lasted))).unwrap_or(now),
            title: match look.is_public && public::is_private(&case.metric) {
                true => public::title(&case.rule, &case.metric, look.locale),
                false => case.events.last().map_or(case.title, |event| event.title_in(look.locale)),
            },
            metric: if look.is_public { read_labels(&case.metric).0.to_string() } else { case.metric },
            severity: case.severity.max(Severity::Warning),
            since: case.since,
        })
        .collect();
    let recorded = coverage::recorded(context)?;
    let mut services = watched_services::services(context)?;
    services.iter_mut().filter(|_| look.is_public).for_each(|services| services.each.clear());
    let bars = rows(&troubles, &recorded, services.as_ref(), now, look.locale);
    let begin = recorded.begin().and_then(|second| DateTime::from_timestamp(second, 0));
    let bars = bars.young(begin.map_or_else(TimeDelta::zero, |begin| now - begin));
    let is_known = !recorded.is_empty();
    *kept = KeptBars { key: if is_known { key } else { String::new() }, bars };
    Ok(is_known)
}

fn seconds(seconds: f64) -> TimeDelta {
    TimeDelta::milliseconds((seconds.clamp(0.0, 1e9) * 1e3) as i64)
}
