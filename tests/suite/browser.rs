//! The page in headless Chromium: no errors, no horizontal scrolling, no requests, and all interactions.

use super::harness::{Host, repository, skip, tool};
use serde_json::Value;
use std::fs;
use std::path::Path;

pub const FLAGS: [&str; 11] = [
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
    "--window-size=1500,1200",
];

/// Loads a page whose script inspects `page.html` next to it. Returns the resulting document and the console output.
pub fn show(directory: &Path, script: &str) -> (String, Vec<String>) {
    show_for(directory, script, 6000)
}

/// Like [`show`], for a number of milliseconds of the browser's virtual time.
pub fn show_for(directory: &Path, script: &str, milliseconds: u32) -> (String, Vec<String>) {
    show_with(directory, script, milliseconds, &FLAGS)
}

/// Like [`show_for`], with these flags.
pub fn show_with(directory: &Path, script: &str, milliseconds: u32, flags: &[&str]) -> (String, Vec<String>) {
    let frames = format!("<!doctype html><title>x</title><body><script>{script}</script>");
    fs::write(directory.join("frames.html"), frames).unwrap();
    let profile = format!("--user-data-dir={}", directory.join("profile").display());
    let url = format!("file://{}/frames.html", directory.display());
    let budget = format!("--virtual-time-budget={milliseconds}");
    let arguments: Vec<&str> = flags.iter().copied().chain([profile.as_str(), &budget, "--dump-dom", &url]).collect();
    let done = tool("chromium", &arguments);
    (done.out, done.err.lines().filter(|line| line.contains("CONSOLE")).map(ToString::to_string).collect())
}

/// Value of `name` that a script reported with `say(name, value)`.
pub fn said(dom: &str, name: &str) -> String {
    let found = dom.split(&format!("[{name}=")).nth(1).unwrap_or_else(|| panic!("nothing said of {name}: {dom}"));
    found.split("=]").next().unwrap().to_string()
}

pub fn is_here() -> bool {
    let is_here = tool("chromium", &["--version"]).code == 0;
    if !is_here {
        skip("the page in a browser", "chromium is not installed");
    }
    is_here
}

/// A host at the end of the shipped sample day, with its page in a directory.
pub fn sample(directory: &Path) -> Host {
    let mut host = Host::recorded("vm");
    let archive = repository("data/sample/web-01.tar.gz").display().to_string();
    assert_eq!(host.osmon(&["restore", &archive]).code, 0);
    host.now = "2026-11-20T21:40:30Z".parse().unwrap();
    host.osmon(&["graph"]).ok();
    fs::copy(host.data().join("report.html"), directory.join("page.html")).unwrap();
    host
}

#[test]
fn a_browser_shows_it_without_complaint() {
    if !is_here() {
        return;
    }
    // For each width: pixels too wide, paths drawn, resources fetched, shift of the layout.
    let script = "onload=()=>{for(const w of [390,820,1440]){const f=document.createElement('iframe');\
        f.style.width=w+'px';f.style.height='900px';f.src='page.html';f.onload=()=>{\
        const d=f.contentDocument,e=d.documentElement,p=f.contentWindow.performance;\
        new f.contentWindow.PerformanceObserver(()=>document.body.append(`[${'shift'}=1=]`)).observe({type:'layout-shift',buffered:true});\
        document.body.append(`[${w}=${e.scrollWidth-e.clientWidth}:${d.querySelectorAll('.c svg path').length}:${p.getEntriesByType('resource').length}=]`)};\
        document.body.append(f)}}";
    for name in ["vm", "hostile"] {
        let mut host = Host::recorded(name);
        host.config = "[rule.memory]\nwarning = 50\nfor = \"0s\"\n".to_string();
        for minute in 0..20 {
            host.advance(60, minute * 5);
            host.osmon(&["run"]).ok();
        }
        let directory = tempfile::tempdir().unwrap();
        fs::copy(host.data().join("report.html"), directory.path().join("page.html")).unwrap();
        let (dom, console) = show(directory.path(), script);
        for width in ["390", "820", "1440"] {
            let numbers: Vec<u32> = said(&dom, width).split(':').map(|number| number.parse().unwrap()).collect();
            assert_eq!(numbers[0], 0, "{name} scrolls sideways at {width} px");
            assert!(numbers[1] > 20, "the charts are drawn");
            assert_eq!(numbers[2], 0, "something was fetched");
        }
        assert!(!dom.contains("[shift=1"), "the layout moves");
        assert!(console.is_empty(), "{console:?}");
    }
}

#[test]
fn one_can_point_zoom_compare_and_reload() {
    if !is_here() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let host = sample(directory.path());
    let stored =
        host.osmon(&["history", "cpu.user_percent", "--at", "2026-11-20 21:15", "--format", "json", "--step", "raw"]);
    assert_eq!(stored.code, 0, "{}", stored.err);
    let snapshots = host.lines("snapshots");
    let line = snapshots.iter().find(|line| line.contains("\"time\":\"2026-11-20T21:15")).unwrap();
    let snapshot: Value = serde_json::from_str(line).unwrap();
    let script = r"
    const say=(k,v)=>document.body.append(`[${k}=${v}=]`);
    onload=()=>{const f=document.createElement('iframe');f.style.width='1300px';f.style.height='4000px';f.src='page.html#1h';let n=0;
    f.onload=()=>{const w=f.contentWindow,d=f.contentDocument,q=s=>d.querySelector(s);n++;
      if(n==2){say('kept',w.location.hash+' '+q('.rs>:checked').value+' '+q('#cmp').value+' '+q('#x24h .pl').getAttribute('viewBox').split(/[ ,]/).length);return}
      const at=(id,u,type)=>{const s=q('#x'+id+' .c>svg'),r=s.getBoundingClientRect(),b=s.viewBox.baseVal.width,p=q('#x'+id+' .pl'),v=[129,1602];
        s.dispatchEvent(new w.PointerEvent(type||'pointermove',{bubbles:true,button:0,clientX:r.left+(v[0]+u*v[1])/b*r.width,clientY:r.top+60}))};
      say('hash',q('.rs>:checked').value);
      const R=JSON.parse(q('#x1h').dataset.span),u=(Date.UTC(2026,10,20,21,15)/1e3-R[0])/R[1];
      at('1h',u);say('tip',[...q('#tip').querySelectorAll('p')].map(p=>p.textContent).join('|'));say('head',q('#tip').firstChild.textContent);
      say('top',q('#x1h section.c').dataset.top);say('cross',d.querySelectorAll('#x1h .y').length+'/'+d.querySelectorAll('#x1h section.c').length);
      q('[for=r24h]').click();say('range',w.getComputedStyle(q('#x24h')).display+w.getComputedStyle(q('#x1h')).display);
      at('24h',.5,'pointerdown');at('24h',.7);at('24h',.7,'pointerup');
      say('zoom',w.location.hash+' '+q('#whole').hidden);
      q('#whole').click();say('whole',q('#x24h .pl').getAttribute('viewBox'));
      q('#cmp').value='86400';q('#cmp').dispatchEvent(new w.Event('change',{bubbles:true}));say('before',d.querySelectorAll('#x24h .v').length);
      q('#fa').click();say('filter',w.getComputedStyle(q('.e .al')).display);
      w.location.reload()};
    document.body.append(f)}";
    let (dom, console) = show(directory.path(), script);
    assert_eq!(said(&dom, "hash"), "1h", "the address says which range");
    assert_eq!(said(&dom, "head"), "Fri 2026-11-20 21:15");
    let tip = said(&dom, "tip");
    let top: f64 = said(&dom, "top").parse().unwrap();
    let (mut compared, mut small) = (0, 0);
    for (name, key) in [("user", "user"), ("system", "system"), ("I/O wait", "iowait"), ("steal", "steal")] {
        let Some(text) = tip.split('|').find_map(|line| line.strip_prefix(name)) else { continue };
        let shown: f64 = text.split(' ').next().unwrap().parse().unwrap_or_else(|_| panic!("{tip}"));
        let stored = snapshot["cpu"][format!("{key}_percent")].as_f64().unwrap();
        // The last digit shown: two decimals below 10, one below 100.
        let digit = if stored < 9.995 { 0.005 } else { 0.05 };
        assert!((shown - stored).abs() <= stored * 0.003 + digit, "{name} {shown} is not {stored} of {top}");
        compared += 1;
        small += usize::from(stored < top * 0.05);
    }
    assert!(compared == 4 && small > 0, "{tip}");
    let cross = said(&dom, "cross");
    let (crossed, charts) = cross.split_once('/').unwrap();
    assert!(crossed == charts && charts != "0", "every chart has the line: {cross}");
    assert_eq!(said(&dom, "range"), "blocknone");
    let zoom = said(&dom, "zoom");
    assert!(zoom.starts_with("#24h,0,0.5") && zoom.ends_with(" false"), "{zoom}");
    assert_eq!(said(&dom, "whole"), "129,24,1602,468");
    assert!(said(&dom, "before").parse::<usize>().unwrap() > 3);
    assert_eq!(said(&dom, "filter"), "none");
    assert_eq!(said(&dom, "kept"), "#24h,86400 24h 86400 4");
    assert!(console.is_empty(), "{console:?}");
}

#[test]
fn without_script_the_ranges_switch_and_nothing_foreign_runs() {
    if !is_here() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    sample(directory.path());
    let page = fs::read_to_string(directory.path().join("page.html")).unwrap();
    let foreign = page
        .replace("</main>", "<script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\"></main>");
    fs::write(directory.path().join("foreign.html"), foreign).unwrap();
    let script = "const say=(k,v)=>document.body.append(`[${k}=${v}=]`);\
        onload=()=>{const f=document.createElement('iframe');f.sandbox='allow-same-origin';f.src='page.html';\
        f.onload=()=>{const d=f.contentDocument;d.querySelector('[for=r7d]').click();\
        say('range',getComputedStyle(d.querySelector('#x7d')).display);say('js',getComputedStyle(d.querySelector('.js')).display);\
        say('age',d.querySelector('.a').textContent)};document.body.append(f);\
        const g=document.createElement('iframe');g.src='foreign.html';g.onload=()=>say('title',g.contentDocument.title);document.body.append(g)}";
    let (dom, console) = show(directory.path(), script);
    assert_eq!((said(&dom, "range"), said(&dom, "js")), ("block".to_string(), "none".to_string()));
    assert!(said(&dom, "age").contains("2026-11-20 21:40"));
    assert_ne!(said(&dom, "title"), "ran");
    assert!(console.iter().any(|line| line.contains("Content Security Policy")), "{console:?}");
}

#[test]
fn it_is_printed_on_paper_or_says_what_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let host = sample(directory.path());
    let path = host.path("month.pdf");
    let arguments = ["graph", "--pdf", "--out", &path.display().to_string()];
    let mut nowhere = host.command("osmon", &arguments);
    let done = nowhere.env("PATH", host.path("no-programs")).output().unwrap();
    assert_eq!(done.status.code(), Some(73));
    assert!(String::from_utf8_lossy(&done.stderr).contains("install chromium, or open the page and print it"));
    if is_here() {
        let done = host.command("osmon", &arguments).env("HOME", host.path("")).output().unwrap();
        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
        assert!(fs::read(&path).unwrap().starts_with(b"%PDF"));
        let left: Vec<_> = fs::read_dir(host.path("")).unwrap().flatten().map(|entry| entry.file_name()).collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().contains("print")), "{left:?}");
    }
}
