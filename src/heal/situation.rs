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
    /// The clock stepped within the last runs, or was set since the last healing run.
    pub clock_doubt: bool,
    /// The clock is believed: what depends on dates, such as the age of files, may be decided by it.
    pub is_clock_believed: bool,
    /// Time since the clock was last set, in seconds; `None`: not within the last 24 hours, as far as osmon saw.
    pub clock_set_seconds: Option<f64>,
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
    /// Processes of this boot that did not end though osmon killed them: pid and start in clock ticks since boot.
    pub unkillable: Vec<(u32, u64)>,
    /// Units whose start limit osmon reset within the last hour.
    pub start_limit_resets: Vec<String>,
}

impl Situation {
    /// A calm host: fresh and complete snapshots a minute apart, and nothing that speaks against a repair.
    pub fn calm(root: Root, now: Now) -> Self {
        let boot_id = root.boot_id();
        Self {
            root,
            now,
            boot_id,
            snapshot_age_seconds: Some(0.0),
            interval_seconds: 60.0,
            snapshots_since_gap: 3,
            clock_doubt: false,
            is_clock_believed: true,
            clock_set_seconds: None,
            system_state: "running".to_string(),
            package_work: None,
            memory_full_percent: None,
            swap_bytes_per_second: None,
            harm: None,
            disabled_by: None,
            pause: None,
            is_fallback: false,
            own_paths: Vec::new(),
            unkillable: Vec::new(),
            start_limit_resets: Vec::new(),
        }
    }
}

/// A pause of healing, kept in `state/heal.json`.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Pause {
    /// Its end.
    pub until: DateTime<Utc>,
    /// The person who paused it.
    pub by: String,
    /// The reason.
    pub because: String,
}
