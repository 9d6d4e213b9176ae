//! osmon graph METRIC: one chart as SVG or PNG.

use super::harness::{Host, tool};
use super::report::sample;
use std::fs;

#[test]
fn a_chart_alone_and_a_picture() {
    let host = sample();
    let svg = host.osmon(&["graph", "disk.used_percent", "--range", "24h"]).ok().out;
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n") && svg.contains("<title>Disk used, %</title>"));
    if tool("xmllint", &["--version"]).code == 0 {
        fs::write(host.path("x.svg"), &svg).unwrap();
        assert_eq!(tool("xmllint", &["--noout", &host.path("x.svg").display().to_string()]).err, "");
    }
    let png = host.path("x.png");
    host.osmon(&["graph", "cpu.busy_percent", "--range", "6h", "--out", &png.display().to_string()]).ok();
    assert!(fs::read(&png).unwrap().starts_with(b"\x89PNG"));
    let cases = [
        (vec!["graph", "cpu.busy_percent", "--out", "x.gif"], 64, "is written as .svg or .png"),
        (vec!["graph", "no.such_metric"], 65, "nothing of no.such_metric was recorded"),
        (vec!["graph", "cpu.busy_percent", "--range", "soon"], 64, "is not a duration"),
        (vec!["graph", "--range", "30d"], 64, "the page has no range 30d"),
        (vec!["graph", "--pdf"], 64, "--out"),
    ];
    for (arguments, code, words) in cases {
        let done = host.osmon(&arguments);
        assert_eq!(done.code, code, "{arguments:?}: {}", done.err);
        assert!(done.err.contains(words), "{arguments:?}: {}", done.err);
    }
}

#[test]
fn a_chart_has_one_unit_and_the_highest_lines() {
    let mut host = Host::recorded("vm");
    for _ in 0..3 {
        host.osmon(&["run"]).ok();
        host.advance(60, 50);
    }
    let several = host.osmon(&["graph", "cpu", "load"]);
    assert!(several.out.contains("cpu.user_percent") && !several.out.contains("load.one"), "{}", several.out);
    assert!(
        several.err.contains("a chart shows values of one kind, here percent; draw these separately: load."),
        "{}",
        several.err
    );
    let first = host.osmon(&["graph", "cpu.bussy_percent"]);
    let again = host.osmon(&["graph", "cpu.bussy_percent"]);
    assert!(again.err.contains("did you mean \"cpu.busy_percent\"?"), "{}", again.err);
    assert_eq!((first.code, first.err), (again.code, again.err), "asked twice, answered twice");
}

#[test]
fn a_chart_of_what_is_not_there_and_what_is_shows_what_is() {
    let mut host = Host::recorded("vm");
    for _ in 0..3 {
        host.osmon(&["run"]).ok();
        host.advance(60, 50);
    }
    let out = host.path("x.svg");
    let done = host.osmon(&["graph", "nothing.such", "cpu.busy_percent", "--out", &out.display().to_string()]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.err.contains("nothing of nothing.such was recorded in this span"), "{}", done.err);
    let chart = fs::read_to_string(out).unwrap();
    assert!(chart.contains(">cpu.busy_percent<") && !chart.contains("nothing.such"), "{chart}");
}
