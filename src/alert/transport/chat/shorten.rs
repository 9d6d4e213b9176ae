//! Shortens a text until its rendered message fits. The text is cut before it is escaped and measured afterwards, so no
//! cut falls within an escape.

use crate::model::locale::{Locale, key};

/// The text if it fits, else as many of its first lines as fit and a line that says how many are left out. A first line
/// that is too long by itself is cut.
pub fn shorten(text: &str, locale: Locale, fits: impl Fn(&str) -> bool) -> String {
    if fits(text) {
        return text.to_string();
    }
    let lines: Vec<&str> = text.lines().collect();
    let left_out = |count: usize| locale.count(key::MAIL_LEFT_OUT, count);
    let by_line = |count: usize| {
        let kept = lines.get(..count).unwrap_or_default().join("\n");
        format!("{}\n{}", kept.trim_end(), left_out(lines.len() - count))
    };
    let count = largest(lines.len().saturating_sub(1), |count| fits(&by_line(count)));
    if count > 0 {
        return by_line(count);
    }
    let first = lines.first().copied().unwrap_or_default();
    let rest = match lines.len() {
        0 | 1 => String::new(),
        count => format!("\n{}", left_out(count - 1)),
    };
    cut(first, |kept| fits(&format!("{kept}{rest}"))) + &rest
}

/// The text if it fits, else as many of its first characters as fit, and `…`.
pub fn cut(text: &str, fits: impl Fn(&str) -> bool) -> String {
    if fits(text) {
        return text.to_string();
    }
    let characters: Vec<char> = text.chars().collect();
    let kept = |count: usize| characters.iter().take(count).chain(&['…']).collect::<String>();
    kept(largest(characters.len().saturating_sub(1), |count| fits(&kept(count))))
}

/// The largest number up to `most` that fits, if every smaller one fits too; 0 if none does.
fn largest(most: usize, fits: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if fits(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

/// Length in UTF-16 code units: no chat program counts more than these for a text.
pub fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_lines_and_say_what_is_left_out() {
        let left = |count: usize| Locale::En.count(key::MAIL_LEFT_OUT, count);
        let text = "one\ntwo\n\nfour\n".to_string() + &"five".repeat(40);
        let shortened = |max: usize| shorten(&text, Locale::En, |text| units(text) <= max);
        assert_eq!(shortened(units(&text)), text);
        assert_eq!(shortened(units(&text) - 1), format!("one\ntwo\n\nfour\n{}", left(1)));
        assert_eq!(shortened(units(&left(2)) + 8), format!("one\ntwo\n{}", left(2)), "with the blank line");
        assert_eq!(shortened(units(&left(3)) + 7), format!("one\n{}", left(4)));
        assert_eq!(shortened(units(&left(4)) + 3), format!("o…\n{}", left(4)));
        assert_eq!(shorten("a 😀 b", Locale::En, |text| units(text) <= 5), "a 😀…");
        assert_eq!(shorten("a 😀 b", Locale::En, |text| units(text) <= 4), "a …");
        assert_eq!((largest(10, |count| count <= 7), largest(10, |_| true), largest(10, |_| false)), (7, 10, 0));
    }
}
