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
    /// Renders a message with this text for a URL.
    pub render: fn(&ChatMessage, &str, &Url) -> Value,
    /// Returns whether the program accepts a rendered message in full.
    pub fits: fn(&Value) -> bool,
    /// Changes the URL to the one that messages are posted to.
    pub post_to: fn(&mut Url),
}
