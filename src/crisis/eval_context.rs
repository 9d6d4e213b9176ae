//! When and where a step takes place: all it knows of the world but the metrics.

use super::band::Band;
use super::state::Stamp;
use crate::base::clock::{Now, zone_offset_seconds};
use crate::model::incident::Severity;
use crate::model::suppression::Suppressions;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// When and where a step takes place.
#[derive(Debug, Clone)]
pub struct EvalContext {
    /// Both clocks.
    pub now: Now,
    /// The boot.
    pub boot_id: String,
    /// Host name, for the events.
    pub host: String,
    /// Offset of the host's zone from UTC at this moment, in seconds: what `between` and `days` of a rule mean.
    pub zone_offset_seconds: i32,
    /// What people do not want to be told now.
    pub mutes: Suppressions,
    /// The least that any way to people takes; `None`: there is no way to anybody.
    pub told_from: Option<Severity>,
    /// Sections of the snapshot that could not be measured, with the reason (`probe.failed`).
    pub failed: BTreeMap<String, String>,
    /// Sections that were measured, also those with no element. One that has a metric need not be named.
    pub sections: BTreeSet<String>,
    /// What is usual in this hour, by rule and labels (`cpu_unusual`, `disk_busy{mount="/"}`); what is not in it is
    /// still being learned.
    pub bands: Arc<BTreeMap<String, Band>>,
}

impl EvalContext {
    /// A moment on a host in its own zone, with everybody told, nothing muted and nothing failed.
    pub fn new(now: Now, boot_id: impl Into<String>, host: impl Into<String>) -> Self {
        Self {
            now,
            boot_id: boot_id.into(),
            host: host.into(),
            zone_offset_seconds: zone_offset_seconds(now.wall),
            mutes: Suppressions::default(),
            told_from: Some(Severity::Warning),
            failed: BTreeMap::new(),
            sections: BTreeSet::new(),
            bands: Arc::default(),
        }
    }

    /// This moment as the state keeps it.
    pub(super) fn stamp(&self) -> Stamp {
        Stamp { wall: self.now.wall, boottime_seconds: self.now.boottime_seconds }
    }

    /// Seconds since a moment, never negative. Stamps of an earlier boot were rebased before (`step/time.rs`).
    pub(super) fn elapsed(&self, since: Option<Stamp>) -> f64 {
        since.map_or(0.0, |since| (self.now.boottime_seconds - since.boottime_seconds).max(0.0))
    }
}
