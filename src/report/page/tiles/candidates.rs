//! The values that each tile may show, the usual one first.

use super::maker::{Candidate, Maker};
use crate::base::sort::SmallSort;
use crate::base::text::clean;
use crate::model::locale::{Key, key};
use crate::model::metric::SeriesKey;
use crate::query::watch::Level;
use serde_json::Value;

/// Longest name in a label, in characters.
const NAME_MAX: usize = 40;
/// A disk expected to be full within this time, in seconds, is reported.
const SOON: f64 = 30.0 * 86_400.0;
/// One expected to be full within this time, in seconds, is reported as unusual.
const VERY_SOON: f64 = 7.0 * 86_400.0;

impl Maker<'_> {
    /// A candidate of the host, without a note.
    fn candidate(&self, label: String, metric: &str, unit: &'static str, chart: &'static str) -> Candidate {
        Candidate {
            label,
            value: self.number(&format!("/{}", metric.replace('.', "/"))),
            unit,
            series: SeriesKey::new(metric, Vec::new()),
            note: String::new(),
            is_unusual: false,
            chart,
        }
    }

    /// Adds the usual values as note if they are known, else the other note.
    fn noted(&self, candidate: Candidate, otherwise: Option<String>) -> Candidate {
        let Some((low, high)) = self.input.outlook.usual.get(&candidate.series.name).copied() else {
            return Candidate { note: otherwise.unwrap_or_default(), ..candidate };
        };
        let margin = ((high - low) * 0.5).max(high.abs() * 0.1);
        let range = self.range(low, high, candidate.unit);
        let is_beyond = candidate.value.is_some_and(|value| value > high + margin);
        let is_unusual = is_beyond && self.input.watch.level(&candidate.series) >= Level::Pending;
        Candidate { note: self.locale.with(key::TILE_USUAL, &range), is_unusual, ..candidate }
    }

    /// Busy, then waiting for disks, then taken by other guests.
    pub fn cpu(&self) -> Vec<Candidate> {
        let cpu = self.locale.label("CPU");
        let part = |name: &str| format!("{cpu}, {}", self.locale.label(name));
        let wait = self.number("/cpu/iowait_percent");
        let wait = wait.map(|wait| self.locale.with(key::TILE_IO_WAIT, &self.locale.short(wait)));
        vec![
            self.noted(self.candidate(cpu.to_string(), "cpu.busy_percent", "%", "CPU"), wait),
            self.candidate(part("I/O wait"), "cpu.iowait_percent", "%", "CPU"),
            self.candidate(part("steal"), "cpu.steal_percent", "%", "CPU"),
        ]
    }

    /// Memory, then swap.
    pub fn memory(&self) -> Vec<Candidate> {
        let of = |section: &str| {
            let (used, total) =
                ["used_bytes", "total_bytes"].map(|name| self.number(&format!("/{section}/{name}"))).into();
            let (used, total) = (self.locale.bytes(used?), self.locale.bytes(total?));
            Some(self.locale.fill(key::TILE_USED_OF, &[("used", &used), ("total", &total)]))
        };
        let memory = self.candidate(self.locale.label("Memory").to_string(), "memory.used_percent", "%", "Memory");
        let swap = self.candidate(self.locale.text(key::RULE_SWAP).to_string(), "swap.used_percent", "%", "Memory");
        [(memory, "memory"), (swap, "swap")]
            .map(|(candidate, section)| Candidate { note: of(section).unwrap_or_default(), ..candidate })
            .into()
    }

    /// The disk that will be full first or is the fullest, then the others, then those whose inodes run out.
    pub fn disk(&self) -> Vec<Candidate> {
        let now = self.input.now.timestamp() as f64;
        let left = |disk: &Value| {
            let at = self.input.outlook.full.get(mount(disk));
            at.map(|at| at - now).filter(|left| *left > 0.0 && *left < SOON)
        };
        let rank = |disk: &Value| {
            let used = number(disk, "used_percent").unwrap_or_default();
            // A disk that will be full within a week counts as nearly full.
            left(disk).filter(|left| *left < VERY_SOON).map_or(used, |_| used.max(90.0))
        };
        let disks = self.snapshot.get("disk").and_then(Value::as_array).into_iter().flatten();
        let mut disks: Vec<&Value> = disks.filter(|disk| number(disk, "used_percent").is_some()).collect();
        disks.arrange_by(|a, b| rank(b).total_cmp(&rank(a)).then_with(|| (mount(b) == "/").cmp(&(mount(a) == "/"))));
        let space = disks.iter().map(|disk| {
            let left = left(disk);
            let free = number(disk, "available_bytes");
            let free = free.map(|free| self.locale.with(key::TILE_FREE, &self.locale.bytes(free)));
            Candidate {
                note: left
                    .map(|left| self.locale.with(key::TILE_FULL_IN, &self.locale.duration(left)))
                    .or(free)
                    .unwrap_or_default(),
                is_unusual: left.is_some_and(|left| left < VERY_SOON),
                ..self.of_disk(disk, key::TILE_DISK, "used_percent", "File systems")
            }
        });
        let inodes = disks.iter().map(|disk| self.of_disk(disk, key::RULE_INODES, "inodes_used_percent", "Inodes"));
        space.chain(inodes).collect()
    }

    fn of_disk(&self, disk: &Value, label: Key, member: &str, chart: &'static str) -> Candidate {
        let mount = mount(disk);
        Candidate {
            label: self.locale.with(label, &clean(mount, NAME_MAX)),
            value: number(disk, member),
            unit: "%",
            series: SeriesKey::new(format!("disk.{member}"), vec![("mount".to_string(), mount.to_string())]),
            note: String::new(),
            is_unusual: false,
            chart,
        }
    }

    /// The load of the last minute, then the means that rules judge.
    pub fn load(&self) -> Vec<Candidate> {
        let label = self.locale.label("Load per core");
        let all = |metric: &str| Some(self.locale.with(key::TILE_IN_ALL, &self.locale.short(self.number(metric)?)));
        let mean = |span: &str| format!("{label}, {}", self.locale.label(span));
        [
            (label.to_string(), "load.one_per_core", "/load/one"),
            (mean("5 min"), "load.five_per_core", "/load/five"),
            (mean("15 min"), "load.fifteen_per_core", "/load/fifteen"),
        ]
        .map(|(label, metric, total)| self.noted(self.candidate(label, metric, "", "Load"), all(total)))
        .into()
    }

    /// The pressures, the highest first.
    pub fn pressure(&self) -> Vec<Candidate> {
        let stalls = [
            ("CPU pressure", "pressure.cpu.some_avg60_percent"),
            ("Memory pressure", "pressure.memory.some_avg60_percent"),
            ("I/O pressure", "pressure.io.some_avg60_percent"),
        ];
        let stalled = || Some(self.locale.text(key::TILE_STALLED).to_string());
        let candidate = |(label, metric): (&str, &str)| {
            self.noted(self.candidate(self.locale.label(label).to_string(), metric, "%", "Pressure"), stalled())
        };
        let mut known: Vec<Candidate> = stalls.map(candidate).into_iter().filter(|one| one.value.is_some()).collect();
        known.arrange_by(|a, b| b.value.unwrap_or_default().total_cmp(&a.value.unwrap_or_default()));
        known
    }

    /// The number of processes.
    pub fn processes(&self) -> Vec<Candidate> {
        let count = |path: &str, plural| Some(self.locale.count(plural, self.number(path)? as usize));
        let counts = [count("/process/running", key::COUNT_RUNNING), count("/process/zombies", key::COUNT_ZOMBIES)];
        let label = self.locale.label("Processes").to_string();
        let total = Candidate {
            note: counts.into_iter().flatten().collect::<Vec<_>>().join(", "),
            ..self.candidate(label, "process.total", "", "Processes")
        };
        Some(total).filter(|total| total.value.is_some()).into_iter().collect()
    }
}

fn number(disk: &Value, member: &str) -> Option<f64> {
    disk.get(member).and_then(Value::as_f64)
}

fn mount(disk: &Value) -> &str {
    disk.get("mount").and_then(Value::as_str).unwrap_or_default()
}
