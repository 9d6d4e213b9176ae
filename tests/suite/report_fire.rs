//! A page with open problems: what is wrong, since when, who did it, what changed and who knows, at the top.

use super::browser::{is_here, said, show};
use super::harness::Host;
use super::report::between;
use super::scripted_server::{Behavior, Phase, ScriptedServer, smtp_config};
use std::fs;

const RULES: &str = "[rule.memory]\nwarning = 40\nfor = \"0s\"\n[rule.cpu]\ncritical_for = \"0s\"\nfor = \"0s\"\n\
    [rule.service]\nfor = \"0s\"\ncritical_for = \"0s\"\n[rule.disk]\nfor = \"0s\"\ncritical_for = \"0s\"\n";

fn page(host: &Host) -> String {
    fs::read_to_string(host.data().join("report.html")).unwrap()
}

/// The blocks of open incidents, with their tags.
fn blocks(page: &str) -> Vec<&str> {
    let card = between(page, "<section class=\"b at\">", "</section>");
    card.split("<div class=\"o ").skip(1).collect()
}

/// The line about a question.
fn answer<'a>(page: &'a str, label: &str) -> &'a str {
    between(page, &format!("<dt>{label}</dt><dd>"), "</dd>")
}

fn services(host: &Host, names: &[String]) {
    let unit = |name: &String| {
        format!("Id={name}.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\n\n")
    };
    host.write("systemctl-show", names.iter().map(unit).collect::<String>().trim_end());
}

fn named(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("svc-{number:02}")).collect()
}

fn mounts(host: &Host, count: usize) {
    let (mut mounts, mut spaces) = (host.read("proc/self/mountinfo"), host.read("statvfs"));
    for number in 0..count {
        mounts +=
            &format!("{} 28 253:{number} / /srv/{number:02} rw,relatime - xfs /dev/dm-{number} rw\n", 100 + number);
        let free = 95 * (10 - number as u64 % 9);
        spaces += &format!("/srv/{number:02} 4096 10000 {free} {free} 6553600 6100000\n");
    }
    host.write("proc/self/mountinfo", &mounts);
    host.write("statvfs", &spaces);
}

/// A host that was well for some minutes, whose mail arrives, and on which everything then happens at once.
fn fire(mail: &ScriptedServer, failing: usize, full: usize, more: &str) -> Host {
    let mut host = Host::recorded("vm");
    host.config = smtp_config(mail.port, RULES) + more;
    for _ in 0..4 {
        host.advance(60, 5);
        host.osmon(&["run"]);
    }
    host.osmon(&["note", "kalif tunes the shop"]).ok();
    services(&host, &named(failing));
    mounts(&host, full);
    for _ in 0..2 {
        host.advance(60, 97);
        host.osmon(&["run"]);
    }
    host
}

#[test]
fn the_first_lines_answer_who_what_changed_and_who_knows() {
    let mail = ScriptedServer::start(Behavior::Good);
    let host = fire(&mail, 2, 0, "");
    let text = page(&host);
    assert!(
        between(&text, "id=\"rest\">", "<")
            .starts_with("4 open problems: 3 critical, 1 warning · first since 20 Nov 21:4")
    );
    assert!(text.contains("(4 problems)</title>"), "the same number");
    let who = answer(&text, "Top consumers, 1 hour");
    assert!(who.starts_with("Peak memory: java (shop.service) "), "{who}");
    assert!(
        answer(&text, "Recent changes").contains("note: kalif tunes the shop"),
        "{}",
        answer(&text, "Recent changes")
    );
    let notified = answer(&text, "Notified");
    assert!(notified.starts_with("mail ") && notified.contains(", last at 20 Nov 21:4"), "{notified}");
    host.osmon(&["ack", "cpu", "--for", "2h", "--because", "quokka"]).ok();
    host.osmon(&["graph"]).ok();
    assert!(answer(&page(&host), "Notified").contains(" · acknowledged by "));
    // Who used it and failing services come before the days, and the last hour is shown.
    let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part}"));
    assert!(place("class=\"b at\"") < place("class=\"wh\"") && place("class=\"wh\"") < place("class=\"b d\""));
    assert!(place("class=\"sv\"") < place("class=\"b d\"") && text.contains("value=\"1h\" checked"));
    assert_eq!(text.matches("class=\"wh\"").count(), 1, "the table of the hour is not shown twice");
}

#[test]
fn an_old_problem_is_no_fire() {
    let mail = ScriptedServer::start(Behavior::Good);
    let mut host = fire(&mail, 1, 0, "");
    host.advance(4 * 3600, 5);
    host.osmon(&["run"]);
    host.advance(60, 5);
    host.osmon(&["run"]);
    let text = page(&host);
    assert!(text.contains("<dt>Notified</dt>") && text.contains("value=\"24h\" checked"));
    assert!(text.find("class=\"b d\"").unwrap() < text.find("class=\"wh\"").unwrap());
}

#[test]
fn three_of_a_kind_are_one_block() {
    let mail = ScriptedServer::start(Behavior::Good);
    let host = fire(&mail, 30, 12, "");
    let text = page(&host);
    let blocks = blocks(&text);
    assert_eq!(blocks.len(), 4, "services, file systems, CPU, memory");
    let group = blocks.iter().find(|block| block.contains("30 services failed")).unwrap();
    assert!(group.contains("svc-00, svc-01, svc-02, svc-03, svc-04, svc-05, and 24 more</p>"), "{group}");
    assert_eq!(group.matches("<code>osmon explain service:svc-").count(), 30);
    assert!(group.contains("<details id=\"g-") && group.find("svc-00").unwrap() < group.find("<details").unwrap());
    let disks = blocks.iter().find(|block| block.contains("12 file systems are nearly full")).unwrap();
    let names = between(disks, "12 file systems are nearly full", "<details");
    assert!(names.contains("<p>/srv/08 98.1 %, ") && disks.starts_with("bad"), "the fullest first: {names}");
    assert!(text.contains("44 open problems: "), "each counts");
    let two = page(&fire(&mail, 2, 0, ""));
    assert!(self::blocks(&two).iter().filter(|block| block.contains("Service svc-")).count() == 2, "two stay two");
}

#[test]
fn a_file_system_and_its_forecast_are_one_and_the_forecast_is_made_anew() {
    let mail = ScriptedServer::start(Behavior::Good);
    let mut host = Host::recorded("vm");
    host.config = smtp_config(mail.port, "[rule.disk_forecast]\nfor = \"5m\"\ncritical_for = \"5m\"\n");
    let line = host.read("statvfs").lines().find(|line| line.starts_with("/var ")).unwrap().to_string();
    let mut before = line;
    for minute in 0..34 {
        let free = 2_600_000 - minute * 70_000;
        let now = format!("/var 4096 26214400 {free} {free} 6553600 6100000");
        host.replace("statvfs", &before, &now);
        before = now;
        host.advance(60, 5);
        host.osmon(&["run"]);
    }
    let text = page(&host);
    let blocks = blocks(&text);
    let block = blocks.iter().find(|block| block.contains("/var")).unwrap();
    assert_eq!(blocks.iter().filter(|block| block.contains("/var")).count(), 1, "{blocks:?}");
    assert!(
        block.contains("osmon explain disk:/var<") && block.contains("osmon explain disk_forecast:/var<"),
        "{block}"
    );
    assert!(block.contains("<p>full in ") && !block.contains("100 % in about"), "{block}");
    assert!(!block.contains("limit 100 %"), "{block}");
}

#[test]
fn that_nobody_knows_is_red_and_said_once() {
    let mail = ScriptedServer::start(Behavior::Say(Phase::Banner, "421 down\r\n"));
    let mut host = fire(&mail, 1, 0, "");
    let text = page(&host);
    let notified = answer(&text, "Notified");
    assert!(notified.starts_with("nobody yet: mail ") && notified.contains("delivery failing since"), "{notified}");
    assert!(text.contains("<div class=\"bad\"><dt>Notified</dt>") && text.contains("alerts queued"));
    assert_eq!(text.matches("delivery failing since").count(), 1);
    let json = fs::read_to_string(host.data().join("report.json")).unwrap();
    assert!(json.contains("delivery failing since"), "{json}");
    // Once they were notified of all, a channel that fails is a warning.
    mail.behave(Behavior::Good);
    host.osmon(&["send-alert", "--test"]).ok();
    host.advance(60, 97);
    host.osmon(&["run"]);
    assert!(page(&host).contains("<div class=\"plain\"><dt>Notified</dt><dd>mail "));
}

#[test]
fn a_public_page_on_fire_names_nobody() {
    let mail = ScriptedServer::start(Behavior::Good);
    let host = fire(&mail, 4, 0, "[report]\npublic = true\n");
    let text = page(&host);
    let card = between(&text, "<section class=\"b at\">", "</section>");
    assert!(card.contains("4 services failed") && !card.contains("svc-") && !card.contains("<details"), "{card}");
    let host = fire(&mail, 1, 0, "[report]\npublic = true\n");
    assert!(blocks(&page(&host)).iter().any(|block| block.contains("Service … failed")));
    for part in ["kalif", "ops@", "Notified", "Top consumers, 1 hour"] {
        assert!(!text.contains(part), "{part}");
    }
}

#[test]
fn the_answers_are_on_the_first_screen() {
    if !is_here() {
        return;
    }
    let mail = ScriptedServer::start(Behavior::Good);
    for (failing, full) in [(2, 1), (38, 30)] {
        let host = fire(&mail, failing, full, "");
        let directory = tempfile::tempdir().unwrap();
        fs::copy(host.data().join("report.html"), directory.path().join("page.html")).unwrap();
        let script = "onload=()=>{const f=document.createElement('iframe');f.style.width='1440px';f.style.height='900px';\
            f.src='page.html';f.onload=()=>{const d=f.contentDocument,b=e=>Math.round(e.getBoundingClientRect().bottom);\
            const say=(k,v)=>document.body.append(`[${k}=${v}=]`);\
            say('answers',[...d.querySelectorAll('.an dd')].map(b).join(' '));\
            say('blocks',[...d.querySelectorAll('.at .o')].map(b).join(' '));\
            say('events',[...d.querySelectorAll('.e li')].map(b)[0])};document.body.append(f)}";
        let (dom, _) = show(directory.path(), script);
        let bottoms = |name| said(&dom, name).split(' ').map(|at| at.parse().unwrap()).collect::<Vec<u32>>();
        let (answers, blocks) = (bottoms("answers"), bottoms("blocks"));
        assert!(answers.len() == 3 && answers.iter().all(|bottom| *bottom < 300), "{answers:?}");
        assert!(blocks.len() >= 4 && blocks.iter().all(|bottom| *bottom <= 900), "{blocks:?}");
        assert!(bottoms("events")[0] < 600);
    }
}
