//! osmon graph --out: where the page is written, and what is never replaced.

use super::harness::{Host, skip, tool};
use super::report::with_minutes;
use std::fs;

#[test]
fn it_is_put_where_it_is_wanted() {
    let mut host = with_minutes("vm", 1);
    let path = host.path("page.html");
    host.config = format!("[report]\npath = \"{}\"\n", path.display());
    host.configure_data_dir();
    assert_eq!(host.osmon(&["report", "-v"]).ok().out.trim(), path.display().to_string());
    assert!(path.exists() && host.path("page.json").exists());
    let done = host.osmon(&["graph", "--out", "/nonexistent/x.html"]);
    assert_eq!(done.code, 74);
    assert!(done.err.contains("could not write the report /nonexistent/x.html"), "{}", done.err);
}

#[test]
fn a_look_at_another_history_leaves_the_published_page_alone() {
    let mut host = with_minutes("vm", 1);
    let page = host.path("index.html");
    host.config = format!("[report]\npath = \"{}\"\n", page.display());
    let own = host.data().join("report.html").display().to_string();
    assert_eq!(host.osmon(&["graph", "-v"]).ok().out.trim(), own, "--data-dir");
    host.advance(60, 5);
    host.osmon(&["run"]).ok();
    assert!(!page.exists());
    let mut by_variable = host.command("osmon", &["graph", "-v"]);
    by_variable.env("OSMON_REPORT_PATH", &page);
    assert!(by_variable.output().unwrap().status.success() && page.exists(), "named in the call");
    host.config = "[report]\npath = \"/nonexistent/index.html\"\n".to_string();
    host.configure_data_dir();
    assert_eq!(host.osmon(&["graph"]).code, 74, "its own data directory, also when it is named");
}

#[test]
fn a_page_replaces_nothing_but_a_page() {
    let host = Host::recorded("vm");
    host.osmon(&["run"]).ok();
    let (notes, package) = (host.path("notes.html"), host.path("package.json"));
    fs::write(&notes, "<p>mine</p>").unwrap();
    fs::write(&package, "{\"name\": \"mine\"}").unwrap();
    let day = host.day_file("snapshots");
    for (out, why) in [
        (&notes, "no page of osmon"),
        (&package, "must end in .html"),
        (&day, "must end in .html"),
        (&host.data().join("state/x.html"), "is the history"),
        (&host.data(), "must end in .html"),
    ] {
        let before = fs::read(out).ok();
        let done = host.osmon(&["graph", "--out", &out.display().to_string()]);
        assert_eq!(done.code, 64, "{}", done.err);
        assert!(done.err.contains(why), "{}", done.err);
        assert_eq!(fs::read(out).ok(), before);
    }
    let done = host.osmon(&["graph", "--out", &host.path("package.html").display().to_string()]);
    assert!(done.err.contains("is not made by osmon"), "{}", done.err);
    assert_eq!(fs::read_to_string(&package).unwrap(), "{\"name\": \"mine\"}");
    // A page may be replaced repeatedly, and written to a pipe.
    host.osmon(&["graph", "--out", &host.path("package.html").display().to_string()]).ok();
    assert!(host.osmon(&["graph", "--out", "-"]).ok().out.starts_with("<!doctype html>"));
    assert!(host.osmon(&["graph", "memory.used_percent", "--out", "-"]).ok().out.starts_with("<svg"));
}

#[test]
fn what_cannot_be_read_is_not_replaced_either() {
    let host = Host::recorded("vm");
    host.osmon(&["run"]).ok();
    let (pipe, beside, ring) = (host.path("pipe.html"), host.path("good.json"), host.path("ring.html"));
    tool("mkfifo", &[pipe.to_str().unwrap(), beside.to_str().unwrap()]).ok();
    std::os::unix::fs::symlink(&ring, &ring).unwrap();
    for out in [&pipe, &ring] {
        let kind = fs::symlink_metadata(out).unwrap().file_type();
        let done = host.osmon(&["graph", "--out", &out.display().to_string()]);
        assert_eq!(done.code, 64, "{}: {}", out.display(), done.err);
        assert!(done.err.contains("what is there cannot be read"), "{}", done.err);
        assert_eq!(fs::symlink_metadata(out).unwrap().file_type(), kind);
    }
    let done = host.osmon(&["graph", "--out", &host.path("good.html").display().to_string()]);
    assert!(done.err.contains("is not made by osmon"), "{}", done.err);
    assert!(!fs::symlink_metadata(&beside).unwrap().is_file());
    if tool("id", &["-u"]).out.trim() != "0" {
        return skip("a page of another user", "this is no root");
    }
    let directory = tempfile::tempdir().unwrap();
    let (binary, theirs) = (directory.path().join("osmon"), directory.path().join("theirs.html"));
    fs::copy(super::harness::binary("osmon"), &binary).unwrap();
    fs::write(&theirs, "mine").unwrap();
    tool("chmod", &["000", theirs.to_str().unwrap()]).ok();
    tool("chown", &["65534", directory.path().to_str().unwrap()]).ok();
    let data = directory.path().join("data");
    let home = format!("HOME={}", directory.path().display());
    let arguments = [
        "env",
        &home,
        binary.to_str().unwrap(),
        "graph",
        "--data-dir",
        data.to_str().unwrap(),
        "--out",
        theirs.to_str().unwrap(),
    ];
    let user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let done = tool("setpriv", &[user.as_slice(), arguments.as_slice()].concat());
    assert!(done.code == 64 && done.err.contains("what is there cannot be read"), "{} {}", done.code, done.err);
    assert_eq!(fs::read_to_string(&theirs).unwrap(), "mine");
}
