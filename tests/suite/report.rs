//! The page as text: self-contained, escaped, valid for every amount of history.

use super::harness::{Host, repository};
use base64::Engine;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs;

pub fn page(host: &Host) -> String {
    host.small("osmon-graph", &[]).ok();
    fs::read_to_string(host.data().join("report.html")).unwrap()
}

pub fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    text.split(from).nth(1).unwrap_or_else(|| panic!("no {from}")).split(to).next().unwrap()
}

pub fn with_minutes(name: &str, minutes: usize) -> Host {
    let mut host = Host::recorded(name);
    fs::create_dir_all(host.data()).unwrap();
    for minute in 0..minutes {
        host.advance(60, (minute % 90) as u64);
        host.small("osmon-probe", &[]).ok();
    }
    host
}

/// A host at the end of the shipped sample day.
pub fn sample() -> Host {
    let mut host = Host::recorded("vm");
    let archive = repository("data/sample/web-01.tar.gz").display().to_string();
    assert_eq!(host.osmon(&["restore", &archive]).code, 0);
    host.now = "2026-11-20T21:40:30Z".parse().unwrap();
    host
}

#[test]
fn it_needs_nothing_from_anywhere() {
    let page = page(&sample());
    for word in ["http://", "https://", "//cdn", "@import", "url(", " src=", "style=\"", "style='"] {
        assert!(!page.contains(word), "the page has {word}");
    }
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\"");
    for (open, close) in [("<style>", "</style>"), ("<script>", "</script>")] {
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(between(&page, open, close)));
        assert!(policy.contains(&format!("'sha256-{hash}'")), "{policy} does not allow {open}");
    }
    assert!(between(&page, "<script>", "</script>").len() <= 5000);
    assert!(page.len() < 320_000, "{} bytes", page.len());
    let charts = [
        "CPU",
        "Memory",
        "Pressure",
        "Load",
        "Disk transfer",
        "File systems",
        "Network",
        "Processes",
        "Memory of units",
    ];
    for chart in charts {
        assert!(page.contains(&format!("data-k='{chart}'")), "no chart {chart}");
    }
    for (range, title) in [("1h", "1 hour"), ("24h", "24 hours"), ("7d", "7 days")] {
        assert!(page.contains(&format!("<label for=\"r{range}\">{title}</label>")), "no range {range}");
    }
    assert!(!page.contains("id=\"r30d\""), "a range that shows nothing more than a shorter one is left out");
    assert!(page.contains("osmon explain disk:/var") && page.contains("Top consumers"));
}

#[test]
fn hostile_names_stay_text_in_every_field() {
    let evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\\u202e\\u0007'\\\"&";
    let mut host = with_minutes("hostile", 4);
    host.config =
        "[rule.memory]\nwarning = 1\nfor = \"0s\"\nmessage = \"<b>m\"\n[report]\ntitle = \"the <shop>\"\n".into();
    host.advance(60, 20);
    host.osmon(&["run"]).ok();
    host.osmon(&["note", "</ul><img src=x onerror=alert(2)>"]);
    // A restored archive of a stranger: every text of every record is hostile.
    for stream in ["snapshots", "processes", "events"] {
        let path = host.day_file(stream);
        let last = fs::read_to_string(&path).unwrap().lines().last().unwrap().to_string();
        let mut record: Value = serde_json::from_str(&last).unwrap();
        poison(&mut record, &serde_json::from_str::<String>(&format!("\"{evil}\"")).unwrap());
        let record = record.as_object_mut().unwrap();
        record.remove("crc32");
        record.insert("time".into(), host.now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true).into());
        let line = osmon::store::line::seal(&serde_json::to_string(&record).unwrap());
        fs::write(&path, fs::read_to_string(&path).unwrap() + &line).unwrap();
    }
    let page = page(&host);
    let body = page.split("<body").nth(1).unwrap();
    for word in [
        "<img",
        "<b>0 received",
        "<b>m",
        "<i>anna",
        "<u>x",
        "onerror=alert(1)>",
        "</script><scrip",
        "\u{202e}",
        "\u{1b}",
        "\u{7}",
    ] {
        assert!(!body.contains(word), "the page has {word}");
    }
    assert_eq!(page.matches("<script>").count(), 1);
    assert!(page.contains("the &#60;shop&#62;") && page.contains("onerror=alert(2)&#62;"));
    let fragment = host.osmon(&["status", "--html"]).out;
    assert!(fragment.starts_with("<section class=\"osmon osmon-") && !fragment.contains("<img"), "{fragment}");
    let beside: Value = serde_json::from_str(&fs::read_to_string(host.data().join("report.json")).unwrap()).unwrap();
    assert!(!beside.to_string().contains('\u{202e}'));
}

/// Replaces every text but the times, including names.
fn poison(value: &mut Value, evil: &str) {
    match value {
        Value::String(text)
            if !text.contains("T2") && !["fired", "note", "warning", "critical"].contains(&text.as_str()) =>
        {
            *text = evil.to_string();
        }
        Value::Array(items) => items.iter_mut().for_each(|item| poison(item, evil)),
        Value::Object(members) => members.values_mut().for_each(|member| poison(member, evil)),
        _ => {}
    }
}

#[test]
fn every_amount_of_history_makes_a_page() {
    let empty = page(&with_minutes("vm", 0));
    assert!(empty.contains("Unknown") && empty.contains("no snapshot yet") && empty.contains("* * * * * osmon run"));
    let mut host = with_minutes("vm", 1);
    let young = page(&host);
    assert!(young.contains("value=\"1h\" checked") && !young.contains("id=\"r24h\""));
    host.advance(600, 1);
    assert!(page(&host).contains("no snapshot for 10 min"), "old data is not the present");
    let two = page(&with_minutes("old", 2));
    assert!(two.contains("pressure: not supported by this kernel") && !two.contains("data-k='Pressure'"));
    // The clock was set back by a day: future samples are not drawn, and the page is still valid.
    let mut back = with_minutes("vm", 3);
    back.now -= chrono::TimeDelta::days(1);
    assert!(page(&back).contains("</html>"));
}

#[test]
fn an_incident_stands_on_top_and_its_events_below() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.memory]\nwarning = 50\nfor = \"0s\"\n[report]\ntitle = \"the <shop>\"\n".to_string();
    host.advance(60, 10);
    host.osmon(&["run"]).ok();
    let page = page(&host);
    assert!(page.contains("<title>Warning: the &#60;shop&#62; (1 problem)</title>"));
    assert!(page.contains("<h1>Warning</h1>") && page.contains("1 open problem since 20 Nov 21:41"));
    assert!(page.contains("<b>Memory 57.7 %</b>") && page.contains("limit 50 %"));
    assert!(page.contains("<code>osmon explain memory</code>"));
    assert!(page.contains("<span class=\"w warn\">warning</span> <span>Memory 57.7 %"));
    assert!(page.contains("class='m al warn'"), "a line in the charts");
    assert!(page.contains("No alert recipient configured"));
    let beside: Value = serde_json::from_str(&fs::read_to_string(host.data().join("report.json")).unwrap()).unwrap();
    assert_eq!(beside["verdict"]["state"], "warn");
    assert_eq!(beside["incident"][0]["value"].as_f64().unwrap().round(), 58.0);
}

#[test]
fn what_is_kept_is_made_anew_when_an_hour_is_over_or_the_page_is_to_look_different() {
    let mut host = sample();
    let kept = |host: &Host| fs::read_to_string(host.data().join("state/report.json")).unwrap();
    // On a slow machine the rollups of the sample are complete after some runs only.
    (0..6).for_each(|_| drop(page(&host)));
    let first = kept(&host);
    host.now += chrono::TimeDelta::minutes(5);
    page(&host);
    assert_eq!(kept(&host), first, "within an hour it is kept");
    host.config = "[report]\nlanguage = \"fr\"\n".to_string();
    let french = page(&host);
    assert_ne!(kept(&host), first);
    assert!(french.contains("lang=\"fr\"") && french.contains("Mémoire") && french.contains("À surveiller"));
    let second = kept(&host);
    host.now += chrono::TimeDelta::minutes(60);
    page(&host);
    assert_ne!(kept(&host), second, "an hour is over");
    fs::write(host.data().join("state/report.json"), "{\"key\":").unwrap();
    assert!(page(&host).contains("data-k='CPU'"), "damage is made anew");
}

#[test]
fn a_page_for_others_names_no_process_and_no_user() {
    let mut host = sample();
    host.config = "[report]\npublic = true\n".to_string();
    host.osmon(&["note", "a word"]).ok();
    let page = page(&host);
    let body = between(&page, "<body", "<script>");
    for word in ["java", "anna", "Top consumers", "logged in", "No alert recipient"] {
        assert!(!body.contains(word), "{word}");
    }
    assert!(!body.contains("a word") && body.contains("data-k='CPU'"));
    let beside = fs::read_to_string(host.data().join("report.json")).unwrap();
    assert!(!beside.contains("java"), "{beside}");
}

#[test]
fn it_looks_as_configured() {
    let mut host = sample();
    let style = host.path("own.css");
    fs::write(&style, "body{background:#fed}</style><script>alert(1)</script>").unwrap();
    host.config = format!(
        "[report]\nstyle_file = \"{}\"\nranges = [\"24h\"]\nsections = [\"attention\", \"charts\"]\n",
        style.display()
    );
    let page = page(&host);
    assert!(page.contains("body{background:#fed}<\\/style>") && page.matches("<script>").count() == 2);
    assert!(!page.contains("class=\"t\"") && !page.contains("Last 90 days") && !page.contains("Top consumers"));
    assert!(page.contains("id=\"r24h\"") && !page.contains("id=\"r1h\""));
    for (line, words) in [
        ("ranges = [\"2h\"]", "\"2h\" is not one of 1h, 24h, 7d, 30d, 1y"),
        ("sections = [\"x\"]", "\"x\" is not one of tiles"),
        ("language = \"de\"", "\"de\" is not one of en, fr"),
        ("style_file = \"x.css\"", "\"x.css\" must be an absolute path"),
    ] {
        host.config = format!("[report]\n{line}\n");
        let said = host.osmon(&["config", "check"]);
        assert!(said.code == 78 && said.err.contains(words), "{line}: {}", said.err);
    }
}
