//! What receivers of webhooks answer, and how long their messages may be.

use super::harness::Host;
use super::web_server::{RULES, WebServer, secret};
use std::fmt::Write;
use std::fs;

fn host(web: &WebServer, kind: &str) -> Host {
    let mut host = Host::recorded("vm");
    let url = secret(&host, "url", &format!("http://127.0.0.1:{}/hooks/5ecret-hook", web.port));
    host.config = format!("[alert.route.chat]\nkind = \"{kind}\"\nurl_file = \"{url}\"\n{RULES}");
    host
}

#[test]
fn an_error_with_status_200_is_no_acceptance() {
    let teams = "200 OK|Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId tcid=0";
    // Minutes until the next attempt, after one that may pass and after one that needs a change.
    for (kind, answer, is_passing) in [
        ("teams", teams, true),
        ("slack", "200 OK|no_service", false),
        ("webhook", "200 OK|{\"ok\": false, \"error\": \"no such channel\"}", false),
        ("webhook", "200 OK|{\"success\": false}", false),
        ("webhook", "200 OK|{\"status\": \"error\", \"message\": \"try again\"}", true),
        ("mattermost", "200 OK|<!DOCTYPE html><html><title>Log in</title></html>", false),
    ] {
        let web = WebServer::start(answer);
        let mut host = host(&web, kind);
        let done = host.osmon(&["run"]);
        let said = answer.split('|').nth(1).unwrap().chars().take(40).collect::<String>();
        assert_eq!(done.code, 74, "{kind}: {answer}");
        let expected = format!("status 200, but the message was not accepted: {said}");
        assert!(done.err.contains(&expected), "{} lacks {expected}", done.err);
        assert_eq!(done.err.contains("does it need a login?"), answer.contains("html"), "{}", done.err);
        assert!(host.osmon(&["status"]).out.contains("delivery failing since"));
        for minute in 1..=6 {
            host.advance(60, 5);
            host.osmon(&["run"]);
            let expected = match (is_passing, minute) {
                (_, 1) | (false, _) => 2,
                (true, 2) => 2,
                _ => 3,
            };
            assert!(web.asked.lock().unwrap().len() <= expected, "{kind} after {minute} minutes: {answer}");
        }
        *web.status.lock().unwrap() = if kind == "teams" { "200 OK|1" } else { "200 OK|ok" };
        host.advance(3700, 5);
        host.osmon(&["run"]).ok();
        assert_eq!(fs::read_dir(host.data().join("outbox/new")).unwrap().count(), 0, "{kind}");
    }
}

#[test]
fn a_pause_in_the_body_is_kept() {
    let web = WebServer::start(
        "429 Too Many Requests|{\"message\": \"You are being rate limited.\", \"retry_after\": 290.5}",
    );
    let mut host = host(&web, "discord");
    assert_eq!(host.osmon(&["run"]).code, 74);
    *web.status.lock().unwrap() = "204 No Content|";
    for (seconds, expected) in [(240, 1), (60, 2)] {
        host.advance(seconds, 5);
        host.osmon(&["run"]);
        assert_eq!(web.asked.lock().unwrap().len(), expected);
    }
}

#[test]
fn a_message_that_would_be_too_long_is_shortened_and_says_so() {
    for (kind, pointer, max) in
        [("discord", "/content", 2000), ("slack", "/blocks/1/text/text", 3000), ("mattermost", "/text", 16_383)]
    {
        let web = WebServer::start("200 OK");
        let mut host = host(&web, kind);
        // What had failed long before the first look would be no news.
        host.osmon(&["run"]);
        let units = host.root().join("systemctl-show");
        let mut text = fs::read_to_string(&units).unwrap();
        for number in 10..60 {
            write!(text, "\nId=shop_worker@queue_default_<&>_{number}.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\nNRestarts=0\nStateChangeTimestamp=Thu 2026-10-10 16:05:04 CEST\n").unwrap();
        }
        fs::write(&units, text).unwrap();
        for _ in 0..12 {
            host.advance(60, 5);
            host.osmon(&["run"]);
        }
        let bodies = web.bodies();
        let lengths: Vec<usize> = bodies
            .iter()
            .map(|body| {
                body.pointer(pointer).unwrap_or_else(|| panic!("{body}")).as_str().unwrap().encode_utf16().count()
            })
            .collect();
        assert!(lengths.iter().all(|length| *length <= max), "{kind}: {lengths:?}");
        let long = bodies.iter().find(|body| body.to_string().contains("worker")).unwrap().to_string();
        if kind != "mattermost" {
            assert!(long.contains("osmon incidents"), "{kind}: {long}");
        }
    }
}
