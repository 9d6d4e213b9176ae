//! Tables and folded text for terminals.

use crate::base::text::fit;

/// Maximum width of a line, in characters.
pub const WIDTH: usize = 80;

/// A column: heading, width in characters, and whether it is right-aligned.
pub type Column = (&'static str, usize, bool);

/// Formats a row: cells are cut or padded to their columns and separated by two spaces.
pub fn row(columns: &[Column], cells: &[String]) -> String {
    let parts = columns.iter().zip(cells).map(|((_, width, right), cell)| {
        let cell = fit(cell, *width);
        if *right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    });
    parts.collect::<Vec<_>>().join("  ").trim_end().to_string()
}

/// Formats the row of headings.
pub fn head(columns: &[Column]) -> String {
    row(columns, &columns.iter().map(|(name, _, _)| (*name).to_string()).collect::<Vec<_>>())
}

/// Folds a text at spaces into lines of at most [`WIDTH`], with a hanging indent; words that are too long are cut.
pub fn fold(text: &str) -> Vec<String> {
    fold_to(text, WIDTH)
}

/// Folds a text into lines of at most `width` characters, as [`fold`].
pub fn fold_to(text: &str, width: usize) -> Vec<String> {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::replace(&mut line, " ".to_string()));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&fit(word, width - 3));
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_too_wide_and_no_word_is_lost() {
        let text = format!("{} {}", "word ".repeat(60), "x".repeat(200));
        let lines = fold(&text);
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{lines:?}");
        assert!(lines.iter().skip(1).all(|line| line.starts_with("  ") && !line.starts_with("   ")), "{lines:?}");
        assert_eq!(lines.join(" ").split_whitespace().filter(|word| *word == "word").count(), 60);
        assert_eq!(fold("short"), ["short"]);
    }
}
