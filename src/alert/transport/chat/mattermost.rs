//! Incoming webhooks of Mattermost.

use super::format::ChatFormat;
use super::markdown::subject_and_text;
use super::shorten::units;
use serde_json::json;

/// Longest post that Mattermost accepts, in characters.
const TEXT_MAX: usize = 16_383;

pub const FORMAT: ChatFormat = ChatFormat {
    kind: "mattermost",
    is_known_url: |_| false,
    render: |message, text, _| json!({ "username": "osmon", "text": subject_and_text(message, text) }),
    fits: |body| body["text"].as_str().is_some_and(|text| units(text) <= TEXT_MAX),
    post_to: |_| {},
};
