//! A clock that steps, for one run and for a day, at the boundary of every tier: what was recorded is found with its values in
//! every tier, and what was recorded under a false date is found under it.
//!
//! `OSMON_CLOCK_STEPS=all` tries every step at every boundary.

use super::harness::Host;
use chrono::{DateTime, TimeDelta, Utc};
use osmon::store::line::seal;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// Days of history before the first run: more than five-minute rollups are kept.
const DAYS: i64 = 11;
/// Minutes between the records of that history.
const EVERY: i64 = 10;
/// Steps of the clock, in seconds.
const STEPS: [i64; 5] = [HOUR, DAY, 12 * DAY, 400 * DAY, 3652 * DAY];
/// True times of the last run before the step: within an hour, before the end of an hour, of a day, of a month.
const BOUNDARIES: [&str; 4] =
    ["2026-11-20T09:30:00Z", "2026-11-20T09:59:00Z", "2026-11-20T23:59:00Z", "2026-11-30T23:59:00Z"];

/// Recorded values by time in milliseconds since 1970.
type Samples = BTreeMap<i64, f64>;

/// A host and what it recorded.
struct World {
    host: Host,
    samples: Samples,
}

fn text(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

impl World {
    /// Eleven days of history that end at `until`, recorded by the boot that goes on, and one run.
    fn new(until: &str) -> Self {
        let mut host = Host::recorded("vm");
        host.now = until.parse().unwrap();
        let boot = host.read("proc/sys/kernel/random/boot_id").trim().to_string();
        let up: f64 = host.read("proc/uptime").split(' ').next().unwrap().parse().unwrap();
        let (mut days, mut samples) = (BTreeMap::<String, String>::new(), Samples::new());
        for minute in (0..DAYS * 1440).step_by(EVERY as usize).skip(1) {
            let time = host.now - TimeDelta::minutes(DAYS * 1440 - minute);
            let busy = (minute / EVERY % 97) as f64;
            let json = format!(
                r#"{{"schema":1,"time":"{}","host":"web-01","boot_id":"{boot}","boottime_seconds":{},"interval_seconds":600.0,"cpu":{{"busy_percent":{busy}}},"probe":{{"cpu_ms":2.5}}}}"#,
                text(time),
                up - (host.now - time).num_seconds() as f64
            );
            days.entry(time.format("%Y-%m-%d").to_string()).or_default().push_str(&seal(&json));
            samples.insert(time.timestamp_millis(), busy);
        }
        fs::create_dir_all(host.data().join("snapshots")).unwrap();
        for (day, lines) in days {
            fs::write(host.data().join(format!("snapshots/{day}.jsonl")), lines).unwrap();
        }
        let mut world = Self { host, samples };
        world.run();
        world
    }

    /// One run; what it recorded is taken from the line it appended.
    fn run(&mut self) {
        self.host.osmon(&["run"]).ok();
        let line = self.host.lines("snapshots").pop().unwrap();
        let json: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(json["time"], text(self.host.now));
        if let Some(busy) = json["cpu"]["busy_percent"].as_f64() {
            self.samples.insert(self.host.now.timestamp_millis(), busy);
        }
    }

    fn pass(&mut self, seconds: i64) {
        self.host.advance(seconds, 20);
    }

    fn points(&self, since: DateTime<Utc>, until: DateTime<Utc>, step: &str) -> BTreeMap<i64, (f64, f64, f64)> {
        let (since, until) = (text(since), text(until));
        let arguments = ["history", "cpu.busy_percent", "--since", &since, "--until", &until, "--step", step, "--json"];
        let json = self.host.osmon(&arguments).ok().json();
        let points = json["metric"][0]["point"].as_array().unwrap().clone();
        let read = |point: &Value| {
            let time: DateTime<Utc> = point["time"].as_str().unwrap().parse().unwrap();
            let number = |name: &str| point[name].as_f64().or(point["value"].as_f64()).unwrap();
            (time.timestamp_millis(), (number("min"), number("avg"), number("max")))
        };
        points.iter().map(read).collect()
    }

    /// Compares every tier from `since` to `until` with what was recorded.
    fn check(&self, since: DateTime<Utc>, until: DateTime<Utc>, what: &str) {
        for (step, seconds) in [("raw", 0), ("5m", 300), ("1h", HOUR), ("1d", DAY)] {
            let mut groups = BTreeMap::<i64, Vec<f64>>::new();
            // The first period counts whole.
            let first = since.timestamp_millis().div_euclid((seconds * 1000).max(1)) * (seconds * 1000).max(1);
            for (time, value) in self.samples.range(first..=until.timestamp_millis()) {
                let begin = if seconds == 0 { *time } else { time.div_euclid(seconds * 1000) * seconds * 1000 };
                groups.entry(begin).or_default().push(*value);
            }
            let found = self.points(since, until, step);
            let missing: Vec<_> = groups.keys().filter(|time| !found.contains_key(time)).collect();
            assert!(missing.is_empty() && found.len() == groups.len(), "{what} by {step}: {missing:?}");
            for (time, values) in groups {
                let (min, avg, max) = found[&time];
                let sum: f64 = values.iter().sum();
                let (least, most) = values.iter().fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(*v), b.max(*v)));
                let is_right = |a: f64, b: f64| (a - b).abs() <= 1e-3 + b.abs() * 1e-5;
                let is_same = is_right(min, least) && is_right(max, most) && is_right(avg, sum / values.len() as f64);
                let at = DateTime::from_timestamp_millis(time).unwrap();
                assert!(is_same, "{what} by {step} at {at}: {:?} of {values:?}", found[&time]);
            }
        }
    }
}

/// The clock steps after `boundary`, stays wrong for `runs` runs `every` seconds apart, and comes back.
fn step(boundary: &str, seconds: i64, runs: i64, every: i64, is_boot: bool) {
    let what = format!("{boundary} {seconds} s for {runs} runs{}", if is_boot { " after a boot" } else { "" });
    let mut world = World::new(boundary);
    for _ in 0..2 {
        world.pass(60);
        world.run();
    }
    let begin = world.host.now - TimeDelta::days(DAYS);
    let mut wrong = Vec::new();
    for run in 0..runs {
        world.pass(if run == 0 { 60 } else { every });
        if is_boot && run == 0 {
            world.host.write("proc/sys/kernel/random/boot_id", "0badc10c-0000-4000-8000-000000000000\n");
            world.host.write("proc/uptime", "45.00 0.00\n");
        }
        world.host.now += TimeDelta::seconds(seconds);
        world.run();
        wrong.push(world.host.now);
        world.host.now -= TimeDelta::seconds(seconds);
    }
    for pause in [60, 60, 60, HOUR, 60, DAY, 60] {
        world.pass(pause);
        world.run();
        if pause == 60 {
            world.check(begin, world.host.now, &what);
        }
    }
    for wrong in wrong {
        let noon = wrong.date_naive().and_hms_opt(0, 0, 0).unwrap().and_utc();
        world.check(noon, noon + TimeDelta::milliseconds(DAY * 1000 - 1), &format!("{what}, {wrong}"));
        // A day of the future is found by its name, and by its beginning alone.
        let day = noon.format("%Y-%m-%d").to_string();
        let shown = |argument| {
            world.host.osmon(&["history", "cpu.busy_percent", argument, &day, "--step", "1d", "--json"]).ok().json()
        };
        assert_eq!(shown("--at")["metric"][0]["point"].as_array().unwrap().len(), 1, "{what}, {day}");
        assert!(!shown("--since")["metric"][0]["point"].as_array().unwrap().is_empty(), "{what}, {day}");
    }
    let said = world.host.osmon(&["verify", "-v"]);
    assert_eq!(said.code, 0, "{what}: {} {}", said.out, said.err);
    let marks = world.host.osmon(&["history", "--since", "3d"]).ok().out.replace("\n  ", " ");
    let direction = if seconds > 0 { "ahead" } else { "behind" };
    assert!(marks.contains(direction) && marks.contains("stored under"), "{what}: {marks}");
}

#[test]
fn one_run_or_a_day_with_a_false_date_loses_nothing() {
    if std::env::var_os("OSMON_CLOCK_STEPS").is_some() {
        for boundary in BOUNDARIES {
            for seconds in STEPS.into_iter().flat_map(|step| [step, -step]) {
                step(boundary, seconds, 1, 60, false);
                step(boundary, seconds, 24, HOUR, false);
            }
        }
        return;
    }
    // One of each step, and each boundary.
    for (at, seconds) in STEPS.into_iter().flat_map(|step| [step, -step]).enumerate() {
        step(BOUNDARIES[at % BOUNDARIES.len()], seconds, 1, 60, false);
    }
    step(BOUNDARIES[1], 400 * DAY, 24, HOUR, false);
    step(BOUNDARIES[2], -400 * DAY, 24, HOUR, false);
    // A board without a battery: 1972 until the time server answers.
    step(BOUNDARIES[0], -20_000 * DAY, 3, 60, true);
}

/// The files below the outbox.
fn outbox(host: &Host, stage: &str) -> Vec<String> {
    let entries = fs::read_dir(host.data().join("outbox").join(stage)).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// An incident is open, acknowledged and sent (or queued, when nobody accepts it), and a rule is silenced; then one run has a
/// false date.
fn survive(seconds: i64, accepts: bool) {
    let what = format!("{seconds} s, accepted: {accepts}");
    let mut host = Host::recorded("vm");
    let mailer = host.path("mailer");
    fs::write(&mailer, format!("#!/bin/sh\ncat > /dev/null\nexit {}\n", i32::from(!accepts))).unwrap();
    fs::set_permissions(&mailer, fs::Permissions::from_mode(0o755)).unwrap();
    host.config = format!(
        "[rule.cpu]\nfor = \"2m\"\ncritical_for = \"2m\"\n[alert]\nto = [\"ops@example.org\"]\n[alert.sendmail]\nprogram = \"{}\"\n",
        mailer.display()
    );
    let run = |host: &mut Host, busy| {
        host.advance(60, busy);
        host.osmon(&["run"]);
    };
    [5, 5, 97, 97, 97, 97, 97, 97].into_iter().for_each(|busy| run(&mut host, busy));
    host.osmon(&["ack", "cpu", "--for", "6d", "--because", "import"]).ok();
    host.osmon(&["silence", "disk", "--for", "4h", "--because", "test"]).ok();
    let stage = if accepts { "sent" } else { "new" };
    let files = outbox(&host, stage);
    assert_eq!(files.len(), 1, "{what}");
    host.now += TimeDelta::seconds(seconds);
    run(&mut host, 97);
    let wrong = host.events();
    let list = |host: &Host| {
        let list = host.osmon(&["silence", "--list", "--json"]).ok().json();
        (list["silence"].as_array().unwrap().len(), list["ack"].as_array().unwrap().len())
    };
    assert_eq!(list(&host), (1, 1), "{what}: also meanwhile");
    host.osmon(&["silence", "load", "--for", "3h", "--because", "added under the false date"]).ok();
    host.now -= TimeDelta::seconds(seconds);
    (0..3).for_each(|_| run(&mut host, 97));
    assert_eq!(list(&host), (2, 1), "{what}");
    assert!(host.osmon(&["status"]).out.contains("; acknowledged"), "{what}");
    assert_eq!((outbox(&host, stage), outbox(&host, "dead")), (files, Vec::new()), "{what}");
    assert_eq!(host.events().len(), 1, "{what}: one incident, which goes on: {:?}", host.events());
    assert!(wrong.is_empty() || seconds.abs() < DAY, "{what}: {wrong:?}");
    host.advance(4 * HOUR, 97);
    assert_eq!(list(&host), (0, 1), "{what}: and they end in time");
}

#[test]
fn one_run_with_a_false_date_ends_no_incident_silence_or_alert() {
    for days in [12, 400, 3652] {
        for seconds in [days * DAY, -days * DAY] {
            survive(seconds, true);
            survive(seconds, false);
        }
    }
}

#[test]
fn a_part_of_a_gap_that_a_step_left_has_the_reason_of_the_whole() {
    let mut host = Host::recorded("vm");
    let run = |host: &mut Host, at: &str| {
        host.advance(60, 20);
        host.now = at.parse().unwrap();
        host.osmon(&["run"]).ok();
    };
    (0..3).for_each(|minute| run(&mut host, &format!("2026-11-20T12:0{minute}:00Z")));
    (0..4).for_each(|minute| run(&mut host, &format!("2026-11-22T15:0{minute}:00Z")));
    for at in ["2026-11-20T12:07:00Z", "2026-11-20T15:08:00Z", "2026-11-23T09:00:00Z"] {
        run(&mut host, at);
    }
    host.now += TimeDelta::seconds(30);
    let reason = |since: &str, until: &str, step: &str| {
        let asked = ["history", "load.one", "--since", since, "--until", until, "--step", step, "--json"];
        let json = host.osmon(&asked).ok().json();
        let gaps = json["gap"].as_array().unwrap().iter();
        gaps.map(|gap| gap["reason"].as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    let within = reason("2026-11-20 12:03", "2026-11-20 12:06", "raw");
    assert!(within[0].starts_with("The clock was 2 d 2 h ahead for 4 min"), "{within:?}");
    for (since, until, expected) in [
        // From the begin, within, to the end, and on another day than the step was noticed.
        ("2026-11-20 13:00", "2026-11-20 14:00", "Clock set forward by 3 h"),
        ("2026-11-20 12:07", "2026-11-20 14:00", "Clock set forward by 3 h"),
        ("2026-11-20 13:00", "2026-11-20 15:08", "Clock set forward by 3 h"),
        ("2026-11-21 10:00", "2026-11-21 11:00", "Clock set forward by 2 d 2 h"),
        ("2026-11-22 16:00", "2026-11-22 17:00", "Clock set forward by 2 d 17 h"),
    ] {
        for step in ["raw", "5m"] {
            let found = reason(since, until, step);
            assert!(found.len() == 1 && found[0].starts_with(expected), "{since} to {until} by {step}: {found:?}");
        }
    }
}
