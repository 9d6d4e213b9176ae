//! A simulated year of history: every number of a real snapshot varies according to its kind.

use chrono::{DateTime, Duration, DurationRound, Utc};
use osmon::model::record::HEADER;
use osmon::store::Store;
use osmon::store::clock_trust::ClockTrust;
use osmon::store::line::seal;
use osmon::store::retain::Limits;
use serde_json::Value;
use std::fmt::Write;
use std::fs;
use std::path::Path;

const MINUTES: i64 = 1440;
const SLOW: [&str; 8] =
    ["used_percent", "memory_percent", "five", "fifteen", "celsius", "avg300", "rotations_per_minute", "inodes"];
const IDENTITIES: [&str; 8] = ["mount", "device", "interface", "sensor", "service", "process", "unit", "core"];

/// How a number changes from minute to minute.
enum Kind {
    Fixed(String),
    /// Increasing, by about this much a minute.
    Counter(f64, f64),
    /// Around a value, with a daily cycle, to three digits; from a thousand on integral.
    Gauge(f64),
    /// Slowly changing: a file system that fills, an average over 15 minutes, a temperature.
    Slow(f64),
    /// Around a base, in multiples of a step.
    Whole(f64, f64, f64),
}

/// Reduces the history to what retention leaves after a year: five minutes of nine days, and everything else.
pub fn keep(data: &Path, now: DateTime<Utc>) {
    let kept = Limits {
        snapshot_days: 400,
        process_days: 400,
        event_days: 0,
        five_minute_days: 9,
        hour_days: 400,
        max_bytes: 0,
        min_free_bytes: 0,
    };
    Store::new(data.to_path_buf()).retain(now, &kept, &ClockTrust::default()).unwrap();
}

/// Text of a record, split at its numbers.
pub struct Template {
    texts: Vec<String>,
    kinds: Vec<Kind>,
    seed: u64,
}

impl Template {
    pub fn new(record: &Value) -> Self {
        let mut template = Self { texts: vec![String::new()], kinds: Vec::new(), seed: 88_172_645_463_325_252 };
        template.node("", record);
        template
    }

    fn text(&mut self, text: &str) {
        self.texts.last_mut().unwrap().push_str(text);
    }

    fn node(&mut self, path: &str, value: &Value) {
        match value {
            Value::Object(members) => {
                self.text("{");
                // The header and identities come first.
                let rank = |name: &str| match HEADER.iter().chain(&IDENTITIES).position(|first| *first == name) {
                    Some(at) => at,
                    None => usize::MAX,
                };
                let mut members: Vec<(&String, &Value)> = members.iter().filter(|(name, _)| *name != "crc32").collect();
                members.sort_by_key(|(name, _)| rank(name));
                for (at, (name, value)) in members.into_iter().enumerate() {
                    self.text(&format!("{}{name:?}:", if at > 0 { "," } else { "" }));
                    if path.is_empty() && ["time", "boottime_seconds"].contains(&name.as_str()) {
                        self.texts.push(String::new());
                        self.kinds.push(Kind::Fixed(name.clone()));
                    } else {
                        self.node(&format!("{path}.{name}"), value);
                    }
                }
                self.text("}");
            }
            Value::Array(elements) => {
                self.text("[");
                for (at, value) in elements.iter().enumerate() {
                    self.text(if at > 0 { "," } else { "" });
                    self.node(path, value);
                }
                self.text("]");
            }
            Value::Number(number)
                if !["schema", "interval_seconds", "total", "limit", "cores", "speed", "sectors"]
                    .iter()
                    .any(|fixed| path.rsplit('.').next().unwrap().starts_with(fixed)) =>
            {
                let value = number.as_f64().unwrap();
                self.texts.push(String::new());
                self.kinds.push(if path.contains(".counters.") {
                    Kind::Counter(value, 1.0 + value / 1e5)
                } else if value == 0.0 {
                    Kind::Fixed(number.to_string())
                } else if SLOW.iter().any(|name| path.contains(name)) {
                    Kind::Slow(value)
                } else if number.is_f64() {
                    Kind::Gauge(value)
                } else {
                    Kind::Whole(value, value, if path.ends_with("_bytes") { 4096.0 } else { 1.0 })
                });
            }
            other => self.text(&other.to_string()),
        }
    }

    fn random(&mut self) -> f64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        (self.seed >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The record of a minute, without checksum.
    pub fn record(&mut self, time: DateTime<Utc>) -> String {
        let day = (time.timestamp() % 86_400) as f64 / 86_400.0;
        let wave = 1.0 + 0.3 * (day * std::f64::consts::TAU).sin();
        let mut out = String::with_capacity(8192);
        for at in 0..self.kinds.len() {
            let random = self.random();
            out.push_str(&self.texts[at]);
            match &mut self.kinds[at] {
                Kind::Fixed(name) if name == "time" => write!(out, "\"{}\"", osmon::base::clock::stamp(time)).unwrap(),
                Kind::Fixed(name) if name == "boottime_seconds" => {
                    write!(out, "{}", time.timestamp() - 1_700_000_000).unwrap();
                }
                Kind::Fixed(text) => out.push_str(text),
                Kind::Counter(value, step) => {
                    *value += *step * random * wave;
                    write!(out, "{value:.0}").unwrap();
                }
                Kind::Gauge(value) => {
                    let now = *value * wave * (0.9 + 0.2 * random);
                    write!(out, "{}", if now < 1000.0 { (now * 1e3).round() / 1e3 } else { now.round() }).unwrap();
                }
                Kind::Slow(value) => {
                    if random < 0.3 {
                        *value = ((*value * (0.9995 + random / 300.0)).min(99.0) * 1e3).round() / 1e3;
                    }
                    write!(out, "{value}").unwrap();
                }
                // Most of a host does not change every minute.
                Kind::Whole(value, _, _) if random < 0.5 => write!(out, "{value:.0}").unwrap(),
                Kind::Whole(value, base, step) => {
                    let towards = *value + (*base - *value) * 0.02;
                    *value = (towards / *step * (0.997 + 0.004 * random)).round() * *step;
                    write!(out, "{value:.0}").unwrap();
                }
            }
        }
        out + self.texts.last().unwrap()
    }
}

/// Records of a number of whole days before `now` and of the minutes of its own day, sealed and rolled up as by runs.
/// The days are made by four threads, each in a store of its own.
pub fn make(data: &Path, days: i64, snapshot: &Value, processes: &Value, now: DateTime<Utc>) {
    let today = now.duration_trunc(Duration::days(1)).unwrap();
    let parts = 4.min(days);
    std::thread::scope(|scope| {
        for part in 0..parts {
            let (from, to) = (days * part / parts, days * (part + 1) / parts);
            let store = Store::new(data.with_extension(format!("part{part}")));
            scope.spawn(move || {
                let (mut snapshot, mut processes) = (Template::new(snapshot), Template::new(processes));
                for day in from..to {
                    let begin = today - Duration::days(days - day);
                    one_day(&store, begin, MINUTES, &mut snapshot, &mut processes);
                    store.upkeep(begin + Duration::seconds(86_405), "bench", &|| false).unwrap();
                }
            });
        }
    });
    for part in 0..parts {
        let part = data.with_extension(format!("part{part}"));
        merge(&part, data);
        fs::remove_dir_all(part).unwrap();
    }
    let minutes = (now - today).num_minutes();
    let store = Store::new(data.to_path_buf());
    one_day(&store, today, minutes, &mut Template::new(snapshot), &mut Template::new(processes));
    store.upkeep(now, "bench", &|| false).unwrap();
}

fn one_day(store: &Store, begin: DateTime<Utc>, minutes: i64, snapshot: &mut Template, processes: &mut Template) {
    for (stream, template) in [("snapshots", snapshot), ("processes", processes)] {
        let lines: String =
            (0..minutes).map(|minute| seal(&template.record(begin + Duration::minutes(minute)))).collect();
        let directory = store.directory().join(stream);
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join(format!("{}.jsonl", begin.format("%Y-%m-%d"))), lines).unwrap();
    }
}

/// Moves files; an open month that both have is concatenated.
fn merge(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            merge(&entry.path(), &target);
        } else if entry.file_name() == "progress.json" {
            // Each thread had its own; the next upkeep starts afresh.
        } else if target.exists() {
            let joined = [fs::read(&target).unwrap(), fs::read(entry.path()).unwrap()].concat();
            fs::write(target, joined).unwrap();
        } else {
            fs::rename(entry.path(), target).unwrap();
        }
    }
}
