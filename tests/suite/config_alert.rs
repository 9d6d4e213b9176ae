//! `osmon config check` on `[alert]`, and what a failed test message advises.

use super::harness::{Host, repository};
use super::scripted_server::{Behavior, Phase, ScriptedServer, smtp_config};
use super::web_server::{RULES, secret};
use std::fs;

#[test]
fn mistakes_in_routes_are_found_and_plain_text_needs_consent() {
    let mut host = Host::recorded("vm");
    host.config = "[alert]\nto = [\"a@example.org\"]\n[alert.smtp]\nhost = \"mail.example.org\"\nsecurity = \"none\"\n"
        .to_string();
    let done = host.osmon(&["config", "check"]);
    assert!(done.code == 78 && done.err.contains("allow_plain = true"), "{}", done.err);
    host.config += "allow_plain = true\n";
    host.osmon(&["config", "check"]).ok();
    for (text, expected) in [
        ("[alert.route.x]\n", "alert.route.x.kind: is missing"),
        ("[alert.route.x]\nkind = \"slack\"\n", "alert.route.x.url: is missing"),
        ("[alert.route.x]\nkind = \"slak\"\n", "alert.route.x.kind: \"slak\" is not one of"),
        ("[alert.route.x]\nkin = \"slack\"\n", "alert.route.x.kin: unknown key; did you mean \"kind\"?"),
        ("[alert.route.mail]\nkind = \"syslog\"\n", "cannot be the name of a route"),
        (
            "[alert.route.x]\nkind = \"syslog\"\nfallback_for = \"y\"\n",
            "alert.route.x.fallback_for: \"y\" is no other route",
        ),
        ("[alert.route.x]\nkind = \"syslog\"\nbetween = \"8\"\n", "alert.route.x.between: "),
        ("[alert.route.x]\nkind = \"smtp\"\n", "alert.route.x.host: is missing"),
        (
            "[alert.route.x]\nkind = \"webhook\"\nurl_env = \"X\"\ntemplate = \"{text}\"\n",
            "alert.route.x.template: is no JSON",
        ),
        ("[alert]\nlanguage = \"de\"\n", "alert.language: \"de\" is neither"),
        ("[alert]\nexpire_after = \"1m\"\n", "alert.expire_after: must be at least 1h"),
    ] {
        host.config = text.to_string();
        let done = host.osmon(&["config", "check"]);
        assert!(done.code == 78 && done.err.contains(expected), "{text}: {}", done.err);
    }
}

#[test]
fn the_documentation_names_every_key() {
    let page = fs::read_to_string(repository("docs/alerts.md")).unwrap();
    for word in [
        "kind",
        "url_file",
        "url_env",
        "token_file",
        "template",
        "min_severity",
        "between",
        "fallback_for",
        "per_hour",
        "expire_after",
        "language",
        "webhook",
        "password_env",
        "allow_plain",
        "mechanism",
        "xoauth2",
        "helo_name",
        "max_length",
    ] {
        assert!(
            page.contains(&format!("`{word}`"))
                || page.contains(&format!("`{word} "))
                || page.contains(&format!("\"{word}\""))
                || page.contains(&format!("{word} = ")),
            "docs/alerts.md does not name {word}"
        );
    }
}

#[test]
fn connection_failures_name_the_key_to_change() {
    let mut host = Host::recorded("vm");
    for (given, expected) in [
        ("mail.example.org:587", "use host = \"mail.example.org\" and port = 587"),
        ("[::1]:25", "use host = \"[::1]\" and port = 25"),
    ] {
        host.config = format!("[alert]\nto = [\"a@example.org\"]\n[alert.smtp]\nhost = \"{given}\"\n");
        let done = host.osmon(&["config", "check"]);
        assert!(done.code == 78 && done.err.contains(expected), "{given}: {}", done.err);
    }
    for right in ["::1", "[::1]", "mail.example.org"] {
        host.config = format!("[alert]\nto = [\"a@example.org\"]\n[alert.smtp]\nhost = \"{right}\"\n");
        host.osmon(&["config", "check"]).ok();
    }
    let plain = ScriptedServer::start(Behavior::Good);
    host.config = smtp_config(plain.port, "timeout_seconds = 2\n").replace("\"none\"", "\"tls\"");
    let done = host.osmon(&["send-alert", "--test"]);
    assert!(done.code != 0 && done.err.contains("set security = \"starttls\""), "{}", done.err);
    let silent = ScriptedServer::start(Behavior::Hang(Phase::Banner));
    let alert = ScriptedServer::start(Behavior::Say(Phase::Banner, "\u{15}\u{3}\u{1}\0\u{2}\u{2}F\n"));
    for server in [silent, alert] {
        for security in ["none", "starttls"] {
            host.config =
                smtp_config(server.port, "timeout_seconds = 1\n").replace("\"none\"", &format!("{security:?}"));
            let done = host.osmon(&["send-alert", "--test"]);
            assert!(done.code != 0 && done.err.contains("then set security = \"tls\""), "{security}: {}", done.err);
        }
    }
    let url = secret(&host, "url", &format!("https://127.0.0.1:{}/x\n", plain.port));
    host.config = format!("[alert]\nwebhook_file = \"{url}\"\n{RULES}");
    for command in [&["send-alert", "--test"][..], &["run"]] {
        let done = host.osmon(command);
        assert!(done.code != 0 && done.err.contains("does not speak TLS on this port"), "{command:?}: {}", done.err);
    }
}

#[test]
fn unknown_placeholders_in_templates_are_found() {
    let mut host = Host::recorded("vm");
    let url = secret(&host, "url", "https://example.org/hook\n");
    let config = |template: &str| {
        format!("[alert.route.x]\nkind = \"webhook\"\nurl_file = \"{url}\"\ntemplate = '{template}'\n")
    };
    host.config = config(r#"{"a": "{subject} {hots}", "b": {"c": "{}"}}"#);
    let done = host.osmon(&["config", "check"]);
    let expected = "alert.route.x.template: nothing is put in for {hots}; there are {subject}, {text}, {host}";
    assert!(done.err.contains(expected) && done.err.contains("did you mean \"host\"?"), "{}", done.err);
    host.config = config(r#"{"a": "{subject} {text} {host} {severity} {id}", "b": {"c": "{}", "d": "{ x }"}}"#);
    host.osmon(&["config", "check"]).ok();
}
