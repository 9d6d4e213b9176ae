//! Three simulated months of an ordinary small server, minute by minute through `osmon run` with the default rules: how
//! many mails, rule by rule, and whether every crisis was told in time.
//!
//! `cargo bench --bench three_months [-- SEED…]`. About half an hour for each seed. `OSMON_DAYS` shortens it,
//! `OSMON_BINARY` takes another binary, `TMPDIR=/dev/shm` spares the disk.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code)]
#[path = "../tests/suite/harness.rs"]
mod harness;
#[path = "three_months/recorded.rs"]
mod recorded;
#[path = "three_months/server.rs"]
mod server;

use chrono::{DateTime, TimeDelta, Utc};
use harness::Host;
use recorded::Recorded;
use serde_json::Value;
use server::{DAY, Server};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// Monday.
const BEGIN: &str = "2026-08-03T00:00:00Z";
/// Most mails of three months.
const MAILS_MAX: usize = 60;

/// An event as it was told.
struct Told {
    minute: i64,
    kind: String,
    severity: String,
    rule: String,
    title: String,
    is_well: bool,
}

fn main() {
    let seeds: Vec<u64> = std::env::args().skip(1).filter_map(|seed| seed.parse().ok()).collect();
    let days = std::env::var("OSMON_DAYS").ok().and_then(|days| days.parse().ok()).unwrap_or(90);
    for seed in if seeds.is_empty() { vec![1, 2, 3] } else { seeds } {
        let (told, mails) = simulate(Server { seed }, days);
        report(Server { seed }, days, &told, mails);
    }
}

fn simulate(server: Server, days: i64) -> (Vec<Told>, usize) {
    let mut host = Host::recorded("vm");
    let begin: DateTime<Utc> = BEGIN.parse().unwrap();
    let mailer = host.path("mailer");
    fs::write(&mailer, format!("#!/bin/sh\ncat >> {0}/mails; echo >> {0}/count\n", host.path("").display())).unwrap();
    fs::set_permissions(&mailer, fs::Permissions::from_mode(0o755)).unwrap();
    host.config = format!("[alert]\nto = [\"me@example.org\"]\n[alert.sendmail]\nprogram = \"{}\"\n", mailer.display());
    let mut recorded = Recorded::new(&host);
    let (mut told, mut seen, mut since) = (Vec::new(), BTreeSet::new(), 1.0);
    for minute in 0..days * DAY {
        let gauges = server.gauges(minute);
        if gauges.is_still {
            since += 1.0;
            continue;
        }
        recorded.write(&host, &gauges, since);
        since = 1.0;
        host.now = begin + TimeDelta::minutes(minute);
        run(&host);
        collect(&host, minute, &mut seen, &mut told);
        if minute % (7 * DAY) == 0 && minute > 0 {
            eprintln!("seed {} day {}: {} told", server.seed, minute / DAY, told.len());
        }
    }
    let mails = fs::read_to_string(host.path("count")).map_or(0, |count| count.lines().count());
    let kept = std::env::temp_dir().join(format!("three-months-{}.mbox", server.seed));
    let _ = fs::copy(host.path("mails"), &kept);
    println!("\nseed {}: mails in {}", server.seed, kept.display());
    (told, mails)
}

fn run(host: &Host) {
    let mut command = host.command("osmon", &["run"]);
    if let Some(other) = std::env::var_os("OSMON_BINARY") {
        let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
        command = std::process::Command::new(other);
        command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin").env("TZ", "UTC");
    }
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).status().unwrap();
}

/// Adds the events that were sent since the last call.
fn collect(host: &Host, minute: i64, seen: &mut BTreeSet<String>, told: &mut Vec<Told>) {
    let Ok(files) = fs::read_dir(host.data().join("outbox/sent")) else { return };
    for file in files.flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        if !name.ends_with(".json") || !seen.insert(name) {
            continue;
        }
        let event: Value = serde_json::from_slice(&fs::read(file.path()).unwrap()).unwrap();
        let text = |key: &str| event[key].as_str().unwrap_or_default().to_string();
        told.push(Told {
            minute,
            kind: text("kind"),
            severity: text("severity"),
            rule: text("rule"),
            title: text("title"),
            is_well: text("kind") == "recovered" || event["well"] == true,
        });
    }
}

fn report(server: Server, days: i64, told: &[Told], mails: usize) {
    let mut rules: BTreeMap<(&str, &str), BTreeMap<&str, usize>> = BTreeMap::new();
    for event in told {
        *rules.entry((&event.rule, &event.severity)).or_default().entry(&event.kind).or_default() += 1;
    }
    println!("{:<22}{:<10}events told", "rule", "severity");
    for ((rule, severity), kinds) in &rules {
        let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        println!("{rule:<22}{severity:<10}{}", kinds.join(", "));
    }
    println!("mails {mails}, limit {MAILS_MAX}, ratio {:.2}", mails as f64 / MAILS_MAX as f64);
    for crisis in server.crises(days) {
        let is_it = |event: &&Told| {
            let is_named = crisis.rules.contains(&event.rule.as_str()) && event.title.contains(crisis.title);
            is_named && !event.is_well && event.minute >= crisis.begin - 120 && event.minute <= crisis.told_by
        };
        let verdict = match told.iter().rfind(is_it) {
            Some(event) => format!("told after {} min", event.minute - crisis.begin),
            None => "NOT TOLD IN TIME".to_string(),
        };
        println!("day {:<4}{:<30}{verdict}", crisis.begin / DAY, crisis.what);
    }
    for event in told.iter().filter(|event| event.is_well) {
        if let Some(why) = server.is_still_bad(event.minute, &event.rule, &event.title) {
            println!("day {:<4}CALLED RECOVERED: {} {}: {why}", event.minute / DAY, event.rule, event.title);
        }
    }
}
