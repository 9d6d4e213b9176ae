//! What the web hooks of chat programs want to be told.

use super::webhook::Address;
use crate::base::text::fit;
use crate::model::event::Event;
use crate::model::incident::Severity;
use serde_json::{Value, json};

/// Longest text that such programs take, in characters; Discord takes the least.
const TEXT_MAX: usize = 1900;
/// What Slack takes in a heading and in a text block: 150 and 3000 characters.
const SLACK_HEAD_MAX: usize = 150;
const SLACK_TEXT_MAX: usize = 3000;

/// A message for a chat.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// The subject of the mail.
    pub subject: String,
    /// Some lines.
    pub text: String,
    /// Host name.
    pub host: String,
    /// Id of the message: the same when it has to be sent again.
    pub id: String,
    /// The worst of what is open; `None`: all is over.
    pub severity: Option<Severity>,
    /// The events.
    pub events: Vec<Event>,
}

impl Note {
    fn word(&self) -> &'static str {
        self.severity.map_or("OK", Severity::word)
    }
    fn emoji(&self) -> &'static str {
        match self.severity {
            Some(Severity::Critical) => "🔴",
            Some(Severity::Warning) => "🟠",
            None => "🟢",
        }
    }
}

/// What is there, by the look of its address.
pub fn guess(address: &Address) -> &'static str {
    let host = address.host.as_str();
    if host == "hooks.slack.com" {
        "slack"
    } else if (host == "discord.com" || host == "discordapp.com") && address.path.starts_with("/api/webhooks/") {
        "discord"
    } else if [".webhook.office.com", ".logic.azure.com", ".api.powerplatform.com"]
        .iter()
        .any(|end| host.ends_with(end))
    {
        "teams"
    } else if host == "ntfy.sh" {
        "ntfy"
    } else {
        "webhook"
    }
}

/// Where to send what. ntfy takes JSON at its top, with the topic in it.
pub fn body(kind: &str, template: &str, mut address: Address, note: &Note) -> (Address, String) {
    let text = fit(&note.text, TEXT_MAX);
    let body = match kind {
        "slack" => slack(note, &text),
        "mattermost" => {
            json!({ "username": "osmon", "text": format!("{} **{}**\n{}", note.emoji(), plain(&note.subject), plain(&text)) })
        }
        "discord" => json!({
            "username": "osmon", "allowed_mentions": { "parse": [] },
            "content": format!("{} **{}**\n{}", note.emoji(), plain(&note.subject), plain(&text)),
        }),
        "teams" => teams(note, &text),
        "ntfy" => {
            let (top, topic) = address.path.rsplit_once('/').unwrap_or_default();
            let (topic, top) = (topic.to_string(), format!("{top}/"));
            address.path = top;
            let priority = match note.severity {
                Some(Severity::Critical) => 5,
                Some(Severity::Warning) => 4,
                None => 3,
            };
            let tag = if note.severity.is_some() { "rotating_light" } else { "white_check_mark" };
            json!({ "topic": topic, "title": note.subject, "message": text, "priority": priority, "tags": [tag] })
        }
        _ if !template.is_empty() => return (address, filled(template, note, &text)),
        _ => json!({
            "schema": 1, "id": note.id, "host": note.host, "severity": note.word().to_lowercase(),
            "subject": note.subject, "text": text, "event": note.events,
        }),
    };
    (address, body.to_string())
}

/// Plain text in Slack's blocks: its mrkdwn knows no way to write `_` or `*` as they are. `text` is what notifications and
/// programs that know no blocks show.
fn slack(note: &Note, text: &str) -> Value {
    let head = format!("{} {}", note.emoji(), note.subject);
    let plain = |text: &str, max: usize| json!({ "type": "plain_text", "text": slack_text(text, max), "emoji": false });
    let mut blocks = vec![json!({ "type": "header", "text": plain(&head, SLACK_HEAD_MAX) })];
    if !text.trim().is_empty() {
        blocks.push(json!({ "type": "section", "text": plain(text, SLACK_TEXT_MAX) }));
    }
    json!({ "text": slack_text(&format!("{head}\n{text}"), SLACK_TEXT_MAX), "mrkdwn": false, "blocks": blocks })
}

/// Only these three mean anything to Slack in plain text. At most `max` characters, none of them cut apart.
fn slack_text(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut length = 0;
    for c in text.chars() {
        let mut own = [0; 4];
        let written = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            _ => c.encode_utf8(&mut own),
        };
        length += written.chars().count();
        if length >= max {
            out.push('…');
            break;
        }
        out.push_str(written);
    }
    out
}

/// No mark of Markdown, and nobody is called by a name that a process has given itself.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\*_~`|<>[]#@".contains(c) {
            out.push('\\');
        }
        out.push(c);
        if c == '@' {
            out.push('\u{200B}');
        }
    }
    out
}

fn teams(note: &Note, text: &str) -> Value {
    let color = match note.severity {
        Some(Severity::Critical) => "attention",
        Some(Severity::Warning) => "warning",
        None => "good",
    };
    let block = |text: &str| json!({ "type": "TextBlock", "text": plain(text), "wrap": true });
    let mut head = block(&note.subject);
    if let Value::Object(head) = &mut head {
        head.extend([
            ("weight".into(), "bolder".into()),
            ("size".into(), "medium".into()),
            ("color".into(), color.into()),
        ]);
    }
    let lines: Vec<Value> = text.lines().filter(|line| !line.is_empty()).map(block).collect();
    let body = [vec![head], lines].concat();
    json!({ "type": "message", "attachments": [{
        "contentType": "application/vnd.microsoft.card.adaptive",
        "content": {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
            "body": body,
        },
    }] })
}

/// The template with its names filled in, as text inside of JSON strings.
fn filled(template: &str, note: &Note, text: &str) -> String {
    let word = note.word().to_lowercase();
    let values = [
        ("subject", note.subject.as_str()),
        ("text", text),
        ("host", &note.host),
        ("severity", &word),
        ("id", &note.id),
    ];
    // One pass: what was filled in is not looked at again.
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let found =
            values.iter().find(|(name, _)| after.get(1..).is_some_and(|after| after.starts_with(&format!("{name}}}"))));
        let Some((name, value)) = found else {
            out.push('{');
            rest = after.get(1..).unwrap_or_default();
            continue;
        };
        let quoted = Value::String((*value).to_string()).to_string();
        out.push_str(quoted.trim_start_matches('"').strip_suffix('"').unwrap_or_default());
        rest = after.get(name.len() + 2..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note() -> Note {
        Note {
            subject: "CRITICAL web-01: <b>@everyone".into(),
            text: "a \"quoted\" {host}\nsecond & last".into(),
            host: "web-01".into(),
            id: "<x@y>".into(),
            severity: Some(Severity::Critical),
            events: Vec::new(),
        }
    }

    #[test]
    fn each_program_gets_its_form_and_nothing_gets_out_of_it() {
        let address = Address::read("https://h/a/topic").unwrap();
        for kind in ["slack", "teams", "discord", "mattermost", "ntfy", "webhook"] {
            let (to, body) = body(kind, "", address.clone(), &note());
            let read: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(to.path, if kind == "ntfy" { "/a/" } else { "/a/topic" });
            assert!(body.contains("CRITICAL web-01"), "{kind}: {body}");
            if ["slack", "discord", "mattermost", "teams"].contains(&kind) {
                assert!(!body.contains("<b>@everyone"), "{kind}: {body}");
            }
            if kind == "ntfy" {
                assert_eq!((&read["topic"], &read["priority"]), (&"topic".into(), &5.into()));
            }
        }
        let (_, body) =
            body("webhook", r#"{"a": "{subject}", "b": "{text}", "c": {"d": "{severity}"}}"#, address, &note());
        let read: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(read["b"], "a \"quoted\" {host}\nsecond & last");
        assert_eq!(read["c"]["d"], "critical");
    }

    #[test]
    fn slack_shows_every_character_as_it_is() {
        let address = Address::read("https://hooks.slack.com/services/x").unwrap();
        let subject = "CRITICAL web-01: my_app_db *x* ~y~ `z` :fire:".to_string();
        let note = Note { subject, text: format!("a_b <!channel> & c\n{}", "<".repeat(1899)), ..note() };
        let read: Value = serde_json::from_str(&body("slack", "", address, &note).1).unwrap();
        let (head, text) = (&read["blocks"][0]["text"], &read["blocks"][1]["text"]);
        assert_eq!(head["text"], "🔴 CRITICAL web-01: my_app_db *x* ~y~ `z` :fire:");
        assert_eq!(
            (&head["type"], &head["emoji"], &read["mrkdwn"]),
            (&"plain_text".into(), &false.into(), &false.into())
        );
        let long = text["text"].as_str().unwrap();
        assert!(long.starts_with("a_b &lt;!channel&gt; &amp; c\n") && long.ends_with("&lt;…"), "{long}");
        assert!(long.chars().count() <= 3000 && read["text"].as_str().unwrap().contains("my_app_db"), "{read}");
    }

    #[test]
    fn what_is_there_is_seen_by_the_address() {
        let cases = [
            ("https://hooks.slack.com/services/x", "slack"),
            ("https://discord.com/api/webhooks/1/x", "discord"),
            ("https://prod-1.westeurope.logic.azure.com/x", "teams"),
            ("https://ntfy.sh/topic", "ntfy"),
            ("https://example.org/hook", "webhook"),
        ];
        for (url, kind) in cases {
            assert_eq!(guess(&Address::read(url).unwrap()), kind, "{url}");
        }
    }
}
