//! The titles of the rules that osmon ships, in French. What a person wrote himself stays as it is.

/// English titles as `data/osmon.toml` and osmon itself write them, and the French ones; of those that begin alike the
/// longer one comes first. `{mount}` and `{service}` stand for a label; nothing else is put in.
const FRENCH: [(&str, &str); 21] = [
    ("CPU", "Processeur"),
    ("Memory", "Mémoire"),
    ("Swap", "Mémoire d’échange"),
    ("Load per core", "Charge par cœur"),
    ("Waiting for disks", "Attente des disques"),
    ("CPU time given to other guests", "Temps processeur donné à d’autres invités"),
    ("Processes ended for lack of memory", "Processus terminés faute de mémoire"),
    ("Table of tracked connections", "Table des connexions suivies"),
    ("Open files of the host", "Fichiers ouverts de l’hôte"),
    ("File system {mount} fills up", "Système de fichiers {mount} se remplit"),
    ("File system {mount} switched to read-only", "Système de fichiers {mount} passé en lecture seule"),
    ("File system {mount}", "Système de fichiers {mount}"),
    ("Inodes of {mount}", "Inodes de {mount}"),
    ("Service {service} failed", "Service {service} en échec"),
    ("Service {service} crashes in a loop", "Service {service} plante en boucle"),
    ("CPU unusual for this hour", "Processeur inhabituel pour cette heure"),
    ("Memory unusual for this hour", "Mémoire inhabituelle pour cette heure"),
    ("Number of processes unusual for this hour", "Nombre de processus inhabituel pour cette heure"),
    ("osmon records nothing", "osmon n’enregistre rien"),
    (
        "osmon run found another one still at work, runs in a row:",
        "osmon run en a trouvé un autre encore au travail, de suite :",
    ),
    ("something", "quelque chose"), // of which nothing is known
];
/// What no rule measures any more: of one thing, or of several.
const UNMEASURED: &str = "Not measured any more: ";

/// A title in French, where it is one of those that osmon ships.
pub fn french(title: &str) -> Option<String> {
    if let Some(rest) = title.strip_suffix(" is gone") {
        return Some(format!("{} n’existe plus", french(rest)?));
    }
    if let Some(rest) = title.strip_prefix(UNMEASURED) {
        return Some(format!("N’est plus mesuré : {}", unmeasured(rest)));
    }
    FRENCH.iter().find_map(|(english, french)| {
        let Some((begin, (label, end))) =
            english.split_once('{').and_then(|(begin, rest)| Some((begin, rest.split_once('}')?)))
        else {
            return (title == *english).then(|| (*french).to_string());
        };
        let value = title.strip_prefix(begin)?.strip_suffix(end)?;
        is_such(label, value).then(|| french.replace(&format!("{{{label}}}"), value))
    })
}

/// Whether a text can be the value of a label: more than that, and a title of one's own could be taken for a shipped one.
fn is_such(label: &str, value: &str) -> bool {
    match label {
        "mount" => value.starts_with('/'),
        _ => !value.is_empty() && !value.contains(char::is_whitespace),
    }
}

/// `CPU and 2 more: permission denied`, `CPU`.
fn unmeasured(text: &str) -> String {
    let of = |title: &str| french(title).unwrap_or_else(|| title.to_string());
    if let Some((first, rest)) = text.split_once(" and ")
        && let Some((count, reason)) = rest.split_once(" more")
        && count.parse::<u32>().is_ok()
    {
        return format!("{} et {count} de plus{}", of(first), spaced(reason));
    }
    match text.split_once(": ") {
        Some((first, reason)) => format!("{} : {reason}", of(first)),
        None => of(text),
    }
}

fn spaced(reason: &str) -> String {
    reason.strip_prefix(": ").map_or(reason.to_string(), |reason| format!(" : {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_rule_has_a_french_title() {
        let shipped: toml::Table = toml::from_str(include_str!("../../data/osmon.toml")).unwrap();
        let rules = shipped["rule"].as_table().unwrap();
        assert!(rules.len() > 15);
        for (name, rule) in rules {
            let pattern = rule["title"].as_str().unwrap();
            let title = pattern.replace("{mount}", "/var lib").replace("{service}", "a-b@c.service");
            assert!(!title.contains('{'), "{name}: {pattern} has a label that is not known here");
            let french = french(&title).unwrap_or_else(|| panic!("{name}: {title:?} has no French title"));
            assert!(french != title && french.contains("/var lib") == title.contains("/var lib"), "{name}: {french}");
        }
    }

    #[test]
    fn what_osmon_ships_is_french_and_what_a_person_wrote_is_not() {
        let cases = [
            ("CPU", Some("Processeur")),
            ("File system /var", Some("Système de fichiers /var")),
            ("File system /var fills up", Some("Système de fichiers /var se remplit")),
            ("File system /a b is gone", Some("Système de fichiers /a b n’existe plus")),
            ("Service nginx.service failed", Some("Service nginx.service en échec")),
            ("Not measured any more: CPU", Some("N’est plus mesuré : Processeur")),
            (
                "Not measured any more: CPU and 2 more: permission denied",
                Some("N’est plus mesuré : Processeur et 2 de plus : permission denied"),
            ),
            ("Not measured any more: Mine: gone: x", Some("N’est plus mesuré : Mine : gone: x")),
            ("CPUs of mine", None),
            ("CPU of the database", None),
            ("File system of mine", None),
            ("Service of mine failed", None),
            ("Mine is gone", None),
            ("", None),
        ];
        for (english, expected) in cases {
            assert_eq!(french(english).as_deref(), expected, "{english}");
        }
    }
}
