//! The learned state: packed, damaged, across clock changes and with too many series.

use super::*;

fn value(at: i64) -> f64 {
    20.0 + (at.rem_euclid(86_400) / 3600) as f64 + (at * 7919 % 61) as f64 / 20.0
}

/// Minutes of two series.
fn learned(minutes: i64) -> Learned {
    let mut learned = Learned::default();
    for minute in 0..minutes {
        add(&mut learned, minute);
    }
    learned
}

fn values(minute: i64) -> Vec<(String, f64)> {
    let at = minute * 60;
    vec![("cpu.busy_percent".to_string(), value(at)), ("disk_io.latency_ms{device=\"sda\"}".to_string(), value(at + 7))]
}

fn add(learned: &mut Learned, minute: i64) -> usize {
    learned.add(&values(minute), (minute * 60) as f64).len()
}

#[test]
fn it_is_packed_and_read_as_it_was_and_goes_on_with_the_groups_written_after_it() {
    let mut memory = learned(3 * 1440 + 2);
    let (packed, mut groups) = memory.pack();
    assert!(packed.len() < 2 * 1700, "{} bytes", packed.len());
    let (mut read, of) = Learned::unpack(&packed).unwrap();
    assert_eq!((format!("{read:?}"), of), (format!("{memory:?}"), groups.of));
    for minute in 3 * 1440 + 2..3 * 1440 + 5 {
        assert!(groups.add(&values(minute), (minute * 60) as f64), "the group goes on");
        assert_eq!(add(&mut memory, minute), 0);
        groups = Groups::unpack(&groups.pack()).unwrap();
    }
    let before = groups.clone();
    assert!(!groups.add(&values(3 * 1440 + 5), (3 * 1440 + 5) as f64 * 60.0) && groups == before, "it ends");
    read.go_on(&groups);
    assert_eq!(format!("{read:?}"), format!("{memory:?}"));
    assert_eq!(add(&mut memory, 3 * 1440 + 5), 2);
}

#[test]
fn damage_is_found_wherever_it_is() {
    let (packed, _) = learned(400).pack();
    let right = format!("{:?}", Learned::unpack(&packed).unwrap().0);
    for at in 0..packed.len() {
        let mut damaged = packed.clone();
        damaged[at] ^= 1;
        let read = Learned::unpack(&damaged).map(|(read, _)| format!("{read:?}"));
        assert!(read.is_none_or(|read| read == right), "{at}");
        assert!(Learned::unpack(&packed[..at]).is_none(), "{at}");
    }
    assert!(Groups::unpack(&packed).is_none(), "the other file");
}

#[test]
fn clocks_that_jump_neither_stop_it_nor_make_it_forget_the_days() {
    let mut series = Series::default();
    let mut at = 1_388_534_400_i64;
    for step in 0..40 * 288 {
        at += match step % 1000 {
            500 => 86_400 * 365 * 300,
            501 => -86_400 * 365 * 300,
            700 => -7200,
            800 => 3 * 86_400,
            _ => 300,
        };
        if let Some(Closed::Sighted(sighting)) = series.add(at as f64, value(at)) {
            assert!(sighting.days.high < 50.0 && sighting.days.low >= 19.9, "{sighting:?}");
            assert!(sighting.finding(0.0, true, true).is_none(), "{step}: {sighting:?}");
        }
    }
    for odd in [f64::MAX, f64::MIN, 0.0, 1e-300, i64::MAX as f64, i64::MIN as f64] {
        let _ = (series.add(odd, odd), series.add(at as f64, 1.0));
    }
}

#[test]
fn of_too_many_series_those_that_are_gone_make_room() {
    let name = |number: i64| format!("unit.cpu_percent{{unit=\"{number}\"}}");
    let mut learned = Learned::default();
    for number in 0..3000 {
        learned.add(&[(name(number), 1.0)], (number * 60) as f64);
    }
    let known = learned.groups();
    assert_eq!(known.len(), 1200);
    assert!(known.contains_key(&name(2999)) && !known.contains_key(&name(0)));
    let all: Vec<(String, f64)> = (0..2000).map(|number| (name(number), 1.0)).collect();
    for minute in 0..10 {
        learned.add(&all, (4_000_000 + minute * 300) as f64);
        assert_eq!(learned.groups().len(), 1200);
    }
}
