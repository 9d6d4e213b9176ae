//! Topics of ntfy. JSON is posted to the root of the server, with the topic inside.

use super::format::ChatFormat;
use crate::base::net::http_url::host;
use crate::model::incident::Severity;
use serde_json::json;

/// Longest text that is shown as a message and not turned into a file, in bytes.
const MESSAGE_MAX: usize = 4096;
/// Largest request that ntfy accepts, in bytes.
const BODY_MAX: usize = 8192;

pub const FORMAT: ChatFormat = ChatFormat {
    kind: "ntfy",
    is_known_url: |url| host(url) == "ntfy.sh",
    render: |message, text, url| {
        let (_, topic) = url.path().rsplit_once('/').unwrap_or_default();
        let priority = match message.severity {
            Some(Severity::Critical) => 5,
            Some(Severity::Warning) => 4,
            None => 3,
        };
        let tag = if message.severity.is_some() { "rotating_light" } else { "white_check_mark" };
        json!({ "topic": topic, "title": message.subject, "message": text, "priority": priority, "tags": [tag] })
    },
    fits: |body| {
        let is_short = body["message"].as_str().is_some_and(|message| message.len() <= MESSAGE_MAX);
        is_short && body.to_string().len() <= BODY_MAX
    },
    post_to: |url| {
        let root = url.path().rsplit_once('/').map_or(String::new(), |(root, _)| format!("{root}/"));
        url.set_path(&root);
    },
};
