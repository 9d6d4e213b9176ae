//! Incoming webhooks of Slack.

use super::format::ChatFormat;
use crate::alert::payload::ChatMessage;
use crate::base::net::http_url::host;
use serde_json::{Value, json};

/// Longest heading that Slack accepts, in characters.
const HEADING_MAX: usize = 150;
/// Longest text block that Slack accepts, in characters.
const TEXT_MAX: usize = 3000;

pub const FORMAT: ChatFormat = ChatFormat {
    kind: "slack",
    is_known_url: |url| host(url) == "hooks.slack.com",
    render: |message, text, _| render(message, text),
};

/// Blocks of plain text, because mrkdwn cannot escape `_` and `*`. `text` is for notifications and clients without blocks.
fn render(message: &ChatMessage, text: &str) -> Value {
    let heading = format!("{} {}", message.emoji(), message.subject);
    let plain = |text: &str, max: usize| json!({ "type": "plain_text", "text": escape(text, max), "emoji": false });
    let mut blocks = vec![json!({ "type": "header", "text": plain(&heading, HEADING_MAX) })];
    if !text.trim().is_empty() {
        blocks.push(json!({ "type": "section", "text": plain(text, TEXT_MAX) }));
    }
    json!({ "text": escape(&format!("{heading}\n{text}"), TEXT_MAX), "mrkdwn": false, "blocks": blocks })
}

/// Escapes the three special characters of Slack's plain text and cuts it to `max` characters, never within an escape.
fn escape(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut length = 0;
    for c in text.chars() {
        let mut utf8 = [0; 4];
        let escaped = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            _ => c.encode_utf8(&mut utf8),
        };
        length += escaped.chars().count();
        if length >= max {
            out.push('…');
            break;
        }
        out.push_str(escaped);
    }
    out
}
