//! A disk between two readings, and in the snapshot.

use super::report::{Report, Values};
use crate::base::text::{NAME_MAX, clean};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most disks that are watched.
const DISKS_MAX: usize = 200;

/// A disk that smartctl found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Disk {
    /// `sda`, `nvme0`; behind a RAID controller `bus/0 megaraid,3`.
    pub name: String,
    /// `/dev/sda`.
    device: String,
    /// How to ask a disk behind a controller: `megaraid,3`; empty: smartctl knows by itself.
    kind: String,
    /// When it was last asked, in seconds since boot.
    pub tried: Option<f64>,
    /// What it answered when it last did.
    pub reading: Option<Reading>,
    /// It slept when it was last asked.
    #[serde(default)]
    pub is_asleep: bool,
    /// The right to ask it was missing.
    #[serde(default)]
    pub is_refused: bool,
    /// Why it did not answer; empty: it did.
    #[serde(default)]
    pub reason: String,
}

/// What a disk said.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reading {
    /// When, in seconds since boot.
    at: f64,
    /// Errors that it had not reported an hour before.
    new_errors: u64,
    report: Report,
}

impl Reading {
    /// A reading that follows another one. Another disk by the same name begins anew.
    pub fn after(before: Option<&Self>, report: Report, at: f64) -> Self {
        let same = before.filter(|before| before.report.serial == report.serial);
        let grown = same.map_or(0, |before| report.errors().saturating_sub(before.report.errors()));
        Self { at, new_errors: grown, report }
    }
}

/// An element of the section `disk_health`.
#[derive(Debug, Serialize)]
pub struct Health<'a> {
    device: &'a str,
    /// In words: `no problems`, `asleep`.
    state: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    problem: String,
    /// Model and serial number, to find the disk.
    #[serde(skip_serializing_if = "String::is_empty")]
    model: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_errors: Option<u64>,
    /// Age of the values.
    #[serde(skip_serializing_if = "Option::is_none")]
    age_seconds: Option<f64>,
    #[serde(flatten)]
    values: Option<&'a Values>,
}

impl Disk {
    /// The arguments of smartctl.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = ["--json", "-n", "standby", "-i", "-H", "-A"].map(str::to_string).to_vec();
        if !self.kind.is_empty() {
            arguments.extend(["-d".to_string(), self.kind.clone()]);
        }
        arguments.push(self.device.clone());
        arguments
    }

    /// The disk in the snapshot; `None`: nothing is known of it, such as of a virtual disk or one in a USB case that does not
    /// pass SMART on. One that does not answer in time is shown: that is a sign by itself.
    pub fn health(&self, now: f64) -> Option<Health<'_>> {
        let reading = self.reading.as_ref();
        if reading.is_none() && !self.reason.contains("did not answer") {
            return None;
        }
        let report = reading.map(|reading| &reading.report);
        let problem = report.map(Report::problem).unwrap_or_default();
        let state = match () {
            () if report.is_some_and(|report| report.values.failing == Some(true)) => "failure predicted".to_string(),
            () if self.is_asleep => "asleep".to_string(),
            () if !self.reason.is_empty() => format!("not readable: {}", self.reason),
            () if !problem.is_empty() => "with problems".to_string(),
            () => "no problems".to_string(),
        };
        Some(Health {
            device: &self.name,
            state,
            problem,
            model: report.map(|report| report.model.clone()).unwrap_or_default(),
            // Counted once, in the snapshot of the reading.
            new_errors: reading.map(|reading| if reading.at == now { reading.new_errors } else { 0 }),
            age_seconds: reading.map(|reading| (now - reading.at).max(0.0).round()),
            values: report.map(|report| &report.values),
        })
    }
}

/// The disks in the output of `smartctl --scan --json`, with what is known of them.
pub fn listed(scan: &str, known: Vec<Disk>) -> Vec<Disk> {
    let scan: Value = serde_json::from_str(scan).unwrap_or_default();
    let found = scan.get("devices").and_then(Value::as_array).into_iter().flatten();
    let disks = found.filter_map(|device| {
        let text = |name: &str| device.get(name).and_then(Value::as_str);
        let path = text("name")?;
        // Of other devices smartctl finds out the type better than its list says it.
        let kind = text("type").filter(|kind| kind.contains(',')).unwrap_or_default();
        let short = path.strip_prefix("/dev/").unwrap_or(path);
        let name = clean(format!("{short} {kind}").trim(), NAME_MAX);
        let is_option = path.starts_with('-') || kind.starts_with('-');
        (!is_option).then(|| Disk { name, device: path.to_string(), kind: kind.to_string(), ..Disk::default() })
    });
    let mut disks: Vec<Disk> = disks.take(DISKS_MAX).collect();
    disks.sort_by(|a, b| a.name.cmp(&b.name));
    disks.dedup_by(|a, b| a.name == b.name);
    let before = |disk: Disk| known.iter().find(|known| known.name == disk.name).cloned().unwrap_or(disk);
    disks.into_iter().map(before).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_behind_a_controller_are_named_by_their_number() {
        let scan = r#"{"devices":[{"name":"/dev/sda","type":"scsi"},{"name":"/dev/bus/0","type":"megaraid,3"},
            {"name":"/dev/bus/0","type":"megaraid,4"},{"name":"/dev/nvme0","type":"nvme"},{"name":7},{"name":"--all"}]}"#;
        let disks = listed(scan, Vec::new());
        let names: Vec<&str> = disks.iter().map(|disk| disk.name.as_str()).collect();
        assert_eq!(names, ["bus/0 megaraid,3", "bus/0 megaraid,4", "nvme0", "sda"]);
        assert_eq!(disks[0].arguments()[6..], ["-d", "megaraid,3", "/dev/bus/0"]);
        assert_eq!(disks[3].arguments()[6..], ["/dev/sda"]);
        assert!(disks[3].health(0.0).is_none() && listed("no json", disks).is_empty());
    }
}
