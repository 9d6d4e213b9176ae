//! The verdict of the page, and claims it must not make.

use super::harness::{Host, tool};
use std::fs;

pub fn page(host: &Host) -> String {
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
    assert!(page(&host).contains("the rules were never evaluated"));
    host.osmon(&["run"]).ok();
    assert_eq!(verdict(&page(&host)), "OK");
    host.advance(1200, 5);
    host.small("osmon-probe", &[]).ok();
    host.osmon(&["graph"]).ok();
    assert_eq!(verdict(&page(&host)), "Unknown");
    assert!(page(&host).contains("the rules were last evaluated 20 min ago"));
    host.osmon(&["run"]).ok();
    for file in ["crisis.json", "crisis.json.1"] {
        let _ = fs::remove_file(host.data().join("state").join(file));
    }
    fs::write(host.data().join("state/crisis.json"), "garbage").unwrap();
    host.osmon(&["graph"]);
    assert_eq!(verdict(&page(&host)), "Unknown");
}

#[test]
fn the_verdict_counts_all_from_the_first_and_an_acknowledged_problem_says_so() {
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
    assert!(
        text.contains("2 open problems: 1 critical, 1 warning · first since 20 Nov 21:40 (6 min)</span>"),
        "{}",
        text.split("id=\"rest\">").nth(1).unwrap().split("<p class=\"a\">").next().unwrap()
    );
    host.osmon(&["ack", "memory", "--for", "2h", "--because", "kalif"]).ok();
    host.osmon(&["silence", "cpu", "--for", "1h", "--because", "quokka"]).ok();
    host.osmon(&["graph"]).ok();
    let text = page(&host);
    assert!(text.contains("acknowledged until 20 Nov 23:46 (") && text.contains(": kalif)"), "{text}");
    assert!(text.contains("silenced until 20 Nov 22:46 ("), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(host.data().join("report.json")).unwrap()).unwrap();
    assert_eq!(json["incident"][0]["hushed"], "silenced");
    // A public page shows no reason, no name and no path.
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
    let shares = |host: &Host| {
        host.osmon(&["run"]);
        let json: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(host.data().join("report.json")).unwrap()).unwrap();
        let days = json["day"].as_array().unwrap().clone();
        let share =
            |name: &str| Some(days.iter().find(|day| day["name"] == name)?["share"].as_str().unwrap().to_string());
        ["Host", "nosuch", "Services"].map(share)
    };
    // Within a week there is only the row of the host, within a day no share.
    assert_eq!(shares(&host), [Some("–".to_string()), None, None]);
    host.advance(8 * 86_400, 5);
    assert_eq!(shares(&host), ["100 %", "–", "–"].map(|share| Some(share.to_string())));
}

#[test]
fn of_a_wrong_configuration_the_page_says_what_is_in_force() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.memory]\nwarnin = 50\n[report]\ntitle = \"the shop\"\n".to_string();
    host.osmon(&["run"]);
    let text = page(&host);
    assert!(!text.contains("the shop") && text.contains("; in use: the defaults</p>"), "{}", &text[..9000]);
    fs::write(host.data().join("state/last-good.toml"), "[report]\ntitle = \"the barn\"\n").unwrap();
    host.advance(60, 5);
    host.osmon(&["run"]);
    let text = page(&host);
    assert!(text.contains("the barn") && text.contains("; in use: the last good configuration</p>"));
}
