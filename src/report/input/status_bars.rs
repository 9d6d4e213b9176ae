//! The last 90 days, kept until something begins or ends.

use crate::context::Context;
use crate::model::incident::Severity;
use crate::query::incidents;
use crate::report::input::coverage;
use crate::report::input::watched_services;
use crate::report::page::options::PageOptions;
use crate::report::page::status_bars::incident_span::IncidentSpan;
use crate::report::page::status_bars::{Bars, rows};
use anyhow::Result;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// Name of the cache.
const CACHE: &str = "report-days";

/// What is kept.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    key: String,
    bars: Bars,
}

/// The rows, from the cache while nothing of `key` and of the open incidents changes.
pub fn days(context: &Context, look: &PageOptions, key: String) -> Result<Bars> {
    let open = incidents::state(context).open();
    let open: Vec<_> = open.iter().map(|incident| (&incident.id, incident.severity)).collect();
    let key = format!("{key} {:?} {open:?}", context.config.probe.services);
    if let Some(kept) = context.store.load_cache::<Kept>(CACHE).filter(|kept| kept.key == key) {
        return Ok(kept.bars);
    }
    let now = context.now.wall;
    let cases = incidents::read(context, now - TimeDelta::days(91), now)?;
    let troubles: Vec<IncidentSpan> = cases
        .into_iter()
        .map(|case| IncidentSpan {
            until: case.ended.or_else(|| case.open.is_none().then(|| case.since + seconds(case.lasted))).unwrap_or(now),
            metric: case.metric,
            title: case.title,
            severity: case.severity.max(Severity::Warning),
            since: case.since,
        })
        .collect();
    let recorded = coverage::recorded(context)?;
    let bars = rows(&troubles, &recorded, watched_services::services(context)?.as_ref(), now, look.words);
    let kept = Kept { key, bars };
    if !recorded.is_empty() {
        let _ = context.store.save_cache(CACHE, &kept);
    }
    Ok(kept.bars)
}

fn seconds(seconds: f64) -> TimeDelta {
    TimeDelta::milliseconds((seconds.clamp(0.0, 1e9) * 1e3) as i64)
}
