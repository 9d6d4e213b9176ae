//! `[heal]`: which incidents are repaired, how, and how often.

use crate::model::action::{ActionKind, Mode};
use crate::model::metric::{Selector, read_labels};
use std::time::Duration;

/// `[heal]`, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Heal {
    /// Largest number of actions on this host within an hour, of all entries together.
    pub actions_per_hour: u32,
    /// `[heal.NAME]` of the entries that are not off, sorted by name.
    pub entries: Vec<HealEntry>,
}

impl Default for Heal {
    fn default() -> Self {
        Self { actions_per_hour: 10, entries: Vec::new() }
    }
}

/// `[heal.NAME]`, resolved: which incidents it repairs, how, and within which limits.
#[derive(Debug, Clone, PartialEq)]
pub struct HealEntry {
    /// Its name in the configuration.
    pub name: String,
    /// Name of the rule whose incidents it repairs.
    pub rule: String,
    /// Pattern of a label value of the incident (`nginx*.service`); `*` for all, also for those without labels.
    pub matches: String,
    /// The repair and its settings.
    pub repair: RepairSpec,
    /// Its own mode, else that of its kind.
    pub mode: Mode,
    /// How long the incident must have been open.
    pub after: Duration,
    /// Largest number of actions on one target within an hour.
    pub per_hour: u32,
    /// Largest number of actions on one target within 24 hours.
    pub per_day: u32,
    /// Waiting times before the second, third, … attempt; the last one also before all later ones.
    pub waits: Vec<Duration>,
    /// Restarts: how long the service must stay active to count as repaired. Other repairs: how long the incident may take
    /// to end.
    pub verify: Duration,
    /// A target that is given up, or repaired three times within a day, becomes an incident.
    pub escalates: bool,
}

impl HealEntry {
    /// Returns whether it repairs the incidents of a rule on a metric with labels.
    pub fn is_for(&self, rule: &str, metric: &str) -> bool {
        let labels = read_labels(metric).1;
        let fits = || labels.iter().any(|(_, value)| Selector::pattern_fits(&self.matches, value));
        self.rule == rule && (self.matches == "*" || fits())
    }

    /// The wait before an attempt, counted from 1.
    pub fn wait(&self, attempt: u32) -> Duration {
        let before = usize::try_from(attempt).unwrap_or(usize::MAX).checked_sub(2);
        let wait = before.and_then(|at| self.waits.get(at).or(self.waits.last()));
        wait.copied().unwrap_or_default()
    }
}

/// Action of an entry with its settings.
#[derive(Debug, Clone, PartialEq)]
pub enum RepairSpec {
    /// Restarts a service.
    Restart {
        /// The unit; `None`: the service that the incident is about.
        unit: Option<String>,
    },
    /// Ends the largest process that is allowed to be ended.
    End {
        /// Paths of executables that may be ended; never empty.
        executables: Vec<String>,
        /// Users whose processes may be ended; never empty.
        users: Vec<String>,
        /// Resident memory from which a process is considered, in bytes; 0: any.
        memory_bytes: u64,
    },
    /// Removes old files below directories.
    Clean {
        /// The directories: absolute, never empty.
        directories: Vec<String>,
        /// Age by each of access, modification and change.
        older_than: Duration,
        /// Patterns of names that are kept.
        keep: Vec<String>,
        /// Stops when so much was freed, in bytes; 0: everything that is old enough, within the limits of a run.
        stop_bytes: u64,
    },
    /// Shrinks the journal of systemd.
    VacuumJournal {
        /// Size to shrink it to, in bytes.
        keep_bytes: u64,
    },
    /// Clears the cache of the package manager.
    ClearPackages,
    /// Drops the page cache.
    DropCaches,
    /// Runs a command.
    Run {
        /// Program (an absolute path) and arguments; never empty.
        command: Vec<String>,
        /// Time limit.
        timeout: Duration,
    },
}

impl RepairSpec {
    /// Its kind.
    pub fn kind(&self) -> ActionKind {
        match self {
            Self::Restart { .. } => ActionKind::Restart,
            Self::End { .. } => ActionKind::End,
            Self::Clean { .. } => ActionKind::Clean,
            Self::VacuumJournal { .. } => ActionKind::VacuumJournal,
            Self::ClearPackages => ActionKind::ClearPackages,
            Self::DropCaches => ActionKind::DropCaches,
            Self::Run { .. } => ActionKind::Run,
        }
    }
}
