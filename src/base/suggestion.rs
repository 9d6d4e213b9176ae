//! Suggestions for misspelled words.

use strsim::damerau_levenshtein;

/// Shortest word that is taken for the beginning of a longer one, in bytes.
const PREFIX_MIN: usize = 3;

/// The candidate that begins with `word`, the shortest of several; else the closest one, if it is close enough to be a
/// typing error.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let is_begun = |candidate: &&&str| word.len() >= PREFIX_MIN && candidate.starts_with(word);
    if let Some(whole) = candidates.iter().filter(is_begun).min_by_key(|candidate| candidate.len()) {
        return Some(whole);
    }
    candidates
        .into_iter()
        .map(|candidate| (damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(word.len()) / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

/// `; did you mean "probe"?`, or an empty text.
pub fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    closest(word, candidates).map_or_else(String::new, |found| format!("; did you mean \"{found}\"?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_word_is_found_and_another_is_not() {
        let words = ["probe", "graph", "restore", "detect-crisis"];
        assert_eq!(closest("prboe", words), Some("probe"));
        assert_eq!(closest("detect-crysis", words), Some("detect-crisis"));
        assert_eq!(closest("zzzz", words), None);
        assert_eq!(closest("", words), None);
        assert_eq!(closest("warn", ["when", "warning", "warning_clear"]), Some("warning"));
        assert_eq!(hint("grahp", words), "; did you mean \"graph\"?");
    }
}
