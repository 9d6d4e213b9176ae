//! osmon note.

use super::annotations::{page, watched};
use super::harness::{Host, tool};
use chrono::TimeDelta;
use serde_json::Value;

#[test]
fn a_note_is_kept_with_its_author_and_shown() {
    let mut host = watched();
    let mut command = host.command("osmon", &["note", "deployed", "<b>v3\u{202e}", "--json"]);
    let output = command.env("SUDO_USER", "anna").output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&answer["mark"]["author"], &answer["mark"]["kind"]), (&"anna".into(), &"note".into()));
    host.advance(60, 10);
    assert_eq!(
        host.osmon(&["note", "disk\nreplaced", "--at", "21:30", "-v"]).ok().out,
        "noted for 2026-11-20 21:30: disk replaced\n"
    );
    assert_eq!(host.osmon(&["note", "silent under cron"]).ok().out, "");
    assert_eq!(host.marks(), ["note: deployed <b>v3\u{FFFD}", "note: disk replaced", "note: silent under cron"]);
    let marks = host.sections("mark");
    assert_eq!(
        (&marks[0]["time"], &marks[1]["time"]),
        (&"2026-11-20T21:42:00.000Z".into(), &"2026-11-20T21:30:00.000Z".into())
    );
    assert_eq!(marks[1]["author"].as_str(), Some(tool("id", &["-un"]).out.trim()));
    let page = page(&host);
    assert!(page.contains("<span class=\"w plain\">note</span> <span>deployed &#60;b&#62;v3\u{FFFD} (anna)"));
    assert!(page.find("silent under").unwrap() < page.find("deployed").unwrap());
    assert!(page.find("deployed").unwrap() < page.find("disk replaced").unwrap());
    let long = "x".repeat(501);
    for (arguments, words) in [
        (&["note", &long][..], "the note has 501 characters; the maximum is 500"),
        (&["note", " \n"], "the note is empty; for example"),
        (&["note", "x", "--at", "soon"], "\"soon\" is not a time"),
        (&["note", "x", "--at", "2026-11-21"], "is in the future"),
        (&["note"], "TEXT"),
    ] {
        let done = host.osmon(arguments);
        assert_eq!((done.code, done.err.contains(words)), (64, true), "{words}: {}", done.err);
    }
    assert_eq!(host.marks().len(), 3);
}

#[test]
fn a_time_before_the_first_record_is_told_when_recording_began() {
    let mut host = Host::recorded("vm");
    let ask = |host: &Host, asked: &[&str]| host.osmon(&[&["history"], asked].concat());
    let empty = ask(&host, &["--at", "2020-01-01"]);
    assert!(empty.code == 65 && empty.err.contains("; see osmon schedule"), "{}", empty.err);
    host.now = "2026-11-20T12:00:00Z".parse().unwrap();
    host.advance(60, 20);
    host.osmon(&["run"]).ok();
    // One run under a false date does not count.
    for away in [-20_000, 20_000] {
        host.now += TimeDelta::days(away);
        host.advance(60, 20);
        host.osmon(&["run"]).ok();
    }
    host.advance(60, 20);
    host.osmon(&["run"]).ok();
    for asked in [&["--at", "2020-01-01"][..], &["load.one", "--since", "2019-12-30", "--until", "2020-01-03"]] {
        let done = ask(&host, asked);
        assert!(done.code == 65 && done.err.contains("; recording began on 2026-11-20\n"), "{asked:?}: {}", done.err);
    }
    let future = ask(&host, &["--at", "2027-01-01"]);
    assert!(future.code == 65 && future.err.contains("; it is 2026-11-20 12:0"), "{}", future.err);
    assert!(!future.err.contains("crontab"), "{}", future.err);
    // Notes of that time are shown.
    host.osmon(&["note", "bought", "--at", "2020-01-01 10:00"]).ok();
    for asked in [&["--at", "2020-01-01"][..], &["load.one", "--at", "2020-01-01"]] {
        let done = ask(&host, asked);
        assert!(done.code == 0 && done.out.contains("10:00 note: bought"), "{asked:?}: {}", done.out);
        assert!(done.err.contains("recording began on 2026-11-20"), "{asked:?}: {}", done.err);
        let json = ask(&host, &[asked, &["--json"]].concat()).json();
        assert_eq!(json["mark"][0]["text"], "bought", "{asked:?}");
        assert_eq!(ask(&host, &[asked, &["--format", "csv"]].concat()).code, 65, "{asked:?}");
    }
}
