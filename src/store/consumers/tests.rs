use super::*;
use crate::base::clock::Now;
use crate::store::SNAPSHOTS;
use crate::store::{block, hour};
use std::fs;

/// Records every ten minutes from 18:00 to 21:40 on 20 November: `a` uses half a core.
fn recorded(store: &Store) -> DateTime<Utc> {
    let begin = parse("2026-11-18T00:00:00.000Z").unwrap();
    let mut wall = begin;
    while wall < begin + TimeDelta::minutes(2 * 1440 + 1300) {
        let now = Now { wall, boottime_seconds: 0.0 };
        let head = format!(r#"{{"schema":1,"time":"{}","interval_seconds":600.0"#, stamp(wall));
        let process =
            r#"[{"name":"a","pid":"1","user":"u","unit":"x.service","cpu_percent":50.0,"memory_bytes":1000}]"#;
        let unit = r#"[{"unit":"x.service","kind":"service","cpu_percent":50.0,"memory_bytes":2000}]"#;
        store.append(PROCESSES, &now, &format!(r#"{head},"process":{process},"unit":{unit}}}"#)).unwrap();
        store.append(SNAPSHOTS, &now, &format!(r#"{head},"probe":{{"cpu_ms":2.5}}}}"#)).unwrap();
        wall += TimeDelta::minutes(10);
    }
    wall
}

fn run(store: &Store, now: DateTime<Utc>) {
    store.upkeep(now, "boot", &|| false).unwrap();
}

#[test]
fn rollups_say_what_the_records_say_and_outlive_them() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::new(directory.path().to_path_buf());
    let now = recorded(&store);
    run(&store, now);
    let since = parse("2026-11-18T00:00:00Z").unwrap();
    let of_records = store.recorded_consumers(since, now).unwrap();
    assert_eq!((of_records.seconds, of_records.programs.len()), (418.0 * 600.0, 1));
    assert_eq!(store.consumers(since, now, Unrolled::Read).unwrap(), of_records);
    let later = since + TimeDelta::minutes(95);
    let margins = store.consumers(later, now, Unrolled::Read).unwrap();
    assert_eq!(margins, store.recorded_consumers(later, now).unwrap());
    let hour = hour::of(now);
    fs::remove_dir_all(directory.path().join(PROCESSES)).unwrap();
    assert_eq!(store.consumers(since, hour, Unrolled::Skip).unwrap().seconds, (48.0 + 21.0) * 3600.0);
    let query = Query { is_wanted: &|name| name.starts_with("unit."), since, until: hour };
    assert_eq!(store.points(Tier::Hours, &query).unwrap().points.len(), 2, "CPU and memory of the unit");
}

#[test]
fn a_history_without_rollups_gets_them_one_day_a_run() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::new(directory.path().to_path_buf());
    let now = recorded(&store);
    run(&store, now);
    let (since, hour) = (parse("2026-11-18T00:00:00Z").unwrap(), hour::of(now));
    let whole = store.consumers(since, hour, Unrolled::Skip).unwrap();
    for tier in ["1h", "1d"] {
        fs::remove_file(directory.path().join(format!("rollups/{tier}/2026-11/consumers.jsonl"))).unwrap();
    }
    // As an older version left it.
    let progress = directory.path().join("rollups/progress.json");
    let text = fs::read_to_string(&progress).unwrap();
    fs::write(&progress, text.replace(r#""fill_before":"","#, "")).unwrap();
    assert_eq!(store.progress(), None);
    let mut seconds = Vec::new();
    for _ in 0..3 {
        run(&store, now);
        seconds.push(store.consumers(since, hour, Unrolled::Skip).unwrap().seconds / 3600.0);
    }
    assert_eq!(seconds, [24.0 + 21.0, 48.0 + 21.0, 48.0 + 21.0]);
    assert_eq!(store.progress().unwrap().fill_before, "");
    assert_eq!(store.consumers(since, hour, Unrolled::Skip).unwrap(), whole);
}

#[test]
fn a_block_is_one_like_any_other() {
    let consumers = Consumers { seconds: 600.0, records: 10, ..Consumers::default() };
    let begin = parse("2026-11-20T21:00:00Z").unwrap();
    let line = write(begin, Tier::Hours, &consumers);
    assert_eq!(block::samples(line.trim_end()), 10);
    assert_eq!(block::head(line.trim_end()).unwrap(), (CONSUMERS.into(), begin.timestamp_millis()));
}
