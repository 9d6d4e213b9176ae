//! What was going on at the moment an incident fired: who used the resource, the last values, what had changed.

use super::locale::Locale;
use super::message::{Message, localized};
use serde::{Deserialize, Serialize};

/// So many processes are kept at most.
pub const PROCESSES_MAX: usize = 5;
/// So many units are kept at most.
pub const UNITS_MAX: usize = 3;
/// So many values are kept at most.
pub const VALUES_MAX: usize = 10;
/// So many changes are kept at most.
pub const CHANGES_MAX: usize = 10;

/// What people compete for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Time of the processors.
    Cpu,
    /// Main memory and swap.
    Memory,
    /// Transfer from and to disks.
    Io,
}

impl Resource {
    /// The resource that a metric is about, by its name; `None`: no process uses it up.
    pub fn of(metric: &str) -> Option<Self> {
        let name = metric.split('{').next().unwrap_or_default();
        let starts = |heads: &[&str]| heads.iter().any(|head| name.starts_with(head));
        if name == "cpu.iowait_percent" || starts(&["disk.", "disk_io.", "pressure.io."]) {
            (!name.contains("read_only")).then_some(Self::Io)
        } else if starts(&["memory.", "swap.", "pressure.memory."]) {
            Some(Self::Memory)
        } else if starts(&["cpu.", "load.", "pressure.cpu.", "process.", "temperature.", "fan."]) {
            Some(Self::Cpu)
        } else {
            None
        }
    }

    /// As tables head it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cpu => "CPU",
            Self::Memory => "memory",
            Self::Io => "disk transfer",
        }
    }
}

/// A process or a unit that used much.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Name of the process, or of the unit.
    pub name: String,
    /// Whose process it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// The unit it belongs to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Of one core, over the interval of the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_percent: Option<f64>,
    /// Resident memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<f64>,
    /// Read and written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub io_bytes_per_second: Option<f64>,
}

impl User {
    /// How much of a resource.
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
            Resource::Cpu => format!("{} % CPU", locale.short(self.amount(resource))),
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

/// All of it. Bounded, so that an event stays a short line.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What the metric is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// Who used most of it, the greediest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub process: Vec<User>,
    /// The same by unit or container.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unit: Vec<User>,
    /// The last values, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub value: Vec<Sample>,
    /// What happened in the hour before, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub change: Vec<String>,
    /// The same as messages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub change_localized: Vec<Message>,
}

impl Evidence {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.process.is_empty() && self.unit.is_empty() && self.value.is_empty() && self.change.is_empty()
    }

    /// What happened in the hour before, in a language.
    pub fn changes_in(&self, locale: Locale) -> Vec<String> {
        let lines = self.change.iter().enumerate();
        lines.map(|(at, line)| localized(self.change_localized.get(at), line, locale)).collect()
    }

    /// The first few of those who used most: `java (shop.service) 212 % CPU, nginx (nginx.service) 8 % CPU`.
    pub fn consumers(&self, most: usize, locale: Locale) -> String {
        let Some(resource) = self.resource else { return String::new() };
        let users = if self.process.is_empty() { &self.unit } else { &self.process };
        users.iter().take(most).map(|user| user.describe(resource, locale)).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_metric_is_about_and_who_used_it() {
        let cases = [
            ("cpu.busy_percent", Some(Resource::Cpu)),
            ("cpu.iowait_percent", Some(Resource::Io)),
            ("disk.used_percent{mount=\"/\"}", Some(Resource::Io)),
            ("disk.read_only_by_kernel{mount=\"/\"}", None),
            ("swap.used_percent", Some(Resource::Memory)),
            ("service.failed{service=\"x\"}", None),
        ];
        for (metric, expected) in cases {
            assert_eq!(Resource::of(metric), expected, "{metric}");
        }
        let user = |name: &str, unit: &str| User {
            name: name.into(),
            unit: unit.into(),
            cpu_percent: Some(212.4),
            ..User::default()
        };
        let evidence = Evidence {
            resource: Some(Resource::Cpu),
            process: vec![user("java", "shop.service"), user("x", "")],
            ..Evidence::default()
        };
        assert_eq!(evidence.consumers(3, Locale::En), "java (shop.service) 212 % CPU, x 212 % CPU");
        assert_eq!(evidence.consumers(1, Locale::En), "java (shop.service) 212 % CPU");
    }
}
