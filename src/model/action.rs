//! Repairs: records of the `actions` stream. Each action is recorded before it begins, when it ended, and when it was
//! verified.

use super::locale::Locale;
use super::message::{Message, localized};
use serde::{Deserialize, Serialize};

/// Kind of a repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionKind {
    /// Restarts a service of systemd.
    Restart,
    /// Ends a process.
    End,
    /// Removes old files below directories.
    Clean,
    /// Shrinks the journal of systemd.
    VacuumJournal,
    /// Removes downloaded packages from the cache of the package manager.
    ClearPackages,
    /// Drops the page cache of the kernel.
    DropCaches,
    /// Runs a command.
    Run,
}

impl ActionKind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Restart, Self::End, Self::Clean, Self::VacuumJournal, Self::ClearPackages, Self::DropCaches, Self::Run];

    /// The word written in configuration, files and tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::End => "end",
            Self::Clean => "clean",
            Self::VacuumJournal => "vacuum-journal",
            Self::ClearPackages => "clear-packages",
            Self::DropCaches => "drop-caches",
            Self::Run => "run",
        }
    }
}

/// The mode of a repair: it may change the host, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// It is not considered.
    Off,
    /// It is decided and recorded, and changes nothing.
    DryRun,
    /// It is carried out.
    Enforce,
}

impl Mode {
    /// The word written in configuration, files and tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::DryRun => "dry-run",
            Self::Enforce => "enforce",
        }
    }
}

/// The step of an action that a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It is about to begin.
    Intent,
    /// It ended.
    Result,
    /// It helped, or it did not.
    Verified,
    /// A person or a healthy day released a target that was given up.
    Released,
}

/// The way in which an action, or its verification, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It was carried out; for a verification: it helped.
    Done,
    /// It was not or not completely carried out; for a verification: it did not help.
    Failed,
    /// osmon was interrupted; nobody knows how far it got.
    Interrupted,
    /// Dry run: nothing was changed.
    Simulated,
}

/// Target of an action, with everything that identifies it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Target {
    /// Name for people, and the key of budgets: `nginx.service`, `/usr/bin/hog of app`, `/var/tmp`.
    pub name: String,
    /// The unit to restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitTarget>,
    /// The process to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<ProcessTarget>,
}

/// A unit of systemd at the moment of the decision.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UnitTarget {
    /// Its name.
    pub unit: String,
    /// `InvocationID`: the run of the unit that failed.
    pub invocation: String,
    /// `ActiveState` and `SubState`: `failed/failed`.
    pub state: String,
    /// `NRestarts`.
    pub restarts: u64,
    /// `TimeoutStartUSec` in seconds; 0: unlimited or unknown.
    pub start_timeout_seconds: f64,
    /// systemd refuses to start it until its start limit is reset (`systemctl reset-failed`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_start_limited: bool,
}

/// The run of a unit that a restart began.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UnitRun {
    /// `InvocationID`.
    pub invocation: String,
    /// `NRestarts` at its beginning.
    pub restarts: u64,
}

/// A process at the moment of the decision.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProcessTarget {
    /// Its executable.
    pub exe: String,
    /// Name (`comm`), cleaned.
    pub name: String,
    /// Process id.
    pub pid: u32,
    /// Start, in clock ticks since boot (field 22 of `/proc/PID/stat`): with the pid, its identity.
    pub start_ticks: u64,
    /// Parent.
    pub parent: u32,
    /// Real user id.
    pub uid: u32,
    /// Name of the user.
    pub user: String,
    /// Control group (`/proc/PID/cgroup`).
    pub cgroup: String,
    /// Resident memory in bytes.
    pub memory_bytes: u64,
    /// CPU time so far, in seconds.
    pub cpu_seconds: f64,
}

/// Result of an action or of its verification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Its status.
    pub status: Status,
    /// The event, in one English sentence.
    pub text: String,
    /// That sentence as a message; `None` for text of other programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub localized: Option<Message>,
    /// Space freed, or that a dry run would have freed, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freed_bytes: Option<u64>,
    /// Number of files and directories removed, or that a dry run would have removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<u64>,
    /// Some of what it was about: paths, lines of output; at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
    /// Duration in milliseconds.
    #[serde(default)]
    pub duration_ms: u64,
    /// The target must not be acted on again in its present identity.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_final: bool,
    /// The start limit of the unit was reset for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub start_limit_reset: bool,
    /// The run of the unit that a restart began; `None`: not seen yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<UnitRun>,
}

impl Outcome {
    /// An outcome with a message of osmon.
    pub fn new(status: Status, message: Message) -> Self {
        Self { localized: Some(message.clone()), ..Self::plain(status, message.english()) }
    }

    /// An outcome in the words of another program.
    pub fn plain(status: Status, text: String) -> Self {
        Self {
            status,
            text,
            localized: None,
            freed_bytes: None,
            removed: None,
            examples: Vec::new(),
            duration_ms: 0,
            is_final: false,
            start_limit_reset: false,
            run: None,
        }
    }

    /// The sentence in a language.
    pub fn text_in(&self, locale: Locale) -> String {
        localized(self.localized.as_ref(), &self.text, locale)
    }
}

/// One record of the `actions` stream, below `action`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// Id of the action: its entry, the checksum of its target, and the second of its intent.
    pub id: String,
    /// The step that this record is about.
    pub phase: Phase,
    /// Name of its entry in the configuration (`[heal.NAME]`).
    pub entry: String,
    /// The kind of the repair.
    pub kind: ActionKind,
    /// The mode: a dry run changes nothing.
    pub mode: Mode,
    /// The target.
    pub target: Target,
    /// Id of the incident that it is to repair.
    pub incident: String,
    /// Rule of that incident.
    pub rule: String,
    /// Its metric with labels.
    pub metric: String,
    /// Its value at the decision.
    pub value: f64,
    /// Its limit.
    pub limit: f64,
    /// Time of the intent, RFC 3339, UTC: the same in all records of one action.
    pub since: String,
    /// Number of the attempt on the target since it was last healthy, from 1.
    pub attempt: u32,
    /// Actions left for the target in this hour and this day, after this one.
    #[serde(default)]
    pub left: [u32; 2],
    /// Version of osmon.
    pub version: String,
    /// Checksum of the configuration in force.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub configuration: String,
    /// The outcome; `None` in an intent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}
