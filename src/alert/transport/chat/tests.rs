//! Every format escapes, and stays within the limits of its receiver.

use super::*;
use crate::base::net::http_url::parse;
use crate::config::{Secret, WEBHOOK_KINDS};
use crate::model::incident::Severity;
use crate::model::locale::Locale;
use proptest::prelude::*;
use serde_json::Value;

fn message() -> ChatMessage {
    ChatMessage {
        subject: "CRITICAL web-01: <b>@everyone".into(),
        text: "a \"quoted\" {host}\nsecond & last".into(),
        host: "web-01".into(),
        language: Locale::En,
        id: "<x@y>".into(),
        severity: Some(Severity::Critical),
        events: Vec::new(),
    }
}

fn rendered(kind: &str, template: &str, url: &mut Url, message: &ChatMessage) -> Value {
    let settings = Webhook {
        kind: kind.into(),
        url: Secret::default(),
        token: Secret::default(),
        template: template.into(),
        ca_file: String::new(),
        max_length: 0,
        allow_plain: false,
    };
    serde_json::from_str(&render(&settings, url, message)).unwrap()
}

#[test]
fn every_kind_of_the_configuration_renders_and_escapes() {
    for kind in WEBHOOK_KINDS {
        let mut url = parse("https://h/a/topic").unwrap();
        let value = rendered(kind, "", &mut url, &message());
        let body = value.to_string();
        assert_eq!(url.path(), if kind == "ntfy" { "/a/" } else { "/a/topic" });
        assert!(body.contains("CRITICAL web-01"), "{kind}: {body}");
        assert!(kind == "webhook" || FORMATS.iter().any(|format| format.kind == kind), "{kind} has no format");
        if ["slack", "discord", "mattermost", "teams"].contains(&kind) {
            assert!(!body.contains("<b>@everyone"), "{kind}: {body}");
        }
        if kind == "ntfy" {
            assert_eq!((&value["topic"], &value["priority"]), (&"topic".into(), &5.into()));
        }
    }
}

#[test]
fn a_template_is_filled_in() {
    let template = r#"{"a": "{subject}", "b": "{text}", "c": {"d": "{severity}"}}"#;
    let value = rendered("webhook", template, &mut parse("https://h/a").unwrap(), &message());
    assert_eq!(value["b"], "a \"quoted\" {host}\nsecond & last");
    assert_eq!(value["c"]["d"], "critical");
}

#[test]
fn slack_shows_every_character_as_it_is() {
    let mut url = parse("https://hooks.slack.com/services/x").unwrap();
    let subject = "CRITICAL web-01: my_app_db *x* ~y~ `z` :fire:".to_string();
    let text = format!("a_b <!channel> & c\n{}", "<".repeat(200));
    let value = rendered("", "", &mut url, &ChatMessage { subject, text, ..message() });
    let (head, text) = (&value["blocks"][0]["text"], &value["blocks"][1]["text"]);
    assert_eq!(head["text"], "🔴 CRITICAL web-01: my_app_db *x* ~y~ `z` :fire:");
    assert_eq!((&head["type"], &head["emoji"], &value["mrkdwn"]), (&"plain_text".into(), &false.into(), &false.into()));
    let long = text["text"].as_str().unwrap();
    assert!(long.starts_with("a_b &lt;!channel&gt; &amp; c\n&lt;"), "{long}");
    assert!(value["text"].as_str().unwrap().contains("my_app_db"), "{value}");
}

#[test]
fn the_format_is_guessed_from_the_url() {
    let cases = [
        ("https://hooks.slack.com/services/x", Some("slack")),
        ("https://discord.com/api/webhooks/1/x", Some("discord")),
        ("https://discord.com/x", None),
        ("https://prod-1.westeurope.logic.azure.com/x", Some("teams")),
        ("https://ntfy.sh/topic", Some("ntfy")),
        ("https://example.org/hook", None),
    ];
    for (url, kind) in cases {
        let url = parse(url).unwrap();
        let found = FORMATS.iter().find(|format| (format.is_known_url)(&url)).map(|format| format.kind);
        assert_eq!(found, kind, "{url}");
    }
}

/// Longest texts and bodies as the receivers document them: JSON pointer, whether bytes are counted, and the limit.
const LIMITS: [(&str, &str, bool, usize); 8] = [
    ("discord", "/content", false, 2000),
    ("slack", "/blocks/0/text/text", false, 150),
    ("slack", "/blocks/1/text/text", false, 3000),
    ("slack", "/text", false, 40_000),
    ("mattermost", "/text", false, 16_383),
    ("teams", "", true, 28_000),
    ("ntfy", "/message", true, 4096),
    ("ntfy", "", true, 8192),
];

/// The texts of a body that people see.
fn texts(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone() + "\n",
        Value::Array(items) => items.iter().map(texts).collect(),
        Value::Object(map) => map.values().map(texts).collect(),
        _ => String::new(),
    }
}

/// Characters that formats escape, that count as two, or that take up to four bytes.
fn line() -> impl Strategy<Value = String> {
    let character = prop::sample::select("ab _*~`|<>[]#@&\"\\é€😀🔷\u{200D}".chars().collect::<Vec<_>>());
    prop::collection::vec(character, 0..400).prop_map(|characters| characters.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_message_exceeds_the_limits_of_its_receiver(
        subject in line(), lines in prop::collection::vec(line(), 0..120), language in 0..2,
    ) {
        let language = if language == 0 { Locale::En } else { Locale::Fr };
        let message = ChatMessage { subject, text: lines.join("\n"), language, ..message() };
        for kind in WEBHOOK_KINDS {
            let value = rendered(kind, "", &mut parse("https://h/a/topic").unwrap(), &message);
            for (_, pointer, is_bytes, max) in LIMITS.iter().filter(|limit| limit.0 == kind) {
                let Some(part) = value.pointer(pointer) else { continue };
                let text = part.as_str().map_or(part.to_string(), str::to_string);
                let length = if *is_bytes { text.len() } else { units(&text) };
                prop_assert!(length <= *max, "{kind}{pointer} has {length}: {text}");
            }
            let (shown, last) = (texts(&value), lines.last().map_or("", String::as_str));
            let says_so = shown.contains("osmon incidents") || shown.contains('…');
            prop_assert!(says_so || last.len() > 40 || shown.len() > message.text.len(), "{kind}: {shown}");
            // Markdown: every special character is escaped.
            for text in ["/content", "/text"].iter().filter_map(|pointer| value.pointer(pointer)?.as_str()) {
                if ["discord", "mattermost"].contains(&kind) {
                    let (_, rest) = text.split_once("\n").unwrap();
                    let mut characters = rest.chars();
                    while let Some(c) = characters.next() {
                        let escaped = if c == '\\' { characters.next() } else { None };
                        prop_assert!(c != '\\' || escaped.is_some(), "{kind}: ends within an escape: {text}");
                        prop_assert!(!"*_~`|<>[]#@".contains(c), "{kind}: {c} is not escaped: {text}");
                    }
                }
                if kind == "slack" {
                    let rest = text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
                    prop_assert!(!rest.contains(['&', '<', '>']), "{text}");
                }
            }
        }
    }
}

#[test]
fn what_is_left_out_is_said_and_the_beginning_stays() {
    let lines: Vec<String> = (0..600).map(|number| format!("line {number} of my_service@host.service")).collect();
    let message = ChatMessage { text: lines.join("\n"), ..message() };
    for kind in WEBHOOK_KINDS.into_iter().filter(|kind| *kind != "webhook") {
        let shown = texts(&rendered(kind, "", &mut parse("https://h/a/topic").unwrap(), &message));
        let shown = shown.replace(['\\', '\u{200B}'], "");
        let count = (0..600).take_while(|number| shown.contains(&format!("line {number} of my_service@host"))).count();
        let left = format!("… and {} more lines: osmon incidents shows everything.", 600 - count);
        assert!((20..600).contains(&count) && shown.contains(&left), "{kind} shows {count}: {shown}");
    }
    let value = rendered("webhook", "", &mut parse("https://h/a").unwrap(), &message);
    assert_eq!(value["text"], message.text.as_str(), "a receiver without a limit gets everything");
    let value = rendered("webhook", r#"{"a": "{text}"}"#, &mut parse("https://h/a").unwrap(), &message);
    assert!(units(value["a"].as_str().unwrap()) <= 1900, "{value}");
}
