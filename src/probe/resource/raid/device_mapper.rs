//! Targets of the device mapper, from `dmsetup status`: thin pools, multipath devices and RAID of LVM
//! (Documentation/admin-guide/device-mapper).

use super::array::{Array, degraded, has_parity, progress};
use super::mdstat::Sync;
use crate::base::text::clean;
use crate::model::record::round;
use crate::probe::rates::percent;
use serde::Serialize;

/// Longest name of a device mapper device, in characters.
const NAME_MAX: usize = 127;
/// Longest text, in characters.
const TEXT_MAX: usize = 255;

/// An element of the section `thin_pool`.
#[derive(Debug, PartialEq, Serialize)]
pub struct ThinPool {
    pool: String,
    /// In words: `in use`, `read-only`.
    state: String,
    /// It takes no more data: full, read-only, failed, or its metadata needs a check.
    failed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_used_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata_used_percent: Option<f64>,
}

/// An element of the section `multipath`.
#[derive(Debug, PartialEq, Serialize)]
pub struct Multipath {
    device: String,
    /// In words: `1 of 2 paths failed`.
    state: String,
    /// The failed paths.
    #[serde(skip_serializing_if = "String::is_empty")]
    problem: String,
    paths: usize,
    usable_paths: usize,
    failed_paths: usize,
}

/// What the device mapper has, by kind.
#[derive(Debug, Default, PartialEq)]
pub struct Targets {
    /// RAID of LVM.
    pub arrays: Vec<Array>,
    /// Thin pools.
    pub pools: Vec<ThinPool>,
    /// Multipath devices.
    pub multipath: Vec<Multipath>,
}

/// Returns whether a device is, or belongs to, one of these kinds, by its name and its UUID.
pub fn is_of_interest(name: &str, uuid: &str) -> bool {
    let ends = ["-tpool", "-pool", "_rimage_0"];
    uuid.starts_with("mpath-") || uuid.ends_with("-tpool") || ends.iter().any(|end| name.ends_with(end))
}

/// Parses lines such as `vg-pool-tpool: 0 204800 thin-pool 1 406/4096 512/1600 - rw …`. `path_name` gives the name of a path
/// by its number: `8:16`.
pub fn parse(text: &str, path_name: impl Fn(&str) -> String) -> Targets {
    let mut found = Targets::default();
    for line in text.lines() {
        let Some((name, rest)) = line.split_once(": ") else { continue };
        let name = clean(name, NAME_MAX);
        let mut words = rest.split_ascii_whitespace().skip(2);
        let kind = words.next().unwrap_or_default();
        let words: Vec<&str> = words.collect();
        match kind {
            "thin-pool" => found.pools.extend(thin_pool(name, &words)),
            "multipath" => found.multipath.extend(multipath(name, &words, &path_name)),
            "raid" => found.arrays.extend(raid(name, &words)),
            _ => {}
        }
    }
    found
}

/// `TRANSACTION USED/TOTAL USED/TOTAL HELD MODE …`, or `Fail`, or `Error`.
fn thin_pool(name: String, words: &[&str]) -> Option<ThinPool> {
    let share = |at: usize| {
        let (used, total) = words.get(at)?.split_once('/')?;
        let (used, total): (u64, u64) = (used.parse().ok()?, total.parse().ok()?);
        (total > 0 && used <= total).then(|| percent(used as f64, total as f64))
    };
    let has = |flag: &str| words.contains(&flag);
    let state = match () {
        () if words.is_empty() => return None,
        () if has("Fail") || has("Error") => "failed",
        () if has("needs_check") => "metadata needs a check",
        () if has("out_of_data_space") => "out of data space",
        () if has("ro") => "read-only",
        () => "in use",
    };
    let (metadata_used_percent, data_used_percent) = (share(1), share(2));
    Some(ThinPool {
        pool: name,
        state: state.to_string(),
        failed: state != "in use",
        data_used_percent,
        metadata_used_percent,
    })
}

/// Among other fields, `8:16 A 0` for each path: its device, active or failed, and the number of failures.
fn multipath(name: String, words: &[&str], path_name: impl Fn(&str) -> String) -> Option<Multipath> {
    let is_device = |word: &str| {
        let numbers = word.split_once(':');
        numbers.is_some_and(|(major, minor)| major.parse::<u32>().is_ok() && minor.parse::<u32>().is_ok())
    };
    let pairs = words.iter().zip(words.iter().skip(1));
    let paths: Vec<(&str, bool)> = pairs
        .filter(|(device, state)| is_device(device) && matches!(**state, "A" | "F"))
        .map(|(device, state)| (*device, *state == "F"))
        .collect();
    let failed: Vec<String> = paths
        .iter()
        .filter(|(_, failed)| *failed)
        .map(|(device, _)| format!("path {} failed", path_name(device)))
        .collect();
    let state = match failed.len() {
        _ if paths.is_empty() => "no paths".to_string(),
        0 => "all paths work".to_string(),
        count => format!("{count} of {} paths failed", paths.len()),
    };
    Some(Multipath {
        device: name,
        state,
        problem: clean(&failed.join(", "), TEXT_MAX),
        paths: paths.len(),
        usable_paths: paths.len() - failed.len(),
        failed_paths: failed.len(),
    })
}

/// `LEVEL MEMBERS HEALTH SYNCED/TOTAL ACTION MISMATCHES …`; health has a letter for each member: `A` in sync, `a` not yet,
/// `D` failed, `-` missing.
fn raid(name: String, words: &[&str]) -> Option<Array> {
    let &[level, members, health, ratio, action, ..] = words else { return None };
    let members: u64 = members.parse().ok()?;
    let count = |letters: &[char]| health.chars().filter(|letter| letters.contains(letter)).count() as u64;
    let recovers = action == "recover";
    let missing_members = count(&['D', '-']) + if recovers { count(&['a']) } else { 0 };
    let sync = match action {
        "recover" => Some("recovery"),
        "resync" => Some("resync"),
        "check" => Some("check"),
        "reshape" => Some("reshape"),
        _ => None,
    };
    let share =
        ratio.split_once('/').and_then(|(done, all)| Some((done.parse::<f64>().ok()?, all.parse::<f64>().ok()?)));
    let share = share.filter(|(done, all)| *all > 0.0 && done <= all).map(|(done, all)| round(percent(done, all)));
    let sync = sync.map(|action| Sync { action, percent: share });
    let mut state = if missing_members > 0 { degraded(missing_members, members) } else { "active".to_string() };
    if let Some(sync) = &sync {
        state += &progress(sync);
    }
    let failed: Vec<String> = health
        .chars()
        .enumerate()
        .filter(|(_, letter)| *letter == 'D')
        .map(|(at, _)| format!("member {at} failed"))
        .collect();
    Some(Array {
        array: name,
        state,
        level: clean(level, NAME_MAX),
        problem: clean(&failed.join(", "), TEXT_MAX),
        members,
        missing_members,
        failed_members: count(&['D']),
        rebuilding: recovers,
        parity: has_parity(level),
        sync_percent: sync.and_then(|sync| sync.percent),
        mismatches: words.get(5).and_then(|count| count.parse().ok()),
        ..Array::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "vg-pool-tpool: 0 209715200 thin-pool 1 406/4160 1474560/1638400 - rw discard_passdown queue_if_no_space - 1024
vg-home: 0 8388608 linear
vg-thin: 0 204800 thin 106496 204799
docker-8:1-131-pool: 0 209715200 thin-pool 7 4000/4160 12/1638400 - out_of_data_space no_discard_passdown error_if_no_space needs_check 1024
dead-tpool: 0 209715200 thin-pool Fail
mpatha: 0 209715200 multipath 2 0 0 0 2 1 A 0 1 2 8:16 A 0 0 1 E 0 1 2 8:32 F 3 0 1
vg-lv: 0 1638400 raid raid1 2 AD 1638400/1638400 idle 0 0 -
vg-new: 0 1638400 raid raid5_ls 3 AAa 163840/1638400 recover 0 0 -
vg-init: 0 1638400 raid raid1 2 aa 163840/1638400 resync 0 0 -
";

    #[test]
    fn every_kind_of_target() {
        let found = parse(TEXT, |number| if number == "8:32" { "sdc".into() } else { number.into() });
        let pools: Vec<_> = found
            .pools
            .iter()
            .map(|pool| (&*pool.pool, &*pool.state, pool.data_used_percent, pool.metadata_used_percent))
            .collect();
        let expected = [
            ("vg-pool-tpool", "in use", Some(90.0), Some(9.76)),
            ("docker-8:1-131-pool", "metadata needs a check", Some(0.001), Some(96.154)),
            ("dead-tpool", "failed", None, None),
        ];
        assert_eq!(pools, expected);
        let path = &found.multipath[0];
        assert_eq!((path.paths, path.usable_paths, &*path.problem), (2, 1, "path sdc failed"));
        let arrays: Vec<_> = found
            .arrays
            .iter()
            .map(|array| {
                (&*array.array, array.missing_members, array.failed_members, array.rebuilding, array.sync_percent)
            })
            .collect();
        let expected =
            [("vg-lv", 1, 1, false, None), ("vg-new", 1, 0, true, Some(10.0)), ("vg-init", 0, 0, false, Some(10.0))];
        assert_eq!(arrays, expected);
    }

    #[test]
    fn devices_of_interest() {
        for (name, uuid, expected) in [
            ("vg-pool-tpool", "LVM-x-tpool", true),
            ("mpatha", "mpath-3600", true),
            ("vg-lv_rimage_0", "LVM-x", true),
            ("vg-root", "LVM-x", false),
            ("luks-1", "CRYPT-LUKS2-x", false),
        ] {
            assert_eq!(is_of_interest(name, uuid), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_line_of_any_form_costs_no_other(noise in "[^\n]{0,80}") {
            let text = format!("a-tpool: 0 8 thin-pool 1 1/2 1/4 - rw\n{noise}\nm: 0 8 multipath 8:16 A 0\n");
            let found = parse(&text, str::to_string);
            prop_assert!(found.pools.iter().any(|pool| pool.pool == "a-tpool" && pool.data_used_percent == Some(25.0)));
            prop_assert!(found.multipath.iter().any(|device| device.device == "m" && device.paths == 1));
        }
    }
}
