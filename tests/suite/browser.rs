//! The page in headless Chromium: no error, no scrolling sideways, nothing fetched.

use super::harness::{Host, skip, tool};
use std::fs;
use std::path::Path;

const FLAGS: [&str; 14] = [
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
    "--disable-features=NetworkTimeServiceQuerying",
    "--disable-features=NetworkTimeServiceQuerying",
    "--virtual-time-budget=3000",
    "--window-size=1500,1200",
];

/// Shows the page in frames of these widths; the widths that scroll sideways, what the console said, what was fetched.
fn look(page: &Path, directory: &Path) -> (String, Vec<String>, Vec<String>) {
    let script = "onload=()=>{for(const w of [390,820,1440]){const f=document.createElement('iframe');f.style.width=w+'px';f.style.height='900px';f.src='page.html';\
                  f.onload=()=>{const e=f.contentDocument.documentElement;document.body.append(`[${w}:${e.scrollWidth-e.clientWidth}:${f.contentDocument.querySelectorAll('.c svg path').length}]`)};document.body.append(f)}}";
    fs::copy(page, directory.join("page.html")).unwrap();
    fs::write(directory.join("frames.html"), format!("<!doctype html><title>x</title><body><script>{script}</script>"))
        .unwrap();
    let net = directory.join("net.json");
    let own = [
        format!("--user-data-dir={}", directory.join("profile").display()),
        format!("--log-net-log={}", net.display()),
        "--dump-dom".into(),
        format!("file://{}/frames.html", directory.display()),
    ];
    let arguments: Vec<&str> = FLAGS.into_iter().chain(own.iter().map(String::as_str)).collect();
    let done = tool("chromium", &arguments);
    let console = done.err.lines().filter(|line| line.contains("CONSOLE")).map(ToString::to_string).collect();
    let log = fs::read_to_string(net).unwrap_or_default();
    let fetched = log
        .split("\"url\":\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|url| url.starts_with("http"))
        .map(ToString::to_string)
        .collect();
    (done.out, console, fetched)
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
        let (dom, console, fetched) = look(&host.data().join("report.html"), directory.path());
        for width in [390, 820, 1440] {
            let found = dom.split(&format!("[{width}:")).nth(1).unwrap_or_else(|| panic!("no frame of {width}: {dom}"));
            let (over, rest) = found.split_once(':').unwrap();
            assert_eq!(over, "0", "{name} scrolls sideways at {width} px");
            assert!(rest.split(']').next().unwrap().parse::<u32>().unwrap() > 20, "the charts are drawn");
        }
        assert!(console.is_empty(), "{console:?}");
        assert!(fetched.is_empty(), "{fetched:?}");
    }
}
