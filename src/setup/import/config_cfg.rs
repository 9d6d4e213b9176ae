//! `config.cfg` of os-monitoring.

use super::draft::Draft;
use super::limits::of_threshold;
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
                draft.note(line, key, "is state, not a setting: osmon itself remembers whom it notified");
                continue;
            }
            _ => {
                draft.note(line, key, "is unknown; see osmon config show --default for what can be set");
                continue;
            }
        };
        of_threshold(draft, rule, &pair, false);
    }
    others.into_iter().for_each(|line| draft.note(line, "line", "is no setting KEY=value; left out"));
}
