//! A snapshot read back: header, sections, failures and metrics, in one pass.

use super::metric::{Label, Metric};
use super::service::{self, Service};
use super::walk::{Visit, walk_record};
use crate::base::clock::{Now, parse};
use anyhow::{Context, Result, anyhow};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Path of the members that name what could not be measured.
const FAILED: &str = "probe.failed.";

/// Path of the members that name the device of a file system.
const DEVICE: &str = "disk.device";

/// Ends of the paths of [`Snapshot::words`].
const WORDS: [&str; 3] = [".state", ".problem", ".model"];

/// A parsed snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Time of the snapshot.
    pub now: Now,
    /// Host name.
    pub host: String,
    /// Identity of the boot; empty where the kernel has none.
    pub boot_id: String,
    /// Seconds since the previous snapshot; `None` without one.
    pub interval_seconds: Option<f64>,
    /// Names of its sections, including those without an element.
    pub sections: BTreeSet<String>,
    /// Resources that could not be measured, with the reason.
    pub failed: BTreeMap<String, String>,
    /// Devices of file systems by mount point: `/dev/sda1`, `nas:/export`. Only those with a device of their own.
    pub devices: BTreeMap<String, String>,
    /// What is said of arrays, disks and other things, by path and identity: `("raid.state", "md0")`. Of a section without
    /// elements the identity is empty.
    pub words: BTreeMap<(String, String), String>,
    /// Its metrics.
    pub metrics: Vec<Metric>,
    /// Its services by name, unless only some metrics were wanted.
    pub services: BTreeMap<String, Service>,
}

impl Snapshot {
    /// Parses a record of the stream `snapshots`.
    ///
    /// # Errors
    /// When the text is not JSON or lacks part of the header.
    pub fn parse(json: &str) -> Result<Self> {
        let snapshot = Self::parse_wanted(json, &mut |_| true)?;
        Ok(Self { services: service::of_snapshot(json), ..snapshot })
    }

    /// Like [`Snapshot::parse`], but keeps only metrics whose name `is_wanted` accepts.
    ///
    /// # Errors
    /// As [`Snapshot::parse`].
    pub fn parse_wanted(json: &str, is_wanted: &mut dyn FnMut(&str) -> bool) -> Result<Self> {
        let mut found = Found {
            header: BTreeMap::new(),
            sections: BTreeSet::new(),
            failed: BTreeMap::new(),
            devices: BTreeMap::new(),
            words: BTreeMap::new(),
            metrics: Vec::new(),
            is_wanted,
        };
        walk_record(json, &mut found).context("the snapshot is damaged")?;
        let Found { header, sections, failed, devices, words, metrics, .. } = found;
        let text = |name: &str| header.get(name).and_then(Value::as_str);
        let now = || {
            let wall = parse(text("time")?)?;
            Some(Now { wall, boottime_seconds: header.get("boottime_seconds")?.as_f64()? })
        };
        let (Some(now), Some(host), Some(boot_id)) = (now(), text("host"), text("boot_id")) else {
            return Err(anyhow!("the snapshot has no header"));
        };
        let (host, boot_id) = (host.to_string(), boot_id.to_string());
        let interval_seconds = header.get("interval_seconds").and_then(Value::as_f64);
        let services = BTreeMap::new();
        Ok(Self { now, host, boot_id, interval_seconds, sections, failed, devices, words, metrics, services })
    }

    /// Value of a metric of the host itself.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.values(name).find(|(labels, _)| labels.is_empty()).map(|(_, value)| value)
    }

    /// Values of a metric by element.
    pub fn values(&self, name: &str) -> impl Iterator<Item = (&[Label], f64)> {
        let of_name = self.metrics.iter().filter(move |metric| metric.name == name);
        of_name.map(|metric| (metric.labels.as_slice(), metric.value))
    }
}

/// Results of the walk so far.
struct Found<'w> {
    header: BTreeMap<String, Value>,
    sections: BTreeSet<String>,
    failed: BTreeMap<String, String>,
    devices: BTreeMap<String, String>,
    words: BTreeMap<(String, String), String>,
    metrics: Vec<Metric>,
    is_wanted: &'w mut dyn FnMut(&str) -> bool,
}

impl Visit for Found<'_> {
    const HEADER: bool = true;

    fn metric(&mut self, name: &str, labels: &[Label], value: f64) {
        if (self.is_wanted)(name) {
            self.metrics.push(Metric { name: name.to_string(), labels: labels.to_vec(), value });
        }
    }

    fn header(&mut self, name: &str, value: Value) {
        self.header.insert(name.to_string(), value);
    }

    fn section(&mut self, name: &str) {
        self.sections.insert(name.to_string());
    }

    fn text(&mut self, path: &str, labels: &[Label], value: &str) {
        // The source of a tmpfs or an overlay is a word that many of them share.
        if path == DEVICE
            && value.contains(['/', ':'])
            && let Some((_, mount)) = labels.first()
        {
            self.devices.insert(mount.clone(), value.to_string());
        }
        if WORDS.iter().any(|end| path.ends_with(end)) {
            let identity = labels.first().map(|(_, identity)| identity.clone()).unwrap_or_default();
            self.words.insert((path.to_string(), identity), value.to_string());
        }
        if let Some(resource) = path.strip_prefix(FAILED) {
            self.failed.insert(resource.to_string(), value.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"schema":1,"time":"2026-11-20T21:40:00.000Z","host":"web-01","boot_id":"b","boottime_seconds":5.5,
        "interval_seconds":null,"cpu":{"busy_percent":12.5},"disk":[{"mount":"/","device":"/dev/vda1","used_percent":61},{"mount":"/run","device":"tmpfs"}],"service":[],
        "probe":{"cpu_ms":3,"failed":{"sensor":"no such file"},"remark":["probe.failed.x"]},"crc32":"00"}"#;

    #[test]
    fn everything_is_read_in_one_pass() {
        let snapshot = Snapshot::parse(JSON).unwrap();
        assert_eq!(
            (snapshot.host.as_str(), snapshot.boot_id.as_str(), snapshot.now.boottime_seconds),
            ("web-01", "b", 5.5)
        );
        assert_eq!(snapshot.sections.iter().collect::<Vec<_>>(), ["cpu", "disk", "probe", "service"]);
        assert_eq!(snapshot.failed, BTreeMap::from([("sensor".to_string(), "no such file".to_string())]));
        assert_eq!((snapshot.value("cpu.busy_percent"), snapshot.value("disk.used_percent")), (Some(12.5), None));
        assert_eq!(
            snapshot.values("disk.used_percent").next().map(|(labels, value)| (labels[0].1.as_str(), value)),
            Some(("/", 61.0))
        );
        assert_eq!(snapshot.devices, BTreeMap::from([("/".to_string(), "/dev/vda1".to_string())]));
        let mut walked = Vec::new();
        super::super::walk::walk(JSON, &mut |name, labels, value| {
            walked.push(Metric { name: name.to_string(), labels: labels.to_vec(), value });
        })
        .unwrap();
        assert_eq!(snapshot.metrics, walked);
    }

    #[test]
    fn damage_and_a_missing_header_are_errors() {
        for (json, expected) in
            [("{\"a\":1", "damaged"), ("{}", "no header"), (&JSON.replace("boot_id", "bootid"), "no header")]
        {
            assert!(Snapshot::parse(json).unwrap_err().to_string().contains(expected), "{json}");
        }
    }
}
