//! The interface of a chat format.

use crate::alert::payload::ChatMessage;
use serde_json::Value;
use url::Url;

/// The JSON format of a chat program.
pub struct ChatFormat {
    /// Its name as `kind` in the configuration.
    pub kind: &'static str,
    /// Returns whether a URL is known to take this format.
    pub is_known_url: fn(&Url) -> bool,
    /// Renders a message with its text cut to the allowed length. May change the URL that it is posted to.
    pub render: fn(&ChatMessage, &str, &mut Url) -> Value,
}
