//! osmon repair: damage is set aside, what can be rebuilt is rebuilt.

use super::harness::tool;
use super::verify::{OLD, TODAY, found_by_hour, host, minutes, put, record, records, repair, sealed, verify};
use std::fs;

#[test]
fn a_sealed_day_that_was_cut_or_flipped_anywhere_is_found_and_repaired() {
    let host = host(true);
    let whole = fs::read(sealed(&host)).unwrap();
    let rollups = host.path("rollups");
    tool("cp", &["-a", host.data().join("rollups").to_str().unwrap(), rollups.to_str().unwrap()]).ok();
    let all = records(&host, OLD);
    let mut kept = 0;
    let damaged: Vec<(String, Vec<u8>)> = (0..whole.len())
        .map(|cut| (format!("cut at {cut}"), whole[..cut].to_vec()))
        .chain((0..whole.len()).map(|at| {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << (at % 8);
            (format!("flipped at {at}"), flipped)
        }))
        .collect();
    for (number, (what, content)) in damaged.into_iter().enumerate() {
        fs::write(sealed(&host), content).unwrap();
        let found = verify(&host);
        if found.is_empty() {
            assert_eq!(records(&host, OLD), all, "{what}: nothing is lost, so nothing is wrong");
            assert_eq!(found_by_hour(&host), 4, "{what}: who asks for an hour finds it");
            continue;
        }
        // Each is found; every eighth is repaired, which syncs to the disk again and again.
        if number % 8 != 0 {
            continue;
        }
        repair(&host);
        let left = records(&host, OLD);
        assert!(left.iter().all(|line| all.contains(line)), "{what}");
        kept += usize::from(!left.is_empty());
        let _ = fs::remove_dir_all(host.data().join("damaged"));
        fs::remove_dir_all(host.data().join("rollups")).unwrap();
        tool("cp", &["-a", rollups.to_str().unwrap(), host.data().to_str().unwrap()]).ok();
    }
    assert!(kept > whole.len() / 8, "what can be read is kept: {kept} of {}", whole.len() / 4);
}

#[test]
fn records_that_are_intact_and_wrong_are_found_and_put_right() {
    let lines = minutes(TODAY);
    let earlier = minutes("2026-11-19");
    let future = record("2027-11-20T04:00:00.000Z", "web-01", "a", 999.0);
    let cases: [(&str, Vec<&String>, usize); 4] = [
        ("wrong_order", vec![&lines[0], &lines[2], &lines[1], &lines[3]], 4),
        ("repeated", vec![&lines[0], &lines[1], &lines[1], &lines[2], &lines[3]], 4),
        ("misplaced", vec![&lines[0], &earlier[0], &lines[1], &lines[2], &lines[3]], 4),
        ("misplaced", vec![&lines[0], &future, &lines[1], &lines[2], &lines[3]], 4),
    ];
    for (kind, content, left) in cases {
        let host = host(false);
        let path = host.data().join(format!("snapshots/{TODAY}.jsonl"));
        put(&path, content.iter().map(|line| line.as_str()).collect::<String>().as_bytes());
        assert_eq!(verify(&host), [kind]);
        repair(&host);
        assert_eq!(records(&host, TODAY), lines, "{kind}");
        assert_eq!(records(&host, TODAY).len(), left);
        if kind == "misplaced" && content.contains(&&earlier[0]) {
            assert_eq!(records(&host, "2026-11-19"), [earlier[0].clone()], "it is where it belongs");
        }
    }
}

/// A line a minute: the minute of the day, name, boot, and the minute in which that boot began.
fn told(minutes: &[(i64, &str, &str, i64)]) -> Vec<String> {
    let line = |(minute, name, boot, begun): &(i64, &str, &str, i64)| {
        let time = format!("{TODAY}T{:02}:{:02}:00.000Z", minute / 60, minute % 60);
        record(&time, name, boot, (minute - begun) as f64 * 60.0)
    };
    minutes.iter().map(line).collect()
}

#[test]
fn of_two_hosts_that_record_by_turns_nothing_is_removed() {
    for names in [["web-01", "db-01"], ["localhost", "localhost"]] {
        let turns: Vec<_> = (300..320).flat_map(|at| [(at, names[0], "a", 0), (at, names[1], "b", -9000)]).collect();
        let lines = told(&turns);
        let host = host(false);
        put(&host.data().join(format!("snapshots/{TODAY}.jsonl")), lines.concat().as_bytes());
        let found = host.osmon(&["verify"]);
        assert!(found.code == 65 && found.out.contains("two hosts record here by turns, 38 changes"), "{}", found.out);
        let dry = host.osmon(&["repair", "--dry-run"]).ok().out;
        assert!(dry.contains("remove nothing") && dry.contains("a data directory of its own"), "{dry}");
        let repaired = repair(&host).out;
        assert!(repaired.contains("All records are kept"), "{repaired}");
        assert!(host.osmon(&["verify", "-v"]).ok().out.contains("two hosts record here by turns"), "noted");
        // Damage beside it is repaired, and still nothing else is removed.
        let damaged = [lines[..10].concat(), "damage\n".to_string(), lines[10..].concat()].concat();
        put(&host.data().join(format!("snapshots/{TODAY}.jsonl")), damaged.as_bytes());
        assert!(host.osmon(&["repair"]).out.contains("1 damaged line set aside"));
        assert_eq!(records(&host, TODAY), lines);
    }
}

#[test]
fn a_name_that_comes_late_changes_or_returns_removes_nothing() {
    let names: [&[&str]; 4] = [
        &["localhost", "web-01"],
        &["web-01", "web-01.example.org"],
        &["dhcp-17", "dhcp-18", "dhcp-17", "dhcp-23"],
        &["a", "b", "c"],
    ];
    for (names, boots) in names.into_iter().flat_map(|names| [1, 2, 5].map(|boots| (names, boots))) {
        let ids = ["v", "w", "x", "y", "z"];
        let minutes: Vec<_> = (0..40)
            .map(|at| {
                (
                    300 + at,
                    names[at as usize % 8 % names.len()],
                    ids[(at * boots / 40) as usize],
                    300 + at * boots / 40 * (40 / boots),
                )
            })
            .collect();
        let lines = told(&minutes);
        let host = host(false);
        put(&host.data().join(format!("snapshots/{TODAY}.jsonl")), lines.concat().as_bytes());
        let found = host.osmon(&["verify", "-v"]).ok().out;
        assert!(found.contains("the name of the host changes"), "{found}");
        repair(&host);
        assert_eq!(records(&host, TODAY), lines, "{names:?} {boots}");
    }
}

#[test]
fn rollups_that_are_gone_wrong_or_damaged_are_made_anew() {
    let host = host(true);
    let month = |tier: &str| host.data().join(format!("rollups/{tier}/2026-11.jsonl.gz"));
    let whole = fs::read(month("1h")).unwrap();
    for (what, content) in [("nothing", None), ("cut", Some(&whole[..whole.len() / 2])), ("empty", Some(&whole[..0]))] {
        match content {
            None => fs::remove_file(month("1h")).unwrap(),
            Some(content) => fs::write(month("1h"), content).unwrap(),
        }
        assert!(!verify(&host).is_empty(), "{what}");
        repair(&host);
        assert_eq!(fs::read(month("1h")).unwrap(), whole, "{what}");
    }
    let late = record(&format!("{OLD}T05:00:00.000Z"), "web-01", "a", 3600.0);
    let content = fs::read(sealed(&host)).unwrap();
    put(
        &sealed(&host),
        &[content, osmon::store::member::pack(&format!("{OLD}T05"), late.as_bytes()).unwrap()].concat(),
    );
    assert_eq!(verify(&host), ["rollup_wrong", "rollup_wrong"], "1h and 1d");
    repair(&host);
    fs::remove_dir_all(host.data().join("rollups")).unwrap();
    assert_eq!(verify(&host), ["rollup_missing"; 3]);
    repair(&host);
}

#[test]
fn a_repair_that_was_killed_can_be_done_again() {
    let host = host(true);
    let whole = fs::read(sealed(&host)).unwrap();
    let mut broken = whole.clone();
    let middle = whole.len() / 3;
    broken[middle] ^= 0x40;
    let today = host.data().join(format!("snapshots/{TODAY}.jsonl"));
    let lines = minutes(TODAY);
    for moment in 0..40_u64 {
        fs::write(sealed(&host), &broken).unwrap();
        fs::write(&today, [&lines[0], &lines[2], &lines[1], &minutes("2026-11-19")[0]].map(String::as_str).concat())
            .unwrap();
        let mut child = host.command("osmon", &["repair", "-q"]).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(moment));
        let _ = child.kill();
        child.wait().unwrap();
        host.osmon(&["repair"]);
        assert_eq!(verify(&host), Vec::<String>::new(), "killed after {moment} ms");
        assert_eq!(records(&host, TODAY), lines[..3], "killed after {moment} ms");
        assert_eq!(records(&host, "2026-11-19").len(), 1, "killed after {moment} ms");
        let _ = fs::remove_file(host.data().join("snapshots/2026-11-19.jsonl"));
    }
}

/// Hourly rollups survive the loss of their snapshots: no repair and no rebuild removes them.
#[test]
fn rollups_outlive_their_snapshots_and_a_loss_is_told_until_it_was_noted() {
    let host = host(true);
    // Another sealed day before it, so that the one that goes lies between two.
    let earlier = "2026-11-17";
    put(&host.data().join(format!("snapshots/{earlier}.jsonl")), minutes(earlier).concat().as_bytes());
    host.osmon(&["store", "rebuild"]).ok();
    let of_day = || {
        let asked = ["history", "load.one", "--at", OLD, "--step", "1h", "--json"];
        host.osmon(&asked).ok().json()["metric"][0]["point"].clone()
    };
    let before = of_day();
    assert_eq!(before.as_array().map(Vec::len), Some(2));
    fs::remove_file(sealed(&host)).unwrap();
    assert_eq!(verify(&host), ["snapshots_missing"]);
    let done = host.osmon(&["verify"]);
    assert!(done.out.contains("all 4 snapshots of 2026-11-18 are gone"), "{}", done.out);
    repair(&host);
    host.osmon(&["store", "rebuild"]).ok();
    assert_eq!(of_day(), before);
    // A member that is damaged later is a loss of its own, and its hour stays in the rollups too.
    let path = host.data().join(format!("snapshots/{earlier}.jsonl.gz"));
    let content = fs::read(&path).unwrap();
    put(&path, &content[..content.len() - 40]);
    assert!(!verify(&host).is_empty());
    repair(&host);
    let asked = ["history", "load.one", "--at", earlier, "--step", "1h", "--json"];
    let points = host.osmon(&asked).ok().json()["metric"][0]["point"].clone();
    assert_eq!(points.as_array().map(Vec::len), Some(2), "{points}");
}

/// A disk that is not mounted is not damage: repair leaves the link, notes no loss, and everything is there again later.
#[test]
fn history_behind_a_link_to_nothing_is_left_alone() {
    for linked in ["snapshots".to_string(), "rollups/1h".to_string(), format!("snapshots/{OLD}.jsonl.gz")] {
        let host = host(true);
        let earlier = "2026-11-17";
        put(&host.data().join(format!("snapshots/{earlier}.jsonl")), minutes(earlier).concat().as_bytes());
        host.osmon(&["store", "rebuild"]).ok();
        let (link, disk, off) = (host.data().join(&linked), host.path("disk"), host.path("off"));
        fs::rename(&link, &off).unwrap();
        std::os::unix::fs::symlink(&disk, &link).unwrap();
        let left = host.osmon(&["repair"]);
        let words = format!("{}{}", left.out, left.err);
        assert_eq!(left.code, if linked == "rollups/1h" { 74 } else { 65 }, "{linked}: {words}");
        assert!(words.contains("mount or create it") && !words.contains("gone"), "{linked}: {words}");
        assert!(link.is_symlink() && !host.data().join("damaged/losses.json").exists(), "{linked}");
        let said = host.osmon(&["verify"]);
        assert!(said.out.contains("mount or create it"), "{linked}: {}", said.out);
        if linked == "snapshots" {
            let history = host.osmon(&["history", "load.one", "--at", OLD]);
            assert!(history.code == 65 && history.err.contains("mount or create it"), "{}", history.err);
        }
        fs::rename(&off, &disk).unwrap();
        assert_eq!(verify(&host), Vec::<String>::new(), "{linked}");
        assert_eq!(records(&host, OLD), minutes(OLD), "{linked}");
    }
}
