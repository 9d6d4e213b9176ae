//! Suggestions for misspelled words.

use strsim::damerau_levenshtein;

/// The candidate closest to `word`, if it is close enough to be a typing error.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
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
        assert_eq!(hint("grahp", words), "; did you mean \"graph\"?");
    }
}
