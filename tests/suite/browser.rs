//! The page in headless Chromium: no error, no scrolling sideways, nothing fetched.

use super::harness::{Host, skip, tool};
use std::fs;
use std::path::Path;

const FLAGS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--allow-file-access-from-files",
    "--enable-logging=stderr",
    "--virtual-time-budget=3000",
    "--window-size=1500,1200",
];

/// Shows the page in frames of these widths. For each, `[width:pixels too wide:paths drawn:resources fetched]`; and what
/// the console said.
fn look(page: &Path, directory: &Path) -> (String, Vec<String>) {
    let script = "onload=()=>{for(const w of [390,820,1440]){const f=document.createElement('iframe');\
        f.style.width=w+'px';f.style.height='900px';f.src='page.html';f.onload=()=>{\
        const d=f.contentDocument,e=d.documentElement,n=f.contentWindow.performance.getEntriesByType('resource').length;\
        document.body.append(`[${w}:${e.scrollWidth-e.clientWidth}:${d.querySelectorAll('.c svg path').length}:${n}]`)};\
        document.body.append(f)}}";
    fs::copy(page, directory.join("page.html")).unwrap();
    let frames = format!("<!doctype html><title>x</title><body><script>{script}</script>");
    fs::write(directory.join("frames.html"), frames).unwrap();
    let profile = format!("--user-data-dir={}", directory.join("profile").display());
    let url = format!("file://{}/frames.html", directory.display());
    let arguments: Vec<&str> = FLAGS.into_iter().chain([profile.as_str(), "--dump-dom", &url]).collect();
    let done = tool("chromium", &arguments);
    (done.out, done.err.lines().filter(|line| line.contains("CONSOLE")).map(ToString::to_string).collect())
}

#[test]
fn a_browser_shows_it_without_complaint() {
    if tool("chromium", &["--version"]).code != 0 {
        return skip("the page in a browser", "chromium is not installed");
    }
    for name in ["vm", "hostile"] {
        let mut host = Host::recorded(name);
        host.config = "[rule.memory]\nwarning = 50\nfor = \"0s\"\n".to_string();
        for minute in 0..20 {
            host.advance(60, minute * 5);
            host.osmon(&["run"]).ok();
        }
        let directory = tempfile::tempdir().unwrap();
        let (dom, console) = look(&host.data().join("report.html"), directory.path());
        for width in ["390", "820", "1440"] {
            let found = dom.split(&format!("[{width}:")).nth(1).unwrap_or_else(|| panic!("no frame of {width}: {dom}"));
            let numbers: Vec<u32> =
                found.split(']').next().unwrap().split(':').map(|number| number.parse().unwrap()).collect();
            assert_eq!(numbers[0], 0, "{name} scrolls sideways at {width} px");
            assert!(numbers[1] > 20, "the charts are drawn");
            assert_eq!(numbers[2], 0, "something was fetched");
        }
        assert!(console.is_empty(), "{console:?}");
    }
}
