//! States and lines of the page are told apart without their colours, and what is written can be read.

use super::browser::{is_here, said, show};
use super::harness::{Host, repository};
use std::fs;
use std::path::Path;

/// A colour as linear red, green and blue, from 0 to 1.
type Linear = [f64; 3];

fn linear(colour: &str) -> Linear {
    let digits: String = match colour.trim_start_matches('#') {
        short if short.len() == 3 => short.chars().flat_map(|c| [c, c]).collect(),
        long => long.to_string(),
    };
    [0, 2, 4].map(|at| {
        let value = f64::from(u8::from_str_radix(&digits[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    })
}

/// Relative luminance.
fn luminance([red, green, blue]: Linear) -> f64 {
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: f64, other: f64) -> f64 {
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// How people without one kind of cones see: Machado, Oliveira and Fernandes 2009, severity 1.
const EYES: [(&str, [[f64; 3]; 3]); 4] = [
    ("all cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    ("protanopia", [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    (
        "deuteranopia",
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    ),
    ("tritanopia", [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
];

fn seen(colour: Linear, eyes: &[[f64; 3]; 3]) -> f64 {
    luminance(eyes.map(|row| row.iter().zip(colour).map(|(share, light)| share * light).sum::<f64>().clamp(0.0, 1.0)))
}

fn style(part: &str) -> String {
    fs::read_to_string(repository(&format!("templates/report/style/{part}.css"))).unwrap()
}

/// The colours of light and of dark mode: `--text` and the like.
fn themes() -> [(&'static str, String); 2] {
    let first = |text: &str| text.split(":root{").nth(1).unwrap().split('}').next().unwrap().to_string();
    [("light", first(&style("colours"))), ("dark", first(&style("dark")))]
}

fn colour(theme: &str, name: &str) -> Linear {
    let found = theme.split(';').find_map(|entry| entry.trim().strip_prefix(&format!("--{name}:")));
    linear(found.unwrap_or_else(|| panic!("no --{name} in {theme}")))
}

#[test]
fn what_is_written_has_the_contrast_of_aa_and_lines_are_seen() {
    for (mode, theme) in themes() {
        for ground in ["bg", "card"] {
            let ground_seen = luminance(colour(&theme, ground));
            for name in ["text", "mute", "ok", "warn", "bad"] {
                let ratio = contrast(luminance(colour(&theme, name)), ground_seen);
                assert!(ratio >= 4.5, "--{name} on --{ground} in {mode} mode: {ratio:.2}");
            }
        }
        let card = luminance(colour(&theme, "card"));
        for line in 0..6 {
            let ratio = contrast(luminance(colour(&theme, &format!("s{line}"))), card);
            assert!(ratio >= 3.0, "--s{line} in {mode} mode: {ratio:.2}");
        }
    }
}

#[test]
fn lines_keep_the_order_of_their_lightness_for_every_eye() {
    for (mode, theme) in themes() {
        let order = |eyes: &[[f64; 3]; 3]| {
            let mut lines: Vec<(usize, f64)> =
                (0..6).map(|line| (line, seen(colour(&theme, &format!("s{line}")), eyes))).collect();
            lines.sort_by(|a, b| a.1.total_cmp(&b.1));
            lines
        };
        let usual: Vec<usize> = order(&EYES[0].1).iter().map(|(line, _)| *line).collect();
        for (name, eyes) in &EYES {
            let lines = order(eyes);
            assert_eq!(lines.iter().map(|(line, _)| *line).collect::<Vec<_>>(), usual, "{name} in {mode} mode");
            for pair in lines.windows(2) {
                let ratio = contrast(pair[0].1, pair[1].1);
                assert!(ratio >= 1.1, "{name} in {mode} mode: --s{} and --s{}: {ratio:.3}", pair[0].0, pair[1].0);
            }
        }
    }
}

/// A host with a critical and a warning incident, each on a service or a mount, and with things in every table.
fn troubled(directory: &Path) -> Host {
    let mut host = Host::recorded("vm");
    host.config = "[probe]\nservices = [\"nginx\"]\n[process.queue]\nmatch = \"queue-worker\"\nat_least = 2\n\
        [rule.memory]\nwarning = 50\nfor = \"0s\"\n"
        .to_string();
    host.write("proc/mdstat", "md0 : active raid1 sdb1[1](F) sda1[0]\n      1048512 blocks super 1.2 [2/1] [U_]\n");
    for _ in 0..6 {
        host.advance(60, 20);
        host.osmon(&["run"]);
    }
    fs::copy(host.data().join("report.html"), directory.join("page.html")).unwrap();
    host
}

fn page(directory: &Path) -> String {
    fs::read_to_string(directory.join("page.html")).unwrap()
}

#[test]
fn a_day_is_the_higher_the_worse_and_bad_days_list_each_problem_once() {
    let directory = tempfile::tempdir().unwrap();
    troubled(directory.path());
    let page = page(directory.path());
    let days = page.split("<div class=\"dr\">").nth(1).unwrap();
    for (state, height) in [("none", "v3"), ("bad", "v24")] {
        let bars = days.split(&format!("<path class={state} d='")).nth(1).unwrap().split('\'').next().unwrap();
        assert!(bars.ends_with(height), "{state}: {bars}");
    }
    let warned = page.split("<path class=warn d='").nth(1).unwrap().split('\'').next().unwrap();
    assert!(warned.ends_with("7v17"), "stands on the same ground: {warned}");
    let bad = page.split("<div class=\"bc\">").nth(1).unwrap().split("</details>").next().unwrap();
    assert_eq!(bad.matches("<h3>").count(), 1, "{bad}");
    assert_eq!(bad.matches("Memory warning, ").count(), 1, "of the host and of the memory: {bad}");
}

#[test]
fn events_stand_under_their_day_and_components_in_tables_of_their_kind() {
    let directory = tempfile::tempdir().unwrap();
    let mut host = troubled(directory.path());
    host.advance(86_400, 20);
    host.osmon(&["note", "the next day"]).ok();
    host.osmon(&["run"]);
    let page = fs::read_to_string(host.data().join("report.html")).unwrap();
    let list = page.split("id=\"ev\"").nth(1).unwrap().split("</ul>").next().unwrap();
    let days: Vec<&str> = list.split("<li class=\"dy\">").skip(1).map(|day| &day[..6]).collect();
    assert_eq!(days, ["21 Nov", "20 Nov"], "{list}");
    assert!(list.contains("<time>21:4"), "{list}");
    for (title, name) in [("Disks and pools", "md0"), ("Watched processes", "queue")] {
        let table = page.split(&format!("<h2>{title}</h2>")).nth(1).unwrap_or_else(|| panic!("no {title}: {page}"));
        let table = table.split("</section>").next().unwrap();
        assert!(table.contains(&format!("<th scope=\"row\">{name} ")), "{table}");
    }
}

#[test]
fn a_tablet_has_two_charts_in_a_row_and_columns_of_one_width() {
    if !is_here() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    troubled(directory.path());
    let script = "onload=()=>{for(const w of [1440,820,720,600]){const f=document.createElement('iframe');\
        f.style.width=w+'px';f.style.height='900px';f.src='page.html';f.onload=()=>{\
        const d=f.contentDocument,e=d.documentElement,r=s=>s.getBoundingClientRect(),\
        c=[...d.querySelectorAll('#x1h section[data-k]')],row=c.filter(s=>Math.abs(r(s).top-r(c[0]).top)<2).length,\
        widths=new Set(c.map(s=>Math.round(r(s.querySelector('thead th:last-child')).width/r(s.querySelector('table')).width*100))),\
        a=r(d.querySelector('.a')),h=r(d.querySelector('.f')),li=d.querySelector('.e li:not(.dy)').children;\
        document.body.append(`[${w}=${row}:${widths.size}:${a.top>=h.bottom}:${e.scrollWidth-e.clientWidth}:${r(li[0]).right<=r(li[1]).left&&r(li[1]).right<=r(li[2]).left}=]`)};\
        document.body.append(f)}}";
    let (dom, console) = show(directory.path(), script);
    assert_eq!(said(&dom, "1440"), "2:1:false:0:true");
    assert_eq!(said(&dom, "820"), "2:1:true:0:true");
    assert_eq!(said(&dom, "720"), "2:1:true:0:true");
    assert_eq!(said(&dom, "600"), "1:1:true:0:true");
    assert!(console.is_empty(), "{console:?}");
}

#[test]
fn what_the_reader_asked_of_the_device_is_heeded() {
    let contrast = style("contrast");
    let more = contrast.split("@media(prefers-contrast:more)").nth(1).unwrap();
    let patterns: Vec<&str> =
        (1..6).map(|line| more.split(&format!(".s{line}{{stroke-dasharray:")).nth(1).unwrap()).collect();
    let patterns: std::collections::BTreeSet<&str> =
        patterns.into_iter().map(|text| text.split('}').next().unwrap()).collect();
    assert_eq!(patterns.len(), 5, "each line has a pattern of its own");
    assert!(contrast.contains("@media(forced-colors:active)") && contrast.contains("prefers-reduced-motion:reduce"));
}
