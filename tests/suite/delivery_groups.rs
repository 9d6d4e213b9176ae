//! One message for what begins and ends together, and messages that get no answer.

use super::harness::Host;
use super::scripted_server::{Behavior, ScriptedServer, decoded, smtp_config};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const RULES: &str = "[rule.memory]\nenabled = false\n[rule.disk]\nenabled = false\n[rule.cpu]\nwarning = 50\ncritical = 95\nfor = \"1m\"\ncritical_for = \"0s\"\nclear_for = \"1m\"\n[rule.load]\nwarning = 2\ncritical = 999\nfor = \"0s\"\nclear_for = \"1m\"\n";

/// A run with a load and a percentage of busy CPUs, `seconds` after the one before.
fn run(host: &mut Host, seconds: i64, load: &str, busy: u64) {
    host.write("proc/loadavg", &format!("{load} {load} {load} 1/300 12\n"));
    host.advance(seconds, busy);
    host.osmon(&["run"]);
}

fn subjects(server: &ScriptedServer) -> Vec<String> {
    server.arrived().iter().map(|mail| mail.header("Subject")).collect()
}

#[test]
fn what_begins_within_two_minutes_is_one_mail_and_no_crisis_waits() {
    let server = ScriptedServer::start(Behavior::Good);
    let mut host = Host::recorded("vm");
    host.config = smtp_config(server.port, RULES);
    for _ in 0..3 {
        run(&mut host, 60, "0.10", 5);
    }
    run(&mut host, 60, "9.00", 60);
    assert!(subjects(&server).is_empty(), "the CPU is about to follow");
    run(&mut host, 60, "9.00", 60);
    let first = subjects(&server);
    assert!(first.len() == 1 && first[0].contains(", and 1 more"), "{first:?}");
    for _ in 0..6 {
        run(&mut host, 60, "0.10", 5);
    }
    let mails = server.arrived();
    assert_eq!(mails.len(), 2, "{:?}", subjects(&server));
    let end = decoded(&mails[1].text);
    assert!(end.contains("Nothing else is open on this host."), "{end}");
    assert_eq!(mails[1].header("In-Reply-To"), mails[0].header("Message-ID"), "both began with that mail");
    // A crisis goes at once though something is about to follow; what follows within two minutes is one more mail.
    run(&mut host, 60, "0.10", 60);
    run(&mut host, 60, "9.00", 99);
    let crisis = subjects(&server);
    assert!(crisis.len() == 3 && crisis[2].starts_with("CRITICAL web-01: CPU"), "{crisis:?}");
}

#[test]
fn runs_that_are_far_apart_wait_for_nothing() {
    let server = ScriptedServer::start(Behavior::Good);
    let mut host = Host::recorded("vm");
    host.config = smtp_config(server.port, RULES);
    for _ in 0..3 {
        run(&mut host, 600, "0.10", 5);
    }
    run(&mut host, 600, "9.00", 60);
    assert_eq!(subjects(&server).len(), 1, "the next run is ten minutes away");
}

#[test]
fn a_message_without_an_answer_is_closed_after_five_attempts_and_blocks_nothing() {
    let rules = "[rule.cpu]\nenabled = false\n[rule.memory]\nenabled = false\n[rule.disk]\nenabled = false\n[rule.load]\nwarning = 2\ncritical = 9\nfor = \"0s\"\ncritical_for = \"0s\"\n";
    let server = ScriptedServer::start(Behavior::CutAfterDot);
    for by_program in [true, false] {
        let mut host = Host::recorded("vm");
        let program = host.path("sendmail");
        fs::write(&program, format!("#!/bin/sh\ncat >> {}\nkill -9 $$\n", host.path("mail").display())).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let mail = if by_program {
            format!("[alert]\nto = [\"ops@example.org\"]\n[alert.sendmail]\nprogram = \"{}\"\n", program.display())
        } else {
            smtp_config(server.port, "")
        };
        host.config = mail + rules;
        let arrived = |host: &Host| -> BTreeMap<String, usize> {
            let text = fs::read_to_string(host.path("mail")).unwrap_or_default();
            let of_program = text.lines().filter_map(|line| line.strip_prefix("Message-ID: ")).map(str::to_string);
            let of_server = server.arrived().into_iter().map(|mail| mail.header("Message-ID"));
            let ids: Vec<String> = if by_program { of_program.collect() } else { of_server.collect() };
            ids.into_iter().fold(BTreeMap::new(), |mut all, id| {
                *all.entry(id).or_default() += 1;
                all
            })
        };
        let mut closed = 0;
        for minute in 0..30 {
            let load = if minute < 4 { "9.00" } else { "99.00" };
            host.write("proc/loadavg", &format!("{load} {load} {load} 1/300 12\n"));
            host.advance(60, 5);
            let done = host.osmon(&["run"]);
            closed += done.err.matches("a message got no answer and is not sent again; it may have arrived").count();
            if minute == 3 {
                assert_eq!(arrived(&host).len(), 1);
            }
            if minute == 4 {
                assert_eq!(arrived(&host).len(), 2, "the crisis goes out beside the message without an answer");
            }
        }
        assert_eq!(arrived(&host).values().copied().collect::<Vec<_>>(), [5, 5], "{:?}", arrived(&host));
        // A warning that was printed before is not repeated.
        assert!((1..=2).contains(&closed), "{closed}");
        for command in ["status", "alerts"] {
            let said = host.osmon(&[command]).out.replace("\n  ", " ");
            assert!(said.contains("2 alerts sent 5 times without an answer"), "{said}");
        }
        let json = host.osmon(&["alerts", "--json"]).ok().json();
        for alert in json["alert"].as_array().unwrap() {
            assert_eq!(alert["state"], "sent");
            assert!(alert["unanswered"][0]["why"].as_str().unwrap().contains("it may have arrived"), "{alert}");
        }
        if by_program {
            fs::write(&program, format!("#!/bin/sh\ncat >> {}\n", host.path("mail").display())).unwrap();
            host.osmon(&["alerts", "retry"]).ok();
            host.advance(60, 5);
            host.osmon(&["run"]);
            assert_eq!(arrived(&host).len(), 3, "both once more, in one message");
            assert!(!host.osmon(&["alerts"]).out.contains("without an answer"));
        }
    }
}
