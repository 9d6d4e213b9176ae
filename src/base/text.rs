//! Cleans untrusted text: a process can choose any name.

/// Maximum length of a name, in characters.
pub const NAME_MAX: usize = 80;
/// Longest name of a unit of systemd, in characters.
pub const UNIT_NAME_MAX: usize = 255;

/// Makes bytes safe to store and print: invalid UTF-8, control and bidirectional formatting characters become U+FFFD, and
/// text longer than `max` characters is cut and ends in `…`.
pub fn clean_bytes(bytes: &[u8], max: usize) -> String {
    clean(&String::from_utf8_lossy(bytes), max)
}

/// Like [`clean_bytes`], for text.
pub fn clean(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max.saturating_mul(4)));
    for (count, c) in text.chars().enumerate() {
        if count == max {
            out.pop();
            out.push('…');
            break;
        }
        out.push(if is_hostile(c) { '\u{FFFD}' } else { c });
    }
    out
}

/// Control characters (C0, C1), line separators, and characters that reorder text on screen.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// Returns whether a text has no hostile characters other than line ends.
pub fn is_plain(text: &str) -> bool {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let bytes = text.as_bytes();
    let mut at = 0;
    for chunk in bytes.chunks(8) {
        // Eight bytes at once: is one of them below a space, DEL or not ASCII?
        let word = <[u8; 8]>::try_from(chunk).map(u64::from_le_bytes).unwrap_or(0);
        let is_simple = (word.wrapping_sub(EACH * 0x20) | word | word.wrapping_add(EACH)) & (EACH * 0x80) == 0;
        if !is_simple && !(at..at + chunk.len()).all(|at| is_plain_at(text, at)) {
            return false;
        }
        at += chunk.len();
    }
    true
}

/// Returns whether the character that begins at a byte is not hostile; true within a character.
fn is_plain_at(text: &str, at: usize) -> bool {
    text.get(at..).and_then(|rest| rest.chars().next()).is_none_or(|c| c == '\n' || !is_hostile(c))
}

/// Formats a count with its noun: `1 problem`, `2 problems`.
pub fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// Cuts a text to `width` characters; a cut text ends in `…`.
pub fn fit(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_string();
    }
    let mut out: String = text.chars().take(width.saturating_sub(1)).collect();
    out.push('…');
    out
}

/// A word quoted for a shell if necessary.
pub fn shell_word(word: &str) -> String {
    let is_plain = word.chars().all(|c| c.is_alphanumeric() || ":/._-,@+=%".contains(c));
    if is_plain { word.to_string() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// Undoes the kernel's `\040` for space, tab, newline and backslash.
pub fn unescape(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        let code = match (first, after) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..]) => {
                Some((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'))
            }
            _ => None,
        };
        out.push(code.unwrap_or(*first));
        rest = if code.is_some() { after.get(3..).unwrap_or(&[]) } else { after };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_characters_are_found_at_every_offset() {
        for at in 0..20 {
            let pad = "x".repeat(at);
            for good in ["é", "–", "\n", "~", "€ 😀"] {
                assert!(is_plain(&format!("{pad}{good}yyyyyyyyyy")), "{good:?} at {at}");
            }
            for bad in ["\u{202e}", "\u{1b}", "\u{7f}", "\u{85}", "\u{feff}", "\0", "\t", "\u{2066}"] {
                assert!(!is_plain(&format!("{pad}{bad}yyyyyyyyyy")), "{bad:?} at {at}");
            }
        }
    }

    #[test]
    fn hostile_names_are_cleaned() {
        let cases: [(&[u8], &str); 6] = [
            (b"nginx", "nginx"),
            (b"a b) c\n", "a b) c\u{FFFD}"),
            (b"\x1b[31mred", "\u{FFFD}[31mred"),
            (b"caf\xe9", "caf\u{FFFD}"),
            ("evil\u{202E}txt".as_bytes(), "evil\u{FFFD}txt"),
            ("é€".as_bytes(), "é€"),
        ];
        for (input, expected) in cases {
            assert_eq!(clean_bytes(input, NAME_MAX), expected);
        }
        assert_eq!(clean(&"x".repeat(200), 10), format!("{}…", "x".repeat(9)));
        assert_eq!(clean(&"x".repeat(10), 10), "x".repeat(10));
    }
}
