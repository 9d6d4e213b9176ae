//! `config.cfg` of os-monitoring.

use super::draft::Draft;
use super::limits::{LimitOf, of_default_rule, percent};
use super::pairs::pairs;

/// Reads it. Its script compared one value each minute and sent a mail at once.
pub fn read(text: &str, draft: &mut Draft) {
    draft.is_french = true;
    let (pairs, others) = pairs(text);
    for pair in pairs {
        let (line, key) = (pair.line, pair.key.as_str());
        let rule = match key.to_ascii_lowercase().as_str() {
            "seuil_cpu" => "cpu",
            "seuil_mem" | "seuil_memoire" | "seuil_ram" => "memory",
            "seuil_disk" | "seuil_disque" => "disk",
            "seuil_swap" => "swap",
            "mail_alert" => {
                draft.recipients(&pair.value, line, key);
                continue;
            }
            "last_alert" => {
                draft.note(line, key, "is state, not a setting: osmon remembers itself whom it told what");
                continue;
            }
            _ => {
                draft.note(line, key, "is unknown; see osmon config show --default for what can be set");
                continue;
            }
        };
        match percent(&pair.value) {
            Some(value) => {
                let hold = ("for", "0s".to_string());
                of_default_rule(draft, rule, &LimitOf { line, key, value, is_critical: false, hold });
            }
            None => draft.note(
                line,
                key,
                format!("is no percentage above 0 and up to 100; the default limit of rule.{rule} stays"),
            ),
        }
    }
    others.into_iter().for_each(|line| draft.note(line, "line", "is no setting KEY=value; left out"));
}
