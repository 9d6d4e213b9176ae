//! Reads consumers from a record of the `processes` stream.

use super::consumers::{Consumers, Program, Usage};
use crate::base::clock::parse;
use serde::Deserialize;
use std::borrow::Cow;

/// Fields read from a record of the `processes` stream.
#[derive(Deserialize)]
struct Recorded<'a> {
    #[serde(borrow)]
    time: Cow<'a, str>,
    interval_seconds: Option<f64>,
    #[serde(default, borrow)]
    process: Vec<Entry<'a>>,
    #[serde(default, borrow)]
    unit: Vec<Entry<'a>>,
    #[serde(default, borrow)]
    unexplained: Entry<'a>,
}

/// A process, a unit, or the unexplained rest.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    unit: Cow<'a, str>,
    #[serde(borrow)]
    user: Cow<'a, str>,
    cpu_percent: Option<f64>,
    memory_bytes: Option<f64>,
    read_bytes_per_second: Option<f64>,
    written_bytes_per_second: Option<f64>,
    oom_kills: Option<f64>,
    short_lived: Option<f64>,
}

impl Entry<'_> {
    fn usage(&self, seconds: f64) -> Usage {
        let per_second = self.read_bytes_per_second.unwrap_or(0.0) + self.written_bytes_per_second.unwrap_or(0.0);
        Usage {
            cpu_seconds: self.cpu_percent.unwrap_or(0.0) / 100.0 * seconds,
            memory_bytes: self.memory_bytes.unwrap_or(0.0),
            io_bytes: per_second * seconds,
            oom_kills: self.oom_kills.unwrap_or(0.0),
        }
    }
}

impl Consumers {
    /// Consumers in one record of the `processes` stream; `None` for text that is no such record.
    pub fn from_record(json: &str) -> Option<Self> {
        let record: Recorded = serde_json::from_str(json).ok()?;
        let seconds = record.interval_seconds.unwrap_or(0.0);
        let mut consumers = Self { seconds, records: 1, first: Some(parse(&record.time)?), ..Self::default() };
        for entry in record.process {
            let usage = entry.usage(seconds);
            let [name, unit, user] = [entry.name, entry.unit, entry.user].map(Cow::into_owned);
            consumers.programs.entry(Program { name, unit, user }).or_default().add_sibling(&usage);
        }
        for entry in record.unit {
            let usage = entry.usage(seconds);
            consumers.units.entry(entry.unit.into_owned()).or_default().add_sibling(&usage);
        }
        consumers.unexplained = record.unexplained.usage(seconds);
        consumers.short_lived = record.unexplained.short_lived.unwrap_or(0.0);
        Some(consumers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(minute: u32) -> Consumers {
        let json = format!(
            r#"{{"time":"2026-11-20T21:{minute:02}:00.000Z","interval_seconds":60.0,"process":[
            {{"name":"a","pid":"1","user":"u","cpu_percent":50.0,"memory_bytes":100,"read_bytes_per_second":2.0}},
            {{"name":"a","pid":"2","user":"u","cpu_percent":100.0,"memory_bytes":50}},
            {{"name":"b","pid":"3","user":"u","memory_bytes":1}}],
            "unit":[{{"unit":"x.service","kind":"service","cpu_percent":10.0,"memory_bytes":7,"oom_kills":1}}],
            "unexplained":{{"cpu_percent":5.0,"short_lived":3}}}}"#
        );
        Consumers::from_record(&json).unwrap()
    }

    #[test]
    fn processes_of_one_program_add_up_and_memory_is_the_peak_over_time() {
        assert_eq!(Consumers::from_record("torn"), None);
        let a = Program { name: "a".into(), user: "u".into(), ..Program::default() };
        let mut consumers = record(1);
        consumers.add(record(2));
        let usage = consumers.programs[&a];
        assert_eq!(usage, Usage { cpu_seconds: 180.0, memory_bytes: 150.0, io_bytes: 240.0, oom_kills: 0.0 });
        assert_eq!(consumers.units["x.service"].oom_kills, 2.0);
        assert_eq!((consumers.unexplained.cpu_seconds, consumers.short_lived, consumers.seconds), (6.0, 6.0, 120.0));
        assert_eq!((consumers.cpu_percent(&usage), consumers.records), (Some(150.0), 2));
        assert_eq!(consumers.first, parse("2026-11-20T21:01:00Z"));
        let json = serde_json::to_string(&consumers).unwrap();
        assert_eq!(serde_json::from_str::<Consumers>(&json).unwrap(), consumers);
    }
}
