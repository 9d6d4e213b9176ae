//! Shares of CPU time of an interval. Any counter may be broken; it costs its own share, and the others stay right.

use crate::probe::growth::{NoGrowth, growth};
use crate::probe::rates::percent;
use serde::Serialize;

/// `USER_HZ`: ticks per second of one core.
const TICKS_PER_SECOND: f64 = 100.0;
/// `idle` and `iowait` may fall a little on a healthy kernel (`Documentation/filesystems/proc.rst`); by less than this many
/// ticks of each core it counts as no growth.
const FALL_TICKS: f64 = 300.0;
/// The kernel and osmon read their clocks at different moments: share and ticks of a core allowed above the interval.
const EXCESS: f64 = 0.1;
const EXCESS_TICKS: f64 = 10.0;

/// The modes, in the order of `/proc/stat`.
pub const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];
/// Ticks of each mode; `None`: not readable.
pub type Ticks = [Option<u64>; 8];

/// Percent of the interval in each mode; absent where the counter is broken.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Shares {
    /// All modes but idle and waiting for I/O.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busy_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nice_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iowait_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    irq_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    softirq_percent: Option<f64>,
    /// Time the hypervisor gave to other guests.
    #[serde(skip_serializing_if = "Option::is_none")]
    steal_percent: Option<f64>,
}

/// Growth of each mode over an interval.
#[derive(Debug)]
pub struct Grown {
    ticks: [Option<f64>; 8],
    /// `idle` is not exact: it fell a little.
    idle_fell: bool,
    /// Ticks that the cores had; `None`: number of cores unknown.
    capacity: Option<f64>,
    /// Modes that have no growth, and why.
    pub broken: Vec<(usize, NoGrowth)>,
}

impl Grown {
    /// Growth over `seconds` on `cores`.
    pub fn new(now: &Ticks, before: &Ticks, cores: Option<usize>, seconds: f64) -> Self {
        let count = cores.map(|cores| cores as f64);
        let capacity = count.map(|cores| cores * seconds * TICKS_PER_SECOND);
        // Without the number of cores, the largest that Linux can have.
        let most = |cores: f64| cores * (seconds * TICKS_PER_SECOND * (1.0 + EXCESS) + EXCESS_TICKS);
        let most = most(count.unwrap_or(8192.0));
        let mut grown = Self { ticks: [None; 8], idle_fell: false, capacity, broken: Vec::new() };
        for (mode, ((now, before), slot)) in now.iter().zip(before).zip(&mut grown.ticks).enumerate() {
            let Some((now, before)) = now.zip(*before) else { continue };
            let is_waiting = matches!(MODES.get(mode), Some(&"idle" | &"iowait"));
            match growth(now, before, most) {
                Ok(ticks) => *slot = Some(ticks as f64),
                Err(NoGrowth::Fell { .. })
                    if is_waiting && ((before - now) as f64) <= FALL_TICKS * count.unwrap_or(1.0) =>
                {
                    *slot = Some(0.0);
                    grown.idle_fell |= MODES.get(mode) == Some(&"idle");
                }
                Err(reason) => grown.broken.push((mode, reason)),
            }
        }
        grown.drop_excess(most);
        grown
    }

    /// More ticks in all than there was time for: the largest mode without which the rest fits the time is broken.
    fn drop_excess(&mut self, most: f64) {
        let (Some(capacity), known) = (self.capacity, self.known()) else { return };
        if known <= most {
            return;
        }
        let fits = |ticks: f64| (known - ticks) <= most && (known - ticks) >= capacity * (1.0 - EXCESS);
        let modes = self.ticks.iter().enumerate().filter_map(|(mode, ticks)| Some((mode, (*ticks)?)));
        let largest = modes.filter(|(_, ticks)| fits(*ticks)).max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((mode, ticks)) = largest {
            let left = (capacity - (known - ticks)).max(0.0);
            self.broken.push((mode, NoGrowth::Jumped { by: ticks as u64, most: left }));
            if let Some(slot) = self.ticks.get_mut(mode) {
                *slot = None;
            }
        }
    }

    fn known(&self) -> f64 {
        self.ticks.iter().flatten().sum()
    }

    /// Ticks spent in processes and interrupts: without idle, waiting for I/O, and steal.
    pub fn work(&self) -> Option<f64> {
        let [user, nice, system, _, _, irq, softirq, _] = self.ticks;
        Some(user? + nice? + system? + irq? + softirq?)
    }

    /// The shares; `None` when the interval had no ticks, or too little is known.
    pub fn shares(&self) -> Option<Shares> {
        let [user, nice, system, idle, iowait, irq, softirq, steal] = self.ticks;
        let is_complete = self.work().is_some() && idle.is_some() && iowait.is_some() && !self.idle_fell;
        // What a broken counter lacks is known from the length of the interval.
        let total = if is_complete { self.known() } else { self.capacity?.max(self.known()) };
        if total <= 0.0 {
            return None;
        }
        let rest = || Some(total - idle.filter(|_| !self.idle_fell)? - iowait?);
        let busy = self.work().map(|work| work + steal.unwrap_or(0.0)).or_else(rest);
        let share = |ticks: Option<f64>| ticks.map(|ticks| percent(ticks, total));
        Some(Shares {
            busy_percent: share(busy),
            user_percent: share(user),
            nice_percent: share(nice),
            system_percent: share(system),
            iowait_percent: share(iowait),
            irq_percent: share(irq),
            softirq_percent: share(softirq),
            steal_percent: share(steal),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shares(now: [u64; 8], before: [u64; 8]) -> (Option<Shares>, Vec<usize>) {
        let grown = Grown::new(&now.map(Some), &before.map(Some), Some(1), 60.0);
        (grown.shares(), grown.broken.iter().map(|(mode, _)| *mode).collect())
    }

    const BEFORE: [u64; 8] = [1000, 0, 500, 80_000, 100, 0, 0, 50];

    /// One minute of one core: 2 % busy.
    fn minute() -> [u64; 8] {
        [1060, 0, 560, 85_880, 100, 0, 0, 50]
    }

    #[test]
    fn each_broken_counter_costs_its_own_share() {
        for (mode, name) in MODES.iter().enumerate() {
            for broken in [0, 10_000_000, 1 << 53, u64::MAX] {
                let (mut now, mut before) = (minute(), BEFORE);
                before[mode] += 5_000_000;
                now[mode] = broken;
                let (found, discarded) = shares(now, before);
                let found = found.unwrap();
                assert_eq!(discarded, [mode], "{name} {broken}");
                let expected = if *name == "user" || *name == "system" { 2.0 } else { found.busy_percent.unwrap() };
                assert_eq!(found.busy_percent, Some(expected), "{name} {broken}");
                assert!((1.9..2.1).contains(&expected), "{name} {broken}: {expected}");
            }
        }
    }

    #[test]
    fn small_falls_of_idle_and_waiting_are_no_growth() {
        let mut now = minute();
        now[4] -= 2;
        assert_eq!(shares(now, BEFORE), (shares(minute(), BEFORE).0, vec![]));
        now = minute();
        now[3] = BEFORE[3] - 3;
        let (found, broken) = shares(now, BEFORE);
        assert_eq!((found.unwrap().busy_percent, broken), (Some(2.0), vec![]), "not 100 %");
    }

    #[test]
    fn more_ticks_than_time() {
        let mut now = minute();
        now[7] += 5000;
        let (found, broken) = shares(now, BEFORE);
        assert_eq!((found.unwrap().busy_percent, broken), (Some(2.0), vec![7]));
        assert_eq!(Grown::new(&BEFORE.map(Some), &BEFORE.map(Some), Some(1), 60.0).shares(), None);
        let unknown = Grown::new(&minute().map(Some), &BEFORE.map(Some), None, 60.0);
        assert_eq!(unknown.shares().unwrap().busy_percent, Some(2.0));
    }

    proptest! {
        #[test]
        fn shares_are_percent(now: [Option<u64>; 8], before: [Option<u64>; 8], cores: Option<u8>, seconds in 0.01..4000.0) {
            let grown = Grown::new(&now, &before, cores.map(usize::from), seconds);
            if let Some(found) = grown.shares() {
                let all = [found.busy_percent, found.user_percent, found.steal_percent, found.iowait_percent];
                prop_assert!(all.iter().flatten().all(|share| (0.0..=100.0).contains(share)));
            }
        }

        /// A core that really was busy that long, with one counter broken: busy is right within a percent, or absent.
        #[test]
        fn one_broken_counter(user in 0u64..3000, system in 0u64..2900, mode in 0usize..8, value: u64) {
            let mut now = [1000 + user, 0, 500 + system, 80_000 + 6000 - user - system, 100, 0, 0, 50];
            let is_plausible = value.checked_sub(BEFORE[mode]).is_some_and(|grown| grown <= 6700)
                || (matches!(mode, 3 | 4) && BEFORE[mode].abs_diff(value) <= 300);
            prop_assume!(!is_plausible);
            now[mode] = value;
            let found = shares(now, BEFORE).0.unwrap_or_default();
            let expected = (user + system) as f64 / 60.0;
            if let Some(busy) = found.busy_percent {
                prop_assert!((busy - expected).abs() < 1.0, "{busy} {expected}");
            }
        }
    }
}
