//! Values that cost a subprocess or much time: read at most once per interval, and kept with the counters in between.

use super::measurement::{Absent, Measurement};
use crate::host::deadline::NO_TIME;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Runs of cron do not begin at exactly the same second.
const TOLERANCE_SECONDS: f64 = 5.0;

/// A value as it was last read.
#[derive(Serialize, Deserialize)]
struct Reading<T> {
    /// Time of the reading, in seconds since boot.
    boottime_seconds: f64,
    /// The value, or why it could not be read.
    value: Result<T, Absent>,
}

impl Measurement<'_> {
    /// The value kept under `name` if it is younger than `seconds` and of this boot, else a new reading; with its age in
    /// seconds. A failed reading, also one that took too long, is kept as well, and tried again after the interval. One that there was
    /// no time for ([`NO_TIME`]) is not: the value from before counts, and the next run tries again.
    ///
    /// # Errors
    /// The reason of the last reading.
    pub fn periodic<T: Serialize + DeserializeOwned>(
        &mut self,
        name: &str,
        seconds: f64,
        read: impl FnOnce(&mut Self) -> Result<T, Absent>,
    ) -> Result<(T, f64), Absent> {
        let now = self.now.boottime_seconds;
        let is_this_boot = |boot_id: &str| boot_id == self.snapshot.header.boot_id;
        let kept = self.earlier.filter(|earlier| is_this_boot(&earlier.boot_id)).and_then(|earlier| earlier.get(name));
        let is_recent = |kept: &Reading<T>| (0.0..seconds - TOLERANCE_SECONDS).contains(&(now - kept.boottime_seconds));
        let reading = match kept {
            Some(kept) if is_recent(&kept) => kept,
            kept => match (read(self), kept) {
                (Err(reason), None) if reason == NO_TIME => return Err(reason),
                (Err(reason), Some(kept)) if reason == NO_TIME => kept,
                (value, _) => Reading { boottime_seconds: now, value },
            },
        };
        self.counters.keep(name, &reading);
        reading.value.map(|value| (value, now - reading.boottime_seconds))
    }
}
