//! The page as text: self-contained, escaped, valid for every amount of history.

use super::harness::Host;
use base64::Engine;
use sha2::{Digest, Sha256};
use std::fs;

fn page(host: &Host) -> String {
    host.small("osmon-graph", &[]).ok();
    fs::read_to_string(host.data().join("report.html")).unwrap()
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    text.split(from).nth(1).unwrap().split(to).next().unwrap()
}

fn with_minutes(name: &str, minutes: usize) -> Host {
    let mut host = Host::recorded(name);
    fs::create_dir_all(host.data()).unwrap();
    for minute in 0..minutes {
        host.advance(60, (minute % 90) as u64);
        host.small("osmon-probe", &[]).ok();
    }
    host
}

#[test]
fn it_needs_nothing_from_anywhere() {
    let page = page(&with_minutes("vm", 30));
    for word in ["http://", "https://", "//cdn", "@import", "url(", " src=", "style=\""] {
        assert!(!page.contains(word), "the page has {word}");
    }
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\"");
    for (open, close) in [("<style>", "</style>"), ("<script>", "</script>")] {
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(between(&page, open, close)));
        assert!(policy.contains(&format!("'sha256-{hash}'")), "{policy} does not allow {open}");
    }
    assert!(between(&page, "<script>", "</script>").len() <= 4096);
    assert!(page.len() < 320_000, "{} bytes", page.len());
    for chart in ["CPU", "Memory", "File systems", "Load", "Disk transfer", "Network", "Pressure", "Processes"] {
        assert!(page.contains(&format!("<h3>{chart} ")), "no chart {chart}");
    }
}

#[test]
fn hostile_names_stay_text() {
    let page = page(&with_minutes("hostile", 4));
    let body = page.split("<body").nth(1).unwrap();
    for word in
        ["<img", "<b>0 received", "<i>anna", "<u>x", "onerror=alert(1)>", "</script><scrip", "\u{202e}", "\u{1b}"]
    {
        assert!(!body.contains(word), "the page has {word}");
    }
    assert_eq!(page.matches("<script>").count(), 1);
    assert!(page.contains("&#60;img src=x onerr"), "the process is named");
}

#[test]
fn every_amount_of_history_makes_a_page() {
    let empty = page(&with_minutes("vm", 0));
    assert!(empty.contains("Unknown") && empty.contains("no snapshot yet"));
    let mut host = with_minutes("vm", 1);
    assert!(page(&host).contains("Last 15 minutes"));
    host.advance(600, 1);
    assert!(page(&host).contains("no snapshot for 10 min"), "old data is not the present");
    let two = page(&with_minutes("old", 2));
    assert!(two.contains("pressure: not supported by this kernel") && !two.contains("<h3>Pressure"));
}

#[test]
fn every_path_of_a_chart_stays_inside_it_and_a_gap_is_a_hole() {
    let mut host = with_minutes("vm", 10);
    host.advance(1800, 50);
    host.small("osmon-probe", &[]).ok();
    let page = page(&host);
    let load = between(&page, "<h3>Load", "</svg>");
    assert_eq!(load.matches("class=\"s0\"").count(), 2, "before and after the gap: {load}");
    assert!(!page.contains("NaN") && !page.contains("inf"));
}

#[test]
fn an_incident_stands_on_top_and_its_events_below() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.memory]\nwarning = 50\nfor = \"0s\"\n[report]\ntitle = \"the <shop>\"\n".to_string();
    host.advance(60, 10);
    host.osmon(&["run"]).ok();
    let page = page(&host);
    assert!(page.contains("<title>1 problem: the &#60;shop&#62;</title>"));
    assert!(page.contains("Degraded") && page.contains("1 open problem since 21:41"));
    assert!(
        page.contains("<b>Memory 57.7 %</b>")
            && page.contains("limit 50 %")
            && page.contains("<code>memory-1795210860</code>")
    );
    assert!(page.contains("<span class=\"w warn\">warning</span> Memory 57.7 %"));
    assert!(page.contains("Nobody is told of problems"));
}

#[test]
fn it_is_put_where_it_is_wanted() {
    let mut host = with_minutes("vm", 1);
    let path = host.path("page.html");
    host.config = format!("[report]\npath = \"{}\"\n", path.display());
    assert_eq!(host.osmon(&["report", "-v"]).ok().out.trim(), path.display().to_string());
    assert!(path.exists());
    let done = host.osmon(&["graph", "--out", "/nonexistent/x.html"]);
    assert_eq!(done.code, 74);
    assert!(done.err.contains("could not write the report /nonexistent/x.html"), "{}", done.err);
}
