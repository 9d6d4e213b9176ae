//! Guards: the reasons for which a repair is not done.

use crate::model::locale::Key;
use crate::model::message::Message;

macro_rules! guards {
    ($($(#[$doc:meta])* $name:ident $word:literal $key:ident,)*) => {
        /// A guard: a condition under which nothing is done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Guard { $($(#[$doc])* $name,)* }

        impl Guard {
            /// Every guard.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word written in files and JSON.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The key of its sentence.
            pub fn key(self) -> Key {
                match self { $(Self::$name => crate::model::locale::key::$key,)* }
            }
        }
    };
}

guards! {
    // Of the host as a whole: `decide`.
    /// Healing is switched off by the file `heal.disabled` beside the configuration.
    Disabled "disabled" GUARD_DISABLED,
    /// A person paused healing.
    Paused "paused" GUARD_PAUSED,
    /// The entry is off.
    Off "off" GUARD_OFF,
    /// The configuration is invalid: a fallback says nothing about repairs.
    BadConfiguration "bad-configuration" GUARD_BAD_CONFIGURATION,
    /// The newest snapshot is older than two intervals.
    StaleData "stale-data" GUARD_STALE_DATA,
    /// The snapshots have a gap: osmon did not run, or the host was suspended.
    Gap "gap" GUARD_GAP,
    /// The clock was set or is in doubt.
    ClockInDoubt "clock-in-doubt" GUARD_CLOCK_IN_DOUBT,
    /// The host was booted less than five minutes ago.
    BootGrace "boot-grace" GUARD_BOOT_GRACE,
    /// The host is starting, stopping or in maintenance mode.
    SystemState "system-state" GUARD_SYSTEM_STATE,
    /// A package manager or a tool for file systems is at work.
    PackageWork "package-work" GUARD_PACKAGE_WORK,
    /// The whole host is short of memory: a service is slow or fails for that reason.
    MemoryPressure "memory-pressure" GUARD_MEMORY_PRESSURE,
    /// The budget of the host for this hour is spent.
    HostBudget "host-budget" GUARD_HOST_BUDGET,
    // Of an incident: `decide`.
    /// The incident is recovering, or its value is missing.
    NotCurrent "not-current" GUARD_NOT_CURRENT,
    /// It has not been open for long enough.
    TooEarly "too-early" GUARD_TOO_EARLY,
    /// A silence forbids its repair.
    Silenced "silenced" GUARD_SILENCED,
    // Of a target: `decide`.
    /// The target has not been seen in three snapshots in a row.
    TooFewSnapshots "too-few-snapshots" GUARD_TOO_FEW_SNAPSHOTS,
    /// Too little time since the last attempt.
    Waiting "waiting" GUARD_WAITING,
    /// The last attempt is still being verified.
    Verifying "verifying" GUARD_VERIFYING,
    /// Its budget for this hour or this day is spent.
    Budget "budget" GUARD_BUDGET,
    /// It was given up.
    GaveUp "gave-up" GUARD_GAVE_UP,
    /// One action of this kind was done in this run.
    OnePerRun "one-per-run" GUARD_ONE_PER_RUN,
    /// This run has too little time left.
    NoTime "no-time" GUARD_NO_TIME,
    /// osmon lacks a right that the action needs.
    NoRight "no-right" GUARD_NO_RIGHT,
    // Of a repair.
    /// There is nothing to act on.
    NoTarget "no-target" GUARD_NO_TARGET,
    /// The unit was stopped on purpose: it is inactive, not failed.
    UnitStopped "unit-stopped" GUARD_UNIT_STOPPED,
    /// The unit is active by now.
    UnitActive "unit-active" GUARD_UNIT_ACTIVE,
    /// The unit is starting, stopping, or about to be restarted by systemd.
    UnitBusy "unit-busy" GUARD_UNIT_BUSY,
    /// The unit is masked.
    UnitMasked "unit-masked" GUARD_UNIT_MASKED,
    /// The unit is not loaded.
    UnitUnknown "unit-unknown" GUARD_UNIT_UNKNOWN,
    /// The unit is disabled.
    UnitDisabled "unit-disabled" GUARD_UNIT_DISABLED,
    /// The unit is a one-shot or otherwise no service that runs all the time.
    UnitOneShot "unit-one-shot" GUARD_UNIT_ONE_SHOT,
    /// The unit refuses a manual start.
    UnitRefusesStart "unit-refuses-start" GUARD_UNIT_REFUSES_START,
    /// The unit has a queued job.
    UnitHasJob "unit-has-job" GUARD_UNIT_HAS_JOB,
    /// A unit that it requires has failed: that one is repaired first.
    UnitRequirement "unit-requirement" GUARD_UNIT_REQUIREMENT,
    /// The unit is one that the host cannot be reached or used without, and the entry does not name it in full.
    UnitProtected "unit-protected" GUARD_UNIT_PROTECTED,
    /// The unit is another run of the unit than the one that failed.
    UnitChanged "unit-changed" GUARD_UNIT_CHANGED,
    /// The start limit of the unit was reset within the last hour.
    StartLimit "start-limit" GUARD_START_LIMIT,
    /// The process is not on the allow-list: its executable or its user is another.
    ProcessNotAllowed "process-not-allowed" GUARD_PROCESS_NOT_ALLOWED,
    /// The process is one that is never ended.
    ProcessProtected "process-protected" GUARD_PROCESS_PROTECTED,
    /// The process belongs to a service of systemd: the service is to be restarted instead.
    ProcessOfService "process-of-service" GUARD_PROCESS_OF_SERVICE,
    /// The process belongs to the login or session that runs osmon, or to a login chain.
    ProcessOfSession "process-of-session" GUARD_PROCESS_OF_SESSION,
    /// The process cannot be ended now: a zombie, or in uninterruptible sleep.
    ProcessState "process-state" GUARD_PROCESS_STATE,
    /// The process lives in another pid namespace: a container.
    ProcessNamespace "process-namespace" GUARD_PROCESS_NAMESPACE,
    /// The number belongs to another process by now.
    ProcessChanged "process-changed" GUARD_PROCESS_CHANGED,
    /// The process did not end before; it is not tried twice.
    ProcessUnkillable "process-unkillable" GUARD_PROCESS_UNKILLABLE,
    /// The process is too small: without it, the host would be no better off.
    ProcessTooSmall "process-too-small" GUARD_PROCESS_TOO_SMALL,
    /// There is no evidence of harm: nothing waits for what the process uses.
    NoHarm "no-harm" GUARD_NO_HARM,
    /// The kernel offers no process file descriptors.
    NoPidfd "no-pidfd" GUARD_NO_PIDFD,
    /// The directory may not be cleaned: too high in the tree, a link, or not owned by root.
    DirectoryRefused "directory-refused" GUARD_DIRECTORY_REFUSED,
    /// Open files of other users cannot be seen.
    OpenFilesUnknown "open-files-unknown" GUARD_OPEN_FILES_UNKNOWN,
    /// The program of a command is not one that osmon may start: others could have changed it.
    ProgramRefused "program-refused" GUARD_PROGRAM_REFUSED,
    /// A program that is needed is missing.
    NoProgram "no-program" GUARD_NO_PROGRAM,
}

/// A guard that refused, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The guard.
    pub guard: Guard,
    /// Its sentence, with details.
    pub message: Message,
}

impl Refusal {
    /// A refusal whose sentence needs no details.
    pub fn new(guard: Guard) -> Self {
        Self { guard, message: Message::new(guard.key()) }
    }

    /// A refusal whose sentence has the placeholder `{detail}`.
    pub fn with(guard: Guard, detail: impl Into<crate::model::message::Arg>) -> Self {
        Self { guard, message: Message::new(guard.key()).with("detail", detail) }
    }
}
