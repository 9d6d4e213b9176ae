//! Webhooks of Discord.

use super::format::ChatFormat;
use super::markdown::subject_and_text;
use crate::base::net::http_url::host;
use serde_json::json;

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
};
