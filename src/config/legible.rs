//! What of a text is TOML, when not all of it is.

use super::despite::close;
use toml::{Table, Value};

/// Lines and sections that are left out, at most.
const LEFT_OUT: usize = 100;

/// The table of a text without the lines that are no TOML, and whether it is the whole text. Of a way, a route or a rule
/// the section goes whole: half of it would be another one. So does a section whose own line is broken, for its keys
/// would go to the one before. `None`: nothing helps.
pub(super) fn legible(text: &str) -> Option<(Table, bool)> {
    let mut text = text.to_string();
    let mut closed: Vec<&str> = Vec::new();
    for attempt in 0..LEFT_OUT {
        let error = match toml::from_str::<Table>(&text) {
            Ok(mut table) => {
                if let Some(Value::Table(alert)) = table.get_mut("alert") {
                    closed.iter().for_each(|way| close(alert, way));
                }
                return Some((table, attempt == 0));
            }
            Err(error) => error,
        };
        let at = error.span().map_or(text.len(), |span| span.start.min(text.len()));
        let begin = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
        let line = text.get(begin..)?.split('\n').next()?;
        let section = section(text.get(..begin + line.len())?);
        let (from, until) = match section {
            // A text that does not end begins somewhere in the section.
            Some((from, name)) if line.trim().is_empty() || line.trim_start().starts_with('[') || is_whole(name) => {
                closed.extend(["smtp", "sendmail"].into_iter().filter(|way| name == format!("alert.{way}")));
                (from, next(&text, begin + line.len()))
            }
            _ if line.trim().is_empty() => (0, text.len()),
            _ => (begin, begin + line.len()),
        };
        text.replace_range(from..until, "");
    }
    None
}

fn is_whole(section: &str) -> bool {
    ["alert.smtp", "alert.sendmail"].contains(&section)
        || ["alert.route.", "rule."].iter().any(|head| section.starts_with(head))
}

/// The last `[section]` line of a text: where it begins, and its name.
fn section(text: &str) -> Option<(usize, &str)> {
    let mut end = text.len();
    for line in text.rsplit('\n') {
        let begin = end - line.len();
        if is_head(line) {
            return Some((begin, line.trim().trim_matches(['[', ']']).trim()));
        }
        end = begin.saturating_sub(1);
    }
    None
}

/// Where the next `[section]` line begins.
fn next(text: &str, from: usize) -> usize {
    let mut at = from;
    for line in text.get(from..).unwrap_or_default().split_inclusive('\n') {
        if at > from && is_head(line) {
            return at;
        }
        at += line.len();
    }
    text.len()
}

/// Not a line of a list in brackets.
fn is_head(line: &str) -> bool {
    line.trim_start().starts_with('[') && !line.contains(['"', '\'', ',', '='])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_no_toml_are_left_out() {
        for (text, left) in [
            ("a = 1\nb = = 2\nc = 3\n", "a = 1\nc = 3\n"),
            ("a = 1\nwhat is this\nc = 3", "a = 1\nc = 3\n"),
            ("[x]\na = 1\n[y\na = 2\nb = 3\n  [z]\nc = 3\n", "[x]\na = 1\n\n[z]\nc = 3\n"),
            ("[x]\na = \"open\nb = 2\n", "[x]\nb = 2\n"),
            ("a = 1\na = 2\n", "a = 1\n"),
            ("[x]\na = 1\n[y]\nb = \"\"\"open\n", "[x]\na = 1\n"),
            ("[rule.cpu]\nwarning = 5\nfor = 3m\n[x]\na = 1\n", "[x]\na = 1\n"),
            ("[alert]\nto = [\"a@b.c\"]\n[alert.smtp]\nport = 25\nhost = mail\n", "[alert]\n"),
            (
                "[alert]\nto = [\"a@b.c\"]\n[alert.route.y]\nkind = \"smtp\"\nenabled = flase\n",
                "[alert]\nto = [\"a@b.c\"]\n",
            ),
        ] {
            let (table, is_whole) = legible(text).unwrap();
            assert_eq!(toml::to_string(&table).unwrap(), left, "{text:?}");
            assert!(!is_whole);
        }
        let conflict = "<<<<<<< HEAD\n".repeat(60) + "[alert]\nto = [\"a@b.c\"]\n";
        assert!(legible(&conflict).unwrap().0.contains_key("alert"));
    }
}
