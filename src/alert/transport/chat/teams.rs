//! Microsoft Teams: workflows that take adaptive cards.

use super::format::ChatFormat;
use super::markdown::escape;
use super::shorten::units;
use crate::alert::payload::ChatMessage;
use crate::base::net::http_url::host;
use crate::model::incident::Severity;
use serde_json::{Value, json};

/// Domains under which Microsoft hosts workflows.
const DOMAINS: [&str; 3] = [".webhook.office.com", ".logic.azure.com", ".api.powerplatform.com"];

/// Largest message that Teams accepts, in bytes of UTF-8 and also of UTF-16, to which some of its servers convert it.
const BODY_MAX: usize = 28_000;

pub const FORMAT: ChatFormat = ChatFormat {
    kind: "teams",
    is_known_url: |url| DOMAINS.iter().any(|domain| host(url).ends_with(domain)),
    render: |message, text, _| render(message, text),
    fits: |body| {
        let body = body.to_string();
        body.len().max(units(&body) * 2) <= BODY_MAX
    },
    post_to: |_| {},
};

fn render(message: &ChatMessage, text: &str) -> Value {
    let color = match message.severity {
        Some(Severity::Critical) => "attention",
        Some(Severity::Warning) => "warning",
        None => "good",
    };
    let heading = json!({
        "type": "TextBlock", "text": escape(&message.subject), "wrap": true, "weight": "bolder", "size": "medium", "color": color,
    });
    let block = |line: &str| json!({ "type": "TextBlock", "text": escape(line), "wrap": true });
    let lines = text.lines().filter(|line| !line.is_empty()).map(block);
    let body: Vec<Value> = std::iter::once(heading).chain(lines).collect();
    json!({ "type": "message", "attachments": [{
        "contentType": "application/vnd.microsoft.card.adaptive",
        "content": {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
            "body": body,
        },
    }] })
}
