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

/// Folds a text at spaces into lines of at most [`WIDTH`], with a hanging indent; words that are too long are broken.
pub fn fold(text: &str) -> Vec<String> {
    fold_to(text, WIDTH)
}

/// Folds a text into lines of at most `width` characters, as [`fold`]. Codes of colours have no width.
pub fn fold_to(text: &str, width: usize) -> Vec<String> {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split_whitespace().flat_map(|word| pieces(word, width.saturating_sub(3).max(1))) {
        if !line.is_empty() && shown_width(&line) + 1 + shown_width(&word) > width {
            lines.push(std::mem::replace(&mut line, " ".to_string()));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines.push(line);
    lines
}

/// A text behind `head`, folded at [`WIDTH`]: what follows stands below its beginning.
pub fn fold_behind(head: &str, text: &str) -> String {
    let indent = shown_width(head);
    if indent + shown_width(text) <= WIDTH {
        return format!("{head}{text}");
    }
    let mut lines = fold_to(text, WIDTH.saturating_sub(indent)).into_iter();
    let first = format!("{head}{}", lines.next().unwrap_or_default());
    let rest = lines.map(|line| match indent {
        0 => line,
        _ => format!("{:indent$}{}", "", line.trim_start()),
    });
    std::iter::once(first).chain(rest).collect::<Vec<_>>().join("\n")
}

/// Number of characters that a terminal shows of a text.
pub fn shown_width(text: &str) -> usize {
    let mut is_code = false;
    text.chars().filter(|c| is_shown(*c, &mut is_code)).count()
}

/// Returns whether a character is shown, and notes whether a code of a colour has begun.
fn is_shown(c: char, is_code: &mut bool) -> bool {
    let was_code = *is_code;
    *is_code = c == '\x1b' || (was_code && !c.is_ascii_alphabetic());
    !was_code && c != '\x1b'
}

/// A word in pieces of at most `width` characters.
fn pieces(word: &str, width: usize) -> Vec<String> {
    let (mut pieces, mut piece, mut shown, mut is_code) = (Vec::new(), String::new(), 0, false);
    for c in word.chars() {
        if is_shown(c, &mut is_code) {
            if shown == width {
                pieces.push(std::mem::take(&mut piece));
                shown = 0;
            }
            shown += 1;
        }
        piece.push(c);
    }
    pieces.push(piece);
    pieces
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
        assert_eq!(lines.concat().matches('x').count(), 200, "a long word is broken, not cut");
        assert_eq!(fold("short"), ["short"]);
    }

    #[test]
    fn codes_of_colours_have_no_width() {
        let painted = "\u{1b}[1;31mCRITICAL\u{1b}[0m";
        assert_eq!((shown_width(painted), shown_width("CPU 97 %")), (8, 8));
        assert_eq!(fold_to(&format!("{painted} {painted}"), 17), [format!("{painted} {painted}")]);
        assert_eq!(fold_to(&format!("{painted} {painted}"), 16).len(), 2);
        assert_eq!(fold_to(painted, 7).concat().replace("  ", ""), painted, "no code is broken");
    }
}
