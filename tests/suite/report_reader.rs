//! The page in use: stale, sent by mail, reloaded, printed, on a phone, with touch.

use super::browser::{is_here, said, sample, show, show_for};
use super::harness::{Host, skip, tool};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Loads pages in frames of that size and says what an expression over `d` (its document) and `w` is of each.
fn ask(frames: &[(&str, &str)], size: (u32, u32), expression: &str) -> String {
    let frames: Vec<String> = frames.iter().map(|(name, url)| format!("['{name}','{url}']")).collect();
    format!(
        "onload=()=>{{for(const[n,u]of[{}]){{const f=document.createElement('iframe');f.style='width:{}px;height:{}px;border:0';f.src=u;\
        f.onload=()=>setTimeout(()=>{{const w=f.contentWindow,d=f.contentDocument,q=s=>d.querySelector(s);\
        document.body.append(`[${{n}}=${{{expression}}}=]`)}},500);document.body.append(f)}}}}",
        frames.join(","),
        size.0,
        size.1
    )
}

/// The page with another time of measurement, as seconds before the real clock.
fn aged(directory: &Path, name: &str, seconds: i64) {
    let page = fs::read_to_string(directory.join("page.html")).unwrap();
    let begin = page.find("data-taken=\"").unwrap() + 12;
    let end = begin + page[begin..].find('"').unwrap();
    let taken = (chrono::Utc::now() - chrono::TimeDelta::seconds(seconds)).timestamp_millis();
    fs::write(directory.join(name), format!("{}{taken}{}", &page[..begin], &page[end..])).unwrap();
}

#[test]
fn an_old_page_says_what_was_true_and_when() {
    let directory = tempfile::tempdir().unwrap();
    sample(directory.path());
    let page = fs::read_to_string(directory.path().join("page.html")).unwrap();
    let head = page.split("<main>").next().unwrap();
    assert!(head.contains("As of 2026-11-20 21:40 +00:00") && head.contains("since 20 Nov "), "without script: {head}");
    assert!(head.contains("<title>Critical: ") || head.contains("<title>Warning: "), "{head}");
    assert!(!page.contains("http-equiv=\"refresh\""), "a reload without script would throw away what was chosen");
    if !is_here() {
        return;
    }
    for (name, seconds) in [("old.html", 342_000), ("fresh.html", 5), ("behind.html", -7200)] {
        aged(directory.path(), name, seconds);
    }
    let frames = [("old", "old.html"), ("fresh", "fresh.html"), ("behind", "behind.html")];
    let expression = "[q('h1').innerText,q('#rest').innerText,q('.a').innerText,d.title,q('#stale').hidden].join('|')";
    let (dom, console) = show(directory.path(), &ask(&frames, (1300, 900), expression));
    let old = said(&dom, "old");
    let word = page.split("<h1>").nth(1).unwrap().split('<').next().unwrap();
    assert!(
        old.starts_with(&format!("Unknown|was {word} at 2026-11-20 21:40 +00:00: 1 open problem since 20 Nov ")),
        "{old}"
    );
    assert!(old.ends_with("|As of 2026-11-20 21:40 +00:00 · 4 d ago|Unknown: web-01|false"), "{old}");
    let fresh = said(&dom, "fresh");
    assert!(fresh.starts_with(&format!("{word}|1 open problem")) && fresh.ends_with("|true"), "{fresh}");
    let behind = said(&dom, "behind");
    assert!(behind.contains("+00:00 · this device's clock is behind|") && behind.ends_with("true"), "{behind}");
    assert!(console.is_empty(), "{console:?}");
}

#[test]
fn the_reload_of_each_minute_keeps_what_was_chosen_and_waits_for_who_reads() {
    if !is_here() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    sample(directory.path());
    // User actions in the page, and the state queried after the reload. One frame at a time: only one has the keyboard.
    let chosen = "d.querySelector('#fa').click();d.querySelector('#bd').open=true;d.querySelector('[for=r7d]').click();d.activeElement.blur();w.scrollTo(0,300)";
    let kept = "[d.querySelector('#fa').checked,d.querySelector('#fr').checked,d.querySelector('#bd').open,\
        d.querySelector('.rs>:checked').value,w.scrollY,d.activeElement.id]";
    let focused = "d.querySelector('#fr').focus({focusVisible:true});w.scrollTo(0,400)";
    let cases = [
        (chosen, "false,true,true,7d,300,", 75, 2),
        ("w.getSelection().selectAllChildren(d.querySelector('h1'))", "", 75, 1),
        (focused, "", 75, 1),
        // Not for ever: a waiting page would look like that of a silent host.
        (focused, "true,true,false,1h,400,fr", 170, 2),
    ];
    for (act, after, seconds, loads) in cases {
        let script = format!(
            "onload=()=>{{const f=document.createElement('iframe'),say=(k,v)=>document.body.append(`[${{k}}=${{v}}=]`);let n=0;\
            f.style='width:900px;height:500px';f.src='page.html';f.onload=()=>{{const d=f.contentDocument,w=f.contentWindow;n++;\
            if(n==1){{{act}}}if(n==2)setTimeout(()=>say('kept',{kept}),300)}};document.body.append(f);setTimeout(()=>say('loads',n),{seconds}000)}}"
        );
        let (dom, console) = show_for(directory.path(), &script, (seconds + 5) * 1000);
        assert_eq!(said(&dom, "loads"), loads.to_string(), "{act} after {seconds} s");
        if !after.is_empty() {
            assert_eq!(said(&dom, "kept"), after);
        }
        assert!(console.is_empty(), "{console:?}");
    }
}

#[test]
fn a_damaged_address_is_the_whole_range() {
    if !is_here() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    sample(directory.path());
    let frames = [
        ("words", "page.html#24h,0,x,y"),
        ("turned", "page.html#24h,0,5,-3"),
        ("empty", "page.html#24h,0,.5,.5"),
        ("compared", "page.html#24h,soon"),
        ("quoted", "page.html#\\\"]"),
    ];
    let expression = "[q('#x24h .pl').getAttribute('viewBox').split(/[ ,]/),q('.rs>:checked').value,q('#cmp').value,q('#ago').innerText!='']";
    let (dom, console) = show(directory.path(), &ask(&frames, (1300, 900), expression));
    for (name, _) in frames {
        // An address that names no range leaves the one that is open first: the hour of a young problem.
        let range = if name == "quoted" { "1h" } else { "24h" };
        assert_eq!(said(&dom, name), format!("129,24,1602,468,{range},0,true"), "{name}");
    }
    assert!(console.is_empty(), "{console:?}");
}

#[test]
fn a_tap_shows_the_values_and_a_phone_answers_first() {
    if !is_here() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    sample(directory.path());
    aged(directory.path(), "fresh.html", 5);
    let expression = "(()=>{const s=q('#x24h .c>svg'),r=s.getBoundingClientRect(),\
        go=(type,y,x)=>(x||s).dispatchEvent(new w.PointerEvent(type,{bubbles:true,pointerType:'touch',clientX:r.left+r.width/2,clientY:r.top+y})),\
        t=[];go('pointerdown',40);go('pointerup',40);t.push(q('#tip').hidden);go('pointerup',40,d.body);t.push(q('#tip').hidden);\
        go('pointerdown',40);go('pointercancel',40);go('pointermove',40,d.body);t.push(q('#tip').hidden);\
        const b=e=>e.getBoundingClientRect().bottom,[a,c]=d.querySelectorAll('.fx>.b'),li=[...c.querySelectorAll('li')];\
        return [t.join(),b(q('.hd'))<150,b(a)<500,b(li[Math.min(2,li.length-1)])<664,q('.t').getBoundingClientRect().top>b(c),w.innerWidth].join('|')})()";
    let (dom, console) = show(directory.path(), &ask(&[("phone", "fresh.html#24h")], (390, 844), expression));
    assert_eq!(said(&dom, "phone"), "false,true,true|true|true|true|true|390");
    assert!(console.is_empty(), "{console:?}");
}

#[test]
fn paper_is_dated_and_nothing_else_is_touched() {
    let directory = tempfile::tempdir().unwrap();
    let host = sample(directory.path());
    let page = fs::read_to_string(directory.path().join("page.html")).unwrap();
    assert!(page.contains("7 days <span class=\"q\">from 2026-11-13 to 2026-11-20</span>"), "the span on paper");
    assert!(page.contains("@bottom-left{content:\"web\\2d 01"), "host and time below each page");
    let arguments = |out: &str| {
        ["graph".to_string(), "--pdf".to_string(), "--out".to_string(), host.path(out).display().to_string()]
    };
    let run = |out: &str, path: &str| {
        let arguments = arguments(out);
        let mut command = host.command("osmon", &arguments.each_ref().map(String::as_str));
        let done = command.env("PATH", path).env("HOME", host.path("")).output().unwrap();
        (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    fs::create_dir(host.path("sheets.pdf")).unwrap();
    for (out, words) in
        [("sheets.pdf", "is a directory; name a file"), ("month.txt", "writes a file that ends in .pdf, not")]
    {
        let (code, err) = run(out, "/usr/bin:/bin");
        assert_eq!(code, Some(64), "{err}");
        assert!(err.contains(words), "{err}");
    }
    fs::create_dir(host.path("fake")).unwrap();
    fs::write(host.path("fake/chromium"), "#!/bin/sh\nexit 0\n").unwrap();
    fs::set_permissions(host.path("fake/chromium"), fs::Permissions::from_mode(0o755)).unwrap();
    let (code, err) = run("month.pdf", &host.path("fake").display().to_string());
    assert_ne!(code, Some(0));
    assert!(
        err.contains("chromium wrote no PDF (it ended with status 0 and said nothing); make the page with"),
        "{err}"
    );
    assert!(!host.path("month.pdf").exists());
    if !is_here() {
        return;
    }
    fs::write(host.path("month.print.html"), "mine").unwrap();
    let (code, err) = run("month.pdf", &std::env::var("PATH").unwrap());
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(fs::read_to_string(host.path("month.print.html")).unwrap(), "mine");
    assert_eq!(fs::metadata(host.path("month.pdf")).unwrap().permissions().mode() & 0o777, 0o640);
    let names = fs::read_dir(host.path("")).unwrap().flatten().map(|entry| entry.file_name().into_string().unwrap());
    assert!(!names.into_iter().any(|name| name.starts_with("osmon-print")), "nothing is left behind");
    if tool("gs", &["--version"]).code != 0 {
        return skip("the words of the PDF", "Ghostscript is not installed");
    }
    let words = tool(
        "gs",
        &["-q", "-dNOPAUSE", "-dBATCH", "-sDEVICE=txtwrite", "-o", "-", &host.path("month.pdf").display().to_string()],
    )
    .out;
    for text in [
        "As of 2026-11-20 21:40 +00:00",
        "from 2026-11-13 to 2026-11-20",
        "web-01 · 2026-11-20 21:40 +00:00",
        "Days with problems",
    ] {
        assert!(words.contains(text), "no {text} on paper: {words}");
    }
}

#[test]
fn what_is_a_mean_is_not_called_now_and_a_state_is_a_word_too() {
    let directory = tempfile::tempdir().unwrap();
    sample(directory.path());
    let page = fs::read_to_string(directory.path().join("page.html")).unwrap();
    let head = |range: &str| {
        page.split(&format!("id=\"x{range}\"")).nth(1).unwrap().split("<tbody>").next().unwrap().to_string()
    };
    assert!(head("1h").contains("<th>now<th>min"));
    for range in ["24h", "7d"] {
        assert!(head(range).contains("<th>last<th>min"), "{range}");
    }
    assert!(page.contains("<span class=\"u\">OK</span></h2>") && page.contains("<h2 class=\"pr\">24 hours"));
}

#[test]
fn an_hour_of_history_opens_at_an_hour() {
    let mut host = Host::recorded("vm");
    for minute in 0..14 {
        host.advance(300, minute);
        host.small("osmon-probe", &[]).ok();
    }
    host.osmon(&["graph"]).ok();
    let page = fs::read_to_string(host.data().join("report.html")).unwrap();
    assert!(page.contains("value=\"1h\" checked") && page.contains("value=\"24h\">"), "a strip at the right of a day");
}

#[test]
fn of_disks_that_are_equally_full_the_root_is_shown() {
    let mut host = Host::recorded("vm");
    let full = "4096 10255636 4032000 3509000 2621440 2210000";
    host.write("statvfs", &format!("/ {full}\n/var {full}\n/run 4096 409553 409200 409200 2047762 2047100\n"));
    host.advance(60, 1);
    host.small("osmon-probe", &[]).ok();
    host.osmon(&["graph"]).ok();
    let page = fs::read_to_string(host.data().join("report.html")).unwrap();
    assert!(
        page.contains("Disk / <span") || page.contains(">Disk /</a> <span"),
        "{}",
        page.split("\">Disk").nth(1).unwrap_or_default().split("</h2>").next().unwrap()
    );
}

#[test]
fn on_a_phone_the_ends_of_the_days_stand_under_the_bars() {
    if !is_here() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    sample(directory.path());
    let script = "const say=(k,v)=>document.body.append(`[${k}=${v}=]`);\
        onload=()=>{const f=document.createElement('iframe');f.style.width='390px';f.style.height='900px';f.src='page.html';\
        f.onload=()=>{const d=f.contentDocument,q=s=>d.querySelector(s),r=e=>e.getBoundingClientRect(),s=d.querySelectorAll('.dl p>span');\
        const a=r(s[0]),l=r(s[1]),b=r(s[2]),v=r(q('.dr svg')),p=d.createElement('p'),t=q('.wh');p.className='q';t.after(p);\
        say('left',Math.abs(a.left-v.left)<1);say('right',Math.abs(b.right-v.right)<1);say('row',a.top==b.top&&l.top>=a.bottom);\
        const z=e=>f.contentWindow.getComputedStyle(e).fontSize;say('size',z(p)==z(t))};document.body.append(f)}";
    let (dom, _) = show(directory.path(), script);
    for what in ["left", "right", "row", "size"] {
        assert_eq!(said(&dom, what), "true", "{what}");
    }
}
