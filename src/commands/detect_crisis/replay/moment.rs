//! The metrics of one moment of past data.

use crate::base::clock::Now;
use crate::model::metric::Metric;
use std::collections::{BTreeMap, BTreeSet};

/// One snapshot, or one sample of an external series.
pub struct Moment {
    /// Its time.
    pub now: Now,
    /// Boot in which it was taken.
    pub boot_id: String,
    /// The metrics that a rule may watch.
    pub metrics: Vec<Metric>,
    /// Devices of file systems by mount point.
    pub devices: BTreeMap<String, String>,
    /// Names of the sections that were measured, even if empty.
    pub sections: BTreeSet<String>,
    /// The time in seconds of local time.
    pub local_seconds: f64,
    /// Values that a series had at this time besides the one in `metrics`, which came last; `None`: it only holds its
    /// last value.
    pub earlier: Option<Vec<f64>>,
}
