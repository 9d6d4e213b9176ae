//! The lines of `/proc/stat` (proc_stat(5)).

use super::shares::Ticks;
use crate::probe::fields::{leading_number, lines, number, value_of, words};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Counters of one core: work (all modes but the others), idle, waiting for I/O, steal.
pub type CoreTicks = [Option<u64>; 4];

/// The counters, kept for the next snapshot.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Stat {
    /// All cores together.
    pub cpu: CpuCounters,
    /// Context switches.
    pub context_switches: Option<u64>,
    /// Interrupts.
    pub interrupts: Option<u64>,
    /// Processes and threads started.
    pub forks: Option<u64>,
    /// Each core that is online, by its number. Numbers have gaps where cores are offline.
    #[serde(default, rename = "core")]
    pub cores: BTreeMap<u32, CoreTicks>,
}

/// Ticks since boot (`USER_HZ`, 100 per second). `guest` time is within `user`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CpuCounters {
    #[serde(skip_serializing_if = "Option::is_none")]
    user_ticks: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nice_ticks: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_ticks: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idle_ticks: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iowait_ticks: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    irq_ticks: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    softirq_ticks: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    steal_ticks: Option<u64>,
}

impl CpuCounters {
    fn new(ticks: Ticks) -> Self {
        let [user_ticks, nice_ticks, system_ticks, idle_ticks, iowait_ticks, irq_ticks, softirq_ticks, steal_ticks] =
            ticks;
        Self { user_ticks, nice_ticks, system_ticks, idle_ticks, iowait_ticks, irq_ticks, softirq_ticks, steal_ticks }
    }

    /// The counters in the order of the modes.
    pub fn ticks(&self) -> Ticks {
        let [user, nice, system] = [self.user_ticks, self.nice_ticks, self.system_ticks];
        let [idle, iowait, irq, softirq] = [self.idle_ticks, self.iowait_ticks, self.irq_ticks, self.softirq_ticks];
        [user, nice, system, idle, iowait, irq, softirq, self.steal_ticks]
    }
}

/// Reads the lines `cpu`, `cpuN`, `intr`, `ctxt` and `processes`, each value alone; any other line may have any form.
pub fn parse(content: &[u8]) -> Stat {
    let mut stat = Stat::default();
    for line in lines(content) {
        if let Some(rest) = line.strip_prefix(b"cpu") {
            let fields = rest.iter().position(u8::is_ascii_whitespace).and_then(|at| rest.split_at_checked(at));
            let Some((core, fields)) = fields else { continue };
            if core.is_empty() {
                stat.cpu = CpuCounters::new(ticks(fields));
            } else if let Some(core) = number(core).and_then(|core| u32::try_from(core).ok()) {
                stat.cores.insert(core, of_core(ticks(fields)));
            }
        } else if let Some(numbers) = line.strip_prefix(b"intr ") {
            // The first number is the total; thousands may follow.
            stat.interrupts = leading_number(numbers.trim_ascii_start());
        } else if line.starts_with(b"ctxt") {
            stat.context_switches = value_of(line, b"ctxt");
        } else if line.starts_with(b"processes") {
            stat.forks = value_of(line, b"processes");
        }
    }
    stat
}

/// The modes that a line has; old kernels have only the first four, and count no time elsewhere.
fn ticks(fields: &[u8]) -> Ticks {
    let mut words = words(fields);
    let mut at = 0;
    [(); 8].map(|()| {
        at += 1;
        match words.next() {
            Some(word) => number(word),
            None => (at > 4).then_some(0),
        }
    })
}

fn of_core(ticks: Ticks) -> CoreTicks {
    let [user, nice, system, idle, iowait, irq, softirq, steal] = ticks;
    let work = [user, nice, system, irq, softirq].into_iter().try_fold(0_u64, |sum, ticks| sum.checked_add(ticks?));
    [work, idle, iowait, steal]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STAT: &[u8] =
        b"cpu  100 0 50 800 50 1 2 3 0 0\ncpu0 100 0 50 800 50 0 0 0 0 0\ncpu7 1 2 3 4\nintr 77 1 2\nctxt 1\nbtime 2\nprocesses 3\n";

    #[test]
    fn each_value_alone() {
        let stat = parse(STAT);
        assert_eq!(stat.cpu.ticks(), [100, 0, 50, 800, 50, 1, 2, 3].map(Some));
        assert_eq!((stat.interrupts, stat.context_switches, stat.forks), (Some(77), Some(1), Some(3)));
        let cores: Vec<_> = stat.cores.iter().collect();
        assert_eq!(cores[0], (&0, &[Some(150), Some(800), Some(50), Some(0)]));
        assert_eq!(cores[1], (&7, &[Some(6), Some(4), Some(0), Some(0)]), "by its number, not its place");
        let odd =
            parse(b"cpu  100 x 50 800\ncpux 1 2\ncpu1\nprocesses -1948031333\nintr\nctxt 99999999999999999999999\n");
        assert_eq!(odd.cpu.ticks()[..4], [Some(100), None, Some(50), Some(800)]);
        assert_eq!((odd.forks, odd.interrupts, odd.context_switches, odd.cores.len()), (None, None, None, 0));
        let kept: Stat = serde_json::from_str(
            r#"{"cpu":{"user_ticks":1},"context_switches":2,"interrupts":3,"forks":4,"cores":[1,2]}"#,
        )
        .unwrap();
        assert_eq!((kept.cpu.user_ticks, kept.forks, kept.cores.len()), (Some(1), Some(4), 0), "of an earlier version");
    }

    proptest! {
        #[test]
        fn no_line_costs_another(noise in proptest::collection::vec("[ -~\\t]{0,40}", 4)) {
            let noise: Vec<&String> = noise.iter().filter(|line| {
                !["cpu", "intr", "ctxt", "processes"].iter().any(|key| line.starts_with(key))
            }).collect();
            let mut lines: Vec<&str> = std::str::from_utf8(STAT).unwrap().lines().collect();
            for (at, line) in noise.iter().enumerate() {
                lines.insert((at * 2).min(lines.len()), line);
            }
            prop_assert_eq!(parse(lines.join("\n").as_bytes()), parse(STAT));
        }

        #[test]
        fn any_text(content in proptest::collection::vec(any::<u8>(), 0..300)) {
            parse(&content);
        }
    }
}
