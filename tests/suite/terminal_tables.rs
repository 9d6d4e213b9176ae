//! Incidents, history, alerts and probe as people read them.

use super::harness::Host;
use super::incidents::minute;
use super::terminal_width::{at_terminal, plain, trouble};
use chrono::TimeDelta;

#[test]
fn incidents_are_listed_worst_first_and_whole() {
    let mut host = trouble();
    host.config += "[rule.memory]\nwarning = 50\nfor = \"0s\"\n";
    minute(&mut host, 97);
    let table = host.osmon(&["incidents"]).ok().out;
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("CRIT") || line.starts_with("WARN")).collect();
    assert!(table.starts_with("Worst  What "), "{table}");
    assert!(table.lines().next().unwrap().ends_with("  Notified  ID"), "{table}");
    let severities: Vec<&str> = rows.iter().map(|row| &row[..4]).collect();
    assert_eq!(severities, ["CRIT", "CRIT", "CRIT", "CRIT", "CRIT", "WARN"], "{table}");
    for (row, what) in [(&rows[5], "Memory"), (&rows[0], "File system")] {
        assert!(row[7..].starts_with(what), "no title is left out: {table}");
    }
    assert!(table.contains("       disk:/srv/data/projects/archive-of-the-years-before-2025/found-later\n"));
    let columns = |name: &str| table.lines().next().unwrap().find(name).unwrap();
    assert!(
        rows.iter().all(|row| row.chars().skip(columns("Notified")).collect::<String>().starts_with("no")),
        "{table}"
    );
    // Without an id the worst is explained, not the newest.
    assert!(host.osmon(&["explain"]).ok().out.lines().next().unwrap().contains("CRITICAL File system /srv/data"));
}

#[test]
fn a_value_that_is_no_longer_measured_is_not_said_to_be_so_now() {
    let mut host = trouble();
    let ends = |host: &Host| {
        let out = host.osmon(&["explain", "disk"]).ok().out;
        out.split("\nEnds\n").nth(1).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(ends(&host).ends_with("; it is 99 % now"), "{}", ends(&host));
    host.now += TimeDelta::hours(2);
    assert!(ends(&host).ends_with("; last measured at 21:48: 99 %"), "osmon stopped: {}", ends(&host));
}

#[test]
fn a_metric_has_at_most_48_rows_unless_a_step_is_given() {
    let mut host = Host::recorded("vm");
    for busy in 0..90 {
        host.advance(60, busy);
        host.small("osmon-probe", &[]).ok();
    }
    let rows = |arguments: &[&str]| {
        let out = host.osmon(&[&["history", "cpu.busy_percent"], arguments].concat()).ok().out;
        out.split("TIME ").nth(1).unwrap().lines().skip(1).filter(|line| !line.starts_with('─')).count()
    };
    assert_eq!(rows(&["--since", "40m"]), 41);
    assert!((18..=20).contains(&rows(&["--since", "90m"])), "by five minutes: {}", rows(&["--since", "90m"]));
    let raw = rows(&["--since", "90m", "--step", "raw"]);
    assert!(raw >= 89, "the first snapshot has no rates: {raw}");
    for since in ["3h", "12h", "1d", "2d", "12d", "40d", "1y", "10y"] {
        assert!((1..=48).contains(&rows(&["--since", since])), "{since}: {}", rows(&["--since", since]));
    }
    let json = host.osmon(&["history", "cpu.busy_percent", "--since", "90m", "--json"]).ok().json();
    assert_eq!(json["metric"][0]["point"].as_array().unwrap().len(), raw, "programs get every sample");
}

#[test]
fn a_recovery_is_told_as_one() {
    let mut host = trouble();
    host.write("proc/mdstat", "Personalities :\nunused devices: <none>\n");
    host.config = "[rule.cpu]\nclear_for = \"1m\"\n".to_string();
    (0..4).for_each(|_| minute(&mut host, 5));
    let history = host.osmon(&["history"]).ok().out;
    let history = history.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(history.contains("recovered: CPU back to normal after"), "{history}");
    assert!(!history.contains("CRITICAL recovered"), "{history}");
}

#[test]
fn probe_gives_a_verdict_and_marks_what_is_over_its_limit() {
    let mut host = Host::recorded("vm");
    minute(&mut host, 5);
    let out = host.osmon(&["probe", "--no-store"]).ok().out;
    assert_eq!(out.lines().nth(2), Some("OK        no value over limit"), "{out}");
    let host = trouble();
    let shown = at_terminal(&host, &["probe", "--no-store"]);
    let text = plain(&shown);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.lines().nth(2).unwrap().starts_with("CRITICAL  "), "{text}");
    for part in [
        "values over limit: ",
        "RAID array md0 degraded: 1 of 2 members missing",
        "Watched process queue 0 running, at least 2 required",
        "Recurring job backup missing",
        "queue processes missing",
    ] {
        assert!(words.contains(part), "{part} is missing: {text}");
    }
    let colored = |what: &str| shown.lines().find(|line| line.contains(what)).unwrap().starts_with("\u{1b}[1;31m");
    assert!(colored("RAID array") && colored("Watched process") && colored("39.1 MiB"), "{shown}");
    assert!(!colored("Memory  "), "{shown}");
    assert!(!words.contains("1 processes") && !words.contains("1 threads"), "{text}");
}
