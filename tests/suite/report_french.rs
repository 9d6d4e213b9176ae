//! The page in French.

use super::browser::sample;
use super::harness::Host;
use super::report_verdict::page;
use std::fs;

#[test]
fn french_is_french_down_to_the_numbers() {
    let directory = tempfile::tempdir().unwrap();
    let mut host: Host = sample(directory.path());
    host.config = "[report]\nlanguage = \"fr\"\n".to_string();
    host.osmon(&["graph"]).ok();
    let page = fs::read_to_string(host.data().join("report.html")).unwrap();
    let body = page.split("<body").nth(1).unwrap().split("<script>").next().unwrap();
    assert!(body.contains("data-dot=\",\" data-byte=\"o\"") && body.contains("État au 2026-11-20 21:40 +00:00"));
    assert!(body.contains("\u{a0}Gio"), "bytes");
    for word in ["GiB", "MiB", "KiB", "I/O"] {
        assert!(
            !body.contains(word),
            "{word}: {}",
            body.split(word).next().unwrap().chars().rev().take(80).collect::<String>()
        );
    }
    let fragment = host.osmon(&["status", "--html"]).out;
    assert!(
        fragment.contains(" lang=\"fr\"><p><strong>") && fragment.contains("94,6\u{a0}% (seuil 90\u{a0}%) depuis"),
        "{fragment}"
    );
    assert!(fragment.contains(" depuis ") && !fragment.contains(" since "), "{fragment}");
}

#[test]
fn a_french_page_has_french_titles() {
    let mut host = Host::recorded("vm");
    host.config = "[report]\nlanguage = \"fr\"\n[rule.disk]\nwarning = 1\nfor = \"0s\"\n[rule.memory]\nwarning = 50\nfor = \"0s\"\n".into();
    host.osmon(&["run"]).ok();
    let page = page(&host);
    assert!(page.contains("<b>Système de fichiers /") && page.contains("<b>Mémoire 57,7\u{a0}%"), "{page}");
    assert!(!page.contains("File system /"), "also in the days with problems");
}
