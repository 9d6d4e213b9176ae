//! The learned state of all series.

use super::group::{Group, Groups};
use super::packed::{checksum, pack, unpack};
use super::series::{Closed, Series};
use std::collections::BTreeMap;

/// Maximum number of series: about 2 MiB.
const SERIES_MAX: usize = 1200;

/// The memory of all series, by metric and labels, whatever the rules are called.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Learned {
    series: BTreeMap<String, Series>,
}

impl Learned {
    /// Adds values by series. Returns the groups that were closed. `seconds`: local time.
    pub fn add(&mut self, values: &[(String, f64)], seconds: f64) -> BTreeMap<String, Closed> {
        let mut closed = BTreeMap::new();
        for (name, value) in values.iter().filter(|(_, value)| value.is_finite()) {
            if !self.series.contains_key(name) {
                self.make_room(seconds);
                if self.series.len() >= SERIES_MAX {
                    continue;
                }
            }
            if let Some(end) = self.series.entry(name.clone()).or_default().add(seconds, *value) {
                closed.insert(name.clone(), end);
            }
        }
        closed
    }

    /// Forgets the series without values for the longest time, if there are too many.
    fn make_room(&mut self, seconds: f64) {
        if self.series.len() < SERIES_MAX {
            return;
        }
        let age = |series: &Series| (seconds - series.group.closed()).abs();
        let oldest = self.series.iter().max_by(|a, b| age(a.1).total_cmp(&age(b.1)));
        // One that still has values is not forgotten for another.
        let oldest = oldest.filter(|(_, series)| age(series) > 3600.0).map(|(name, _)| name.clone());
        oldest.map(|name| self.series.remove(&name));
    }

    /// Forgets a series.
    pub fn forget(&mut self, series: &str) {
        self.series.remove(series);
    }

    /// Goes on with groups that were written after this was packed.
    pub fn go_on(&mut self, groups: &Groups) {
        for (name, group) in &groups.groups {
            if let Some(series) = self.series.get_mut(name) {
                series.group = *group;
            }
        }
    }

    /// The running groups.
    pub fn groups(&self) -> BTreeMap<String, Group> {
        self.series.iter().map(|(name, series)| (name.clone(), series.group)).collect()
    }

    /// Packs it; and the groups that go on from there.
    pub fn pack(&mut self) -> (Vec<u8>, Groups) {
        let packed = pack(0, &mut self.series);
        let of = checksum(&packed);
        (packed, Groups { of, groups: self.groups() })
    }

    /// Reads what was packed, with its checksum; `None` when it is damaged.
    pub fn unpack(packed: &[u8]) -> Option<(Self, u32)> {
        unpack(packed).map(|(_, series)| (Self { series }, checksum(packed)))
    }
}
