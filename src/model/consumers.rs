//! Usage by processes and units over a span of time, from records of the `processes` stream.

use super::evidence::Resource;
use super::record::round;
use crate::base::sort::SmallSort;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Usage of one consumer over a span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// CPU time, in seconds.
    pub cpu_seconds: f64,
    /// Peak memory, in bytes.
    pub memory_bytes: f64,
    /// Bytes read from and written to disks.
    pub io_bytes: f64,
    /// Processes killed by the OOM killer; known of units only.
    #[serde(skip_serializing_if = "is_zero")]
    pub oom_kills: f64,
}

fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

impl Usage {
    /// Usage of a resource: CPU seconds or bytes.
    pub fn amount(&self, resource: Resource) -> f64 {
        match resource {
            Resource::Cpu => self.cpu_seconds,
            Resource::Memory => self.memory_bytes,
            Resource::Io => self.io_bytes,
        }
    }

    /// Adds another span of the same consumer: time and transfer are summed, memory is the maximum.
    fn add_span(&mut self, other: &Self) {
        let memory_bytes = self.memory_bytes.max(other.memory_bytes);
        self.add_sibling(other);
        self.memory_bytes = memory_bytes;
    }

    /// Adds another process of the same moment: all values are summed.
    pub(super) fn add_sibling(&mut self, other: &Self) {
        self.cpu_seconds += other.cpu_seconds;
        self.memory_bytes += other.memory_bytes;
        self.io_bytes += other.io_bytes;
        self.oom_kills += other.oom_kills;
    }

    /// Rounds to the precision of rollups: milliseconds of CPU time, whole bytes.
    fn rounded(&self) -> Self {
        Self {
            cpu_seconds: round(self.cpu_seconds),
            memory_bytes: self.memory_bytes.round(),
            io_bytes: self.io_bytes.round(),
            oom_kills: self.oom_kills,
        }
    }
}

/// Processes that count as one consumer. Process ids differ from run to run, the program stays the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Program {
    /// Name of the process.
    pub name: String,
    /// Unit or container it belongs to; empty: none.
    pub unit: String,
    /// Its owner.
    pub user: String,
}

/// Usage of all consumers over a span.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Consumers {
    /// Time that the records cover, in seconds.
    pub seconds: f64,
    /// Number of records.
    pub records: u32,
    /// Time of the first record.
    pub first: Option<DateTime<Utc>>,
    /// Processes.
    #[serde(rename = "process", with = "pairs")]
    pub programs: BTreeMap<Program, Usage>,
    /// Units and containers.
    #[serde(rename = "unit", with = "pairs")]
    pub units: BTreeMap<String, Usage>,
    /// CPU time and transfer of the processes that [`Consumers::truncate`] dropped.
    pub other: Usage,
    /// Usage that no recorded process accounts for.
    pub unexplained: Usage,
    /// Tasks that began and ended between two records.
    pub short_lived: f64,
}

/// Serialises a map as a list of pairs, because keys in JSON must be strings.
mod pairs {
    use super::Usage;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::collections::BTreeMap;

    pub fn serialize<K: Serialize, S: Serializer>(map: &BTreeMap<K, Usage>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub fn deserialize<'de, K: Deserialize<'de> + Ord, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<K, Usage>, D::Error> {
        Ok(Vec::<(K, Usage)>::deserialize(deserializer)?.into_iter().collect())
    }
}

impl Consumers {
    /// Adds another span.
    pub fn add(&mut self, other: Self) {
        self.seconds += other.seconds;
        self.records = self.records.saturating_add(other.records);
        self.first = [self.first, other.first].into_iter().flatten().min();
        for (program, usage) in other.programs {
            self.programs.entry(program).or_default().add_span(&usage);
        }
        for (unit, usage) in other.units {
            self.units.entry(unit).or_default().add_span(&usage);
        }
        self.other.add_span(&other.other);
        self.unexplained.add_span(&other.unexplained);
        self.short_lived += other.short_lived;
    }

    /// Returns whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// CPU usage in percent of one core; `None` when the records have no rates.
    pub fn cpu_percent(&self, usage: &Usage) -> Option<f64> {
        (self.seconds > 0.0).then(|| round(usage.cpu_seconds / self.seconds * 100.0))
    }

    /// Keeps the `most` largest consumers of each resource and rounds their values; the other processes are summed in
    /// [`Consumers::other`].
    pub fn truncate(&mut self, most: usize) {
        let dropped = keep_greatest(&mut self.programs, most);
        self.other.add_sibling(&Usage { memory_bytes: 0.0, ..dropped });
        keep_greatest(&mut self.units, most);
        self.programs.values_mut().chain(self.units.values_mut()).for_each(|usage| *usage = usage.rounded());
        self.other = self.other.rounded();
        self.unexplained = self.unexplained.rounded();
        self.seconds = round(self.seconds);
    }
}

/// Drops all but the `most` largest consumers of each resource; returns the sum of the others.
fn keep_greatest<K: Ord + Clone>(usages: &mut BTreeMap<K, Usage>, most: usize) -> Usage {
    let mut dropped = Usage::default();
    if usages.len() > most {
        let greatest = |resource| {
            let used = ranked(usages, resource).into_iter().filter(move |(_, usage)| usage.amount(resource) > 0.0);
            used.take(most).map(|(key, _)| key.clone())
        };
        let kept: BTreeSet<K> =
            [Resource::Cpu, Resource::Memory, Resource::Io].into_iter().flat_map(greatest).collect();
        usages.retain(|key, usage| {
            let is_kept = kept.contains(key);
            if !is_kept {
                dropped.add_sibling(usage);
            }
            is_kept
        });
    }
    dropped
}

/// Consumers by usage of a resource, descending; equal ones by memory.
pub fn ranked<K>(usages: &BTreeMap<K, Usage>, resource: Resource) -> Vec<(&K, &Usage)> {
    let mut ranked: Vec<_> = usages.iter().collect();
    let memory = |usage: &Usage| usage.memory_bytes;
    ranked.arrange_by(|(_, a), (_, b)| {
        b.amount(resource).total_cmp(&a.amount(resource)).then(memory(b).total_cmp(&memory(a)))
    });
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(name: &str) -> Program {
        Program { name: name.into(), user: "u".into(), ..Program::default() }
    }

    #[test]
    fn the_greatest_of_each_resource_stay_and_the_others_are_summed_up() {
        let mut consumers = Consumers::default();
        for number in 0..20 {
            let of = f64::from(number);
            let usage = Usage { cpu_seconds: of, memory_bytes: 100.0 - of, io_bytes: 0.0, oom_kills: 0.0 };
            consumers.programs.insert(program(&format!("{number:02}")), usage);
        }
        consumers.truncate(2);
        let kept: Vec<&str> = consumers.programs.keys().map(|program| program.name.as_str()).collect();
        assert_eq!(kept, ["00", "01", "18", "19"]);
        assert_eq!((consumers.other.cpu_seconds, consumers.other.memory_bytes), ((2..18).sum::<i32>().into(), 0.0));
    }
}
