//! osmon graph --pdf: paper tells the time of the data and how the host was then.

use super::browser::is_here;
use super::harness::{skip, tool};
use super::report::sample;
use chrono::TimeDelta;

#[test]
fn paper_is_never_stale() {
    if !is_here() {
        return;
    }
    if tool("gs", &["--version"]).code != 0 {
        return skip("the words of the PDF", "Ghostscript is not installed");
    }
    let mut host = sample();
    let words = |name: &str, host: &super::harness::Host| {
        let path = host.path(name).display().to_string();
        let arguments = ["graph", "--pdf", "--out", &path];
        let done = host.command("osmon", &arguments).env("HOME", host.path("")).output().unwrap();
        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
        tool("gs", &["-q", "-dNOPAUSE", "-dBATCH", "-sDEVICE=txtwrite", "-o", "-", &path]).out
    };
    let fresh = words("fresh.pdf", &host);
    // Printed days later: the host is silent since then.
    host.now += TimeDelta::days(3);
    let late = words("late.pdf", &host);
    for paper in [&fresh, &late] {
        assert!(paper.contains("As of 2026-11-20 21:40"), "{paper}");
        assert!(!paper.contains("Unknown") && !paper.contains("has stopped"), "{paper}");
    }
    let first = |paper: &str| paper.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_string();
    assert_eq!(first(&late), first(&fresh), "the verdict is that of the data");
}
