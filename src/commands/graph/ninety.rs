//! The last 90 days, kept until something begins or ends.

use super::{Here, recorded, watched};
use crate::commands::cases;
use crate::model::incident::Severity;
use crate::report::Look;
use crate::report::days::{Bars, Trouble, rows};
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
pub fn days(here: &Here, look: &Look, key: String) -> Result<Bars> {
    let open = cases::state(here).open();
    let open: Vec<_> = open.iter().map(|incident| (&incident.id, incident.severity)).collect();
    let key = format!("{key} {:?} {open:?}", here.config.probe.services);
    if let Some(kept) = here.store.load_cache::<Kept>(CACHE).filter(|kept| kept.key == key) {
        return Ok(kept.bars);
    }
    let now = here.now.wall;
    let cases = cases::read(here, now - TimeDelta::days(91), now)?;
    let troubles: Vec<Trouble> = cases
        .into_iter()
        .map(|case| Trouble {
            until: case.ended.or_else(|| case.open.is_none().then(|| case.since + seconds(case.lasted))).unwrap_or(now),
            metric: case.metric,
            title: case.title,
            severity: case.severity.max(Severity::Warning),
            since: case.since,
        })
        .collect();
    let recorded = recorded::recorded(here)?;
    let bars = rows(&troubles, &recorded, watched::services(here)?.as_ref(), now, look.words);
    let kept = Kept { key, bars };
    if !recorded.is_empty() {
        let _ = here.store.save_cache(CACHE, &kept);
    }
    Ok(kept.bars)
}

fn seconds(seconds: f64) -> TimeDelta {
    TimeDelta::milliseconds((seconds.clamp(0.0, 1e9) * 1e3) as i64)
}
