//! Webhooks of Discord.

use super::format::ChatFormat;
use super::markdown::subject_and_text;
use super::shorten::units;
use crate::base::net::http_url::host;
use serde_json::json;

/// Longest message that Discord accepts, in characters.
const CONTENT_MAX: usize = 2000;

pub const FORMAT: ChatFormat = ChatFormat {
    kind: "discord",
    is_known_url: |url| {
        ["discord.com", "discordapp.com"].contains(&host(url)) && url.path().starts_with("/api/webhooks/")
    },
    render: |message, text, _| {
        json!({
            "username": "osmon", "allowed_mentions": { "parse": [] }, "content": subject_and_text(message, text),
        })
    },
    fits: |body| body["content"].as_str().is_some_and(|content| units(content) <= CONTENT_MAX),
    post_to: |_| {},
};
