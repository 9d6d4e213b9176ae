//! `template` of a webhook: JSON with placeholders such as `{text}` in its strings.

use crate::base::suggestion::hint;

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

/// A warning for each unknown placeholder. They are sent as they are, because the receiver may use them.
pub fn unknown_placeholders(template: &str) -> Vec<String> {
    let names = template.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    let is_name = |name: &&str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.')
    };
    let all = PLACEHOLDERS.map(|name| format!("{{{name}}}")).join(", ");
    let unknown = names.filter(is_name).filter(|name| !PLACEHOLDERS.contains(name));
    let warning =
        |name| format!("nothing is put in for {{{name}}}; there are {all}{}", hint(name, PLACEHOLDERS.into_iter()));
    unknown.map(warning).collect()
}
