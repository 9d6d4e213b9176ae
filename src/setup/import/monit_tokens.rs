//! The words of a `monitrc`.

/// A word with its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its line, from 1.
    pub line: usize,
    /// It is the first one of its line.
    pub is_first: bool,
    /// It was written in quotes.
    pub is_quoted: bool,
    /// The word.
    pub text: String,
}

impl Word {
    /// Returns whether it is this keyword.
    pub fn is(&self, keyword: &str) -> bool {
        !self.is_quoted && self.text.eq_ignore_ascii_case(keyword)
    }
}

/// The words of a text. Parentheses, braces and commas are dropped; operators are words; texts in quotes may span lines.
pub fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let (mut line, mut is_first) = (1, true);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (length, word, is_quoted) = match c {
            '#' => (rest.find('\n').unwrap_or(rest.len()), "", false),
            '"' | '\'' => {
                let inner = rest.get(1..).unwrap_or_default();
                let end = inner.find(c).unwrap_or(inner.len());
                ((end + 2).min(rest.len()), inner.get(..end).unwrap_or_default(), true)
            }
            '>' | '<' | '=' | '!' => {
                let end = rest.find(|c| !"<>=!".contains(c)).unwrap_or(rest.len());
                (end, rest.get(..end).unwrap_or_default(), false)
            }
            _ if c.is_whitespace() || "(){}[],;".contains(c) => (c.len_utf8(), "", false),
            _ => {
                let is_end = |c: char| c.is_whitespace() || "(){}[],;<>=!\"#".contains(c);
                let end = rest.find(is_end).unwrap_or(rest.len());
                (end, rest.get(..end).unwrap_or_default(), false)
            }
        };
        if is_quoted || !word.is_empty() {
            found.push(Word { line, is_first, is_quoted, text: word.to_string() });
            is_first = false;
        }
        let (passed, after) = rest.split_at_checked(length.max(1)).unwrap_or((rest, ""));
        let lines = passed.matches('\n').count();
        line += lines;
        is_first |= lines > 0 && !is_quoted;
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_know_their_line() {
        let found = words("set daemon 60 # poll\nif loadavg (1min) >= 4.5 then\n alert\nset x \"a # b\nc\" y\n'open");
        let found: Vec<String> = found
            .iter()
            .map(|word| format!("{}{}{}", word.line, if word.is_first { "^" } else { " " }, word.text))
            .collect();
        assert_eq!(
            found,
            [
                "1^set",
                "1 daemon",
                "1 60",
                "2^if",
                "2 loadavg",
                "2 1min",
                "2 >=",
                "2 4.5",
                "2 then",
                "3^alert",
                "4^set",
                "4 x",
                "4 a # b\nc",
                "5 y",
                "6^open"
            ]
        );
    }
}
