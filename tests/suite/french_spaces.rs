//! French typography: a no-break space before high punctuation and between a number and its unit, in page and mails.

use super::alert_html::{event, evidence, html, mail};
use super::browser::sample;
use super::harness::Host;
use super::scripted_server::{Behavior, Phase, decoded};
use std::fs;

/// The text of HTML without tags, attributes, style, script and commands.
fn words(html: &str) -> String {
    let mut out = String::new();
    let body = html.split("<body").nth(1).unwrap();
    for part in body.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or((part, ""));
        if !["style", "script", "code"].iter().any(|name| tag.starts_with(name)) {
            out.push_str(text);
            out.push('\n');
        }
    }
    out.replace("&#38;", "&").replace("&#34;", "\"").replace("&#39;", "'")
}

/// Places where a line could end before a mark or a unit.
fn loose(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(' ') {
        let after = &text[at + 1..];
        let mark = after.starts_with([':', ';', '?', '!', '»', '%']) || text[..at].ends_with('«');
        let word = after.split([' ', ',', '.', '\n', ')', ';', ':', '\u{a0}', '·']).next().unwrap();
        let unit = text[..at].ends_with(|c: char| c.is_ascii_digit())
            && ["o", "Kio", "Mio", "Gio", "Tio", "Kio/s", "Mio/s", "ms", "s", "min", "h", "j", "°C"].contains(&word);
        if mark || unit {
            let begin = text[..at].char_indices().rev().nth(40).map_or(0, |(begin, _)| begin);
            found.push(format!("{}▮{}", &text[begin..at], after.chars().take(20).collect::<String>()));
        }
    }
    found
}

#[test]
fn no_line_of_a_french_page_ends_before_a_mark_or_a_unit() {
    let directory = tempfile::tempdir().unwrap();
    let mut host: Host = sample(directory.path());
    host.config = "[report]\nlanguage = \"fr\"\n".to_string();
    host.osmon(&["graph"]).ok();
    let page = fs::read_to_string(host.data().join("report.html")).unwrap();
    let found = loose(&words(&page));
    assert!(found.is_empty(), "{} places: {:#?}", found.len(), &found[..found.len().min(20)]);
}

#[test]
fn no_line_of_a_french_mail_ends_before_a_mark_or_a_unit() {
    let disk =
        event("disk-1", "fired", "critical", "File system /var", "disk.used_percent{mount=\"/var\"}", 98.2, 98.0);
    let mut events = vec![
        evidence(disk, "io", &[93.1, 94.2, 95.6, 96.1, 97.3, 98.2], "java"),
        event("memory-1", "fired", "warning", "Memory", "memory.used_percent", 86.4, 85.0),
        event("cpu-1", "recovered", "critical", "CPU", "cpu.busy_percent", 12.0, 95.0),
    ];
    for (event, rule) in events.iter_mut().zip(["disk", "memory", "cpu"]) {
        event["rule"] = rule.into();
    }
    for behavior in [Behavior::Good, Behavior::Say(Phase::Banner, "421 down\r\n")] {
        let mail = mail(&events, "fr", behavior);
        let text = decoded(&mail).split("<!doctype html>").next().unwrap().to_string();
        let text: String = text.split("\n\n").skip(1).collect::<Vec<_>>().join("\n\n");
        // Headings of the parts, and what is to be typed, are not French.
        let text: String =
            text.lines().filter(|line| !line.starts_with("Content-")).map(|line| format!("{line}\n")).collect();
        for text in [text, words(&html(&mail))] {
            let found = loose(&text);
            assert!(found.is_empty(), "{found:#?}");
        }
    }
}
