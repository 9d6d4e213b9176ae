//! `template` of a webhook: JSON with placeholders such as `{text}` in its strings.

use super::route::{Route, TransportConfig};
use crate::base::similar::hint;

/// Placeholders of a template.
const PLACEHOLDERS: [&str; 5] = ["subject", "text", "host", "severity", "id"];

/// Checks that a template is JSON once its placeholders are filled in.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn check(template: &str) -> Result<(), String> {
    let filled = PLACEHOLDERS.iter().fold(template.to_string(), |text, name| text.replace(&format!("{{{name}}}"), "x"));
    if !template.is_empty() && serde_json::from_str::<serde::de::IgnoredAny>(&filled).is_err() {
        return Err("is no JSON once its {…} are filled in; they belong inside of strings".to_string());
    }
    Ok(())
}

/// Unknown placeholders in the templates of routes: path of the key and a warning. They are sent as they are, because the
/// receiver may use them.
pub fn unknown_placeholders(routes: &[Route]) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    for route in routes {
        let TransportConfig::Webhook(hook) = &route.transport else { continue };
        let names = hook.template.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
        let is_name = |name: &&str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.')
        };
        for name in names.filter(is_name).filter(|name| !PLACEHOLDERS.contains(name)) {
            let path = ["alert", "route", &route.name, "template"].map(str::to_string).to_vec();
            let all = PLACEHOLDERS.map(|name| format!("{{{name}}}")).join(", ");
            let hint = hint(name, PLACEHOLDERS.into_iter());
            found.push((path, format!("nothing is put in for {{{name}}}; there are {all}{hint}")));
        }
    }
    found
}
