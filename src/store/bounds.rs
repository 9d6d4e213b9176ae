//! First and last moment of what is stored.

use super::tier::Tier;
use super::{SNAPSHOTS, Store, day};
use crate::base::sort::SmallSort;
use anyhow::Result;
use chrono::{DateTime, Months, TimeDelta, Utc};

impl Store {
    /// Begin of the first and end of the last period with snapshots or rollups, by the names of files; `None` when there
    /// are none.
    ///
    /// # Errors
    /// When a directory cannot be listed.
    pub fn bounds(&self) -> Result<Option<(DateTime<Utc>, DateTime<Utc>)>> {
        let names = self.stored_periods()?;
        let spans = names.iter().filter_map(|name| span_of(name));
        Ok(spans.reduce(|all, span| (all.0.min(span.0), all.1.max(span.1))))
    }

    /// The days and months with snapshots or rollups and their begins, in order.
    ///
    /// # Errors
    /// When a directory cannot be listed.
    pub fn begins(&self) -> Result<Vec<(String, DateTime<Utc>)>> {
        let names = self.stored_periods()?.into_iter();
        let mut begins: Vec<_> = names.filter_map(|name| span_of(&name).map(|span| (name, span.0))).collect();
        begins.arrange_by_key(|(_, begin)| *begin);
        Ok(begins)
    }

    /// The names of the days and months with snapshots or rollups, in no order.
    fn stored_periods(&self) -> Result<Vec<String>> {
        let mut names: Vec<String> = self.days(SNAPSHOTS)?.into_iter().map(|day| day.name).collect();
        for tier in Tier::ROLLED.into_iter().chain([Tier::Columns]) {
            names.extend(self.periods(tier)?.1);
        }
        Ok(names)
    }
}

/// Begin and end of a day (`2026-11-20`) or a month (`2026-11`).
fn span_of(name: &str) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    match name.len() {
        7 => {
            let begin = day::begin(&format!("{name}-01"))?;
            Some((begin, begin.checked_add_months(Months::new(1))?))
        }
        _ => {
            let begin = day::begin(name)?;
            Some((begin, begin.checked_add_signed(TimeDelta::days(1))?))
        }
    }
}
