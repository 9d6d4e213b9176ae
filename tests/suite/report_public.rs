//! A public page names no service, unit, process, user, and no reason.

use super::harness::Host;
use super::report_verdict::page;
use std::fs;

fn host() -> Host {
    let mut host = Host::recorded("vm");
    host.config =
        "[probe]\nservices = [\"nginx\", \"shop\"]\n[process.queue]\nmatch = \"queue\"\n[report]\n".to_string();
    let show = host.read("systemctl-show");
    let failed = "Id=shop.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=oom-kill\nExecMainCode=2\nExecMainStatus=9\nNRestarts=12";
    let blocks: Vec<&str> =
        show.split("\n\n").map(|block| if block.contains("Id=shop.service") { failed } else { block }).collect();
    for minute in 0..6 {
        if minute == 1 {
            host.write("systemctl-show", &blocks.join("\n\n"));
        }
        host.advance(60, 5);
        host.osmon(&["run"]).ok();
    }
    host.osmon(&["ack", "service:shop.service", "quokka knows why"]);
    host
}

#[test]
fn a_public_page_names_nothing_that_a_private_one_names() {
    let mut host = host();
    let beside = |host: &Host| fs::read_to_string(host.data().join("report.json")).unwrap();
    host.osmon(&["graph"]).ok();
    let private = page(&host);
    assert!(
        private.contains("shop.service failed") && private.contains("<b>shop.service</b>") || private.contains("shop")
    );
    for language in ["en", "fr"] {
        host.config = host.config.split("[report]").next().unwrap().to_string();
        host.config += &format!("[report]\npublic = true\nlanguage = \"{language}\"\n");
        host.osmon(&["graph"]).ok();
        let (page, json) = (page(&host), beside(&host));
        let body = page.split("<body").nth(1).unwrap().split("<script>").next().unwrap();
        for name in ["shop", "nginx", "queue", "quokka", "KILL", "oom", "knows why", "java", "postgres", "root", "anna"]
        {
            let around = |text: &str| text.split(name).next().unwrap().chars().rev().take(160).collect::<Vec<_>>();
            let around = |text: &str| around(text).into_iter().rev().collect::<String>();
            assert!(!body.contains(name), "{language}: {name} behind {}", around(body));
            assert!(!json.contains(name), "{language}: {name} behind {}", around(&json));
        }
        // It still says that something is wrong, and with what.
        assert!(body.contains(if language == "en" { "Critical" } else { "Critique" }) && body.contains("Services"));
        assert!(json.contains("\"severity\":\"critical\""), "{json}");
    }
}
