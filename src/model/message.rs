//! What rules say of a value in words of osmon's, in French. What a person wrote himself stays as it is.

/// As `crisis` writes it, and in French; what is in braces is a value and begins with a digit. The longer ones come first.
const FRENCH: [(&str, &str); 8] = [
    ("{value} now, {limit} in about {left}", "{value} maintenant, {limit} dans environ {left}"),
    ("changed by {value} within {span}", "a changé de {value} en {span}"),
    ("{value} within {span}", "{value} en {span}"),
    (
        "{value}, at a new level since {time} (usual {usual})",
        "{value}, à un nouveau niveau depuis {time} (d’ordinaire {usual})",
    ),
    ("a spike to {value} (usual {usual})", "un pic à {value} (d’ordinaire {usual})"),
    ("it was a spike of {span}", "c’était un pic de {span}"),
    ("it was at another level for {span}", "c’était à un autre niveau pendant {span}"),
    (
        "it has been at a new level for {span}, which counts as usual now",
        "c’est à un nouveau niveau depuis {span}, qui compte désormais comme ordinaire",
    ),
];

/// A message in French, where osmon made it. `localized` writes a value as people of that language do.
pub fn french(message: &str, localized: impl Fn(&str) -> String) -> Option<String> {
    FRENCH.iter().find_map(|(english, french)| {
        let values = values(english, message)?;
        let fill = |text: String, (name, value): &(&str, &str)| {
            // Of what is usual there are two.
            text.replace(&format!("{{{name}}}"), &localized(value).replace(" to ", " à "))
        };
        Some(values.iter().fold((*french).to_string(), fill))
    })
}

/// The values of a text that was made from a pattern, by name.
fn values<'a>(pattern: &'a str, text: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let (begin, mut pattern) = pattern.split_once('{')?;
    let mut rest = text.strip_prefix(begin)?;
    let mut found = Vec::new();
    loop {
        let (name, after) = pattern.split_once('}')?;
        let (value, is_last) = match after.split_once('{') {
            Some((between, next)) => {
                let (value, behind) = rest.split_once(between)?;
                (rest, pattern) = (behind, next);
                (value, false)
            }
            None => (rest.strip_suffix(after)?, true),
        };
        found.push((name, Some(value).filter(|value| value.starts_with(|c: char| c.is_ascii_digit() || c == '-'))?));
        if is_last {
            return Some(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_osmon_says_is_french_and_what_a_person_wrote_is_not() {
        let cases = [
            ("92.5 % now, 100 % in about 4 h", Some("92,5 % maintenant, 100 % dans environ 4 h")),
            ("changed by 3 within 1 h", Some("a changé de 3 en 1 h")),
            ("4 within 30 min", Some("4 en 30 min")),
            ("a spike to 97 % (usual 3.1 % to 9 %)", Some("un pic à 97 % (d’ordinaire 3,1 % à 9 %)")),
            (
                "97 %, at a new level since 21:40 (usual 3 % to 9 %)",
                Some("97 %, à un nouveau niveau depuis 21:40 (d’ordinaire 3 % à 9 %)"),
            ),
            ("it was a spike of 4 min", Some("c’était un pic de 4 min")),
            ("92 % within limits", None),
            ("full, call me", None),
            ("", None),
        ];
        for (english, expected) in cases {
            assert_eq!(french(english, |value| value.replace('.', ",")).as_deref(), expected, "{english}");
        }
    }

    #[test]
    fn each_pattern_is_what_the_rules_write() {
        let source = include_str!("../crisis/step/words.rs");
        for (english, french) in FRENCH {
            let names = |text: &str| {
                let mut names: Vec<String> = text
                    .split('{')
                    .skip(1)
                    .map(|rest| rest.split('}').next().unwrap_or_default().to_string())
                    .collect();
                names.sort();
                names
            };
            assert_eq!(names(english), names(french), "{english}");
            for piece in english.split(['{', '}']).step_by(2).map(str::trim).filter(|piece| piece.len() > 1) {
                assert!(source.contains(piece), "no rule says {piece:?} of {english:?}");
            }
        }
    }
}
