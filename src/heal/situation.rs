//! The state of the host at the moment of the decision.

use crate::base::clock::Now;
use crate::host::Root;
use chrono::{DateTime, Utc};
use std::path::PathBuf;

/// Facts about the host as a whole.
#[derive(Debug, Clone)]
pub struct Situation {
    /// The host.
    pub root: Root,
    /// Both clocks.
    pub now: Now,
    /// Identity of the boot.
    pub boot_id: String,
    /// Time since the newest snapshot, in seconds; `None`: there is none of this boot.
    pub snapshot_age_seconds: Option<f64>,
    /// Usual time between two snapshots, in seconds.
    pub interval_seconds: f64,
    /// Time since the last gap in the snapshots of this boot, in snapshots; 0: the newest one follows a gap.
    pub snapshots_since_gap: u32,
    /// The clock is in doubt, or was set within the last 24 hours.
    pub clock_doubt: bool,
    /// State of the system by systemd (`running`, `degraded`, `starting`, `stopping`, `maintenance`); empty without it.
    pub system_state: String,
    /// A package manager or file system tool that is at work.
    pub package_work: Option<String>,
    /// Share of time in which all tasks waited for memory (`pressure.memory.full_avg60_percent`); `None`: unknown.
    pub memory_full_percent: Option<f64>,
    /// Pages swapped in and out, in bytes per second; `None`: unknown.
    pub swap_bytes_per_second: Option<f64>,
    /// Evidence that tasks wait for CPU, memory or disk, in words; `None`: nothing waits.
    pub harm: Option<String>,
    /// Healing is switched off by a file: its path.
    pub disabled_by: Option<String>,
    /// Healing is paused: until when, by whom, and why.
    pub pause: Option<Pause>,
    /// The configuration is invalid, and a fallback is in force.
    pub is_fallback: bool,
    /// Files and directories of osmon itself, which no repair removes: the data directory, the page, the configuration.
    pub own_paths: Vec<PathBuf>,
}

/// A pause of healing, kept in `state/heal.json`.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Pause {
    /// Its end.
    pub until: DateTime<Utc>,
    /// Who paused it.
    pub by: String,
    /// Why.
    pub because: String,
}
