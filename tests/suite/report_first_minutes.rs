//! The page at a glance: its first minutes, breaches that are pending, and tiles that are coloured by their own values.

use super::browser::sample;
use super::harness::Host;
use super::report_verdict::page;
use serde_json::Value;
use std::fs;

fn summary(host: &Host) -> Value {
    serde_json::from_str(&fs::read_to_string(host.data().join("report.json")).unwrap()).unwrap()
}

fn minute(host: &mut Host, busy: u64) {
    host.advance(60, busy);
    host.osmon(&["run"]);
}

/// What stands behind the verdict.
fn rest(page: &str) -> String {
    page.split("id=\"rest\">").nth(1).unwrap().split("</span>").next().unwrap().to_string()
}

/// The tile with a label: its classes and its text, parts separated by `|`.
fn tile(page: &str, label: &str) -> (String, String) {
    let tiles = page.split("<div class=\"k ").skip(1);
    let mut found = tiles.filter_map(|tile| {
        let (class, html) = tile.split_once("\">").unwrap();
        let html = html.split("</div>").next().unwrap();
        let mut text = String::new();
        for part in html.split('<').skip(1).filter_map(|part| Some(part.split_once('>')?.1.trim())) {
            if !part.is_empty() {
                text += &format!("{}{part}", if text.is_empty() { "" } else { "|" });
            }
        }
        text.split('|').next().is_some_and(|own| own == label).then(|| (class.to_string(), text))
    });
    found.next().unwrap_or_else(|| panic!("no tile {label}: {page}"))
}

fn rows(page: &str) -> usize {
    page.matches("<div class=\"dr\">").count()
}

#[test]
fn the_first_minutes_say_what_comes_when_and_claim_nothing() {
    let mut host = Host::recorded("vm");
    host.osmon(&["run"]).ok();
    let first = page(&host);
    assert_eq!(rest(&first), "no open problems; recording has just begun");
    assert_eq!(tile(&first, "CPU"), ("plain".to_string(), "CPU|–|known after the next run".to_string()));
    assert!(first.contains("Nothing yet: recording has just begun."));
    assert!(!first.contains("<b>100 %</b>") && !first.contains("<p class=\"kn\">0 %"), "nothing lasted yet");
    assert_eq!(rows(&first), 1, "the host alone");
    assert!(first.contains("Recording began 20 Nov 21:40; the share follows after a day.</p>"));
    let later = |page: &str| page.matches("<dt>").count();
    assert!(first.contains("<dt>CPU and transfer rates</dt><dd>with the next run</dd>"));
    assert_eq!(later(&first), 5, "{first}");
    assert!(first.contains("<code>osmon doctor</code>"));

    minute(&mut host, 5);
    let second = page(&host);
    assert_eq!(rest(&second), "no open problems since recording began 1 min ago");
    assert!(second.contains("Nothing since recording began 1 min ago."));
    assert!(tile(&second, "CPU").1.starts_with("CPU|OK|5|%|"), "{:?}", tile(&second, "CPU"));
    assert_eq!(later(&second), 4, "rates are there");

    host.advance(3600, 5);
    host.osmon(&["run"]);
    let hour = page(&host);
    assert_eq!((rest(&hour).as_str(), later(&hour), rows(&hour)), ("no open problems", 0, 1));
    host.advance(2 * 86_400, 5);
    host.osmon(&["run"]);
    let days = page(&host);
    assert!(days.contains("Recording began 20 Nov; rows of resources and services follow after a week.</p>"));
    assert!(days.contains("<b>100 %</b>") && rows(&days) == 1);
    host.advance(6 * 86_400, 5);
    host.osmon(&["run"]);
    let week = page(&host);
    assert!(rows(&week) > 5 && !week.contains("Recording began"), "{} rows", rows(&week));
}

#[test]
fn a_problem_in_the_first_week_has_its_row() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.memory]\nwarning = 50\nfor = \"0s\"\n".to_string();
    host.osmon(&["run"]).ok();
    let page = page(&host);
    assert!(rows(&page) == 2 && page.contains("<div class=\"dr\"><span>Memory</span>"), "{} rows", rows(&page));
    let days = summary(&host)["day"].clone();
    assert!(days.as_array().unwrap().iter().all(|day| day["share"] == "–"), "{days}");
}

#[test]
fn what_is_pending_is_said_with_the_time_until_the_alarm() {
    let mut host = Host::recorded("vm");
    host.osmon(&["run"]).ok();
    minute(&mut host, 5);
    minute(&mut host, 90);
    assert_eq!(rest(&page(&host)), "pending: CPU 90 %, above 80 %; warning in 5 min");
    let (class, text) = tile(&page(&host), "CPU");
    assert!(class == "warn ko" && text.starts_with("CPU|90|%|pending|"), "{class} {text}");
    minute(&mut host, 90);
    assert_eq!(rest(&page(&host)), "pending: CPU 90 %, above 80 % for 1 min; warning in 4 min");
    // Beyond critical now: whatever comes first.
    minute(&mut host, 97);
    assert_eq!(rest(&page(&host)), "pending: CPU 97 %, above 80 % for 2 min; warning in 3 min");
    host.config = "[report]\nlanguage = \"fr\"\n".to_string();
    host.osmon(&["graph"]).ok();
    let text = "en attente : Processeur 97 %, au-dessus de 80 % depuis 2 min ; avertissement dans 3 min";
    assert_eq!(rest(&page(&host)).replace(['\u{a0}', '\u{202f}'], " "), text);
    host.config.clear();
    (0..3).for_each(|_| minute(&mut host, 90));
    let fired = page(&host);
    assert!(!fired.contains("pending:"), "{}", rest(&fired));
    let (class, text) = tile(&fired, "CPU");
    assert!(class == "warn" && text.starts_with("CPU|90|%|warning|"), "{class} {text}");
    // Well again, not for long enough: the value has no colour of its own.
    minute(&mut host, 5);
    let (class, text) = tile(&page(&host), "CPU");
    assert!(class == "warn ko" && text.starts_with("CPU|5|%|recovering|"), "{class} {text}");
}

#[test]
fn a_tile_is_coloured_by_the_value_that_it_shows() {
    let classes = |config: &str, labels: &[&str]| -> Vec<String> {
        let mut host = Host::recorded("vm");
        host.config = config.to_string();
        host.osmon(&["run"]).ok();
        minute(&mut host, 5);
        let page = page(&host);
        labels.iter().map(|label| tile(&page, label).0).collect()
    };
    assert_eq!(classes("", &["CPU", "Memory", "Load per core", "Disk /var"]), ["ok", "ok", "ok", "ok"]);
    assert_eq!(classes("", &["CPU pressure"]), ["plain"], "no rule judges it");
    let off = "[rule.cpu]\nenabled = false\n[rule.load]\nenabled = false\n[rule.memory]\nenabled = false\n";
    assert_eq!(classes(off, &["CPU", "Memory", "Load per core"]), ["plain", "plain", "plain"]);
    // The fullest is /var: a problem of / is shown as that of /.
    let small = "[rule.small]\nmetric = 'disk.used_percent{mount=\"/\"}'\nwarning = 10\nfor = \"0s\"\n";
    assert_eq!(classes(small, &["Disk /"]), ["warn"]);
    assert_eq!(classes("[rule.swap]\nwarning = 1\nfor = \"0s\"\n", &["Swap"]), ["warn"]);
    let load = "[rule.load]\nwarning = 0.01\ncritical = 0.02\nfor = \"0s\"\ncritical_for = \"0s\"\n";
    assert_eq!(classes(load, &["Load per core, 15 min"]), ["bad"]);
}

#[test]
fn failing_services_are_named_except_in_public() {
    let mut host = Host::recorded("vm");
    let failed = |name: &str| {
        format!("Id={name}.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\n\n")
    };
    let text: String = ["backup", "nginx", "shop"].map(failed).concat();
    host.write("systemctl-show", &text);
    host.osmon(&["run"]);
    (0..3).for_each(|_| minute(&mut host, 5));
    let (class, text) = tile(&page(&host), "Services");
    assert!(class == "bad" && text.ends_with("|critical|backup, nginx and 1 more failed"), "{class} {text}");
    assert!(!text.contains("min: "), "no line of how many fail: {text}");
    host.config = "[report]\npublic = true\n".to_string();
    host.osmon(&["graph"]);
    assert!(tile(&page(&host), "Services").1.ends_with("|critical|3 failed"), "{:?}", tile(&page(&host), "Services"));
}

#[test]
fn a_sparkline_has_its_range_and_a_tile_leads_to_its_chart() {
    let directory = tempfile::tempdir().unwrap();
    let host: Host = sample(directory.path());
    host.osmon(&["graph"]).ok();
    let page = page(&host);
    let (_, text) = tile(&page, "CPU");
    let range = text.rsplit('|').next().unwrap();
    let numbers: Vec<f64> = range
        .strip_prefix("1 h: ")
        .unwrap()
        .strip_suffix(" %")
        .unwrap()
        .split('–')
        .map(|n| n.parse().unwrap())
        .collect();
    assert!(numbers.len() == 2 && numbers[0] < numbers[1] && numbers[1] <= 100.0, "{range}");
    let tiles = page.split("<section class=\"t\"").nth(1).unwrap().split("</section>").next().unwrap();
    let links: Vec<&str> = tiles.split("<a href=\"#").skip(1).map(|link| link.split('"').next().unwrap()).collect();
    assert_eq!(links.len(), 5, "no table of services: {tiles}");
    let first = ["1h", "24h"].into_iter().find(|id| page.contains(&format!("value=\"{id}\" checked"))).unwrap();
    for link in links {
        let is_there = page.contains(&format!(" id='{link}'")) || page.contains(&format!(" id=\"{link}\""));
        assert!(is_there && link.starts_with(&format!("c{first}-")), "{link}");
    }
    assert!(tiles.contains("class=\"pe\"") || tiles.contains("class=\"s0 pe\""), "the newest point");
}
