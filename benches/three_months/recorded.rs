//! Writes the gauges of a minute into the files of a recorded host.

use super::harness::Host;
use super::server::{Gauges, ServiceState};

const CORES: f64 = 4.0;
const MEMORY_KIB: f64 = 16_382_104.0;
const SWAP_KIB: f64 = 2_097_148.0;

/// The files that change, with the counters behind them.
pub struct Recorded {
    meminfo: String,
    vmstat: String,
    boot_id: String,
    /// user, nice, system, idle, iowait
    ticks: [f64; 5],
    /// Stall times, in microseconds: CPU, I/O, memory.
    stalled: [f64; 3],
}

impl Recorded {
    pub fn new(host: &Host) -> Self {
        Self {
            meminfo: host.read("proc/meminfo"),
            vmstat: host.read("proc/vmstat"),
            boot_id: host.read("proc/sys/kernel/random/boot_id"),
            ticks: [0.0; 5],
            stalled: [0.0; 3],
        }
    }

    pub fn write(&mut self, host: &Host, g: &Gauges, minutes: f64) {
        self.cpu(host, g, minutes * 6000.0 * CORES);
        host.write("proc/loadavg", &format!("{0:.2} {0:.2} {0:.2} 2/512 48213\n", g.load * CORES));
        host.write("proc/uptime", &format!("{:.2} 0.00\n", 1000.0 + g.up as f64 * 60.0));
        let other = format!("{:08x}{}", g.boots, self.boot_id.get(8..).unwrap());
        host.write("proc/sys/kernel/random/boot_id", &other);
        let memory = self.meminfo.lines().map(|line| {
            let key = line.split(':').next().unwrap();
            let kib = match key {
                "MemAvailable" => MEMORY_KIB * (100.0 - g.memory) / 100.0,
                "SwapFree" => SWAP_KIB * (100.0 - g.swap) / 100.0,
                _ => return line.to_string(),
            };
            format!("{key}: {kib:.0} kB")
        });
        host.write("proc/meminfo", &(memory.collect::<Vec<_>>().join("\n") + "\n"));
        let kills = |line: &str| {
            if line.starts_with("oom_kill ") { format!("oom_kill {}", g.oom_kills) } else { line.to_string() }
        };
        host.write("proc/vmstat", &(self.vmstat.lines().map(kills).collect::<Vec<_>>().join("\n") + "\n"));
        let disk = |mount: &str, blocks: f64, used: f64| {
            let free = (blocks * (100.0 - used) / 100.0).round();
            format!("{mount} 4096 {blocks} {free} {free} 2621440 2210000\n")
        };
        let disks =
            disk("/", 10_255_636.0, g.root) + &disk("/var", 26_214_400.0, g.var) + &disk("/run", 409_553.0, 0.1);
        host.write("statvfs", &disks);
        self.pressure(host, g, minutes);
        host.write("systemctl-show", &services(g));
    }

    fn cpu(&mut self, host: &Host, g: &Gauges, ticks: f64) {
        let idle = (100.0 - g.busy - g.nice - g.iowait).max(0.0);
        let shares = [g.busy * 0.8, g.nice, g.busy * 0.2, idle, g.iowait];
        for (sum, share) in self.ticks.iter_mut().zip(shares) {
            *sum += ticks * share / 100.0;
        }
        let line = |name: String, cores: f64| {
            let numbers: Vec<String> = self.ticks.iter().map(|all| format!("{:.0}", (all / cores).floor())).collect();
            format!("{name} {} 0 0 0 0 0\n", numbers.join(" "))
        };
        let cores: String = (0..CORES as u32).map(|core| line(format!("cpu{core}"), CORES)).collect();
        let rest = "intr 1\nctxt 987654321\nbtime 1795211520\nprocesses 4321000\nprocs_running 2\nprocs_blocked 0\n";
        host.write("proc/stat", &(line("cpu ".to_string(), 1.0) + &cores + rest));
    }

    fn pressure(&mut self, host: &Host, g: &Gauges, minutes: f64) {
        let all = [("cpu", g.cpu_pressure, 0.0), ("io", g.io_pressure, 0.5), ("memory", g.memory_pressure, 0.3)];
        for ((name, some, full_share), total) in all.into_iter().zip(self.stalled.iter_mut()) {
            *total += minutes * 60e6 * some / 100.0;
            let line = |what: &str, percent: f64, total: f64| {
                format!("{what} avg10={percent:.2} avg60={percent:.2} avg300={percent:.2} total={total:.0}\n")
            };
            let text = line("some", some, *total) + &line("full", some * full_share, *total * full_share);
            host.write(&format!("proc/pressure/{name}"), &text);
        }
    }
}

fn services(g: &Gauges) -> String {
    let one = |(name, state): &(&str, ServiceState)| {
        let (active, sub, result) = match state {
            ServiceState::Running => ("active", "running", "success"),
            ServiceState::Restarting => ("activating", "start", "success"),
            ServiceState::Failed => ("failed", "failed", "exit-code"),
        };
        let kind = if name.starts_with("certificates") { "oneshot" } else { "simple" };
        format!(
            "Id={name}\nType={kind}\nLoadState=loaded\nActiveState={active}\nSubState={sub}\nResult={result}\nNRestarts=0\n\n"
        )
    };
    g.services.iter().map(one).collect()
}
