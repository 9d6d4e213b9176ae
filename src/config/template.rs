//! `template` of a web hook: JSON, with names in braces in its strings.

use super::route::{Route, TransportConfig};
use crate::base::similar::hint;

/// What is put into a template.
const PLACES: [&str; 5] = ["subject", "text", "host", "severity", "id"];

/// What is wrong with a template.
pub(super) fn sensible(template: &str) -> Result<(), String> {
    let filled = PLACES.iter().fold(template.to_string(), |text, name| text.replace(&format!("{{{name}}}"), "x"));
    if !template.is_empty() && serde_json::from_str::<serde::de::IgnoredAny>(&filled).is_err() {
        return Err("is no JSON once its {…} are filled in; they belong inside of strings".to_string());
    }
    Ok(())
}

/// Names in braces in templates that nothing is put in for, by the key they stand under. They go out as they are, and
/// whoever receives them may mean something by them.
pub(super) fn unknown_places(routes: &[Route]) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    for route in routes {
        let TransportConfig::Webhook(hook) = &route.transport else { continue };
        let names = hook.template.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
        let is_name = |name: &&str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.')
        };
        for name in names.filter(is_name).filter(|name| !PLACES.contains(name)) {
            let path = ["alert", "route", &route.name, "template"].map(str::to_string).to_vec();
            let all = PLACES.map(|name| format!("{{{name}}}")).join(", ");
            found.push((
                path,
                format!("nothing is put in for {{{name}}}; there are {all}{}", hint(name, PLACES.into_iter())),
            ));
        }
    }
    found
}
