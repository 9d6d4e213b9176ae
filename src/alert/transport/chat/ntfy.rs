//! Topics of ntfy. JSON is posted to the root of the server, with the topic inside.

use super::format::ChatFormat;
use crate::base::net::http_url::host;
use crate::model::incident::Severity;
use serde_json::json;

pub const FORMAT: ChatFormat = ChatFormat {
    kind: "ntfy",
    is_known_url: |url| host(url) == "ntfy.sh",
    render: |message, text, url| {
        let path = url.path().to_string();
        let (root, topic) = path.rsplit_once('/').unwrap_or_default();
        url.set_path(&format!("{root}/"));
        let priority = match message.severity {
            Some(Severity::Critical) => 5,
            Some(Severity::Warning) => 4,
            None => 3,
        };
        let tag = if message.severity.is_some() { "rotating_light" } else { "white_check_mark" };
        json!({ "topic": topic, "title": message.subject, "message": text, "priority": priority, "tags": [tag] })
    },
};
