//! The page for everybody: under axe-core in its states, without script, and how large its script is.

use super::browser::{FLAGS, is_here, said, sample, show_with};
use super::harness::{skip, tool};
use std::fs;
use std::path::{Path, PathBuf};

/// axe-core, kept between runs; `None` when it cannot be had.
fn axe() -> Option<PathBuf> {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("axe");
    let axe = kept.join("node_modules/axe-core/axe.min.js");
    if !axe.exists() {
        fs::create_dir_all(&kept).unwrap();
        tool("timeout", &["60", "npm", "install", "--silent", "--prefix", &kept.display().to_string(), "axe-core@4"]);
    }
    axe.exists().then_some(axe)
}

#[test]
fn no_state_of_the_page_has_a_barrier() {
    if !is_here() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    sample(directory.path());
    let Some(axe) = axe() else {
        return skip("the page under axe-core", "npm could not install it (offline?)");
    };
    fs::copy(axe, directory.path().join("axe.js")).unwrap();
    let page = fs::read_to_string(directory.path().join("page.html")).unwrap();
    let begin = page.find("<meta http-equiv=\"Content-Security-Policy\"").unwrap();
    let end = begin + page[begin..].find('>').unwrap() + 1;
    // Each state is reached from the one before.
    let check = r"<script src=axe.js></script><script>onload=async()=>{
        const q=s=>document.querySelector(s),key=(k,o)=>document.activeElement.dispatchEvent(new KeyboardEvent('keydown',{bubbles:true,key:k,...o})),
        states={opened:()=>{},pointed:()=>{q('#x24h .c>svg').focus();key('ArrowLeft')},zoomed:()=>key('Enter'),
          compared:()=>{q('#cmp').value=86400;q('#cmp').dispatchEvent(new Event('change',{bubbles:true}))},
          unfolded:()=>document.querySelectorAll('details').forEach(e=>e.open=true),
          fresh:()=>{q('#stale').hidden=true;document.body.className=''}};
        for(const name in states){states[name]();const r=await axe.run();
          parent.postMessage([name,r.violations.map(v=>v.id+' '+v.nodes.length+' '+v.nodes[0].html.slice(0,200)).join('; ')||'none'],'*')}}</script></body>";
    let open = [&page[..begin], &page[end..]].concat().replace("</body>", check);
    fs::write(directory.path().join("page.html"), open).unwrap();
    let script = "onload=()=>{onmessage=m=>document.body.append(`[${m.data[0]}=${m.data[1]}=]`);\
        const f=document.createElement('iframe');f.style='width:WIDTHpx;height:900px';f.src='page.html#24h';document.body.append(f)}";
    let dark = "--blink-settings=preferredColorScheme=0";
    for (width, theme) in [("1300", None), ("390", Some(dark))] {
        let flags: Vec<&str> = FLAGS.into_iter().chain(theme).collect();
        let (dom, _) = show_with(directory.path(), &script.replace("WIDTH", width), 20_000, &flags);
        for state in ["opened", "pointed", "zoomed", "compared", "unfolded", "fresh"] {
            assert_eq!(said(&dom, state), "none", "{state} at {width} px, {theme:?}");
        }
    }
}

#[test]
fn without_script_nothing_pretends_to_work() {
    let directory = tempfile::tempdir().unwrap();
    sample(directory.path());
    let page = fs::read_to_string(directory.path().join("page.html")).unwrap();
    let (markup, script) = page.split_once("<script>").unwrap();
    assert!(!markup.contains("tabindex=\"0\" role=\"img\"") && markup.contains("<div class=\"js\" hidden>"));
    assert!(markup.contains("<div id=\"tip\" role=\"status\" hidden>"));
    let script = script.split("</script>").next().unwrap();
    assert!(script.len() <= 5000, "the script has {} bytes", script.len());
    assert!(!script.contains("//") && !script.contains('\n'), "it is delivered without comments");
    if !is_here() {
        return;
    }
    let ask = "onload=()=>{const f=document.createElement('iframe');f.sandbox='allow-same-origin';f.src='page.html';\
        f.onload=()=>{const d=f.contentDocument,w=f.contentWindow;document.body.append(`[${'stops'}=${[...d.querySelectorAll('.c>svg')].some(s=>s.tabIndex==0)}=]`);\
        document.body.append(`[${'seen'}=${[...d.querySelectorAll('[data-t]')].some(e=>e.innerText.includes('Top process')&&e.offsetParent)}=]`)};document.body.append(f)}";
    let (dom, _) = show_with(directory.path(), ask, 6000, &FLAGS);
    assert_eq!((said(&dom, "stops"), said(&dom, "seen")), ("false".to_string(), "false".to_string()));
}
