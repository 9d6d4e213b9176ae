//! osmon status: one line, an exit code, and JSON.

use super::harness::Host;
use super::incidents::{fired, minute};
use std::fs;

#[test]
fn status_is_a_line_and_an_exit_code() {
    let mut host = Host::recorded("vm");
    let status = |host: &Host, flags: &[&str]| host.osmon(&[&["status"], flags].concat());
    let done = status(&host, &[]);
    assert_eq!((done.code, done.err.as_str()), (3, ""));
    assert!(done.out.starts_with("UNKNOWN web-01: no data in "), "{}", done.out);
    assert_eq!(status(&host, &["--nonsense"]).code, 3, "usage errors too");
    minute(&mut host, 5);
    let before = fs::metadata(host.data().join("state")).unwrap().modified().unwrap();
    host.now += chrono::TimeDelta::seconds(14);
    let done = status(&host, &[]).ok();
    assert!(
        done.out
            .starts_with("OK web-01: no open problems; measured 14 s ago\nno alert recipient configured; set to = "),
        "{}",
        done.out
    );
    assert_eq!(status(&host, &["-q"]).ok().out, "");
    assert_eq!(fs::metadata(host.data().join("state")).unwrap().modified().unwrap(), before, "nothing is written");
    host.now -= chrono::TimeDelta::seconds(14);
    host.config =
        "[rule.cpu]\nfor = \"2m\"\ncritical_for = \"2m\"\n[rule.memory]\nwarning = 50\nfor = \"0s\"\n".to_string();
    for _ in 0..4 {
        minute(&mut host, 97);
    }
    let done = status(&host, &[]);
    assert_eq!((done.code, done.err.as_str()), (2, ""));
    assert_eq!(done.out.lines().next(), Some("CRITICAL web-01: CPU 97 % (limit 95 %) since 3 min [cpu]; 1 warning"));
    let json = status(&host, &["--json"]).json();
    assert_eq!((&json["status"], &json["exit"], &json["stale"]), (&"critical".into(), &2.into(), &false.into()));
    assert_eq!(json["incident"].as_array().unwrap().len(), 2);
    host.config = "[rule.memory]\nenabled = false\n".to_string();
    (0..8).for_each(|_| minute(&mut host, 5));
    assert_eq!(status(&host, &[]).ok().out.lines().next(), Some("OK web-01: no problems for 2 min; measured 0 s ago"));
    host.now += chrono::TimeDelta::seconds(200);
    let done = status(&host, &[]);
    assert_eq!(done.code, 3);
    assert_eq!(done.out.lines().next(), Some("UNKNOWN web-01: no data for 3 min; see osmon schedule"));
    host.advance(-200, 0);
    host.small("osmon-probe", &[]).ok();
    host.now += chrono::TimeDelta::seconds(400);
    fs::remove_file(host.data().join("state/crisis.json")).unwrap();
    assert_eq!(status(&host, &[]).code, 3, "data that nobody judged says nothing");
}

#[test]
fn status_for_monitoring_plugins() {
    let mut host = Host::recorded("hostile");
    minute(&mut host, 5);
    minute(&mut host, 5);
    let done = host.osmon(&["status", "--nagios"]);
    let (text, data) = done.out.trim_end().split_once(" | ").unwrap();
    assert!(text.starts_with("OSMON ") && text.contains(" - "), "{text}");
    assert!(data.contains("'cpu.busy_percent'=5%;80;95;0;100"), "{data}");
    assert!(data.contains("'disk.used_percent /'="), "{data}");
    let word = &done.out[6..8];
    assert_eq!(done.code, ["OK", "WA", "CR"].iter().position(|known| *known == word).unwrap() as i32);
    // The format of performance data: quoted labels without = and quotes, then a number, a unit and at most four more.
    for part in data.split(" \'").map(|part| part.trim_start_matches('\'')) {
        let (label, figures) = part.split_once("\'=").unwrap_or_else(|| panic!("{part}"));
        assert!(!label.contains(['=', '\'', '|', '\n']), "{label}");
        let value = figures.split(';').next().unwrap().trim_end_matches(['%', 'B', 's', 'c', 'm']);
        assert!(value.parse::<f64>().is_ok() && figures.matches(';').count() <= 4, "{figures}");
    }
    host.now += chrono::TimeDelta::seconds(600);
    let done = host.osmon(&["status", "--nagios"]);
    assert_eq!(done.code, 3);
    assert!(done.out.starts_with("OSMON UNKNOWN - ") && !done.out.contains(" | "), "{}", done.out);
}

#[test]
fn of_damaged_state_the_generation_before_it_is_shown_and_that_is_said() {
    let mut host = fired();
    host.osmon(&["silence", "disk", "--for", "1h", "--because", "x"]).ok();
    host.osmon(&["silence", "cpu", "--for", "1h", "--because", "y"]).ok();
    minute(&mut host, 97);
    for (file, words, shown) in [
        ("silence", &["silence"][..], "disk"),
        ("crisis", &["incidents", "--open"], "  cpu\n"),
        ("crisis", &["explain", "cpu"], "CPU: open"),
    ] {
        let path = host.data().join(format!("state/{file}.json"));
        let whole = fs::read(&path).unwrap();
        for damage in ["", "garbage", "{\"schema\":99999999}", "{\"schema\":1,\"silence\":5,\"ack\":[]}"] {
            fs::write(&path, damage).unwrap();
            let done = host.osmon(words);
            assert!(
                done.code == 0 && done.out.contains(shown) && done.err.contains("the generation before it"),
                "{damage}: {}{}",
                done.out,
                done.err
            );
        }
        fs::write(&path, whole).unwrap();
    }
}
