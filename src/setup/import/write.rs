//! The settings as the text of `osmon.toml`.

use super::config_text;
use super::draft::{Draft, Imported, Note, Setting};
use crate::base::sort::SmallSort;
use std::fmt::Write;
use toml::Value;

/// Rounds of leaving out what is not accepted; one may make another one incomplete.
const ROUNDS: usize = 20;
/// Sections in the order of the documented configuration; others follow.
const ORDER: [&str; 5] = ["probe", "report", "alert", "alert.smtp", "alert.sendmail"];

/// Makes the text. Settings that osmon does not accept are left out, with a note.
pub fn write(mut draft: Draft) -> Imported {
    for default in ["disk", "inodes"] {
        let own: Vec<_> = draft.own_mounts.iter().filter(|(rule, _, _)| rule == default).cloned().collect();
        let Some((_, metric, _)) = own.first() else { continue };
        let patterns: Vec<String> = own.iter().map(|(_, _, mount)| format!("mount!=\"{mount}\"")).collect();
        let value = Value::String(format!("{metric}{{{}}}", patterns.join(", ")));
        let place = "the rules of single file systems".to_string();
        draft.settings.push(Setting { section: format!("rule.{default}"), key: "metric".to_string(), value, place });
    }
    for _ in 0..ROUNDS {
        let refused = config_text::refused(&text(&draft));
        if refused.is_empty() {
            break;
        }
        for (path, message) in refused {
            let is_it = |setting: &Setting| {
                let full: Vec<&str> = setting.section.split('.').chain([setting.key.as_str()]).collect();
                full.iter().zip(&path).all(|(a, b)| a == b)
            };
            let (out, kept) = draft.settings.into_iter().partition(is_it);
            draft.settings = kept;
            let out: Vec<Setting> = out;
            draft.notes.extend(out.into_iter().map(|setting| Note {
                place: setting.place,
                key: format!("[{}] {}", setting.section, setting.key),
                message: format!("{message}; left out"),
            }));
        }
    }
    // A secret whose key was left out belongs to nothing.
    draft.secrets.retain(|secret| {
        let path = Value::String(secret.path.display().to_string());
        draft.settings.iter().any(|setting| setting.value == path)
    });
    draft.notes.arrange_by(|a, b| place(&a.place).cmp(&place(&b.place)));
    Imported { text: text(&draft), notes: draft.notes, secrets: draft.secrets }
}

/// File and line of a place, to sort by.
fn place(text: &str) -> (&str, usize) {
    let (file, line) = text.rsplit_once(':').unwrap_or((text, ""));
    (file, line.parse().unwrap_or(0))
}

fn text(draft: &Draft) -> String {
    let mut out =
        "# osmon.toml, made by osmon config import. osmon config show --default explains every key.\n".to_string();
    let mut sections: Vec<&str> = ORDER.to_vec();
    for setting in &draft.settings {
        if !sections.contains(&setting.section.as_str()) {
            sections.push(&setting.section);
        }
    }
    for section in sections {
        let settings: Vec<&Setting> = draft.settings.iter().filter(|setting| setting.section == section).collect();
        let is_proposal = draft.is_french && ["report", "alert"].contains(&section);
        if settings.is_empty() && !is_proposal {
            continue;
        }
        // Writing to a text cannot fail.
        let _ = writeln!(out, "\n[{section}]");
        if is_proposal {
            out.push_str("# The files are in French; for a French page and French mails:\n# language = \"fr\"\n");
        }
        for setting in settings {
            let line = format!("{} = {}", setting.key, setting.value);
            let _ = writeln!(out, "{line:<40} # {}", setting.place);
        }
    }
    if !draft.notes.is_empty() {
        out.push_str("\n# Not taken over:\n");
        draft.notes.iter().for_each(|note| {
            let _ = writeln!(out, "# {note}");
        });
    }
    out
}
