//! Incoming webhooks of Mattermost.

use super::format::ChatFormat;
use super::markdown::subject_and_text;
use serde_json::json;

pub const FORMAT: ChatFormat = ChatFormat {
    kind: "mattermost",
    is_known_url: |_| false,
    render: |message, text, _| json!({ "username": "osmon", "text": subject_and_text(message, text) }),
};
