//! The context of an evaluation: everything a step depends on apart from rules, state and metrics.

use super::baseline::Band;
use super::repairing::Repairing;
use super::stamp::Stamp;
use super::unusual::Closed;
use crate::base::clock::{Now, zone_offset_seconds};
use crate::model::incident::Severity;
use crate::model::service::Service;
use crate::model::suppression::Suppressions;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Time, place and surroundings of an evaluation.
#[derive(Debug, Clone)]
pub struct EvalContext {
    /// Both clocks.
    pub now: Now,
    /// The date by which memory of days is kept: the wall clock, unless that is in doubt.
    pub calendar: DateTime<Utc>,
    /// Identity of the boot.
    pub boot_id: String,
    /// Host name, for the events.
    pub host: String,
    /// Offset of the host's zone from UTC at this moment, in seconds: what `between` and `days` of a rule mean.
    pub zone_offset_seconds: i32,
    /// Silences and acknowledgements.
    pub suppressions: Suppressions,
    /// Repairs that may still help: the notification waits for them.
    pub repairing: Vec<Repairing>,
    /// Lowest severity that any channel delivers; `None`: there is no channel with a recipient.
    pub notified_from: Option<Severity>,
    /// Sections of the snapshot that could not be measured, with the reason (`probe.failed`).
    pub failed: BTreeMap<String, String>,
    /// Measured sections, including those without elements. Sections with a metric may be left out.
    pub sections: BTreeSet<String>,
    /// Devices of file systems by mount point, as far as they are known.
    pub devices: BTreeMap<String, String>,
    /// Services of the snapshot by name.
    pub services: BTreeMap<String, Service>,
    /// Baselines of this hour, by rule and labels (`cpu_unusual`, `disk_busy{mount="/"}`); missing while still unknown.
    pub bands: Arc<BTreeMap<String, Band>>,
    /// Groups of values that this snapshot closed, by metric with labels, for rules over what is unusual.
    pub closed: Arc<BTreeMap<String, Closed>>,
}

impl EvalContext {
    /// A context in the zone of the host, with all severities delivered, nothing suppressed and nothing failed.
    pub fn new(now: Now, boot_id: impl Into<String>, host: impl Into<String>) -> Self {
        Self {
            now,
            calendar: now.wall,
            boot_id: boot_id.into(),
            host: host.into(),
            zone_offset_seconds: zone_offset_seconds(now.wall),
            suppressions: Suppressions::default(),
            repairing: Vec::new(),
            notified_from: Some(Severity::Warning),
            failed: BTreeMap::new(),
            sections: BTreeSet::new(),
            devices: BTreeMap::new(),
            services: BTreeMap::new(),
            bands: Arc::default(),
            closed: Arc::default(),
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
