//! One record of a stream: a header and sections, one JSON object, one line.

use crate::base::clock::{Now, stamp};
use serde::Serialize;
use serde::de::IgnoredAny;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use std::collections::{BTreeMap, BTreeSet};

/// Version of the record's shape. A reader meets older ones for ever.
pub const SCHEMA: u32 = 1;

/// Members of a record that are its header, not metrics.
pub const HEADER: [&str; 7] = ["schema", "time", "host", "boot_id", "boottime_seconds", "interval_seconds", "crc32"];

/// What every record of every stream begins with.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// When, by the wall clock and by `CLOCK_BOOTTIME`.
    pub now: Now,
    /// Host name (`/proc/sys/kernel/hostname`), cleaned.
    pub host: String,
    /// Identity of this boot (`/proc/sys/kernel/random/boot_id`); empty where the kernel tells none.
    pub boot_id: String,
    /// What the rates of this record are averages over; `None`: it has no rates.
    pub interval_seconds: Option<f64>,
}

/// A record on its way to the store.
#[derive(Debug, Clone)]
pub struct Record {
    /// The header.
    pub header: Header,
    sections: Vec<(&'static str, Box<RawValue>)>,
}

impl Record {
    /// A record with no sections yet.
    pub fn new(header: Header) -> Self {
        Self { header, sections: Vec::new() }
    }

    /// Adds a section. Its members follow the convention of [`super::walk`].
    ///
    /// # Errors
    /// When the section cannot be written as JSON.
    pub fn add(&mut self, name: &'static str, section: &impl Serialize) -> serde_json::Result<()> {
        self.sections.push((name, to_raw_value(section)?));
        Ok(())
    }

    /// Whether there is nothing in it but the header.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// The record as one line of JSON, without checksum and newline.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let header = &self.header;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", &SCHEMA)?;
        map.serialize_entry("time", &stamp(header.now.wall))?;
        map.serialize_entry("host", &header.host)?;
        map.serialize_entry("boot_id", &header.boot_id)?;
        map.serialize_entry("boottime_seconds", &round(header.now.boottime_seconds))?;
        map.serialize_entry("interval_seconds", &header.interval_seconds.map(round))?;
        for (name, section) in &self.sections {
            map.serialize_entry(name, section)?;
        }
        map.end()
    }
}

/// Three digits behind the point: more than any counter of the kernel means, and half the bytes.
pub fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// The time a line says it is from, as text whose order is the order of time; read without parsing the line.
pub fn time_of(line: &str) -> Option<&str> {
    let start = line.get(..80).unwrap_or(line).find("\"time\":\"")? + 8;
    line.get(start..start + 24)
}
/// Names of the sections of a record, also of those without an element. Of a damaged line none.
pub fn sections(line: &str) -> BTreeSet<String> {
    let members: BTreeMap<String, IgnoredAny> = serde_json::from_str(line).unwrap_or_default();
    members.into_keys().filter(|name| !HEADER.contains(&name.as_str())).collect()
}
