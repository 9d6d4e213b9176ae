//! Pointer, keyboard and touch on the charts: values, zoom, comparison.

use super::browser::{is_here, said, sample, show};
use super::harness::Host;
use super::report_long::record;
use std::fs;
use std::path::Path;

/// Loads `page.html` with this fragment in a frame and runs a script in it: `d` and `w` are its document and window, `R`
/// the chosen range, `C(key)` its drawing of a chart, `key` and `point` send events, `say` reports.
fn run(directory: &Path, fragment: &str, (width, height): (u32, u32), script: &str) -> (String, Vec<String>) {
    let page = format!(
        r#"const say=(k,v)=>document.body.append(`[${{k}}=${{v}}=]`);
        onload=()=>{{const f=document.createElement('iframe');f.style='width:{width}px;height:{height}px;border:0';f.src='page.html#{fragment}';
        f.onload=()=>setTimeout(()=>{{const w=f.contentWindow,d=f.contentDocument,q=(s,e=d)=>e.querySelector(s),
        [X,,W,,V]=JSON.parse(d.body.dataset.plot),R=()=>q('#x'+q('.rs>:checked').value),C=k=>q(`[data-k='${{k}}']>svg`,R()),
        tip=()=>q('#tip').hidden?'':[...q('#tip').children].map(p=>p.innerText.replace(/\s+/g,' ')).join('|'),
        key=(k,o)=>{{const e=new w.KeyboardEvent('keydown',{{bubbles:true,cancelable:true,key:k,...o}});d.activeElement.dispatchEvent(e);return e.defaultPrevented}},
        point=(s,type,u,o)=>{{const r=s.getBoundingClientRect();s.dispatchEvent(new w.PointerEvent(type,{{bubbles:true,button:0,clientX:r.left+(X+u*W)/V*r.width,clientY:r.top+60,...o}}))}};
        {script}}},300);document.body.append(f)}}"#
    );
    show(directory, &page)
}

fn prepared() -> Option<(tempfile::TempDir, Host)> {
    if !is_here() {
        return None;
    }
    let directory = tempfile::tempdir().unwrap();
    let host = sample(directory.path());
    Some((directory, host))
}

#[test]
fn the_keyboard_moves_the_line_zooms_in_and_out_and_leaves_the_rest_to_the_browser() {
    let Some((directory, _host)) = prepared() else { return };
    let script = r"
        say('stops',[...d.querySelectorAll('.c>svg')].every(s=>s.tabIndex==0));
        const s=C('Load');s.focus();
        say('foreign',[key('ArrowLeft',{altKey:true}),key('ArrowDown'),key('a'),q('#tip').hidden]);
        say('left',key('ArrowLeft'));say('last',tip());
        key('ArrowLeft');say('before',tip());key('ArrowRight');say('again',tip());
        key('Home');say('home',tip());key('End');say('end',tip());
        say('lines',R().querySelectorAll('.y').length==R().querySelectorAll('.pl').length);
        key('Tab');say('tab',q('#tip').hidden+' '+d.querySelectorAll('.y').length);
        key('End');key('Enter');
        say('quarter',w.location.hash);say('focus',d.activeElement.parentNode.dataset.k+' '+R().contains(d.activeElement));
        key('Home');say('part',tip());
        key('Escape');say('whole',w.location.hash+' '+q('#whole').hidden+' '+q('#tip').hidden);
        key('End');for(let n=0;n<10;n++)key('ArrowLeft',{shiftKey:true});
        const y=q('.y',R()).getAttribute('d').match(/M([\d.]+).*H([\d.]+)/);say('selected',Math.round((y[1]-y[2])/W*1440)+' min');
        key('Enter');say('chosen',w.location.hash)";
    let (dom, console) = run(directory.path(), "24h", (1300, 2400), script);
    assert_eq!(said(&dom, "stops"), "true", "every chart takes the focus");
    assert_eq!(said(&dom, "foreign"), "false,false,false,true");
    assert_eq!(said(&dom, "left"), "true", "the page does not scroll sideways");
    let last = said(&dom, "last");
    assert!(last.starts_with("Fri 2026-11-20 21:3") && last.contains("|1 min 0.85"), "{last}");
    assert_ne!(said(&dom, "before"), last);
    assert!(said(&dom, "again") == last && said(&dom, "end") == last);
    assert!(said(&dom, "home").starts_with("Thu 2026-11-19 "), "{}", said(&dom, "home"));
    assert_eq!((said(&dom, "lines"), said(&dom, "tab")), ("true".to_string(), "true 0".to_string()));
    let quarter = said(&dom, "quarter");
    let places: Vec<f64> = quarter.split(',').skip(2).map(|place| place.parse().unwrap()).collect();
    assert!(quarter.starts_with("#24h,0,0.75") && (places[1] - places[0] - 0.25).abs() < 0.001, "{quarter}");
    assert_eq!(said(&dom, "focus"), "Load true");
    assert!(said(&dom, "part").starts_with("Fri 2026-11-20 15:4"), "{}", said(&dom, "part"));
    assert_eq!(said(&dom, "whole"), "#24h,0 true true");
    assert_eq!(said(&dom, "selected"), "50 min");
    assert!(said(&dom, "chosen").starts_with("#1h,0,0."), "the last hour has every sample: {}", said(&dom, "chosen"));
    assert!(console.is_empty(), "{console:?}");
}

#[test]
fn a_zoom_has_round_times_and_tables_that_say_what_they_are_of() {
    let Some((directory, _host)) = prepared() else { return };
    let script = r"
        const look=()=>[...R().querySelectorAll('g text.c')].map(t=>t.textContent),
          head=()=>{const s=q('thead span',R()),c=w.getComputedStyle(q('tbody td b',R())).color;return s.innerText+' '+s.offsetWidth+' '+(c==w.getComputedStyle(d.body).color)},
          drag=(a,b)=>{const s=C('CPU');point(s,'pointerdown',a);point(s,'pointermove',b);point(s,'pointerup',b)};
        say('was',look());say('head',head());
        drag(.55,.8);say('hours',look());say('part',head());
        say('places',[...R().querySelectorAll('g text.c')].every(t=>t.getAttribute('x')>X&&t.getAttribute('x')<X+W));
        q('#whole').click();say('back',look());say('full',head());
        q('[for=r7d]').click();drag(.72,.99);say('days',look());
        q('[for=r1h]').click();drag(.4,.55);say('minutes',look());
        drag(.9,.3);say('turned',w.location.hash);
        q('#whole').click();point(C('CPU'),'pointerdown',.2,{button:2});point(C('CPU'),'pointerup',.8,{button:2});say('right',w.location.hash)";
    let (dom, console) = run(directory.path(), "24h", (1300, 2400), script);
    assert_eq!(said(&dom, "hours"), "11:00,12:00,13:00,14:00,15:00,16:00");
    assert_eq!((said(&dom, "places"), said(&dom, "back")), ("true".to_string(), said(&dom, "was")));
    let (head, part) = (said(&dom, "head"), said(&dom, "part"));
    assert!(part.starts_with("Whole range ") && part.ends_with(" false"), "grey, and named: {part}");
    assert!(head.starts_with("Line ") && head.ends_with(" true") && said(&dom, "full") == head, "{head}");
    assert_eq!(said(&dom, "days"), "19 Nov,12:00,20 Nov,12:00");
    let minutes = said(&dom, "minutes");
    assert!(minutes.split(',').count() > 1 && minutes.split(',').all(|time| time.starts_with("21:")), "{minutes}");
    assert!(said(&dom, "turned").starts_with("#1h,0,0."), "{}", said(&dom, "turned"));
    assert_eq!(said(&dom, "right"), "#1h,0", "the other button has its menu");
    assert!(console.is_empty(), "{console:?}");
}

#[test]
fn the_tooltip_has_the_weekday_the_event_and_the_top_process_of_the_minute() {
    let Some((directory, mut host)) = prepared() else { return };
    let script = r"
        const R1=JSON.parse(R().dataset.span),at=(R1)=>t=>(t-R1[0])/R1[1];
        point(C('CPU'),'pointermove',at(R1)(Date.UTC(2026,10,20,21,15)/1e3));say('minute',tip());
        q('[for=r24h]').click();const D=JSON.parse(R().dataset.span);
        point(C('CPU'),'pointermove',at(D)(Date.UTC(2026,10,20,14,35)/1e3));say('event',tip());say('badge',!!q('#tip .w.bad'));
        q('#fa').click();point(C('CPU'),'pointermove',at(D)(Date.UTC(2026,10,20,14,35)/1e3));say('filtered',!!q('#tip .w.bad'))";
    let (dom, console) = run(directory.path(), "1h", (1300, 2400), script);
    let minute = said(&dom, "minute");
    assert!(minute.starts_with("Fri 2026-11-20 21:15|busy ") && minute.contains("|Top process: java, "), "{minute}");
    assert!(minute.ends_with(" % of a core"), "{minute}");
    let event = said(&dom, "event");
    assert!(event.contains("critical") && !event.contains("Top process"), "{event}");
    assert_eq!((said(&dom, "badge"), said(&dom, "filtered")), ("true".to_string(), "false".to_string()));
    assert!(console.is_empty(), "{console:?}");
    host.config = "[report]\npublic = true\n".to_string();
    host.osmon(&["graph"]).ok();
    let page = fs::read_to_string(host.data().join("report.html")).unwrap();
    assert!(page.contains("id=\"x1h\"") && !page.contains("Top process") && !page.contains("java"));
}

#[test]
fn a_tile_leads_to_its_chart_in_a_range_that_is_shown() {
    let Some((directory, _host)) = prepared() else { return };
    let script = r"
        const a=q('.k a'),c=q(a.hash);q('[for=r7d]').click();say('hidden',c.offsetParent==null);
        a.click();say('shown',R().contains(c)+' '+(Math.abs(c.getBoundingClientRect().top)<2));";
    let (dom, console) = run(directory.path(), "24h", (1300, 700), script);
    assert_eq!((said(&dom, "hidden"), said(&dom, "shown")), ("true".to_string(), "true true".to_string()));
    assert!(console.is_empty(), "{console:?}");
}

#[test]
fn on_a_phone_the_values_stand_at_the_bottom() {
    let Some((directory, _host)) = prepared() else { return };
    let script = r"
        const s=C('CPU'),o={pointerType:'touch'};s.scrollIntoView();w.onscroll=null;
        point(s,'pointerdown',.5,o);point(s,'pointerup',.5,o);
        const r=q('#tip').getBoundingClientRect();say('docked',[q('#tip').hidden,r.left,d.documentElement.clientWidth-r.right,w.innerHeight-r.bottom].map(Math.round))";
    let (dom, _) = run(directory.path(), "24h", (390, 844), script);
    assert_eq!(said(&dom, "docked"), "0,8,8,8");
}

#[test]
fn the_week_before_has_values_on_a_day() {
    if !is_here() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let host = Host::recorded("vm");
    record(&host, "2026-01-05T00:00:00Z", 1, 60, &|_, _| (5.0, 2.0));
    record(&host, "2026-11-08T00:00:00Z", 13, 1300, &|day, _| (10.0 + day as f64, 2.0));
    host.osmon(&["graph"]).ok();
    fs::copy(host.data().join("report.html"), directory.path().join("page.html")).unwrap();
    let script = "for(const u of [.31,.52,.77,.9]){point(C('CPU'),'pointermove',u);say('at'+u,tip())}\
        q('[for=r1y]').click();const s=C('CPU');point(s,'pointerdown',.3);point(s,'pointerup',.8);\
        say('months',[...R().querySelectorAll('g>.c')].map(t=>t.textContent))";
    let (dom, console) = run(directory.path(), "24h,604800", (1300, 1200), script);
    for place in ["0.31", "0.52", "0.77", "0.9"] {
        let tip = said(&dom, &format!("at{place}"));
        assert!(tip.contains("|user 22 %") && tip.contains("|the week before 15 %"), "{place}: {tip}");
    }
    assert_eq!(said(&dom, "months"), "1 Apr,1 May,1 Jun,1 Jul,1 Aug,1 Sep");
    assert!(console.is_empty(), "{console:?}");
}
