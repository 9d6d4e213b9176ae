//! States in words, such as `degraded: 1 of 2 members missing`, in the language of the reader. They are stored in English;
//! `[label]` of a language has them with `{}` for numbers, spans and names.

use super::Locale;

/// What separates parts that are translated one by one, outermost first.
const SEPARATORS: [&str; 3] = ["; ", ": ", ", "];
/// Units that belong to the number before them.
const UNITS: [&str; 5] = ["s", "min", "h", "d", "ms"];

/// Words with placeholders, and what stands in their place.
struct Form<'a> {
    text: String,
    values: Vec<&'a str>,
}

impl Locale {
    /// A state in words; parts that this language does not know remain as they are.
    pub fn state(self, english: &str) -> String {
        self.translated(english).unwrap_or_else(|| english.to_string())
    }

    fn translated(self, english: &str) -> Option<String> {
        if let Some(whole) = forms(english).into_iter().find_map(|form| self.filled(&form)) {
            return Some(whole);
        }
        let (separator, (before, after)) =
            SEPARATORS.iter().find_map(|separator| Some((separator, english.split_once(separator)?)))?;
        let (left, right) = (self.translated(before), self.translated(after));
        if left.is_none() && right.is_none() {
            return None;
        }
        let left = left.unwrap_or_else(|| before.to_string());
        Some(format!("{left}{}{}", self.label(separator), right.unwrap_or_else(|| after.to_string())))
    }

    fn filled(self, form: &Form<'_>) -> Option<String> {
        let text = self.label(&form.text);
        if text == form.text {
            return None;
        }
        let mut values = form.values.iter();
        let mut parts = text.split("{}");
        let mut filled = parts.next()?.to_string();
        for part in parts {
            let value = values.next()?;
            let is_figure = value.split(' ').all(|word| UNITS.contains(&word) || word.parse::<f64>().is_ok());
            filled += &if is_figure { self.figures(value) } else { (*value).to_string() };
            filled += part;
        }
        Some(filled)
    }
}

/// A text with its numbers as placeholders; then also with its first, second or last word, or the first and the last, which
/// may be names.
fn forms(text: &str) -> [Form<'_>; 5] {
    [(None, false), (Some(0), false), (None, true), (Some(1), false), (Some(0), true)]
        .map(|(name, with_last)| form(text, name, with_last))
}

/// `name` is the number of a word that is a name, beside the last one.
fn form(text: &str, name: Option<usize>, with_last: bool) -> Form<'_> {
    let mut form = Form { text: String::new(), values: Vec::new() };
    let mut rest = text;
    let mut number = 0;
    while !rest.is_empty() {
        let end = word_end(rest);
        let (word, _) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let core_start = usize::from(word.starts_with('('));
        let core = word.get(core_start..).unwrap_or_default().trim_end_matches([',', ')']);
        let is_name = name == Some(number) || (with_last && end == rest.len());
        let length = if core.starts_with(|c: char| c.is_ascii_digit()) {
            span_length(rest.get(core_start..).unwrap_or_default(), core.len())
        } else if is_name {
            core.len()
        } else {
            0
        };
        let until = if length > 0 {
            form.text += rest.get(..core_start).unwrap_or_default();
            form.text += "{}";
            form.values.extend(rest.get(core_start..core_start + length));
            core_start + length
        } else {
            form.text += word;
            end
        };
        rest = rest.get(until..).unwrap_or_default();
        // What follows the word: punctuation, and the blank.
        let next = rest.find(' ').map_or(rest.len(), |at| at + 1);
        form.text += rest.get(..next).unwrap_or_default();
        rest = rest.get(next..).unwrap_or_default();
        number += 1;
    }
    form
}

/// The length of a number with its unit, and of more of them: `1 h 6 min`.
fn span_length(text: &str, number: usize) -> usize {
    let Some(after) = text.get(number..).and_then(|rest| rest.strip_prefix(' ')) else { return number };
    let unit = after.get(..word_end(after)).unwrap_or_default();
    let core = unit.trim_end_matches([',', ')']);
    if !UNITS.contains(&core) {
        return number;
    }
    let length = number + 1 + core.len();
    let next = text.get(length..).and_then(|rest| rest.strip_prefix(' '));
    let Some(next) = next.filter(|next| next.starts_with(|c: char| c.is_ascii_digit())) else { return length };
    match span_length(next, word_end(next)) {
        // A number without a unit is another one.
        only if only == word_end(next) => length,
        more => length + 1 + more,
    }
}

fn word_end(text: &str) -> usize {
    text.find(' ').unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_spans_and_names_are_kept() {
        for (english, template, values) in [
            ("1 running, at least 12 required", "{} running, at least {} required", vec!["1", "12"]),
            ("1 h 6 min old, at most 1 d", "{} old, at most {}", vec!["1 h 6 min", "1 d"]),
            ("0.25 ms ahead (3 %)", "{} ahead ({} %)", vec!["0.25 ms", "3"]),
            ("2 s 3 members", "{} {} members", vec!["2 s", "3"]),
        ] {
            let form = form(english, None, false);
            assert_eq!((form.text.as_str(), form.values), (template, values), "{english}");
        }
        assert_eq!(form("db.gz does not exist", Some(0), false).values, ["db.gz"]);
        assert_eq!(form("no file matches *.gz", None, true).text, "no file matches {}");
    }

    #[test]
    fn parts_are_translated_one_by_one() {
        for (english, french) in [
            ("running", "actifs"),
            ("0 running, at least 2 required", "0 actifs, 2 au moins requis"),
            ("1 d 2 h old, at most 26 h", "âge\u{a0}: 1\u{a0}j 2\u{a0}h, au plus 26\u{a0}h"),
            (
                "missing: x.gz does not exist; the last one is 3 h old",
                "absent\u{a0}: x.gz n’existe pas\u{a0}; le dernier date d’il y a 3\u{a0}h",
            ),
            ("0.4 ms behind its source (chrony)", "en retard de 0,4\u{a0}ms sur sa source (chrony)"),
            ("path sdc failed, path sdd failed", "chemin sdc en panne, chemin sdd en panne"),
            ("/dev/sdb1 on /srv/data", "/dev/sdb1 sur /srv/data"),
            ("something else; entirely: unknown", "something else; entirely: unknown"),
        ] {
            assert_eq!(Locale::Fr.state(english), french);
            assert_eq!(Locale::En.state(english), english);
        }
    }

    #[test]
    fn states_of_devices_and_timers_have_no_english_left() {
        for (english, french) in [
            (
                "degraded: 1 of 2 members missing, rebuilding (12.6 %)",
                "dégradé\u{a0}: membres manquants\u{a0}: 1 sur 2, reconstruction (12,6\u{a0}%)",
            ),
            (
                "degraded: 1 of 2 members missing, waiting for the rebuild",
                "dégradé\u{a0}: membres manquants\u{a0}: 1 sur 2, en attente de la reconstruction",
            ),
            ("active, being checked (3.5 %)", "active, vérification en cours (3,5\u{a0}%)"),
            ("active, being reshaped (3 %)", "active, restructuration en cours (3\u{a0}%)"),
            ("active, waiting for its resync", "active, en attente de sa resynchronisation"),
            ("active, resyncing (0.1 %)", "active, resynchronisation en cours (0,1\u{a0}%)"),
            ("complete, with a failed device", "complète, avec un périphérique en panne"),
            ("metadata needs a check", "métadonnées à vérifier"),
            ("out of data space", "espace de données épuisé"),
            ("read-only", "lecture seule"),
            ("failed", "en échec"),
            ("1 of 2 paths failed", "chemins en panne\u{a0}: 1 sur 2"),
            ("no paths", "aucun chemin"),
            ("online, scrub in progress (12.5 %)", "en ligne, vérification (scrub) en cours (12,5\u{a0}%)"),
            ("degraded, resilver in progress", "dégradé, reconstruction (resilver) en cours"),
            (
                "sdb: faulted, 3 read errors, 1230 write errors; sdc: 7 checksum errors",
                "sdb\u{a0}: en panne, erreurs de lecture\u{a0}: 3, erreurs d’écriture\u{a0}: 1230\u{a0}; sdc\u{a0}: erreurs de somme de contrôle\u{a0}: 7",
            ),
            (
                "device 2 missing; device 1: 3 write errors, 12 corruption errors",
                "périphérique 2 manquant\u{a0}; périphérique 1\u{a0}: erreurs d’écriture\u{a0}: 3, erreurs de corruption\u{a0}: 12",
            ),
            (
                "2 unreadable sectors, 8 reallocated sectors, 94 % worn, too hot (71.5 °C)",
                "secteurs illisibles\u{a0}: 2, secteurs réalloués\u{a0}: 8, usé à 94\u{a0}%, trop chaud (71,5\u{a0}°C)",
            ),
            (
                "not readable: smartctl did not answer within 2200 ms",
                "illisible\u{a0}: smartctl n’a pas répondu en 2200\u{a0}ms",
            ),
            ("answers", "répond"),
            ("idle", "inactif"),
            ("does not answer", "ne répond pas"),
            ("3 corrected, 0 uncorrected", "erreurs corrigées\u{a0}: 3, non corrigées\u{a0}: 0"),
            ("was due, and systemd did not start it", "exécution due, mais systemd ne l’a pas lancée"),
            ("stopped, although it is enabled", "arrêté, bien qu’il soit activé"),
            (
                "its last run does not end: backup.service",
                "sa dernière exécution ne se termine pas\u{a0}: backup.service",
            ),
            (
                "has no next run: it counts from a run of backup.service, and there was none",
                "pas de prochaine exécution\u{a0}: elle dépend d’une exécution de backup.service, et il n’y en a eu aucune",
            ),
            ("failed (exit-code): /dev/sdb1 on /srv/data", "en échec (exit-code)\u{a0}: /dev/sdb1 sur /srv/data"),
            ("its job is waiting; in progress: a.service", "sa tâche est en attente\u{a0}; en cours\u{a0}: a.service"),
            ("no file matches *.gz", "aucun fichier ne correspond à *.gz"),
            ("rsync ended with status 23", "rsync s’est terminé avec le code 23"),
        ] {
            assert_eq!(Locale::Fr.state(english), french);
        }
    }

    proptest! {
        #[test]
        fn any_state(text in "([a-z(),;:%.]{0,8}|[0-9.]{1,4}| |min|h|running|\\PC){0,30}") {
            prop_assert_eq!(Locale::En.state(&text), text.clone());
            prop_assert!(Locale::Fr.state(&text).chars().count() <= 400 + text.chars().count() * 8);
        }
    }
}
