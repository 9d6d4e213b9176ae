//! The counters of the previous snapshot, from which rates are computed.

use crate::base::clock::Now;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use std::collections::BTreeMap;

/// Counters older than this are not used: an average over hours would hide what is happening now.
pub const COUNTERS_MAX_AGE_SECONDS: f64 = 3600.0;
/// Shortest interval of a rate: the kernel counts CPU time in steps of 10 ms.
pub const SHORTEST_SECONDS: f64 = 0.25;

/// Counters of one snapshot, kept in `state/probe.json` for the next.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PreviousCounters {
    /// Wall clock, seconds since 1970.
    pub wall_seconds: f64,
    /// `CLOCK_BOOTTIME`, seconds.
    pub boottime_seconds: f64,
    /// Boot in which they were read.
    pub boot_id: String,
    counters: BTreeMap<String, Box<RawValue>>,
}

impl PreviousCounters {
    /// No counters yet, read at `now`.
    pub fn new(now: &Now, boot_id: &str) -> Self {
        Self {
            wall_seconds: now.wall.timestamp_millis() as f64 / 1e3,
            boottime_seconds: now.boottime_seconds,
            boot_id: boot_id.to_string(),
            counters: BTreeMap::new(),
        }
    }

    /// Keeps the counters of a resource.
    pub fn keep(&mut self, name: &str, counters: &impl Serialize) {
        if let Ok(raw) = to_raw_value(counters) {
            self.counters.insert(name.to_string(), raw);
        }
    }

    /// The counters of a resource; `None` when there are none, or an older version kept them in another shape.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.counters.get(name)?.get()).ok()
    }

    /// Seconds from these counters to `now`; `None` when the host was booted since then.
    pub fn age(&self, now: &Now, boot_id: &str) -> Option<f64> {
        let age = now.boottime_seconds - self.boottime_seconds;
        (self.boot_id == boot_id && age >= 0.0).then_some(age)
    }

    /// Seconds by which the wall clock was set since then: its difference less that of `CLOCK_BOOTTIME`.
    pub fn clock_step(&self, now: &Now, boot_id: &str) -> Option<f64> {
        let wall = now.wall.timestamp_millis() as f64 / 1e3 - self.wall_seconds;
        self.age(now, boot_id).map(|age| wall - age)
    }
}
