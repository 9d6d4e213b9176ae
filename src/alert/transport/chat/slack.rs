//! Incoming webhooks of Slack.

use super::format::ChatFormat;
use super::shorten::{cut, units};
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
    fits: |body| {
        let blocks = body["blocks"].as_array().into_iter().flatten();
        let mut texts = blocks.filter_map(|block| block.pointer("/text/text")?.as_str());
        texts.all(|text| units(text) <= TEXT_MAX)
    },
    post_to: |_| {},
};

/// Blocks of plain text, because mrkdwn cannot escape `_` and `*`. `text` is for notifications and clients without blocks.
fn render(message: &ChatMessage, text: &str) -> Value {
    let heading = format!("{} {}", message.emoji(), message.subject);
    let short = cut(&heading, |heading| units(&escape(heading)) <= HEADING_MAX);
    let plain = |text: &str| json!({ "type": "plain_text", "text": escape(text), "emoji": false });
    let mut blocks = vec![json!({ "type": "header", "text": plain(&short) })];
    if !text.trim().is_empty() {
        blocks.push(json!({ "type": "section", "text": plain(text) }));
    }
    json!({ "text": escape(&format!("{heading}\n{text}")), "mrkdwn": false, "blocks": blocks })
}

/// Escapes the three special characters of Slack's plain text.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
