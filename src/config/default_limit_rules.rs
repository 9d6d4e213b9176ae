//! The default rules of limits, full tables and queues, memory errors, hung processes and NFS. See `default_rules`.

use super::rule_spec::RuleSpec;

/// Connections dropped: the table of tracked connections is full.
pub const CONNTRACK_DROPS: RuleSpec<'static> = RuleSpec {
    only_if: "conntrack.used_percent >= 90",
    ..warn(
        "conntrack_drops",
        "Connections dropped: the table of tracked connections is full",
        "drop.untracked_packets_per_second",
        [1.0, 0.1],
    )
};
/// `{unit}` is held back by its CPU limit.
pub const CPU_THROTTLED: RuleSpec<'static> = RuleSpec {
    mute_usual: true,
    hold: "30m",
    clear_for: "30m",
    ..warn("cpu_throttled", "{unit} is held back by its CPU limit", "limit.cpu_throttled_percent", [50.0, 25.0])
};
/// Hung processes.
pub const HUNG_PROCESSES: RuleSpec<'static> =
    RuleSpec { hold: "3m", ..warn("hung_processes", "Hung processes", "process.hung", [1.0, 1.0]) };
/// Connections refused: a program does not accept them fast enough.
pub const LISTEN_OVERFLOWS: RuleSpec<'static> = warn(
    "listen_overflows",
    "Connections refused: a program does not accept them fast enough",
    "drop.listen_overflows_per_second",
    [1.0, 0.1],
);
/// Memory errors corrected (`{controller}`).
pub const MEMORY_ERRORS: RuleSpec<'static> = RuleSpec {
    total: "24h",
    hold: "0s",
    clear_for: "10m",
    ..warn("memory_errors", "Memory errors corrected ({controller})", "memory_error.corrected", [10.0, 1.0])
};
/// Memory errors that could not be corrected (`{controller}`).
pub const MEMORY_ERRORS_UNCORRECTED: RuleSpec<'static> = RuleSpec {
    total: "24h",
    hold: "0s",
    clear_for: "10m",
    ..fail(
        "memory_errors_uncorrected",
        "Memory errors that could not be corrected ({controller})",
        "memory_error.uncorrected",
    )
};
/// Memory limit of `{unit}`.
pub const MEMORY_LIMIT: RuleSpec<'static> = RuleSpec {
    hold: "5m",
    ..watch("memory_limit", "Memory limit of {unit}", "limit.memory_used_percent", [95.0, 90.0, 99.0, 96.0])
};
/// NFS server of `{mount}` does not answer.
pub const NFS: RuleSpec<'static> = fail("nfs", "NFS server of {mount} does not answer", "nfs.not_responding");
/// Received packets dropped: the queues of the cores are full.
pub const PACKET_DROPS: RuleSpec<'static> = warn(
    "packet_drops",
    "Received packets dropped: the queues of the cores are full",
    "drop.backlog_packets_per_second",
    [10.0, 1.0],
);
/// Processes and threads of the host.
pub const TASKS: RuleSpec<'static> =
    watch("tasks", "Processes and threads of the host", "task.used_percent", [80.0, 70.0, 95.0, 90.0]);
/// Processes and threads of `{unit}`.
pub const TASKS_LIMIT: RuleSpec<'static> =
    watch("tasks_limit", "Processes and threads of {unit}", "limit.tasks_used_percent", [80.0, 70.0, 95.0, 90.0]);

/// A rule with limits to raise and clear a warning, and to raise and clear critical.
const fn watch(
    name: &'static str,
    title: &'static str,
    metric: &'static str,
    [warning, warning_clear, critical, critical_clear]: [f64; 4],
) -> RuleSpec<'static> {
    RuleSpec {
        title,
        metric,
        warning: Some(warning),
        warning_clear: Some(warning_clear),
        critical: Some(critical),
        critical_clear: Some(critical_clear),
        hold: "2m",
        clear_for: "5m",
        ..RuleSpec::named(name)
    }
}

/// A rule with limits to raise and clear a warning.
const fn warn(
    name: &'static str,
    title: &'static str,
    metric: &'static str,
    [warning, warning_clear]: [f64; 2],
) -> RuleSpec<'static> {
    RuleSpec {
        title,
        metric,
        warning: Some(warning),
        warning_clear: Some(warning_clear),
        hold: "5m",
        clear_for: "5m",
        ..RuleSpec::named(name)
    }
}

/// A critical rule over what is 0 while all is well.
const fn fail(name: &'static str, title: &'static str, metric: &'static str) -> RuleSpec<'static> {
    RuleSpec {
        title,
        metric,
        critical: Some(1.0),
        critical_clear: Some(1.0),
        hold: "2m",
        clear_for: "2m",
        ..RuleSpec::named(name)
    }
}
