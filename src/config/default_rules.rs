//! The default rules, sorted by name. `data/osmon.toml` explains them; a test compares both.

use super::default_limit_rules as limits;
use super::default_storage_rules as storage;
use super::rule_spec::{RuleSpec, Unusual};

/// Every default rule, also those that are off until they are enabled.
pub static DEFAULT_RULES: [RuleSpec<'static>; 63] = [
    storage::BTRFS_ERRORS,
    storage::BTRFS_METADATA,
    storage::BTRFS_MISSING,
    RuleSpec {
        hold: "15m",
        clear_for: "15m",
        ..watch("clock_offset", "Clock differs from its source", "clock.offset_ms", [500.0, 250.0, 5000.0, 2500.0])
    },
    watch("conntrack", "Table of tracked connections", "conntrack.used_percent", [85.0, 75.0, 95.0, 90.0]),
    limits::CONNTRACK_DROPS,
    RuleSpec {
        when: "above",
        hold: "5m",
        critical_hold: "5m",
        only_if: "cpu.nice_percent < 20",
        notify_if: "pressure.cpu.some_avg60_percent >= 20 else load.one_per_core >= 1.5",
        mute_usual: true,
        ..watch("cpu", "CPU", "cpu.busy_percent", [80.0, 70.0, 95.0, 85.0])
    },
    limits::CPU_THROTTLED,
    unusual("cpu_unusual", "CPU unusually busy", "cpu.busy_percent", "above"),
    RuleSpec {
        title: "Service {service} crashes in a loop",
        metric: "service.new_restarts",
        total: "30m",
        warning: Some(3.0),
        warning_clear: Some(1.0),
        hold: "2m",
        clear_for: "5m",
        ..RuleSpec::named("crash_loop")
    },
    RuleSpec {
        only_if: "disk.available_bytes < 250 GiB",
        critical_only_if: "disk.available_bytes < 50 GiB",
        ..watch("disk", "File system {mount}", "disk.used_percent", [90.0, 88.0, 98.0, 96.0])
    },
    storage::DISK_ERRORS,
    storage::DISK_FAILING,
    RuleSpec {
        title: "File system {mount} fills up",
        metric: "disk.used_percent",
        reaches: Some(100.0),
        within: "8h",
        critical_within: "2h",
        hold: "10m",
        critical_hold: "10m",
        clear_for: "15m",
        ..RuleSpec::named("disk_forecast")
    },
    storage::DISK_HOT,
    unusual("disk_latency_unusual", "Disk {device} unusually slow", "disk_io.latency_ms", "above"),
    storage::DISK_MISSING,
    storage::DISK_SECTORS,
    storage::DISK_WEAR,
    RuleSpec {
        title: "Entropy used up",
        metric: "entropy.available_bits",
        when: "below",
        warning: Some(64.0),
        warning_clear: Some(128.0),
        hold: "10m",
        clear_for: "10m",
        ..RuleSpec::named("entropy")
    },
    watch("file_handles", "Open files of the host", "file_handle.used_percent", [80.0, 70.0, 95.0, 90.0]),
    RuleSpec {
        title: "{name} is overdue",
        metric: "freshness.overdue",
        critical: Some(1.0),
        critical_clear: Some(1.0),
        hold: "5m",
        clear_for: "2m",
        ..RuleSpec::named("freshness")
    },
    RuleSpec {
        title: "osmon gave up repairing {target}",
        metric: "heal.gave_up",
        critical: Some(1.0),
        critical_clear: Some(1.0),
        hold: "0s",
        clear_for: "2m",
        ..RuleSpec::named("heal_gave_up")
    },
    RuleSpec {
        title: "{target} had to be repaired again and again",
        metric: "heal.repairs_24h",
        warning: Some(3.0),
        warning_clear: Some(3.0),
        hold: "0s",
        clear_for: "5m",
        ..RuleSpec::named("heal_repeated")
    },
    limits::HUNG_PROCESSES,
    RuleSpec {
        only_if: "disk.inodes_free < 1000000",
        critical_only_if: "disk.inodes_free < 200000",
        ..watch("inodes", "Inodes of {mount}", "disk.inodes_used_percent", [90.0, 88.0, 98.0, 96.0])
    },
    RuleSpec {
        title: "Waiting for disks",
        metric: "cpu.iowait_percent",
        warning: Some(40.0),
        warning_clear: Some(20.0),
        hold: "30m",
        clear_for: "30m",
        notify_if: "pressure.io.full_avg60_percent >= 20 else process.blocked >= 2",
        mute_usual: true,
        ..RuleSpec::named("iowait")
    },
    limits::LISTEN_OVERFLOWS,
    RuleSpec {
        only_if: "cpu.nice_percent < 50",
        notify_if: "pressure.cpu.some_avg60_percent >= 20 or pressure.io.full_avg60_percent >= 20 or process.blocked >= 10",
        mute_usual: true,
        boot_grace: "5m",
        ..watch("load", "Load per core", "load.fifteen_per_core", [2.0, 1.75, 4.0, 3.5])
    },
    unusual("load_unusual", "Load unusually high", "load.fifteen_per_core", "above"),
    watch("memory", "Memory", "memory.used_percent", [85.0, 80.0, 95.0, 90.0]),
    limits::MEMORY_ERRORS,
    limits::MEMORY_ERRORS_UNCORRECTED,
    limits::MEMORY_LIMIT,
    unusual("memory_unusual", "Memory use unusual", "memory.used_percent", "either"),
    storage::MULTIPATH,
    limits::NFS,
    RuleSpec {
        title: "Processes killed by the OOM killer",
        metric: "memory.oom_kills",
        warning: Some(1.0),
        warning_clear: Some(1.0),
        hold: "0s",
        clear_for: "10m",
        ..RuleSpec::named("oom_kill")
    },
    limits::PACKET_DROPS,
    RuleSpec {
        title: "{process} processes missing",
        metric: "named_process.missing",
        critical: Some(1.0),
        critical_clear: Some(1.0),
        hold: "2m",
        clear_for: "2m",
        boot_grace: "5m",
        ..RuleSpec::named("process_missing")
    },
    watch(
        "process_open_files",
        "Open files of {process}",
        "named_process.open_files_used_percent",
        [80.0, 70.0, 95.0, 90.0],
    ),
    RuleSpec {
        title: "Too many {process} processes",
        metric: "named_process.surplus",
        warning: Some(1.0),
        warning_clear: Some(1.0),
        hold: "5m",
        clear_for: "5m",
        ..RuleSpec::named("process_surplus")
    },
    unusual("processes_unusual", "Number of processes unusual", "process.total", "either"),
    storage::RAID,
    storage::RAID_INACTIVE,
    storage::RAID_MEMBER,
    storage::RAID_MISMATCH,
    RuleSpec {
        title: "File system {mount} switched to read-only",
        metric: "disk.read_only_by_kernel",
        critical: Some(1.0),
        critical_clear: Some(1.0),
        hold: "0s",
        clear_for: "2m",
        ..RuleSpec::named("read_only")
    },
    RuleSpec {
        title: "Service {service} failed",
        metric: "service.failed",
        critical: Some(1.0),
        critical_clear: Some(1.0),
        hold: "1m",
        clear_for: "2m",
        boot_grace: "5m",
        ..RuleSpec::named("service")
    },
    RuleSpec {
        title: "CPU time given to other guests",
        metric: "cpu.steal_percent",
        warning: Some(10.0),
        warning_clear: Some(5.0),
        hold: "20m",
        clear_for: "30m",
        ..RuleSpec::named("steal")
    },
    RuleSpec {
        only_if: "memory.used_percent >= 80 or swap.in_bytes_per_second >= 1 MiB or pressure.memory.some_avg60_percent >= 5",
        hold: "5m",
        ..watch("swap", "Swap", "swap.used_percent", [90.0, 80.0, 98.0, 90.0])
    },
    limits::TASKS,
    limits::TASKS_LIMIT,
    storage::THIN_POOL,
    storage::THIN_POOL_FAILED,
    storage::THIN_POOL_METADATA,
    RuleSpec {
        title: "Timer {timer} is overdue",
        metric: "timer.overdue_seconds",
        warning: Some(900.0),
        warning_clear: Some(1.0),
        hold: "2m",
        clear_for: "2m",
        boot_grace: "15m",
        ..RuleSpec::named("timer")
    },
    RuleSpec {
        title: "Unit {unit} failed",
        metric: "systemd_unit.failed",
        warning: Some(1.0),
        warning_clear: Some(1.0),
        hold: "2m",
        clear_for: "2m",
        boot_grace: "5m",
        ..RuleSpec::named("unit")
    },
    RuleSpec {
        title: "Start or stop of {unit} does not end",
        metric: "systemd_unit.job_seconds",
        warning: Some(600.0),
        warning_clear: Some(1.0),
        hold: "2m",
        clear_for: "2m",
        boot_grace: "10m",
        ..RuleSpec::named("unit_job")
    },
    storage::ZFS_DATA_ERRORS,
    storage::ZFS_ERRORS,
    storage::ZFS_POOL,
    storage::ZFS_POOL_FULL,
];

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

/// A rule over what is unusual: shown, and not notified.
const fn unusual(
    name: &'static str,
    title: &'static str,
    metric: &'static str,
    when: &'static str,
) -> RuleSpec<'static> {
    RuleSpec { title, metric, when, unusual: Unusual(true), notify: false, ..RuleSpec::named(name) }
}
