//! Data directories written by earlier versions: every later version reads them unchanged.

use super::harness::{Host, repository, tool};
use super::invariant;
use chrono::{DateTime, TimeDelta, Utc};
use osmon::model::metric::SeriesKey;
use osmon::model::point::{Point, group};
use osmon::store::query::Query;
use osmon::store::tier::Tier;
use osmon::store::{SNAPSHOTS, Store};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Current format. A change that an older version cannot read increases it and adds a fixture with `OSMON_TEST_WRITE=1
/// cargo test --test suite fixture`; an existing fixture is never rewritten.
const PRESENT: u32 = 2;
/// Time of the host at the end of a fixture.
const END: &str = "2026-11-21T00:10:00Z";
const METRICS: [&str; 3] = ["cpu.busy_percent", "disk.used_percent{mount=\"/\"}", "memory.used_percent"];
const TIERS: [(&str, Tier); 4] =
    [("samples", Tier::Columns), ("5m", Tier::FiveMinutes), ("1h", Tier::Hours), ("1d", Tier::Days)];

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Two hours of one day and two of the next, with a closed and an open incident.
fn write(target: &Path) -> Value {
    let mut host = Host::recorded("vm");
    host.config =
        "[rule.cpu]\nwarning = 85\nfor = \"0s\"\nclear_for = \"0s\"\n[rule.load]\nenabled = false\n".to_string();
    let days = [("2026-11-20T21:50:00Z", 10), ("2026-11-20T22:50:00Z", 10), ("2026-11-20T23:55:00Z", 5)];
    let minutes =
        days.into_iter().flat_map(|(begin, count)| (0..count).map(move |n| time(begin) + TimeDelta::minutes(n)));
    for (number, moment) in minutes.chain([time("2026-11-21T00:09:00Z"), time(END)]).enumerate() {
        let busy = if number == 7 || moment == time(END) { 97 } else { (number as u64 * 37) % 80 };
        host.advance((moment - host.now).num_seconds(), busy);
        host.osmon(&["run"]).ok();
    }
    // Some hundred small files are one here; report.html, the reserve and the lock are not read again.
    let archive =
        ["--exclude=./report.html", "--exclude=./reserve", "--exclude=./lock", "-czf", target.to_str().unwrap()];
    tool("tar", &[archive.as_slice(), &["-C", host.data().to_str().unwrap(), "."]].concat()).ok();
    let samples = samples(&host.data());
    let tiers: BTreeMap<&str, Value> = samples
        .iter()
        .map(|(metric, samples)| {
            (*metric, json!(TIERS.map(|(name, tier)| json!({ "tier": name, "points": rolled(samples, tier) }))))
        })
        .collect();
    json!({ "now": END, "snapshots": samples[METRICS[2]].len(), "metrics": tiers })
}

/// The samples of the metrics out of the records themselves.
fn samples(data: &Path) -> BTreeMap<&'static str, Vec<Point>> {
    let mut found: BTreeMap<_, Vec<Point>> = BTreeMap::new();
    let store = Store::new(data.to_path_buf());
    let (first, last) = (time("2000-01-01T00:00:00Z"), time("2100-01-01T00:00:00Z"));
    store
        .read(SNAPSHOTS, first, last, &mut |line| {
            let record: Value = serde_json::from_str(line).unwrap();
            let moment = time(record["time"].as_str().unwrap()).timestamp_millis();
            for metric in METRICS {
                let (section, field) = metric.split('{').next().unwrap().split_once('.').unwrap();
                let value = match &record[section] {
                    Value::Array(elements) => {
                        elements.iter().find(|element| element["mount"] == "/").unwrap()[field].as_f64()
                    }
                    section => section[field].as_f64(),
                };
                found.entry(metric).or_default().extend(value.map(|value| Point::sample(moment, value)));
            }
        })
        .unwrap();
    found
}

/// Time, least, mean, greatest, number.
type Rolled = Vec<(i64, f64, f64, f64, u32)>;

fn rolled(samples: &[Point], tier: Tier) -> Rolled {
    let step = i64::from(tier.step_seconds()) * 1000;
    let points = if step == 0 { samples.to_vec() } else { group(samples.iter().copied(), step) };
    points.iter().map(|point| (point.time_ms, point.min, point.avg, point.max, point.count)).collect()
}

/// Asserts that the points of a tier equal the expected ones, up to the precision of averages.
#[track_caller]
fn same(data: &Path, tier: Tier, expected: &BTreeMap<&str, Rolled>, until: DateTime<Utc>) {
    let names = METRICS.map(|metric| metric.split('{').next().unwrap());
    let query = Query { is_wanted: &|wanted| names.contains(&wanted), since: time("2026-11-01T00:00:00Z"), until };
    let answer = Store::new(data.to_path_buf()).points(tier, &query).unwrap();
    assert_eq!((answer.reading.damaged, answer.reading.unreadable.len()), (0, 0));
    for (metric, expected) in expected {
        let found = rolled(&answer.points[&SeriesKey::parse(metric)], Tier::Columns);
        assert_eq!(found.len(), expected.len(), "{metric} {tier:?}");
        for (found, expected) in found.iter().zip(expected) {
            let exact = |point: &(i64, f64, f64, f64, u32)| (point.0, point.1, point.3, point.4);
            assert_eq!(exact(found), exact(expected), "{metric} {tier:?}");
            assert!((found.2 - expected.2).abs() <= 0.001, "{metric} {tier:?}: {found:?}, not {expected:?}");
        }
    }
}

#[test]
fn every_version_of_the_store_is_read() {
    let present = repository("tests/fixtures/store").join(PRESENT.to_string());
    if std::env::var_os("OSMON_TEST_WRITE").is_some() && !present.exists() {
        fs::create_dir_all(&present).unwrap();
        let expected = write(&present.join("data.tar.gz"));
        fs::write(present.join("expected.json"), serde_json::to_string(&expected).unwrap() + "\n").unwrap();
    }
    for version in 1..=PRESENT {
        reads(&repository("tests/fixtures/store").join(version.to_string()));
    }
}

fn reads(fixture: &Path) {
    let mut host = Host::recorded("vm");
    fs::create_dir_all(host.data()).unwrap();
    let archive = fixture.join("data.tar.gz").display().to_string();
    tool("tar", &["-xzf", &archive, "-C", host.data().to_str().unwrap()]).ok();
    let expected: Value = serde_json::from_slice(&fs::read(fixture.join("expected.json")).unwrap()).unwrap();
    let now = time(expected["now"].as_str().unwrap());
    host.now = now;
    for (number, (name, tier)) in TIERS.into_iter().enumerate() {
        let points = METRICS.map(|metric| {
            let wanted = &expected["metrics"][metric][number];
            assert_eq!(wanted["tier"], name);
            (metric, serde_json::from_value(wanted["points"].clone()).unwrap())
        });
        same(&host.data(), tier, &points.into(), now);
    }
    let count = expected["snapshots"].as_u64().unwrap();
    let all = invariant::read(&host.data(), now - TimeDelta::days(2), now);
    assert_eq!((all.snapshots() as u64, all.events.len(), all.damaged), (count, 3, 0));
    host.osmon(&["graph"]).ok();
    let page = fs::read_to_string(host.data().join("report.html")).unwrap();
    assert!(
        page.contains(&format!("{count} snapshots in the last 24 h")) && page.contains("<h1>Critical</h1>"),
        "{}",
        fixture.display()
    );
    let top = host.osmon(&["top", "--at", "2026-11-20T22:55:00Z"]).ok().out;
    let span = host.osmon(&["top", "--since", "2026-11-20T21:50:00Z"]).ok().out;
    assert!(top.contains("java") && span.contains("java"), "{top}{span}");
    let open = host.osmon(&["detect-crisis", "--json"]);
    assert!(
        open.code == 2 && open.out.contains("cpu.busy_percent"),
        "the incident is still open: {} {}",
        open.code,
        open.out
    );
    // The host continues where the fixture ended: no incident starts again, and past periods are sealed.
    host.advance(60, 97);
    host.osmon(&["run"]).ok();
    assert_eq!(host.events().len(), 1, "the same incident: {:?}", host.events());
    agrees(&host, count + 1);
    host.advance(86_400, 10);
    host.osmon(&["run"]).ok();
    agrees(&host, count + 2);
    invariant::read(&host.data(), now - TimeDelta::days(2), host.now).keeps(&all, now - TimeDelta::days(2));
    assert_eq!(invariant::unsealed(&host.data(), host.now), Vec::<String>::new());
}

/// Asserts that every tier agrees with the snapshots, and their number.
#[track_caller]
fn agrees(host: &Host, snapshots: u64) {
    let samples = samples(&host.data());
    // Some have no rates: the first one, and those after a boot or a long gap.
    let counts: Vec<u64> = samples.values().map(|samples| samples.len() as u64).collect();
    assert!(counts.iter().all(|count| (snapshots - 5..=snapshots).contains(count)), "{counts:?}, not {snapshots}");
    for (_, tier) in TIERS {
        let expected = samples.iter().map(|(metric, samples)| (*metric, rolled(samples, tier))).collect();
        same(&host.data(), tier, &expected, host.now);
    }
}

/// The history that comes along was written before there were sealed days and rollups.
#[test]
fn plain_days_of_the_first_version_are_closed_and_sealed() {
    let mut host = Host::recorded("vm");
    let sample = repository("data/sample/web-01.tar.gz");
    host.osmon(&["restore", sample.to_str().unwrap()]).ok();
    let (begin, end) = (time("2026-11-19T00:00:00Z"), time(super::harness::BEGIN));
    let before = invariant::read(&host.data(), begin, end);
    host.now = end;
    agrees(&host, before.snapshots() as u64);
    let mut count = before.snapshots() as u64;
    for step in [60, 86_400] {
        host.advance(step, 10);
        count += 1;
        // A debug build on a busy machine may need more than one run to close a whole day.
        let data = host.data();
        let open = || Store::new(data.clone()).open_days(SNAPSHOTS).unwrap().len();
        while host.osmon(&["run"]).code != 0 || open() > 1 {
            host.advance(60, 10);
            count += 1;
            assert!(count < before.snapshots() as u64 + 10, "never closed");
        }
        let plain = Store::new(host.data()).days(SNAPSHOTS).unwrap().iter().filter(|day| day.plain.is_some()).count();
        assert_eq!((plain, invariant::unsealed(&host.data(), host.now)), (1, Vec::new()), "only today is open");
        assert_eq!(invariant::read(&host.data(), begin, end), before, "every record, as it was");
        agrees(&host, count);
    }
    assert!(invariant::inflates(&host.data()) >= 6, "snapshots, processes and five minutes of two days");
}
