//! Evidence of an incident, recorded when it fired: top consumers of the resource, recent values, recent changes.

use super::locale::Locale;
use super::message::{Message, localized};
use serde::{Deserialize, Serialize};

/// Largest number of processes kept.
pub const PROCESSES_MAX: usize = 5;
/// Largest number of units kept.
pub const UNITS_MAX: usize = 3;
/// Largest number of values kept.
pub const VALUES_MAX: usize = 10;
/// Largest number of changes kept.
pub const CHANGES_MAX: usize = 10;

/// A resource that processes compete for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// CPU time.
    Cpu,
    /// Main memory and swap.
    Memory,
    /// Disk transfer.
    Io,
}

impl Resource {
    /// The resource that a metric measures, by its name; `None`: not one that processes consume.
    pub fn of(metric: &str) -> Option<Self> {
        let name = metric.split('{').next().unwrap_or_default();
        let starts = |heads: &[&str]| heads.iter().any(|head| name.starts_with(head));
        // Not `disk.`: who transfers most need not write to the file system that fills up.
        if ["cpu.iowait_percent", "process.hung"].contains(&name) || starts(&["disk_io.", "pressure.io."]) {
            Some(Self::Io)
        } else if starts(&["memory.", "swap.", "pressure.memory.", "limit.memory"]) {
            Some(Self::Memory)
        } else if starts(&["cpu.", "load.", "pressure.cpu.", "limit.cpu", "process.", "temperature.", "fan."]) {
            Some(Self::Cpu)
        } else {
            None
        }
    }

    /// Its name in table headings.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cpu => "CPU",
            Self::Memory => "memory",
            Self::Io => "disk transfer",
        }
    }
}

/// A process or unit with high usage.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Name of the process, or of the unit.
    pub name: String,
    /// Owner of the process.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// Unit that the process belongs to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Percent of one core over the interval of the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_percent: Option<f64>,
    /// Resident memory, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<f64>,
    /// Disk reads and writes together, in bytes per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub io_bytes_per_second: Option<f64>,
}

impl User {
    /// Usage of a resource, in its unit; 0: unknown.
    pub fn amount(&self, resource: Resource) -> f64 {
        let amount = match resource {
            Resource::Cpu => self.cpu_percent,
            Resource::Memory => self.memory_bytes,
            Resource::Io => self.io_bytes_per_second,
        };
        amount.unwrap_or(0.0)
    }

    /// `java (shop.service) 212 % CPU`.
    pub fn describe(&self, resource: Resource, locale: Locale) -> String {
        let amount = match resource {
            Resource::Cpu => format!("{}{}% CPU", locale.short(self.amount(resource)), locale.space()),
            Resource::Memory => locale.bytes(self.amount(resource)),
            Resource::Io => format!("{}/s", locale.bytes(self.amount(resource))),
        };
        let owner = if self.unit.is_empty() { &self.user } else { &self.unit };
        if owner.is_empty() { format!("{} {amount}", self.name) } else { format!("{} ({owner}) {amount}", self.name) }
    }
}

/// One value of the metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// RFC 3339, UTC.
    pub time: String,
    /// In the unit of the metric.
    pub value: f64,
}

/// The evidence. Its size is bounded so that an event stays a short line.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Resource that the metric measures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// Top processes, largest consumer first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub process: Vec<User>,
    /// Top units or containers, largest consumer first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unit: Vec<User>,
    /// Recent values, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub value: Vec<Sample>,
    /// Facts beside the value, one line each, in English: `1.2 GiB free of 40 GiB`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fact: Vec<String>,
    /// The same facts as messages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fact_localized: Vec<Message>,
    /// Changes in the hour before, one line each, in English.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub change: Vec<String>,
    /// The same changes as messages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub change_localized: Vec<Message>,
}

impl Evidence {
    /// Whether there is no evidence.
    pub fn is_empty(&self) -> bool {
        let lists = [self.value.is_empty(), self.fact.is_empty(), self.change.is_empty()];
        self.process.is_empty() && self.unit.is_empty() && lists.iter().all(|is_empty| *is_empty)
    }

    /// Changes in the hour before, in a language.
    pub fn changes_in(&self, locale: Locale) -> Vec<String> {
        lines_in(&self.change, &self.change_localized, locale)
    }

    /// Facts beside the value, in a language.
    pub fn facts_in(&self, locale: Locale) -> Vec<String> {
        lines_in(&self.fact, &self.fact_localized, locale)
    }

    /// The top `most` consumers, without those below a tenth of the first: `java (shop.service) 212 % CPU, nginx
    /// (nginx.service) 28 % CPU`.
    pub fn consumers(&self, most: usize, locale: Locale) -> String {
        let Some(resource) = self.resource else { return String::new() };
        let users = if self.process.is_empty() { &self.unit } else { &self.process };
        let least = users.first().map_or(0.0, |first| first.amount(resource) / 10.0);
        let users = users.iter().take(most).filter(|user| user.amount(resource) >= least);
        users.map(|user| user.describe(resource, locale)).collect::<Vec<_>>().join(", ")
    }
}

fn lines_in(english: &[String], messages: &[Message], locale: Locale) -> Vec<String> {
    english.iter().enumerate().map(|(at, line)| localized(messages.get(at), line, locale)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_metric_is_about_and_who_used_it() {
        let cases = [
            ("cpu.busy_percent", Some(Resource::Cpu)),
            ("cpu.iowait_percent", Some(Resource::Io)),
            ("disk.used_percent{mount=\"/\"}", None),
            ("disk.read_only_by_kernel{mount=\"/\"}", None),
            ("swap.used_percent", Some(Resource::Memory)),
            ("limit.memory_used_percent{unit=\"x\"}", Some(Resource::Memory)),
            ("memory_error.corrected{controller=\"mc0\"}", None),
            ("service.failed{service=\"x\"}", None),
        ];
        for (metric, expected) in cases {
            assert_eq!(Resource::of(metric), expected, "{metric}");
        }
        let user = |name: &str, unit: &str, percent| User {
            name: name.into(),
            unit: unit.into(),
            cpu_percent: Some(percent),
            ..User::default()
        };
        let evidence = Evidence {
            resource: Some(Resource::Cpu),
            process: vec![user("java", "shop.service", 212.4), user("x", "", 21.3), user("y", "", 21.0)],
            ..Evidence::default()
        };
        assert_eq!(evidence.consumers(3, Locale::En), "java (shop.service) 212 % CPU, x 21.3 % CPU");
        assert_eq!(evidence.consumers(1, Locale::En), "java (shop.service) 212 % CPU");
    }
}
