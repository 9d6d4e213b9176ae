//! What the page must not say, and where it must not be written.

use super::browser::{is_here, said, sample, show};
use super::harness::{Host, skip, tool};
use std::fs;

fn page(host: &Host) -> String {
    fs::read_to_string(host.data().join("report.html")).unwrap()
}

fn verdict(page: &str) -> String {
    let begin = page.find("<h1>").unwrap();
    page[begin + 4..].split("</h1>").next().unwrap().to_string()
}

#[test]
fn what_nobody_judged_is_not_healthy() {
    let mut host = Host::recorded("vm");
    host.small("osmon-probe", &[]).ok();
    host.osmon(&["graph"]).ok();
    assert_eq!(host.osmon(&["status"]).code, 3);
    assert_eq!(verdict(&page(&host)), "Unknown");
    assert!(page(&host).contains("the rules were never judged"));
    host.osmon(&["run"]).ok();
    assert_eq!(verdict(&page(&host)), "Healthy");
    host.advance(1200, 5);
    host.small("osmon-probe", &[]).ok();
    host.osmon(&["graph"]).ok();
    assert_eq!(verdict(&page(&host)), "Unknown");
    assert!(page(&host).contains("the rules were last judged 20 min ago"));
    host.osmon(&["run"]).ok();
    for file in ["crisis.json", "crisis.json.1"] {
        let _ = fs::remove_file(host.data().join("state").join(file));
    }
    fs::write(host.data().join("state/crisis.json"), "garbage").unwrap();
    host.osmon(&["graph"]);
    assert_eq!(verdict(&page(&host)), "Unknown");
}

#[test]
fn the_verdict_counts_from_the_worst_and_an_acknowledged_problem_says_so() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.memory]\nwarning = 50\nfor = \"0s\"\n[rule.cpu]\ncritical_for = \"0s\"\n".to_string();
    host.osmon(&["run"]).ok();
    for _ in 0..5 {
        host.advance(60, 5);
        host.osmon(&["run"]).ok();
    }
    host.advance(60, 97);
    host.osmon(&["run"]).ok();
    let text = page(&host);
    assert!(text.contains("1 open problem since 20 Nov 21:46 (0 s) · 1 warning</span>"), "{}", &text[..4000]);
    host.osmon(&["ack", "memory", "--for", "2h", "--because", "kalif"]).ok();
    host.osmon(&["silence", "cpu", "--for", "1h", "--because", "quokka"]).ok();
    host.osmon(&["graph"]).ok();
    let text = page(&host);
    assert!(text.contains("acknowledged until 20 Nov 23:46 (") && text.contains(": kalif)"), "{text}");
    assert!(text.contains("silenced until 20 Nov 22:46 ("), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(host.data().join("report.json")).unwrap()).unwrap();
    assert_eq!(json["incident"][0]["hushed"], "silenced");
    // Who may read a page for others is told no reason, no name and no path.
    host.config += "[report]\npublic = true\nstyle_file = \"/home/anna/x.css\"\n";
    host.osmon(&["note", "anna tunes java"]).ok();
    host.osmon(&["graph"]);
    let json = fs::read_to_string(host.data().join("report.json")).unwrap();
    for private in ["anna", "kalif", "quokka", "java", "shop.service"] {
        assert!(!page(&host).contains(private) && !json.contains(private), "{private}");
    }
    assert!(page(&host).contains("acknowledged until 20 Nov 23:46"));
}

#[test]
fn a_service_that_nobody_measured_is_not_green() {
    let mut host = Host::recorded("vm");
    host.config = "[probe]\nservices = [\"nosuch\"]\n".to_string();
    let recorded = tool("find", &[host.root().to_str().unwrap(), "-name", "systemctl-show"]).ok();
    fs::remove_file(recorded.out.trim()).unwrap();
    host.osmon(&["run"]);
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(host.data().join("report.json")).unwrap()).unwrap();
    let days = json["day"].as_array().unwrap();
    let share = |name: &str| days.iter().find(|day| day["name"] == name).map(|day| day["share"].as_str().unwrap());
    assert_eq!((share("Host"), share("nosuch"), share("Services")), (Some("100 %"), Some("–"), Some("–")));
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
    // Over a page as often as one likes; and to whoever reads it.
    host.osmon(&["graph", "--out", &host.path("package.html").display().to_string()]).ok();
    assert!(host.osmon(&["graph", "--out", "-"]).ok().out.starts_with("<!doctype html>"));
    assert!(host.osmon(&["graph", "memory.used_percent", "--out", "-"]).ok().out.starts_with("<svg"));
}

#[test]
fn a_chart_has_one_unit_and_the_highest_lines() {
    let mut host = Host::recorded("vm");
    for _ in 0..3 {
        host.osmon(&["run"]).ok();
        host.advance(60, 50);
    }
    let several = host.osmon(&["graph", "cpu", "load", "-v"]).ok().out;
    assert!(several.contains("cpu.busy_percent") && !several.contains("context_switches"), "{several}");
    let first = host.osmon(&["graph", "cpu.bussy_percent"]);
    let again = host.osmon(&["graph", "cpu.bussy_percent"]);
    assert!(again.err.contains("did you mean \"cpu.busy_percent\"?"), "{}", again.err);
    assert_eq!((first.code, first.err), (again.code, again.err), "asked twice, answered twice");
}

#[test]
fn the_newest_minute_is_drawn() {
    let mut host = Host::recorded("vm");
    host.now += chrono::TimeDelta::milliseconds(479);
    for _ in 0..4 {
        host.osmon(&["run"]).ok();
        host.advance(60, 50);
    }
    host.now -= chrono::TimeDelta::seconds(60);
    let page = page(&host);
    let memory = page.split("data-k='Memory'").nth(1).unwrap();
    let line = memory.split("class=s0 d='").nth(1).unwrap().split('\'').next().unwrap();
    assert_eq!(line.matches("25 0").count(), 3, "four samples, a minute apart: {line}");
}

#[test]
fn the_short_ranges_have_charts_for_who_looks_for_a_cause() {
    let mut host = Host::recorded("vm");
    for _ in 0..4 {
        host.osmon(&["run"]).ok();
        host.advance(60, 50);
    }
    let hour = page(&host);
    for chart in ["Memory by kind", "TCP connections"] {
        assert_eq!(hour.matches(&format!("data-k='{chart}'")).count(), 1, "{chart}");
    }
    assert!(!hour.contains("data-k='Network errors'"), "there are none");
    let dev = host.read("proc/net/dev");
    let line = dev.lines().find(|line| line.trim_start().starts_with("eth0:")).unwrap();
    let mut cells: Vec<String> = line.split_whitespace().map(str::to_string).collect();
    cells[3] = "600".to_string();
    host.write("proc/net/dev", &dev.replace(line, &cells.join(" ")));
    host.osmon(&["run"]).ok();
    assert!(page(&host).contains("data-k='Network errors'"));
    // The labels of times are there once for all charts of a range.
    let page = page(&host);
    assert_eq!(page.matches("id=\"t1h\"").count(), 1);
    assert!(page.matches("<use href='#t1h'/>").count() > 10);
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
    let arguments =
        [binary.to_str().unwrap(), "graph", "--data-dir", data.to_str().unwrap(), "--out", theirs.to_str().unwrap()];
    let user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let done = tool("setpriv", &[user.as_slice(), arguments.as_slice()].concat());
    assert!(done.code == 64 && done.err.contains("what is there cannot be read"), "{} {}", done.code, done.err);
    assert_eq!(fs::read_to_string(&theirs).unwrap(), "mine");
}

#[test]
fn a_chart_of_what_is_not_there_and_what_is_shows_what_is() {
    let mut host = Host::recorded("vm");
    for _ in 0..3 {
        host.osmon(&["run"]).ok();
        host.advance(60, 50);
    }
    let out = host.path("x.svg");
    let done = host.osmon(&["graph", "nothing.such", "cpu.busy_percent", "--out", &out.display().to_string()]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.err.contains("nothing of nothing.such was recorded in this span"), "{}", done.err);
    let chart = fs::read_to_string(out).unwrap();
    assert!(chart.contains(">cpu.busy_percent<") && !chart.contains("nothing.such"), "{chart}");
}

#[test]
fn of_a_wrong_configuration_the_page_says_what_is_in_force() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.memory]\nwarnin = 50\n[report]\ntitle = \"the shop\"\n".to_string();
    host.osmon(&["run"]);
    let text = page(&host);
    assert!(text.contains("the shop") && text.contains("; in force is all that is right</p>"), "{}", &text[..9000]);
    fs::write(host.data().join("state/last-good.toml"), "[report]\ntitle = \"the barn\"\n").unwrap();
    host.advance(60, 5);
    host.osmon(&["run"]);
    let text = page(&host);
    assert!(text.contains("the barn") && text.contains("; in force is the last good configuration</p>"));
}

#[test]
fn a_mean_is_not_called_now() {
    let mut host = Host::recorded("vm");
    for _ in 0..4 {
        host.osmon(&["run"]).ok();
        host.advance(60, 50);
    }
    host.advance(3600 * 3, 50);
    host.osmon(&["run"]).ok();
    let text = page(&host);
    let told = |range: &str| {
        let charts = text.split(&format!("id=\"x{range}\"")).nth(1).unwrap().split("</div>\n").next().unwrap();
        charts.split("<desc>").nth(1).unwrap().split("</desc>").next().unwrap().to_string()
    };
    let (hour, day) = (told("1h"), told("24h"));
    assert!(hour.contains(" now ") && !hour.contains(" last "), "{hour}");
    assert!(day.contains(" last ") && !day.contains(" now "), "{day}");
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

#[test]
fn a_french_page_has_french_titles() {
    let mut host = Host::recorded("vm");
    host.config = "[report]\nlanguage = \"fr\"\n[rule.disk]\nwarning = 1\nfor = \"0s\"\n[rule.memory]\nwarning = 50\nfor = \"0s\"\n".into();
    host.osmon(&["run"]).ok();
    let page = page(&host);
    assert!(page.contains("<b>Système de fichiers /") && page.contains("<b>Mémoire 57,7 %"), "{page}");
    assert!(!page.contains("File system /"), "also in the days with problems");
}
