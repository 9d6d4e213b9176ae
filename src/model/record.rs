//! One record of a stream: a header and sections, one JSON object, one line.

use crate::base::clock::{Now, stamp};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// Version of the record format. Readers must accept all older versions.
pub const SCHEMA: u32 = 1;

/// Members of a record that are its header, not metrics.
pub const HEADER: [&str; 7] = ["schema", "time", "host", "boot_id", "boottime_seconds", "interval_seconds", "crc32"];

/// Header of every record of every stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// Time of the record, by the wall clock and by `CLOCK_BOOTTIME`.
    pub now: Now,
    /// Host name (`/proc/sys/kernel/hostname`), cleaned.
    pub host: String,
    /// Identity of this boot (`/proc/sys/kernel/random/boot_id`); empty where the kernel has none.
    pub boot_id: String,
    /// Interval over which the rates of this record are averaged; `None` when it has no rates.
    pub interval_seconds: Option<f64>,
}

/// A record to be stored.
#[derive(Debug, Clone)]
pub struct Record {
    /// The header.
    pub header: Header,
    sections: Vec<(&'static str, Box<RawValue>)>,
}

impl Record {
    /// A record without sections.
    pub fn new(header: Header) -> Self {
        Self { header, sections: Vec::new() }
    }

    /// Adds a section. Its members follow the convention of [`super::walk`].
    ///
    /// # Errors
    /// When the section cannot be represented as JSON.
    pub fn add(&mut self, name: &'static str, section: &impl Serialize) -> serde_json::Result<()> {
        self.sections.push((name, to_raw_value(section)?));
        Ok(())
    }

    /// Returns whether it consists of the header only.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// The record as one line of JSON, without checksum and newline.
    ///
    /// # Errors
    /// When it cannot be represented as JSON.
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

/// Rounds to three decimals: more than the precision of any kernel counter, in half the bytes.
pub fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// The timestamp of a line, found without parsing the line. Its lexical order is the order of time.
pub fn time_of(line: &str) -> Option<&str> {
    let start = line.get(..80).unwrap_or(line).find("\"time\":\"")? + 8;
    line.get(start..start + 24)
}
