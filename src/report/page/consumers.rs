//! Who used the host over a range: processes of one name and unit together.

use crate::base::clock::parse;
use crate::base::text::clean;
use crate::model::locale::Locale;
use crate::report::page::systemd_units::{Sample, Units};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Longest name kept, in characters.
const NAME_MAX: usize = 60;
/// So many are shown of a range.
const SHOWN_MAX: usize = 10;

/// What one of them used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Used {
    /// Time of the processors, in seconds.
    pub cpu_seconds: f64,
    /// The most memory at once, in bytes.
    pub memory_bytes: f64,
    /// Read and written, in bytes.
    pub io_bytes: f64,
}

impl Used {
    fn add(&mut self, other: &Self) {
        self.cpu_seconds += other.cpu_seconds;
        self.memory_bytes = self.memory_bytes.max(other.memory_bytes);
        self.io_bytes += other.io_bytes;
    }
}

/// By name, unit and user.
type Users = BTreeMap<(String, String, String), Used>;

/// What is read of a record of the stream `processes`.
#[derive(Debug, Deserialize)]
struct Recorded<'a> {
    #[serde(borrow)]
    time: Cow<'a, str>,
    interval_seconds: Option<f64>,
    #[serde(default, borrow)]
    process: Vec<One<'a>>,
    #[serde(default, borrow)]
    unit: Vec<OneUnit<'a>>,
}

#[derive(Debug, Deserialize)]
struct One<'a> {
    #[serde(default, borrow)]
    name: Cow<'a, str>,
    #[serde(default, borrow)]
    unit: Cow<'a, str>,
    #[serde(default, borrow)]
    user: Cow<'a, str>,
    cpu_percent: Option<f64>,
    memory_bytes: Option<f64>,
    read_bytes_per_second: Option<f64>,
    written_bytes_per_second: Option<f64>,
}

#[derive(Debug, Deserialize)]
struct OneUnit<'a> {
    #[serde(borrow)]
    unit: Cow<'a, str>,
    cpu_percent: Option<f64>,
    memory_bytes: Option<f64>,
}

/// What records add up to.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Time of the first record, seconds since 1970; `None`: there is none.
    pub since: Option<f64>,
    /// Who used what, as a list: a key of three texts is no key in JSON.
    pub users: Vec<(String, String, String, Used)>,
    /// Units over time, as far as they were asked for.
    pub units: Units,
}

impl Tally {
    /// Of these records, as JSON; with the units over time or without.
    pub fn of(lines: &[String], with_units: bool) -> Self {
        let (mut users, mut tally) = (Users::new(), Self::default());
        for line in lines {
            let Ok(record) = serde_json::from_str::<Recorded>(line) else { continue };
            let Some(time) = parse(&record.time).map(|time| time.timestamp_millis() as f64 / 1e3) else { continue };
            tally.since = Some(tally.since.map_or(time, |since| since.min(time)));
            let seconds = record.interval_seconds.unwrap_or(0.0);
            let mut now = Users::new();
            for one in &record.process {
                let key = (clean(&one.name, NAME_MAX), clean(&one.unit, NAME_MAX), clean(&one.user, NAME_MAX));
                let io = one.read_bytes_per_second.unwrap_or(0.0) + one.written_bytes_per_second.unwrap_or(0.0);
                let used = now.entry(key).or_default();
                used.cpu_seconds += one.cpu_percent.unwrap_or(0.0) / 100.0 * seconds;
                used.memory_bytes += one.memory_bytes.unwrap_or(0.0);
                used.io_bytes += io * seconds;
            }
            now.into_iter().for_each(|(key, used)| users.entry(key).or_default().add(&used));
            if with_units {
                for one in &record.unit {
                    let sample = Sample::new(time, one.cpu_percent.unwrap_or(0.0), one.memory_bytes.unwrap_or(0.0));
                    tally.units.add(&clean(&one.unit, NAME_MAX), sample);
                }
            }
        }
        tally.users = users.into_iter().map(|((name, unit, user), used)| (name, unit, user, used)).collect();
        tally
    }

    /// This one and another together.
    pub fn join(&mut self, other: &Self) {
        let joined = Self::sum([&*self, other]);
        (self.users, self.since) = (joined.users, joined.since);
        self.units.join(&other.units);
    }

    /// Many together, without the units over time.
    pub fn sum<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut users: BTreeMap<(&str, &str, &str), Used> = BTreeMap::new();
        let mut since: Option<f64> = None;
        for tally in all {
            for (name, unit, user, used) in &tally.users {
                users.entry((name, unit, user)).or_default().add(used);
            }
            since = [since, tally.since].into_iter().flatten().reduce(f64::min);
        }
        let own = |text: &str| text.to_string();
        let users =
            users.into_iter().map(|((name, unit, user), used)| (own(name), own(unit), own(user), used)).collect();
        Self { since, users, units: Units::default() }
    }

    /// Only those that used most of something.
    pub fn shorten(&mut self, most: usize) {
        let mut kept = vec![false; self.users.len()];
        for of in [|used: &Used| used.cpu_seconds, |used: &Used| used.memory_bytes, |used: &Used| used.io_bytes] {
            let mut order: Vec<(usize, f64)> = self.users.iter().map(|user| of(&user.3)).enumerate().collect();
            order.sort_by(|a, b| b.1.total_cmp(&a.1));
            for (at, _) in order.into_iter().take(most).filter(|(_, value)| *value > 0.0) {
                if let Some(keep) = kept.get_mut(at) {
                    *keep = true;
                }
            }
        }
        let mut kept = kept.into_iter();
        self.users.retain(|_| kept.next().unwrap_or(false));
    }
}

/// Who used the host over a range.
#[derive(Debug, Clone, Default)]
pub struct Who {
    /// Which range.
    pub range: &'static str,
    /// What they used.
    pub tally: Tally,
}

/// One of them, as the page shows it.
pub struct Row {
    /// Name of the process.
    pub name: String,
    /// The unit it belongs to.
    pub unit: String,
    /// Whose it is.
    pub user: String,
    /// Time of the processors.
    pub cpu: String,
    /// The most memory at once.
    pub memory: String,
    /// Read and written.
    pub io: String,
    /// Share of the greatest CPU time, from 0 to 100.
    pub share: u32,
}

/// The greediest first: by CPU time, then by memory.
pub fn rows(tally: &Tally, words: Locale) -> Vec<Row> {
    let mut users: Vec<&(String, String, String, Used)> = tally.users.iter().collect();
    users.sort_by(|a, b| {
        b.3.cpu_seconds.total_cmp(&a.3.cpu_seconds).then(b.3.memory_bytes.total_cmp(&a.3.memory_bytes))
    });
    let most = users.first().map_or(0.0, |user| user.3.cpu_seconds);
    let shown = users.into_iter().take(SHOWN_MAX).map(|(name, unit, user, used)| Row {
        name: name.clone(),
        unit: unit.clone(),
        user: user.clone(),
        cpu: seconds(used.cpu_seconds, words),
        memory: words.bytes(used.memory_bytes),
        io: if used.io_bytes > 0.0 { words.bytes(used.io_bytes) } else { "–".to_string() },
        share: if most > 0.0 { (used.cpu_seconds / most * 100.0).round() as u32 } else { 0 },
    });
    shown.collect()
}

fn seconds(seconds: f64, words: Locale) -> String {
    match seconds {
        0.0 => "–".to_string(),
        ..60.0 => format!("{} s", words.short(seconds)),
        _ => words.duration(seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::series::Series;

    #[test]
    fn processes_of_one_name_count_together_and_memory_does_not_add_up_over_time() {
        let line = |minute: u32| {
            format!(
                r#"{{"time":"2026-11-20T21:{minute:02}:00Z","interval_seconds":60.0,"process":[
                {{"name":"a","pid":"1","user":"u","cpu_percent":50.0,"memory_bytes":100}},
                {{"name":"a","pid":"2","user":"u","cpu_percent":100.0,"memory_bytes":50}}],
                "unit":[{{"unit":"x.service","kind":"service","cpu_percent":10.0,"memory_bytes":7}}]}}"#
            )
        };
        let mut tally = Tally::of(&[line(1), "torn".to_string(), line(2)], true);
        let (_, _, _, used) = tally.users[0].clone();
        assert_eq!((used.cpu_seconds, used.memory_bytes), (180.0, 150.0));
        let other = tally.clone();
        tally.join(&other);
        assert_eq!((tally.users.len(), tally.users[0].3.cpu_seconds, tally.users[0].3.memory_bytes), (1, 360.0, 150.0));
        let mut series = Series::new(300);
        let mut units = other.units;
        units.group(300.0);
        units.add_to(&mut series);
        assert_eq!(series.one("unit.cpu_percent", "x.service").len(), 1);
        assert_eq!(series.one("unit.memory_bytes", "x.service")[0].avg, 7.0);
    }
}
