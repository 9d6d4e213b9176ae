//! JSON of osmon's own, or a template from the configuration.

use crate::alert::payload::ChatMessage;
use serde_json::{Value, json};

/// The template with its placeholders filled in; without one, everything that is known about the message.
pub fn render(template: &str, message: &ChatMessage, text: &str) -> String {
    let severity = message.word().to_lowercase();
    if !template.is_empty() {
        return fill(
            template,
            &[
                ("subject", &message.subject),
                ("text", text),
                ("host", &message.host),
                ("severity", &severity),
                ("id", &message.id),
            ],
        );
    }
    let body = json!({
        "schema": 1, "id": message.id, "host": message.host, "severity": severity, "subject": message.subject,
        "text": text, "event": message.events,
    });
    body.to_string()
}

/// Replaces `{name}`, which stands within JSON strings. Values are not searched for placeholders.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let found = values.iter().find_map(|(name, value)| {
            let end = after.strip_prefix(name)?.strip_prefix('}')?;
            Some((value, end))
        });
        match found {
            Some((value, end)) => {
                let quoted = Value::String((*value).to_string()).to_string();
                out.push_str(quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default());
                rest = end;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}
