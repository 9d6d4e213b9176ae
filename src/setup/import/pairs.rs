//! Lines of the form `KEY=value`.

/// One assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Its line, from 1.
    pub line: usize,
    /// The key as written.
    pub key: String,
    /// The value without quotes and comment.
    pub value: String,
}

/// The assignments of a text, and the numbers of other lines that are neither empty nor comments.
pub fn pairs(text: &str) -> (Vec<Pair>, Vec<usize>) {
    let (mut pairs, mut others) = (Vec::new(), Vec::new());
    for (line, bare) in text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())) {
        if bare.is_empty() || bare.starts_with(['#', ';']) {
            continue;
        }
        match bare.split_once('=') {
            Some((key, value)) => {
                let key = key.trim().trim_start_matches("export ").trim().to_string();
                pairs.push(Pair { line, key, value: unquoted(value.trim()) });
            }
            None => others.push(line),
        }
    }
    (pairs, others)
}

/// A value without its quotes, or without the comment behind it.
fn unquoted(value: &str) -> String {
    for quote in ['"', '\''] {
        if let Some((inner, _)) = value.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return inner.to_string();
        }
    }
    let comment = value.find(" #").or_else(|| value.find("\t#")).unwrap_or(value.len());
    let value = value.get(..comment).unwrap_or(value);
    if value.starts_with('#') { String::new() } else { value.trim().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_lose_quotes_and_comments() {
        let (found, others) = pairs("# c\nA=1 # one\nexport B = 'x # y'\n\nC=\"q\" # z\nD=a#b\nnothing\nE=#\n");
        let found: Vec<_> = found.iter().map(|pair| (pair.line, pair.key.as_str(), pair.value.as_str())).collect();
        assert_eq!(found, [(2, "A", "1"), (3, "B", "x # y"), (5, "C", "q"), (6, "D", "a#b"), (8, "E", "")]);
        assert_eq!(others, [7]);
    }
}
