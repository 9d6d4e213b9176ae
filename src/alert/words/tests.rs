//! Each language says the same.

use super::*;

/// Names in braces, in order of the alphabet.
fn names(text: &str) -> Vec<&str> {
    let mut names: Vec<&str> = text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
    names.sort_unstable();
    names
}

/// Every string of a language, by the name of its field.
fn strings(words: &Words) -> Vec<(String, String)> {
    let text = format!("{words:#?}");
    let lines = text.lines().take_while(|line| !line.starts_with("    hints"));
    lines
        .filter_map(|line| line.trim().split_once(": "))
        .map(|(key, value)| (key.to_string(), value.trim_end_matches(',').trim_matches('"').to_string()))
        .collect()
}

#[test]
fn each_language_has_every_word_with_the_same_values_in_it() {
    let (english, french) = (strings(&EN), strings(&FR));
    assert!(english.len() > 55 && english.len() == french.len());
    for ((key, en), (other, fr)) in english.iter().zip(&french) {
        assert_eq!(key, other);
        assert!(!en.is_empty() && !fr.is_empty(), "{key}");
        assert_eq!(names(en), names(fr), "{key}");
        assert!(en != fr || ["so", "fired"].contains(&key.as_str()), "{key} is the same in both languages");
    }
    let begins = |words: &Words| words.hints.iter().map(|(begin, _)| *begin).collect::<Vec<_>>();
    assert_eq!(begins(&EN), begins(&FR));
}

#[test]
fn numbers_and_titles_in_french() {
    let words = of("fr");
    assert_eq!(words.value("cpu.busy_percent", 97.25), "97,2 %");
    assert_eq!(words.value("memory.used_bytes", 1.5 * 1024.0 * 1024.0), "1,5 Mio");
    assert_eq!(words.duration(367_200.0), "4 j 6 h");
    assert_eq!(words.title("File system /var fills up"), "Système de fichiers /var se remplit");
    assert_eq!(words.title("CPUs of mine"), "CPUs of mine");
    assert_eq!(fill("{a}{b} {none}", &[("a", "{b}"), ("b", "x")]), "{b}x ");
}
