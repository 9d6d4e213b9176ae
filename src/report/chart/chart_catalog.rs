//! The charts that osmon knows: which metrics each of them shows, and from which value on it says anything.

use crate::report::chart::spec::Unit;

/// One chart.
pub struct Known {
    /// Heading.
    pub title: &'static str,
    /// Unit of all its values.
    pub unit: Unit,
    /// Drawn when a value is at least this once; 0: always.
    pub least: f64,
    /// For who looks for a cause: in the short ranges only, behind all others.
    pub is_detail: bool,
    /// Metric and what its line is called; with labels, one line each.
    pub lines: &'static [(&'static str, &'static str)],
}

/// A value that is not 0, however small.
const ANY: f64 = 1e-9;

const fn chart(title: &'static str, unit: Unit, lines: &'static [(&'static str, &'static str)]) -> Known {
    Known { title, unit, least: 0.0, is_detail: false, lines }
}

const fn detail(title: &'static str, unit: Unit, least: f64, lines: &'static [(&'static str, &'static str)]) -> Known {
    Known { title, unit, least, is_detail: true, lines }
}

/// Parts of the CPU's time that are nothing on most hosts: drawn where they are at least so many percent once.
pub const RARE: [&str; 3] = ["cpu.nice_percent", "cpu.softirq_percent", "cpu.irq_percent"];
/// See [`RARE`].
pub const RARE_LEAST: f64 = 0.5;

/// Every chart, in the order of the page.
pub const CHARTS: [Known; 22] = [
    chart(
        "CPU",
        Unit::Percent,
        &[
            ("cpu.user_percent", "user"),
            ("cpu.system_percent", "system"),
            ("cpu.iowait_percent", "I/O wait"),
            ("cpu.steal_percent", "steal"),
            ("cpu.nice_percent", "nice"),
            ("cpu.softirq_percent", "soft interrupts"),
            ("cpu.irq_percent", "interrupts"),
        ],
    ),
    chart("Memory", Unit::Full, &[("memory.used_percent", "memory used"), ("swap.used_percent", "swap used")]),
    chart(
        "Pressure",
        Unit::SmallPercent,
        &[
            ("pressure.cpu.some_avg60_percent", "CPU"),
            ("pressure.memory.some_avg60_percent", "memory"),
            ("pressure.io.some_avg60_percent", "I/O"),
        ],
    ),
    chart("Load", Unit::Number, &[("load.one", "1 min"), ("load.five", "5 min"), ("load.fifteen", "15 min")]),
    chart(
        "Disk transfer",
        Unit::BytesPerSecond,
        &[("disk_io.read_bytes_per_second", "read"), ("disk_io.written_bytes_per_second", "written")],
    ),
    Known { least: ANY, ..chart("Disk latency", Unit::Milliseconds, &[("disk_io.latency_ms", "")]) },
    chart("File systems", Unit::Full, &[("disk.used_percent", "")]),
    chart(
        "Network",
        Unit::BytesPerSecond,
        &[("network.received_bytes_per_second", "received"), ("network.sent_bytes_per_second", "sent")],
    ),
    chart(
        "Processes",
        Unit::Number,
        &[("process.total", "total"), ("process.running", "running"), ("process.blocked", "blocked")],
    ),
    chart("Temperature", Unit::Celsius, &[("temperature.celsius", "")]),
    chart("CPU of units", Unit::SmallPercent, &[("unit.cpu_percent", "")]),
    chart("Memory of units", Unit::Bytes, &[("unit.memory_bytes", "")]),
    detail(
        "Memory by kind",
        Unit::Bytes,
        ANY,
        &[
            ("memory.used_bytes", "used"),
            ("memory.cached_bytes", "cached"),
            ("memory.shared_bytes", "shared"),
            ("memory.slab_bytes", "slab"),
            ("memory.free_bytes", "free"),
        ],
    ),
    detail(
        "Swap transfer",
        Unit::BytesPerSecond,
        ANY,
        &[("swap.in_bytes_per_second", "in"), ("swap.out_bytes_per_second", "out")],
    ),
    detail("Busy disks", Unit::Percent, ANY, &[("disk_io.busy_percent", "")]),
    detail(
        "Disk operations",
        Unit::PerSecond,
        ANY,
        &[("disk_io.reads_per_second", "read"), ("disk_io.writes_per_second", "written")],
    ),
    detail("Inodes", Unit::Full, 50.0, &[("disk.inodes_used_percent", "")]),
    detail(
        "Network errors",
        Unit::PerSecond,
        ANY,
        &[("network.errors_per_second", "errors"), ("network.dropped_per_second", "drops")],
    ),
    detail(
        "TCP connections",
        Unit::Number,
        ANY,
        &[("tcp.established", "established"), ("tcp.time_wait", "closing"), ("tcp.orphaned", "orphaned")],
    ),
    detail("TCP sent again", Unit::SmallPercent, 0.1, &[("tcp.retransmitted_percent", "")]),
    detail("Busy cores", Unit::Percent, ANY, &[("cpu.core.busy_percent", "")]),
    detail(
        "Kernel",
        Unit::PerSecond,
        ANY,
        &[("cpu.context_switches_per_second", "context switches"), ("cpu.interrupts_per_second", "interrupts")],
    ),
];
