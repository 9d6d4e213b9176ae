//! Hours and days in five zones against a computation of its own from the recorded samples: weeks around the changes of
//! daylight saving time, with reboots, gaps and steps of the clock. `OSMON_TEST_YEAR=1` tries all of 2026 by the minute, `5` by
//! five minutes; `OSMON_TEST_ZONE=Kolkata` only zones with that in their name.

use super::harness::Host;
use super::zones_calendar::{Rules, ZONES, civil, day_of, local, offset, stamp};
use osmon::store::line::seal;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::fs;

/// Writes the samples of some days, each closed by runs, and returns them: seconds since 1970, value.
fn record(host: &mut Host, first: i64, last: i64, every: i64) -> Vec<(i64, i64)> {
    let mut samples = Vec::new();
    let (mut boot, mut seed) = (0, 7_u64);
    fs::create_dir_all(host.data().join("snapshots")).unwrap();
    for day in first..=last {
        let mut text = String::new();
        let (mut minute, mut step) = (0, 0);
        while minute < 1440 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let seconds = day * 86_400 + minute * 60 + 7 + step;
            let value = ((seed >> 33) % 50) as i64 + if (seed >> 20) % 97 == 0 { 49 } else { 0 };
            let json = format!(
                r#"{{"schema":1,"time":"{}","host":"web-01","boot_id":"boot-{boot}","boottime_seconds":{},"interval_seconds":60.0,"sim":{{"load_percent":{value}}},"probe":{{"cpu_ms":2.5}}}}"#,
                stamp(seconds),
                seconds - 1_700_000_000 + step * 60
            );
            text += &seal(&json);
            samples.push((seconds, value));
            minute += every;
            match (day % 7, minute / every * every) {
                // The host is off for hours, and boots.
                (1, at) if at == 200 / every * every => (minute, boot) = (minute + 250, boot + 1),
                (3, at) if at == 700 / every * every => minute += 33,
                // The clock is set back, and the same minutes come again at other seconds.
                (5, at) if at == 900 / every * every && step == 0 => (minute, step) = (minute - 40, 20),
                (6, at) if at == 120 / every * every => minute += 90,
                _ => {}
            }
        }
        let path = host.data().join("snapshots").join(format!("{}.jsonl", &stamp(day * 86_400)[..10]));
        fs::write(path, text).unwrap();
        let next = (day + 1) * 86_400 + 600;
        host.advance(next - host.now.timestamp(), 10);
        host.osmon(&["run"]).ok();
    }
    samples.sort_unstable();
    samples
}

/// Least, sum, greatest and number of the samples of each period by its first minute.
type Expected = BTreeMap<i64, (i64, i64, i64, i64)>;

fn expected(samples: &[(i64, i64)], begins: &HashMap<i64, i64>) -> Expected {
    let mut all = Expected::new();
    for (seconds, value) in samples {
        let row = all.entry(begins[&seconds.div_euclid(300)]).or_insert((i64::MAX, 0, i64::MIN, 0));
        *row = (row.0.min(*value), row.1 + value, row.2.max(*value), row.3 + 1);
    }
    all
}

/// The first minute of the period of each five minutes.
fn begins(rules: Rules, step: &str, first: i64, last: i64) -> HashMap<i64, i64> {
    let mut known: HashMap<(i64, i64, i64), i64> = HashMap::new();
    let slots = (first * 288 - 600)..((last + 1) * 288 + 600);
    let period = |slot: i64| {
        let (minute, offset) = (slot * 5, offset(rules, slot * 5));
        let at = minute + offset;
        let key = match step {
            "5m" => (0, 0, slot),
            "1h" => (offset, 0, at.div_euclid(60)),
            "6h" => (0, at.div_euclid(1440), at.rem_euclid(1440) / 360),
            _ => (0, at.div_euclid(1440), 0),
        };
        (slot, *known.entry(key).or_insert(minute))
    };
    slots.map(period).collect()
}

fn history(host: &Host, zone: &str, arguments: &[&str]) -> String {
    let mut command = host.command("osmon", &[&["history", "sim.load_percent"], arguments].concat());
    let output = command.env("TZ", zone).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The comparison of one step in one zone.
#[derive(Default)]
struct Compared {
    values: usize,
    labels: usize,
    /// Rows that are hours of UTC, where local ones are others.
    hours_of_utc: usize,
    wrong: Vec<String>,
}

impl Compared {
    fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, found: T, right: T) {
        if found != right {
            self.wrong.push(format!("{what}: {found:?} is {right:?}"));
        }
    }
}

/// The samples of a span of days, and a zone.
struct Compare<'a> {
    host: &'a Host,
    samples: &'a [(i64, i64)],
    /// First and last day, in days since 1970.
    days: (i64, i64),
    zone: &'static str,
    rules: Rules,
}

impl Compare<'_> {
    /// Compares all points of a step, and the rows of the table.
    fn step(&self, step: &str) -> Compared {
        let (first, last) = self.days;
        let span = ["--since", &stamp(first * 86_400), "--until", &stamp((last + 1) * 86_400 - 1), "--step", step];
        let json: Value =
            serde_json::from_str(&history(self.host, self.zone, &[&span[..], &["--json"]].concat())).unwrap();
        let points = json["metric"][0]["point"].as_array().unwrap();
        let mut all = Compared::default();
        all.same("coarser", &json["coarser"], &Value::Null);
        let labels = if step == "raw" { self.samples(points, &mut all) } else { self.periods(step, points, &mut all) };
        let table = history(self.host, self.zone, &span);
        let rows = table.lines().skip_while(|line| !line.starts_with("TIME")).skip(1);
        let rows: Vec<&str> = rows.filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).collect();
        all.same("rows", rows.len(), labels.len());
        for (row, (label, least, most)) in rows.iter().zip(&labels) {
            all.labels += 1;
            let Some(rest) = row.strip_prefix(label.as_str()).filter(|rest| rest.starts_with(' ')) else {
                all.wrong.push(format!("{row}: is {label}"));
                continue;
            };
            let cells: Vec<&str> = rest.split(" %").map(str::trim).collect();
            let least_and_most = if most.is_empty() { (cells[0], "") } else { (cells[1], cells[2]) };
            all.same(row, least_and_most, (least, most));
        }
        all
    }

    /// The label of a row that begins with a minute.
    fn label(&self, minute: i64, step: &str) -> String {
        let (from, until) = (self.days.0 * 1440, (self.days.1 + 1) * 1440 - 1);
        let year = |minute: i64| civil((minute + offset(self.rules, minute)).div_euclid(1440)).0;
        let is_changed = self.rules.iter().any(|rule| rule.0 > from && rule.0 <= until);
        local(self.rules, minute, step != "1d", (year(from) != year(until), is_changed))
    }

    fn samples(&self, points: &[Value], all: &mut Compared) -> Vec<(String, String, String)> {
        all.same("samples", points.len(), self.samples.len());
        let mut labels = Vec::new();
        for (point, (seconds, value)) in points.iter().zip(self.samples) {
            all.values += 1;
            let found = (point["time"].as_str().unwrap().to_string(), number(&point["value"]));
            all.same("sample", found, (stamp(*seconds), Some(*value)));
            labels.push((self.label(seconds.div_euclid(60), "raw"), value.to_string(), String::new()));
        }
        labels
    }

    fn periods(&self, step: &str, points: &[Value], all: &mut Compared) -> Vec<(String, String, String)> {
        let (samples, last) = (self.samples, self.days.1);
        let begins = begins(self.rules, step, self.days.0, last);
        let wanted = expected(samples, &begins);
        let utc = expected(samples, &begins.keys().map(|slot| (*slot, slot.div_euclid(12) * 60)).collect());
        if step != "1h" {
            all.same("points", points.len(), wanted.len());
        }
        let time = |point: &Value| point["time"].as_str().unwrap().to_string();
        let minute_of = |point: &Value| chrono::DateTime::parse_from_rfc3339(&time(point)).unwrap().timestamp() / 60;
        let is_part = |minute: i64| minute % 60 == 0 && offset(self.rules, minute) % 60 != 0;
        let is_utc = |minute: i64| step == "1h" && is_part(minute) && minute <= (last - 30) * 1440;
        let mut labels = Vec::new();
        for (number_of_point, point) in points.iter().enumerate() {
            let minute = minute_of(point);
            let mut own = wanted.get(&minute).copied();
            if is_utc(minute) {
                all.hours_of_utc += 1;
                own = utc.get(&minute).copied();
                // Where hours of UTC give way to local ones, a part of an hour is left.
                let next = points.get(number_of_point + 1).map_or(i64::MAX, minute_of);
                if next - minute < 60 && wanted.contains_key(&next) {
                    let part = (minute * 60, next * 60);
                    let [begin, end] = [part.0, part.1].map(|at| samples.partition_point(|sample| sample.0 < at));
                    own = expected(&samples[begin..end], &begins.keys().map(|slot| (*slot, minute)).collect())
                        .remove(&minute);
                }
            }
            let Some((least, sum, most, count)) = own else {
                all.wrong.push(format!("no period begins at {}", time(point)));
                continue;
            };
            all.values += 1;
            let found = (number(&point["min"]), number(&point["max"]), number(&point["count"]));
            all.same(&time(point), found, (Some(least), Some(most), Some(count)));
            let average = point["avg"].as_f64().unwrap() - sum as f64 / count as f64;
            all.same(&format!("{} average", time(point)), average.abs() <= 0.001, true);
            labels.push((self.label(minute, step), least.to_string(), most.to_string()));
        }
        let counted: i64 = points.iter().filter_map(|point| number(&point["count"])).sum();
        all.same("every sample once", counted, samples.len() as i64);
        labels
    }
}

fn number(value: &Value) -> Option<i64> {
    value.as_f64().map(|value| value as i64)
}

#[test]
fn hours_and_days_are_those_of_the_zone() {
    let year: Option<i64> = std::env::var("OSMON_TEST_YEAR").ok().and_then(|minutes| minutes.parse().ok());
    let only = std::env::var("OSMON_TEST_ZONE").unwrap_or_default();
    let spans = match year {
        Some(every) => vec![((2026, 1, 1), (2026, 12, 31), every)],
        None => {
            vec![
                ((2026, 3, 27), (2026, 4, 6), 6),
                ((2026, 10, 1), (2026, 10, 4), 6),
                ((2026, 10, 23), (2026, 11, 2), 6),
            ]
        }
    };
    for (first, last, every) in spans {
        let days = (day_of(first.0, first.1, first.2), day_of(last.0, last.1, last.2));
        let mut host = Host::recorded("vm");
        host.now = stamp(days.0 * 86_400 - 600).parse().unwrap();
        let samples = &record(&mut host, days.0, days.1, every);
        let mut wrong = 0;
        for (zone, rules) in ZONES.into_iter().filter(|(zone, _)| zone.contains(&only)) {
            let compare = Compare { host: &host, samples, days, zone, rules };
            for step in ["raw", "5m", "1h", "6h", "1d"] {
                let all = compare.step(step);
                let Compared { values, labels, hours_of_utc, .. } = all;
                println!(
                    "{zone} {step}: {values} points, {labels} labels, {hours_of_utc} hours of UTC, {} wrong",
                    all.wrong.len()
                );
                all.wrong.iter().take(10).for_each(|wrong| println!("  {wrong}"));
                wrong += all.wrong.len() + if year.is_some() { 0 } else { hours_of_utc };
            }
        }
        assert_eq!(wrong, 0, "of {} samples", samples.len());
    }
}
