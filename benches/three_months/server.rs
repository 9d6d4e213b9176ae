//! Three months of an ordinary small server: what its gauges show in each minute.

/// Minutes of a day.
pub const DAY: i64 = 1440;
/// Days on which single things happen.
const ONE_SHOT: i64 = 20;
const REBOOT: i64 = 30;
const WORKER: std::ops::Range<i64> = 36..39;
const OUTAGE: i64 = 45;
const FROZEN: i64 = 50;
const FULL: i64 = 60;
const OOM: i64 = 71;
/// Days until the leak makes somebody restart the service.
const LEAK: i64 = 24;

/// The gauges of one minute.
#[derive(Debug, Clone, Default)]
pub struct Gauges {
    /// Percent of all cores, without `nice`.
    pub busy: f64,
    pub nice: f64,
    pub iowait: f64,
    /// Load average per core.
    pub load: f64,
    /// Pressure, percent of the last minute.
    pub cpu_pressure: f64,
    pub io_pressure: f64,
    pub memory_pressure: f64,
    /// Percent.
    pub memory: f64,
    pub swap: f64,
    pub root: f64,
    pub var: f64,
    /// OOM kills since boot.
    pub oom_kills: u64,
    /// Name and state of each service.
    pub services: Vec<(&'static str, ServiceState)>,
    /// Number of boots before.
    pub boots: u32,
    /// Minutes since the boot.
    pub up: i64,
    /// No run takes place: the host is frozen or booting.
    pub is_still: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceState {
    Running,
    Restarting,
    Failed,
}

/// Something that people have to be told of.
pub struct Crisis {
    pub what: &'static str,
    /// Minute in which its threshold was reached.
    pub begin: i64,
    /// Latest minute in which it has to be told.
    pub told_by: i64,
    /// Rules that may tell it, and part of the title.
    pub rules: &'static [&'static str],
    pub title: &'static str,
}

/// The server with its seed.
#[derive(Clone, Copy)]
pub struct Server {
    pub seed: u64,
}

impl Server {
    /// A number from 0 to 1 that depends on seed, channel and moment only.
    fn noise(self, channel: u64, at: i64) -> f64 {
        let mut x = self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ channel.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = x.wrapping_add(at.cast_unsigned().wrapping_mul(0x94D0_49BB_1331_11EB));
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A minute of the day between two hours, different with each seed and day.
    fn minute_of(self, channel: u64, day: i64, from: i64, to: i64) -> i64 {
        from * 60 + (self.noise(channel, day) * ((to - from) * 60) as f64) as i64
    }

    fn outage(self) -> std::ops::Range<i64> {
        let begin = OUTAGE * DAY + self.minute_of(20, OUTAGE, 9, 17);
        begin..begin + 50
    }

    /// The disk fills from the first minute, and is full at the last but 40.
    fn filling(self) -> (i64, i64) {
        let begin = FULL * DAY + self.minute_of(21, FULL, 8, 18);
        (begin, begin + 120 + (self.noise(22, FULL) * 120.0) as i64)
    }

    fn var_usual(self, minute: i64) -> f64 {
        let (day, of_day) = (minute / DAY, minute % DAY);
        let dump = match of_day {
            90..120 => (of_day - 90) as f64 / 30.0,
            120..150 => 1.0,
            _ => 0.0,
        };
        let logs = 3.0 * (of_day as f64 / DAY as f64);
        58.0 + 0.12 * day as f64 + 8.0 * dump + logs + 0.2 * self.noise(5, minute)
    }

    /// The part of the filling that has happened, in percent of the disk.
    fn var(self, minute: i64) -> f64 {
        let (begin, full) = self.filling();
        let usual = self.var_usual(minute);
        if minute < begin || minute >= full + 40 {
            return usual;
        }
        let share = (minute - begin) as f64 / (full - begin) as f64;
        (usual + (100.0 - self.var_usual(begin)) * share).min(100.0)
    }

    fn memory(self, minute: i64) -> f64 {
        let since = (minute % (LEAK * DAY)) as f64 / (LEAK * DAY) as f64;
        // The leak is restarted at 93 %.
        48.0 + 45.0 * since + 1.5 * self.noise(6, minute)
    }

    fn worker(self, minute: i64) -> ServiceState {
        let period = 4 + (self.noise(23, minute / DAY) * 30.0) as i64;
        let is_flapping = WORKER.contains(&(minute / DAY));
        if is_flapping && minute % (2 * period) < period { ServiceState::Failed } else { ServiceState::Running }
    }

    /// Begin and length of the deploy of a day, if there is one.
    fn deploy(self, day: i64) -> Option<std::ops::Range<i64>> {
        let is_workday = day % 7 < 5;
        (is_workday && self.noise(24, day) < 0.4).then(|| {
            let begin = self.minute_of(25, day, 9, 18);
            begin..begin + 3 + (self.noise(26, day) * 6.0) as i64
        })
    }

    fn reboot() -> i64 {
        REBOOT * DAY + 6 * 60
    }

    /// The gauges in a minute since the begin.
    pub fn gauges(self, minute: i64) -> Gauges {
        let (day, of_day) = (minute / DAY, minute % DAY);
        let hour = of_day as f64 / 60.0;
        let sun = ((hour - 9.0) / 24.0 * std::f64::consts::TAU).sin().max(-0.5);
        let is_weekend = day % 7 >= 5;
        let level = if is_weekend { 6.0 } else { 14.0 + 9.0 * sun };
        let mut g = Gauges {
            busy: (level + 8.0 * self.noise(1, minute)).max(1.0),
            iowait: 1.0 + 2.0 * self.noise(2, minute),
            load: 0.15 + 0.2 * self.noise(3, minute),
            cpu_pressure: 1.5 * self.noise(4, minute),
            io_pressure: 1.0,
            memory: self.memory(minute),
            swap: (30.0 + 0.7 * day as f64).min(97.0),
            root: 41.0 + 0.02 * day as f64,
            var: self.var(minute),
            oom_kills: u64::from(day >= OOM),
            up: minute,
            ..Gauges::default()
        };
        // The report of each hour.
        if (5..5 + 2 + (self.noise(7, minute / 60) * 3.0) as i64).contains(&(of_day % 60)) {
            (g.busy, g.cpu_pressure) = (84.0 + 8.0 * self.noise(8, minute), 6.0);
        }
        // The nightly backup: all cores, at low priority in part, for 20 to 35 minutes.
        if (130..130 + 20 + (self.noise(9, day) * 15.0) as i64).contains(&of_day) {
            (g.busy, g.nice, g.iowait, g.load) = (64.0, 35.5, 0.5, 1.1);
            (g.cpu_pressure, g.io_pressure) = (18.0 + 8.0 * self.noise(10, minute), 12.0);
        }
        // The scrub of each week.
        if day % 7 == 6 && (60..300).contains(&of_day) {
            (g.iowait, g.io_pressure, g.load) = (42.0 + 15.0 * self.noise(11, minute), 25.0, 0.9);
            g.busy = g.busy.min(50.0);
        }
        let mut shop = ServiceState::Running;
        if let Some(deploy) = self.deploy(day).filter(|deploy| deploy.contains(&of_day)) {
            (g.busy, g.cpu_pressure, g.load) = (91.0, 22.0, 0.9);
            g.root += 2.0;
            if of_day == deploy.end - 1 {
                shop = ServiceState::Restarting;
            }
        }
        let mut nginx = ServiceState::Running;
        if self.outage().contains(&minute) {
            nginx = ServiceState::Failed;
            // Its clients and the database pile up behind it.
            let after = (minute - self.outage().start) as f64;
            (g.busy, g.cpu_pressure, g.load) = (97.0, 55.0, (0.5 + after / 5.0).min(5.0));
        }
        let one_shot = if day >= ONE_SHOT { ServiceState::Failed } else { ServiceState::Running };
        g.services = vec![
            ("nginx.service", nginx),
            ("shop.service", shop),
            ("worker.service", self.worker(minute)),
            ("postgresql@15-main.service", ServiceState::Running),
            ("certificates.service", one_shot),
        ];
        let reboot = Self::reboot();
        if minute >= reboot {
            g.boots = 1;
            g.up = minute - reboot - 2;
            g.oom_kills = u64::from(day >= OOM);
            g.is_still |= minute < reboot + 3;
        }
        let frozen = FROZEN * DAY + self.minute_of(27, FROZEN, 10, 20);
        g.is_still |= (frozen..frozen + 30).contains(&minute);
        g
    }

    /// The crises that must be reported, in order of time.
    pub fn crises(self, days: i64) -> Vec<Crisis> {
        let outage = self.outage().start;
        let (begin, full) = self.filling();
        // The rule wants two minutes, which are three samples.
        let leak = |nth: i64, limit: f64| {
            (nth * LEAK * DAY..(nth + 1) * LEAK * DAY).find(|at| (0..3).all(|more| self.memory(at + more) >= limit))
        };
        let is_down = |at: &i64| self.worker(*at) == ServiceState::Failed;
        let worker = (WORKER.start * DAY..WORKER.end * DAY).find(is_down).unwrap_or(WORKER.start * DAY);
        let reaches = |limit: f64| (begin..full).find(|at| self.var(*at) >= limit).unwrap_or(full);
        let service: &[&str] = &["service", "crash_loop"];
        let mut all = vec![
            Crisis {
                what: "one-shot failed",
                begin: ONE_SHOT * DAY,
                told_by: ONE_SHOT * DAY + 3,
                rules: service,
                title: "certificates",
            },
            Crisis { what: "worker flaps", begin: worker, told_by: worker + 3, rules: service, title: "worker" },
            Crisis { what: "nginx down", begin: outage, told_by: outage + 3, rules: service, title: "nginx" },
            Crisis {
                what: "disk fills (20 min before)",
                begin,
                told_by: full - 20,
                rules: &["disk", "disk_forecast"],
                title: "/var",
            },
            Crisis {
                what: "disk at 90 %",
                begin: reaches(90.0),
                told_by: reaches(90.0) + 3,
                rules: &["disk"],
                title: "/var",
            },
            Crisis {
                what: "disk at 98 %",
                begin: reaches(98.0),
                told_by: reaches(98.0) + 3,
                rules: &["disk"],
                title: "/var",
            },
            Crisis { what: "OOM kill", begin: OOM * DAY, told_by: OOM * DAY + 3, rules: &["oom_kill"], title: "" },
        ];
        for nth in 0..=days / LEAK {
            if let Some(begin) = leak(nth, 85.0) {
                all.push(Crisis { what: "memory at 85 %", begin, told_by: begin + 3, rules: &["memory"], title: "" });
            }
        }
        all.retain(|crisis| crisis.told_by < days * DAY);
        all.sort_by_key(|crisis| crisis.begin);
        all
    }

    /// Why a recovery told in this minute is wrong; `None`: it is right.
    pub fn is_still_bad(self, minute: i64, rule: &str, title: &str) -> Option<String> {
        let g = self.gauges(minute);
        let failed = |(name, state): &&(&str, ServiceState)| {
            title.contains(name.trim_end_matches(".service")) && *state == ServiceState::Failed
        };
        match rule {
            "disk" | "disk_forecast" if title.contains("/var") && g.var >= 90.0 => {
                Some(format!("/var at {:.1} %", g.var))
            }
            "memory" if g.memory >= 85.0 => Some(format!("memory at {:.1} %", g.memory)),
            "service" | "crash_loop" => g.services.iter().find(failed).map(|(name, _)| format!("{name} is down")),
            _ => None,
        }
    }
}
