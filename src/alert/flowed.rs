//! Plain text whose paragraphs may be joined and wrapped again by a mail program (RFC 3676, `format=flowed`).

/// Longest line, in characters, with the space that marks that it goes on.
const WIDTH: usize = 72;

/// Breaks the lines of a text at spaces. A broken line ends in a space; words that are longer than a line stay whole.
pub fn flowed(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        match line {
            "-- " => out.push_str(line),
            _ => wrap(line.trim_end_matches(' '), &mut out),
        }
    }
    out
}

fn wrap(line: &str, out: &mut String) {
    if line.chars().count() <= WIDTH {
        return begin(line, out);
    }
    let mut current = String::new();
    for word in line.split(' ') {
        let length = current.chars().count() + word.chars().count();
        if !current.is_empty() && length + 2 > WIDTH {
            begin(&current, out);
            out.push_str(" \n");
            current.clear();
        } else if !current.is_empty() {
            current.push(' ');
        }
        current.push_str(word);
    }
    begin(&current, out);
}

/// A line that could be mistaken for a quotation or a header begins with a space, which a reader removes.
fn begin(line: &str, out: &mut String) {
    if line.starts_with([' ', '>']) || line.starts_with("From ") {
        out.push(' ');
    }
    out.push_str(line);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The text as a mail program shows it.
    fn joined(text: &str) -> String {
        let mut out = String::new();
        for line in text.split('\n') {
            out.push_str(line.strip_prefix(' ').unwrap_or(line));
            if !line.ends_with(' ') || line == "-- " {
                out.push('\n');
            }
        }
        out.truncate(out.len() - 1);
        out
    }

    #[test]
    fn long_lines_are_broken_at_spaces_and_the_signature_is_kept() {
        let long = "Check its log: systemctl status shop.service, journalctl -u shop.service -e, and the host";
        let text = flowed(&format!("{long}\n{}\n> x\nFrom y\n\n-- \nz", "x".repeat(100)));
        let lines: Vec<&str> = text.split('\n').collect();
        assert_eq!(lines[0], "Check its log: systemctl status shop.service, journalctl -u ");
        assert_eq!(lines[1], "shop.service -e, and the host");
        assert_eq!(&lines[2..], [&*"x".repeat(100), " > x", " From y", "", "-- ", "z"]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(line in "[a-zé>]{1,9}( [a-zé>]{1,90}){0,40}") {
            let text = flowed(&line);
            prop_assert_eq!(joined(&text), line);
            for part in text.split('\n') {
                prop_assert!(part.chars().count() <= WIDTH + 1 || !part.trim().contains(' '), "{:?}", part);
            }
        }
    }
}
