//! Repairs from decision to verification, minute by minute, and everything that holds them back.

use super::harness::{Host, tool};
use serde_json::Value;
use std::fs;

/// A host whose CPU is repaired by a command, and that mails. The command notes each call, and with `works` it helps: the
/// test then lets the CPU calm down.
pub fn host(keys: &str) -> Host {
    let mut host = Host::recorded("vm");
    let (mail, program) = (host.path("mail"), host.path("sendmail"));
    fs::write(&program, format!("#!/bin/sh\ncat >> {}\n", mail.display())).unwrap();
    tool("chmod", &["755", program.to_str().unwrap()]).ok();
    fs::write(host.root().join("repairs-enforced"), "").unwrap();
    host.config = format!(
        "[alert]\nto = [\"ops@example.org\"]\n[alert.sendmail]\nprogram = \"{}\"\n{}[heal.calm]\nrule = \"cpu\"\n\
         action = \"run\"\ncommand = [\"/bin/sh\", \"-c\", \"echo called >> {}\"]\n{keys}",
        program.display(),
        concat!(
            "[rule.cpu]\nwarning = 85\ncritical = 99.5\nfor = \"0s\"\nclear_for = \"0s\"\nnotify_if = \"cpu.busy_percent > 1\"\nmute_usual = false\n",
            "[rule.load]\nenabled = false\n[rule.disk]\nenabled = false\n[rule.memory]\nenabled = false\n",
        ),
        host.path("calls").display(),
    );
    for _ in 0..3 {
        minute(&mut host, 5);
    }
    host
}

/// One run after a minute.
pub fn minute(host: &mut Host, busy: u64) {
    host.advance(60, busy);
    host.osmon(&["run"]).ok();
}

/// How often the command was called.
pub fn calls(host: &Host) -> usize {
    fs::read_to_string(host.path("calls")).unwrap_or_default().lines().count()
}

/// The records of actions: phase and status.
pub fn actions(host: &Host) -> Vec<String> {
    let records = host.lines("actions").into_iter().map(|line| serde_json::from_str::<Value>(&line).unwrap());
    let text = |record: Value| {
        let action = &record["action"];
        let status = action["outcome"]["status"].as_str().unwrap_or("-");
        format!("{} {status}", action["phase"].as_str().unwrap())
    };
    records.map(text).collect()
}

fn mails(host: &Host) -> Vec<String> {
    let text = fs::read_to_string(host.path("mail")).unwrap_or_default();
    let text = text.replace("\n ", " ");
    text.lines().filter_map(|line| line.strip_prefix("Subject: ")).map(ToString::to_string).collect()
}

/// The guards that refuse, of the first possible action.
fn refused(host: &Host) -> Vec<String> {
    let json = host.osmon(&["heal", "--explain", "--json"]).ok().json();
    let refused = json["considered"][0]["refused"].as_array().cloned().unwrap_or_default();
    refused.iter().map(|refusal| refusal["guard"].as_str().unwrap().to_string()).collect()
}

#[test]
fn what_helps_is_quiet_and_recorded_in_three_steps() {
    let mut host = host("");
    minute(&mut host, 97);
    assert_eq!((calls(&host), actions(&host)), (1, vec!["intent -".to_string(), "result done".into()]));
    assert_eq!(refused(&host), ["verifying", "waiting"]);
    minute(&mut host, 5);
    assert_eq!(actions(&host), ["intent -", "result done", "verified done"]);
    for _ in 0..4 {
        minute(&mut host, 5);
    }
    assert_eq!((calls(&host), mails(&host)), (1, Vec::<String>::new()), "quiet");
    assert_eq!(host.events(), ["fired warning CPU", "recovered warning CPU"]);
    let healed = host.snapshots().pop().unwrap()["heal"][0].clone();
    assert_eq!((&healed["gave_up"], &healed["repairs_24h"]), (&Value::Bool(false), &Value::from(1)));
    let intent: Value = serde_json::from_str(&host.lines("actions")[0]).unwrap();
    let action = &intent["action"];
    for key in
        ["id", "entry", "kind", "mode", "target", "incident", "rule", "metric", "value", "limit", "since", "version"]
    {
        assert!(!action[key].is_null(), "{key}: {action}");
    }
    assert_eq!((&action["left"], &action["attempt"]), (&serde_json::json!([2, 5]), &Value::from(1)));
}

#[test]
fn what_fails_is_told_tried_with_growing_waits_and_given_up_loudly_once() {
    let mut host = host("");
    let mut tried = Vec::new();
    for number in 0..60 {
        let before = calls(&host);
        minute(&mut host, 97);
        if calls(&host) > before {
            tried.push(number);
        }
    }
    assert_eq!(tried, [0, 1, 6], "after 1 and 5 minutes, then the budget of the hour is spent");
    let verified = actions(&host).into_iter().filter(|line| line == "verified failed").count();
    assert_eq!(verified, 3);
    let sent = mails(&host);
    assert_eq!(sent.iter().filter(|subject| subject.contains("gave up")).count(), 1, "{sent:?}");
    assert!(sent[0].contains("CPU") && sent[1].contains("CRITICAL") && sent[1].contains("gave up"), "{sent:?}");
    assert_eq!(sent.len(), 2, "{sent:?}");
    assert_eq!(refused(&host), ["gave-up", "budget"]);
    let told = host.osmon(&["explain", "heal_gave_up", "--json"]).ok().json();
    let tries = told["action"].as_array().unwrap();
    assert_eq!(tries.len(), 3, "who reads that it was given up sees what was tried: {tries:?}");
    assert!(tries.iter().all(|action| action["verified"]["status"] == "failed"), "{tries:?}");
    let target = host.snapshots().last().unwrap()["heal"][0]["target"].as_str().unwrap().to_string();
    assert_eq!(host.osmon(&["heal", "--release", "nothing"]).code, 64);
    host.osmon(&["heal", "--release", &target]).ok();
    assert_eq!(actions(&host).last().unwrap(), "released done");
    minute(&mut host, 97);
    assert_eq!(calls(&host), 4, "it is tried again");
}

#[test]
fn three_repairs_in_a_day_are_a_warning_of_their_own() {
    let mut host = host("per_hour = 9\nper_day = 9\n");
    for _ in 0..3 {
        minute(&mut host, 97);
        for _ in 0..8 {
            minute(&mut host, 5);
        }
    }
    assert_eq!(calls(&host), 3);
    let sent = mails(&host);
    assert!(sent.len() == 1 && sent[0].contains("WARNING") && sent[0].contains("again and again"), "{sent:?}");
}

/// Each brake is released in the end, and then the repair happens: nothing else held it back.
#[test]
fn each_brake_holds_a_repair_back_and_only_as_long_as_it_is_there() {
    type Step = fn(&Host);
    let brakes: [(&str, Step, Step); 5] = [
        (
            "disabled",
            |host| fs::write(host.path("heal.disabled"), "").unwrap(),
            |host| fs::remove_file(host.path("heal.disabled")).unwrap(),
        ),
        (
            "paused",
            |host| drop(host.osmon(&["heal", "--pause", "2h", "--because", "new disk"]).ok()),
            |host| drop(host.osmon(&["heal", "--resume"]).ok()),
        ),
        (
            "silenced",
            |host| drop(host.osmon(&["silence", "cpu", "--for", "2h", "--because", "test", "--no-heal"]).ok()),
            |host| drop(host.osmon(&["silence", "--remove", "1"]).ok()),
        ),
        (
            "system-state",
            |host| host.write("system-state", "stopping\n"),
            |host| host.write("system-state", "running\n"),
        ),
        (
            "package-work",
            |host| {
                fs::create_dir_all(host.root().join("proc/77")).unwrap();
                host.write("proc/77/status", "Name:\tdpkg\nUid:\t0\t0\t0\t0\n");
            },
            |host| fs::remove_dir_all(host.root().join("proc/77")).unwrap(),
        ),
    ];
    for (guard, hold, release) in brakes {
        let mut host = host("");
        hold(&host);
        minute(&mut host, 97);
        minute(&mut host, 97);
        assert_eq!((calls(&host), refused(&host)), (0, vec![guard.to_string()]), "{guard}");
        let text = host.osmon(&["heal", "--explain"]).ok().out;
        assert!(text.contains(guard) && text.lines().all(|line| line.chars().count() <= 80), "{text}");
        release(&host);
        minute(&mut host, 97);
        assert_eq!(calls(&host), 1, "{guard} is over");
    }
}

#[test]
fn a_silence_without_the_flag_forbids_nothing() {
    let mut host = host("");
    host.osmon(&["silence", "cpu", "--for", "2h", "--because", "test"]).ok();
    minute(&mut host, 97);
    assert_eq!(calls(&host), 1);
    host.osmon(&["downtime", "--for", "2h", "--because", "test", "--no-heal"]).ok();
    for _ in 0..3 {
        minute(&mut host, 97);
    }
    assert_eq!(calls(&host), 1, "a downtime with it does");
    assert!(host.osmon(&["silence", "--list"]).ok().out.contains("no repairs"));
}

#[test]
fn after_a_gap_and_after_a_step_of_the_clock_nothing_is_done_at_once() {
    let mut host = host("");
    host.advance(1200, 97);
    host.osmon(&["run"]).ok();
    assert_eq!((calls(&host), refused(&host)), (0, vec!["gap".to_string()]));
    minute(&mut host, 97);
    assert_eq!(calls(&host), 1);
    let mut host = self::host("");
    host.now += chrono::TimeDelta::minutes(30);
    host.advance(60, 97);
    host.osmon(&["run"]);
    assert_eq!((calls(&host), refused(&host)), (0, vec!["clock-in-doubt".to_string()]));
}

#[test]
fn stale_data_and_a_fresh_boot_are_no_evidence() {
    let mut host = host("");
    host.advance(60, 97);
    host.small("osmon-probe", &[]).ok();
    host.small("osmon-detect-crisis", &[]);
    host.advance(180, 97);
    host.osmon(&["heal"]).ok();
    assert_eq!((calls(&host), refused(&host)), (0, vec!["stale-data".to_string()]));
    let mut host = self::host("");
    minute(&mut host, 97);
    host.advance(180, 97);
    host.osmon(&["heal"]).ok();
    assert_eq!(actions(&host), ["intent -", "result done"], "no snapshot since: nothing says that it failed");
    let mut host = self::host("");
    host.write("proc/sys/kernel/random/boot_id", "another\n");
    host.write("proc/uptime", "60.00 0.00\n");
    for _ in 0..3 {
        minute(&mut host, 97);
    }
    assert_eq!((calls(&host), refused(&host)), (0, vec!["boot-grace".to_string()]));
}

#[test]
fn a_dry_run_records_and_changes_nothing() {
    for forced in [false, true] {
        let mut host = host(if forced { "" } else { "mode = \"dry-run\"\n" });
        if forced {
            // A recording is never acted on, unless it says that it may be.
            fs::remove_file(host.root().join("repairs-enforced")).unwrap();
        }
        for _ in 0..4 {
            minute(&mut host, 97);
        }
        assert_eq!(calls(&host), 0, "{forced}");
        assert_eq!(actions(&host), ["intent -", "result simulated", "intent -", "result simulated"], "{forced}");
        assert_eq!(mails(&host).len(), 1, "a dry run keeps nobody from being told");
    }
    let mut host = host("");
    host.advance(60, 97);
    host.small("osmon-probe", &[]).ok();
    host.small("osmon-detect-crisis", &[]);
    host.osmon(&["heal", "--dry-run"]).ok();
    assert_eq!((calls(&host), actions(&host)), (0, vec!["intent -".to_string(), "result simulated".into()]));
    host.osmon(&["heal"]).ok();
    assert_eq!(calls(&host), 1, "its budget is another");
}

#[test]
fn a_value_that_is_missing_is_no_repair() {
    let mut host = host("");
    minute(&mut host, 97);
    assert_eq!((calls(&host), actions(&host)), (1, vec!["intent -".to_string(), "result done".into()]));
    for _ in 0..40 {
        host.advance(60, 97);
        let stat = host.read("proc/stat");
        fs::remove_file(host.root().join("proc/stat")).unwrap();
        host.osmon(&["run"]);
        host.write("proc/stat", &stat);
    }
    assert!(!actions(&host).contains(&"verified done".to_string()), "{:?}", actions(&host));
    minute(&mut host, 5);
    minute(&mut host, 5);
    assert!(actions(&host).contains(&"verified done".to_string()), "{:?}", actions(&host));
}

#[test]
fn a_disk_that_is_gone_was_not_repaired() {
    let mut host = host("");
    let disk = "[rule.disk]\nwarning = 70\nwarning_clear = 69\nfor = \"0s\"\n";
    host.config =
        host.config.replace("[rule.disk]\nenabled = false\n", disk).replace("rule = \"cpu\"", "rule = \"disk\"");
    minute(&mut host, 5);
    assert_eq!(actions(&host), ["intent -", "result done"], "{}", host.osmon(&["heal", "--explain"]).out);
    let mounts = host.read("proc/self/mountinfo");
    let left: Vec<&str> = mounts.lines().filter(|line| !line.contains("/dev/vdb")).collect();
    host.write("proc/self/mountinfo", &(left.join("\n") + "\n"));
    // After half an hour its incident ends.
    for _ in 0..40 {
        minute(&mut host, 5);
    }
    assert!(host.lines("events").iter().any(|event| event.contains("\"reason\":\"gone\"")));
    assert!(!actions(&host).contains(&"verified done".to_string()), "{:?}", actions(&host));
}

#[test]
fn an_invalid_configuration_repairs_nothing() {
    let mut host = host("");
    host.config += "[rule.cpu_unusual]\nenabledd = true\n";
    host.advance(60, 97);
    assert_eq!(host.osmon(&["run"]).code, 78);
    assert_eq!(calls(&host), 0);
    let explained = host.osmon(&["heal", "--explain"]);
    let said = "the configuration is invalid, so nothing is repaired: osmon config check";
    assert!(explained.out.contains(said) && !explained.out.contains("no repairs"), "{}", explained.out);
    let done = host.osmon(&["heal"]);
    assert!(!(done.out.clone() + &done.err).contains("no repairs"), "{}{}", done.out, done.err);
    host.advance(60, 97);
    assert_eq!(host.osmon(&["run"]).code, 78);
    assert_eq!(calls(&host), 0);
}

#[test]
fn without_an_entry_nothing_is_written_and_nothing_is_asked() {
    let mut host = host("");
    host.config = host.config.split("[heal.").next().unwrap().to_string();
    fs::remove_dir_all(host.data()).unwrap();
    for busy in [5, 97, 97] {
        minute(&mut host, busy);
    }
    let data = host.data();
    let none = ["heal.lock", "state/heal.json", "actions"].iter().filter(|name| data.join(name).exists()).count();
    assert_eq!(none, 0);
    assert!(!host.lines("snapshots").iter().any(|line| line.contains("\"heal\"")));
    let text = host.osmon(&["heal", "--explain"]).ok().out;
    assert_eq!(text, "no repairs are configured: [heal] in osmon.toml, docs/heal.md\n");
    host.osmon(&["heal"]).ok();
    assert!(!data.join("heal.lock").exists());
}

/// The notification of an incident waits only while a repair may come of it.
#[test]
fn nobody_waits_for_repairs_that_do_not_run() {
    let mut host = host("verify = \"20m\"\n");
    let muted = |host: &Host| host.sections("event").last().unwrap()["muted"].as_str().map(ToString::to_string);
    let probe = |host: &mut Host, busy| {
        host.advance(60, busy);
        host.small("osmon-probe", &[]).ok();
        host.small("osmon-detect-crisis", &[]);
    };
    probe(&mut host, 97);
    assert_eq!(muted(&host).as_deref(), Some("osmon is repairing it"));
    for _ in 0..4 {
        probe(&mut host, 97);
    }
    assert_eq!(muted(&host), None, "no run has repaired anything for three minutes");
    let mut host = self::host("");
    host.osmon(&["heal", "--pause", "2h", "--because", "test"]).ok();
    probe(&mut host, 97);
    assert_eq!(muted(&host), None, "repairs are paused");
    let mut host = self::host("mode = \"dry-run\"\n");
    probe(&mut host, 97);
    assert_eq!(muted(&host), None, "a dry run helps nobody");
}

#[test]
fn a_run_leaves_the_repairs_to_another_user_who_does_them() {
    let mut host = host("");
    let path = host.data().join("state/heal.json");
    let set = |uid: u32| {
        let mut state: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        state["last"]["uid"] = uid.into();
        fs::write(&path, state.to_string()).unwrap();
    };
    set(4242);
    minute(&mut host, 97);
    minute(&mut host, 97);
    assert_eq!(calls(&host), 0);
    minute(&mut host, 97);
    assert_eq!(calls(&host), 1, "who has done nothing for three minutes");
}

#[test]
fn a_lost_state_renews_no_budget() {
    for loss in ["removed", "damaged"] {
        let mut host = host("");
        for _ in 0..8 {
            minute(&mut host, 97);
        }
        assert_eq!(calls(&host), 3);
        let state = host.data().join("state");
        for name in ["heal.json", "heal.json.1"] {
            let path = state.join(name);
            if loss == "removed" { fs::remove_file(path).unwrap() } else { fs::write(path, "{").unwrap() }
        }
        host.advance(60, 97);
        host.osmon(&["run"]);
        minute(&mut host, 97);
        assert_eq!(
            (calls(&host), refused(&host)),
            (3, vec!["gave-up".to_string(), "waiting".into(), "budget".into()]),
            "{loss}"
        );
    }
}

#[test]
fn explanations_are_for_people_and_for_programs() {
    let mut host = host("after = \"10m\"\n");
    minute(&mut host, 97);
    let text = host.osmon(&["heal", "--explain"]).ok().out;
    assert!(text.starts_with("Entries\n  calm: run (enforce) for cpu *\nNow\n  calm: run "), "{text}");
    assert!(text.contains("    too-early: the incident has been open for "), "{text}");
    let before = fs::read(host.data().join("state/heal.json")).unwrap();
    let json = host.osmon(&["heal", "--explain", "--json"]).ok().json();
    assert_eq!(json["considered"][0]["acts"], false);
    assert_eq!(json["entry"][0]["name"], "calm");
    assert_eq!(fs::read(host.data().join("state/heal.json")).unwrap(), before, "it records nothing");
    for (arguments, code) in [
        (&["heal", "--pause", "2h"][..], 64),
        (&["heal", "--pause", "90d", "--because", "x"], 64),
        (&["heal", "--explain", "--resume"], 64),
    ] {
        assert_eq!(host.osmon(arguments).code, code, "{arguments:?}");
    }
}
