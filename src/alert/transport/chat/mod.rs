//! The JSON that chat programs expect. Each format is in a file of its own; this file lists them.

mod discord;
mod format;
mod generic;
mod markdown;
mod mattermost;
mod ntfy;
mod slack;
mod teams;

use crate::alert::payload::ChatMessage;
use crate::base::text::fit;
use crate::config::Webhook;
use format::ChatFormat;
use url::Url;

/// Every format of a chat program.
const FORMATS: [ChatFormat; 5] = [slack::FORMAT, teams::FORMAT, discord::FORMAT, mattermost::FORMAT, ntfy::FORMAT];
/// Longest text in characters; the smallest limit among the formats is that of Discord, 2000 with the subject.
const TEXT_MAX: usize = 1900;

/// The body for a webhook: its `kind`, else the format that its URL is known for, else its template or the generic format.
/// Changes the URL where the format wants another one.
pub fn render(settings: &Webhook, url: &mut Url, message: &ChatMessage) -> String {
    let text = fit(&message.text, TEXT_MAX);
    let format = match settings.kind.as_str() {
        "" => FORMATS.iter().find(|format| (format.is_known_url)(url)),
        kind => FORMATS.iter().find(|format| format.kind == kind),
    };
    match format {
        Some(format) => (format.render)(message, &text, url).to_string(),
        None => generic::render(&settings.template, message, &text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::net::http_url::parse;
    use crate::config::{Secret, WEBHOOK_KINDS};
    use crate::model::incident::Severity;
    use serde_json::Value;

    fn message() -> ChatMessage {
        ChatMessage {
            subject: "CRITICAL web-01: <b>@everyone".into(),
            text: "a \"quoted\" {host}\nsecond & last".into(),
            host: "web-01".into(),
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
        let text = format!("a_b <!channel> & c\n{}", "<".repeat(1899));
        let value = rendered("", "", &mut url, &ChatMessage { subject, text, ..message() });
        let (head, text) = (&value["blocks"][0]["text"], &value["blocks"][1]["text"]);
        assert_eq!(head["text"], "🔴 CRITICAL web-01: my_app_db *x* ~y~ `z` :fire:");
        assert_eq!(
            (&head["type"], &head["emoji"], &value["mrkdwn"]),
            (&"plain_text".into(), &false.into(), &false.into())
        );
        let long = text["text"].as_str().unwrap();
        assert!(long.starts_with("a_b &lt;!channel&gt; &amp; c\n") && long.ends_with("&lt;…"), "{long}");
        assert!(long.chars().count() <= 3000 && value["text"].as_str().unwrap().contains("my_app_db"), "{value}");
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
}
