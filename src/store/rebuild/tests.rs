//! Rollups match the snapshots, in whatever order upkeep happened.

use crate::base::clock::{Now, parse, stamp};
use crate::model::metric::SeriesKey;
use crate::model::point::{Point, group};
use crate::store::query::Query;
use crate::store::tier::Tier;
use crate::store::{SNAPSHOTS, Store};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// An action between two snapshots.
#[derive(Debug, Clone)]
enum Step {
    /// A number of minutes passes.
    Pass(i64),
    /// The clock is set by a number of minutes.
    Set(i64),
    /// The last snapshot is appended once more.
    Repeat,
    /// Another boot.
    Boot,
}

/// A store, its clock, and every snapshot in it.
struct World {
    store: Store,
    _directory: tempfile::TempDir,
    wall: DateTime<Utc>,
    boot: u32,
    points: BTreeMap<i64, Point>,
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::new(directory.path().to_path_buf());
        let wall = parse("2026-10-30T20:10:00Z").unwrap();
        Self { store, _directory: directory, wall, boot: 0, points: BTreeMap::new() }
    }

    fn snapshot(&mut self, value: f64) -> String {
        // No two snapshots at the same moment.
        while self.points.contains_key(&self.wall.timestamp_millis()) {
            self.wall += TimeDelta::milliseconds(1);
        }
        self.points.insert(self.wall.timestamp_millis(), Point::sample(self.wall.timestamp_millis(), value));
        let json = format!("{{\"schema\":1,\"time\":\"{}\",\"x\":{{\"y\":{value}}}}}", stamp(self.wall));
        self.append(&json);
        json
    }

    fn append(&self, json: &str) {
        self.store.append(SNAPSHOTS, &Now { wall: self.wall, boottime_seconds: 0.0 }, json).unwrap();
    }

    fn upkeep(&self) {
        self.store.upkeep(self.wall, &self.boot.to_string(), &|| false).unwrap();
    }

    fn points(&self, tier: Tier) -> Vec<Point> {
        let (since, until) = (parse("2026-10-01T00:00:00Z").unwrap(), parse("2026-12-31T00:00:00Z").unwrap());
        let mut answer = self.store.points(tier, &Query { is_wanted: &|name| name == "x.y", since, until }).unwrap();
        assert_eq!(answer.reading.first_damage, None);
        answer.points.remove(&SeriesKey::parse("x.y")).unwrap_or_default()
    }

    fn check(&self, when: &str) {
        for (tier, step) in [(Tier::FiveMinutes, 300_000), (Tier::Hours, 3_600_000), (Tier::Days, 86_400_000)] {
            let expected = group(self.points.values().copied(), step);
            let found = self.points(tier);
            let shape = |points: &[Point]| -> Vec<(i64, f64, f64, u32)> {
                points.iter().map(|point| (point.time_ms, point.min, point.max, point.count)).collect()
            };
            assert_eq!(shape(&found), shape(&expected), "{tier:?} {when}");
            for (found, expected) in found.iter().zip(&expected) {
                assert!((found.avg - expected.avg).abs() < 0.01, "{tier:?} {when}: {found:?} {expected:?}");
            }
        }
        let samples: Vec<Point> = self.points.values().copied().collect();
        assert_eq!(self.points(Tier::Columns), samples, "samples {when}");
    }

    fn rebuild(&self) {
        self.store.rebuild_open(self.wall, &self.boot.to_string()).unwrap();
        for (month, days) in self.store.sealed_months("").unwrap() {
            self.store.rebuild_month(&month, &days, &BTreeSet::new()).unwrap();
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (1_i64..40).prop_map(Step::Pass),
        3 => (60_i64..2000).prop_map(Step::Pass),
        2 => (-1600_i64..1600).prop_map(Step::Set),
        1 => Just(Step::Repeat),
        1 => Just(Step::Boot),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn rollups_are_what_the_snapshots_say(steps in proptest::collection::vec((step(), -9000_i64..9000, any::<bool>()), 1..60)) {
        let mut world = World::new();
        let mut is_set_back = false;
        let mut last = world.snapshot(1.0);
        for (step, value, with_upkeep) in steps {
            match step {
                Step::Pass(minutes) => world.wall += TimeDelta::minutes(minutes),
                Step::Set(minutes) => {
                    world.wall += TimeDelta::minutes(minutes);
                    is_set_back |= minutes < 0;
                }
                Step::Boot => world.boot += 1,
                Step::Repeat => {
                    // A repeated record belongs to the file of its own day, whenever it is appended.
                    let time = parse(crate::model::record::time_of(&last).unwrap()).unwrap();
                    if crate::store::day::of(time) == crate::store::day::of(world.wall) {
                        world.append(&last);
                    }
                }
            }
            last = world.snapshot(value as f64 / 10.0);
            // Each run keeps up; a probe alone does not, which matters only where hours were closed already.
            if with_upkeep || is_set_back {
                world.upkeep();
            }
        }
        world.upkeep();
        world.check("while the last day is open");
        let newest = world.points.keys().next_back().copied().unwrap();
        world.wall = world.wall.max(DateTime::from_timestamp_millis(newest).unwrap()) + TimeDelta::days(3);
        world.upkeep();
        world.check("when every day is sealed");
        world.rebuild();
        world.check("after a rebuild");
        world.rebuild();
        world.check("after another one");
    }
}

#[test]
fn a_late_record_and_a_repeated_one_change_the_rollups_once() {
    let mut world = World::new();
    for minute in 0..600 {
        world.wall += TimeDelta::minutes(1);
        world.snapshot(f64::from(minute));
        world.upkeep();
    }
    world.wall += TimeDelta::days(3);
    world.upkeep();
    world.check("sealed");
    let right = world.wall;
    world.wall = parse("2026-10-30T22:30:30Z").unwrap();
    let late = world.snapshot(-5.0);
    world.append(&late);
    world.upkeep();
    world.wall = right;
    world.upkeep();
    world.check("with a late record that is there twice");
    let count: u32 = world.points(Tier::Days).iter().map(|point| point.count).sum();
    assert_eq!(count, 601);
    world.rebuild();
    world.check("rebuilt");
    std::fs::remove_dir_all(world.store.directory().join("rollups")).unwrap();
    world.rebuild();
    world.check("rebuilt from nothing");
}

#[test]
fn what_was_rolled_up_from_snapshots_that_are_gone_stays() {
    let mut world = World::new();
    for day in 0..4 {
        world.snapshot(f64::from(day));
        world.wall += TimeDelta::days(1);
        world.upkeep();
    }
    let before = world.points(Tier::Hours);
    let first = world.store.days(SNAPSHOTS).unwrap().swap_remove(0);
    std::fs::remove_file(first.sealed.unwrap()).unwrap();
    world.rebuild();
    assert_eq!(world.points(Tier::Hours), before);
}
