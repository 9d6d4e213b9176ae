//! The running group of five minutes of each series: all that most runs need to know.

use super::packed::{Numbers, pack, unpack};
use std::collections::BTreeMap;

/// Length of a group, in seconds; of a series that is sampled less often each value is a group.
pub const GROUP_SECONDS: f64 = 300.0;
/// Groups before anything is said: a day.
pub const LEARN: f64 = 288.0;

/// The running group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group {
    sum: f64,
    count: f64,
    /// When the last group was closed, in seconds of local time; NaN: none yet.
    closed: f64,
    /// Number of closed groups.
    seen: f64,
}

impl Default for Group {
    fn default() -> Self {
        Self { sum: 0.0, count: 0.0, closed: f64::NAN, seen: 0.0 }
    }
}

impl Group {
    /// Whether a value at this time belongs to the group and does not close it.
    fn is_open(&self, seconds: f64) -> bool {
        let age = seconds - self.closed;
        (0.0..0.9 * GROUP_SECONDS).contains(&age)
    }

    /// Adds a value. Returns the mean of the group it closes, and the seconds since the one before; NaN: there is none.
    pub fn add(&mut self, seconds: f64, value: f64) -> Option<(f64, f64)> {
        self.sum += value;
        self.count += 1.0;
        if self.is_open(seconds) {
            return None;
        }
        let closed = (self.sum / self.count, seconds - self.closed);
        *self = Self { sum: 0.0, count: 0.0, closed: seconds, seen: self.seen + 1.0 };
        Some(closed)
    }

    /// Number of closed groups.
    pub fn seen(&self) -> f64 {
        self.seen
    }

    /// When the last group was closed, in seconds of local time; NaN: none yet.
    pub fn closed(&self) -> f64 {
        self.closed
    }
}

impl Numbers for Group {
    fn numbers(&mut self, visit: &mut impl FnMut(&mut f64)) {
        [&mut self.sum, &mut self.count, &mut self.closed, &mut self.seen].into_iter().for_each(visit);
    }
}

/// The groups of all series, by series.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Groups {
    /// Checksum of the packed `Learned` that they belong to.
    pub of: u32,
    /// The groups.
    pub groups: BTreeMap<String, Group>,
}

impl Groups {
    /// Adds values by series if none of them closes a group or is of a new series; otherwise changes nothing.
    pub fn add(&mut self, values: &[(String, f64)], seconds: f64) -> bool {
        let is_open = |series: &str| self.groups.get(series).is_some_and(|group| group.is_open(seconds));
        if !values.iter().all(|(series, _)| is_open(series)) {
            return false;
        }
        for (series, value) in values {
            self.groups.get_mut(series).and_then(|group| group.add(seconds, *value));
        }
        true
    }

    /// Packs them.
    pub fn pack(&mut self) -> Vec<u8> {
        pack(self.of, &mut self.groups)
    }

    /// Reads packed groups; `None` when they are damaged.
    pub fn unpack(packed: &[u8]) -> Option<Self> {
        unpack(packed).map(|(of, groups)| Self { of, groups })
    }
}
