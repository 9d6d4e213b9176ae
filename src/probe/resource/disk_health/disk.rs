//! A disk between two readings, and in the snapshot.

use super::report::{Report, Values};
use crate::base::sort::SmallSort;
use crate::base::text::{NAME_MAX, clean};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most disks that are watched.
pub const DISKS_MAX: usize = 200;
/// How long a disk is shown that is no longer found, in seconds.
const MISSING_SECONDS: f64 = 86_400.0;

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
    /// Since when it is no longer found, in seconds since boot.
    #[serde(default)]
    pub missing_since: Option<f64>,
    /// It is attached by USB: it is unplugged without being broken.
    #[serde(default)]
    pub is_usb: bool,
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
    pub report: Report,
}

impl Reading {
    /// A reading that follows another report of this disk.
    pub fn after(before: Option<&Report>, report: Report, at: f64) -> Self {
        Self { at, new_errors: before.map_or(0, |before| report.errors_since(before)), report }
    }
}

/// An element of the section `disk_health`.
#[derive(Debug, Serialize)]
pub struct Health<'a> {
    device: &'a str,
    /// In words: `no problems`, `asleep`.
    state: String,
    /// It was found before, and is not any more.
    missing: bool,
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
        // Only the SCT temperature log has the temperature that an ATA disk is made for; others ignore the option.
        let arguments = ["--json", "-n", "standby", "-i", "-H", "-A", "-l", "scttemp"];
        let mut arguments = arguments.map(str::to_string).to_vec();
        if !self.kind.is_empty() {
            arguments.extend(["-d".to_string(), self.kind.clone()]);
        }
        arguments.push(self.device.clone());
        arguments
    }

    /// Serial number; empty: not known.
    pub fn serial(&self) -> &str {
        self.reading.as_ref().map_or("", |reading| &reading.report.serial)
    }

    /// The disk when it is no longer found; `None`: nothing is said about it.
    fn missing(mut self, now: f64) -> Option<Self> {
        let since = *self.missing_since.get_or_insert(now);
        (self.reading.is_some() && !self.is_usb && now - since < MISSING_SECONDS).then_some(self)
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
            () if self.missing_since.is_some() => "no longer found".to_string(),
            () if report.is_some_and(|report| report.values.failing == Some(true)) => "failure predicted".to_string(),
            () if self.is_asleep => "asleep".to_string(),
            () if !self.reason.is_empty() => format!("not readable: {}", self.reason),
            () if !problem.is_empty() => "with problems".to_string(),
            () => "no problems".to_string(),
        };
        Some(Health {
            device: &self.name,
            state,
            missing: self.missing_since.is_some(),
            problem,
            model: report.map(|report| report.model.clone()).unwrap_or_default(),
            // Counted once, in the snapshot of the reading.
            new_errors: reading.map(|reading| if reading.at == now { reading.new_errors } else { 0 }),
            age_seconds: reading.map(|reading| (now - reading.at).max(0.0).round()),
            values: report.map(|report| &report.values),
        })
    }
}

/// The disks in the output of `smartctl --scan --json`, with what is known of them, and for a day those that are no longer in
/// it; `None` if it is no JSON.
pub fn listed(scan: &str, known: &[Disk], now: f64) -> Option<Vec<Disk>> {
    let scan: Value = serde_json::from_str(scan).ok().filter(Value::is_object)?;
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
    disks.arrange_by(|a, b| a.name.cmp(&b.name));
    disks.dedup_by(|a, b| a.name == b.name);
    let same = |disk: &Disk| known.iter().find(|known| known.name == disk.name).cloned();
    let gone = known.iter().filter(|known| !disks.iter().any(|disk| disk.name == known.name));
    let gone = gone.filter_map(|disk| disk.clone().missing(now));
    // One that is back is read at once.
    let back = |disk: Disk| {
        if disk.missing_since.is_some() { Disk { missing_since: None, tried: None, ..disk } } else { disk }
    };
    let mut all: Vec<Disk> =
        disks.iter().map(|disk| same(disk).map_or_else(|| disk.clone(), back)).chain(gone).collect();
    all.arrange_by(|a, b| a.name.cmp(&b.name));
    all.truncate(DISKS_MAX);
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_behind_a_controller_are_named_by_their_number() {
        let scan = r#"{"devices":[{"name":"/dev/sda","type":"scsi"},{"name":"/dev/bus/0","type":"megaraid,3"},
            {"name":"/dev/bus/0","type":"megaraid,4"},{"name":"/dev/nvme0","type":"nvme"},{"name":7},{"name":"--all"}]}"#;
        let disks = listed(scan, &[], 0.0).unwrap();
        let names: Vec<&str> = disks.iter().map(|disk| disk.name.as_str()).collect();
        assert_eq!(names, ["bus/0 megaraid,3", "bus/0 megaraid,4", "nvme0", "sda"]);
        assert_eq!(disks[0].arguments()[6..], ["-l", "scttemp", "-d", "megaraid,3", "/dev/bus/0"]);
        assert_eq!(disks[3].arguments()[6..], ["-l", "scttemp", "/dev/sda"]);
        assert!(disks[3].health(0.0).is_none() && listed("no json", &disks, 0.0).is_none());
    }

    #[test]
    fn a_disk_that_is_no_longer_found_is_kept_for_a_day() {
        let reading = Some(Reading::after(None, Report::default(), 0.0));
        let sda = Disk { name: "sda".into(), reading, ..Disk::default() };
        let known = [
            sda.clone(),
            Disk { name: "sdb".into(), is_usb: true, ..sda },
            Disk { name: "sdc".into(), ..Disk::default() },
        ];
        let kept = listed("{}", &known, 100.0).unwrap();
        let health = serde_json::to_value(kept[0].health(100.0)).unwrap();
        assert_eq!((kept.len(), &health["device"], &health["state"]), (1, &"sda".into(), &"no longer found".into()));
        assert_eq!(listed("{}", &kept, 86_400.0).unwrap().len(), 1);
        assert!(listed("{}", &kept, 86_500.0).unwrap().is_empty());
        let back = listed(r#"{"devices":[{"name":"/dev/sda"}]}"#, &kept, 3700.0).unwrap();
        assert!(back[0].missing_since.is_none() && back[0].reading.is_some());
    }
}
