//! Recorded share of the last 90 days: by hour, and by day where hours have expired.

use crate::context::Context;
use crate::model::metric::SeriesKey;
use crate::query::incidents;
use crate::report::chart::series::ALWAYS;
use crate::report::page::status_bars::coverage::{Coverage, Span};
use crate::store::day;
use crate::store::query::Query;
use crate::store::tier::Tier;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};

/// Computed from the number of samples in the rollups, and for open hours from the samples.
pub fn recorded(context: &Context) -> Result<Coverage> {
    let now = context.now.wall;
    let since = now - TimeDelta::days(91);
    let minutes_apart = incidents::state(context).spacing.seconds() / 60.0;
    let is_wanted = |name: &str| name == ALWAYS;
    let spans = |tier: Tier, until: DateTime<Utc>| -> Result<Vec<Span>> {
        let answer = context.store.points(tier, &Query { is_wanted: &is_wanted, since, until })?;
        let length = i64::from(tier.step_seconds());
        let points = answer.points.get(&SeriesKey::parse(ALWAYS)).into_iter().flatten();
        let minutes = |samples: u32| (f64::from(samples) * minutes_apart).round() as u32;
        Ok(points.map(|point| Span::of(point.time_ms.div_euclid(1000), length, minutes(point.count))).collect())
    };
    let mut all = spans(Tier::Hours, now)?;
    let first = all.first().and_then(|span| DateTime::from_timestamp(span.begin, 0)).unwrap_or(now);
    // The first day is covered by its hours.
    let older = day::begin(&day::of(first)).unwrap_or(first) - TimeDelta::milliseconds(1);
    if older > since {
        all.extend(spans(Tier::Days, older)?);
    }
    Ok(Coverage::new(all))
}
