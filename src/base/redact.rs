//! Removes secrets from text that a peer sent: an error page may repeat the URL that it does not know, a mail server the
//! password that it refuses.

use super::net::http_url::{self, credentials, path_and_query};
use crate::base::sort::SmallSort;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Replaces each secret.
const MASK: &str = "***";
/// Shortest part of a URL that is a secret by itself, in bytes.
const PART_MIN: usize = 6;
/// Secrets up to this length, in bytes, are replaced only where they stand alone: elsewhere the gap would reveal them.
const STANDALONE_MAX: usize = 5;
/// Shortest beginning of a secret that is replaced where a text was cut within it, in bytes.
const PREFIX_MIN: usize = 4;

/// Replaces known secrets in text.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    /// In lower case, longest first.
    secrets: Vec<String>,
}

impl Redactor {
    /// A redactor of these secrets, whatever their case. Blank ones are ignored.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut secrets: Vec<String> = secrets.into_iter().map(|secret| secret.to_ascii_lowercase()).collect();
        secrets.retain(|secret| !secret.trim().is_empty());
        secrets.arrange_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self { secrets }
    }

    /// A redactor of a URL: its path, query and credentials, whole and in parts.
    pub fn for_url(url: &str) -> Self {
        Self::new(url_secrets(url))
    }

    /// The text with every secret replaced by `***`.
    pub fn redact(&self, text: &str) -> String {
        if self.secrets.is_empty() {
            return text.to_string();
        }
        // ASCII letters have the same length in either case, so offsets agree.
        let lower = text.to_ascii_lowercase();
        let (mut out, mut at) = (String::with_capacity(text.len()), 0);
        while let Some(next) = text.get(at..).and_then(|rest| rest.chars().next()) {
            match self.secrets.iter().find_map(|secret| match_length(&lower, at, secret)) {
                Some(length) => {
                    out.push_str(MASK);
                    at += length;
                }
                None => {
                    out.push(next);
                    at += next.len_utf8();
                }
            }
        }
        out
    }
}

/// The secret parts of a URL in every form in which a peer may repeat them.
pub fn url_secrets(url: &str) -> Vec<String> {
    let mut all = vec![url.to_string()];
    let Ok(parsed) = http_url::parse(url) else { return all };
    let (path, query) = (parsed.path(), parsed.query().unwrap_or_default());
    let whole = path_and_query(&parsed);
    let whole = whole.trim_matches('/');
    // Also as JSON and HTML escape them.
    let wholes =
        [whole, path.trim_matches('/'), &whole.replace('/', "\\/"), &whole.replace('&', "&amp;")].map(str::to_string);
    all.extend(wholes.into_iter().filter(|part| part.len() > 1));
    let parts = path.split('/').chain(query.split('&').flat_map(|pair| pair.split('=')));
    all.extend(parts.filter(|part| part.len() >= PART_MIN).flat_map(|part| [part.to_string(), percent_decoded(part)]));
    let credentials = credentials(&parsed);
    if !credentials.is_empty() {
        let password = parsed.password().unwrap_or(&credentials);
        all.extend([STANDARD.encode(&credentials), password.to_string()]);
    }
    all
}

/// Length of the match of a secret at `at`: all of it, or its beginning where the text was cut with `…`.
fn match_length(text: &str, at: usize, secret: &str) -> Option<usize> {
    let rest = text.get(at..)?;
    if let Some(after) = rest.strip_prefix(secret) {
        let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let is_standalone = !is_letter(before) && !is_letter(after.chars().next());
        return (secret.len() > STANDALONE_MAX || is_standalone).then_some(secret.len());
    }
    let prefix = rest.split('…').next().filter(|prefix| prefix.len() < rest.len())?;
    (prefix.len() >= PREFIX_MIN && secret.starts_with(prefix)).then_some(prefix.len())
}

fn percent_decoded(part: &str) -> String {
    url::form_urlencoded::parse(part.as_bytes()).map(|(key, _)| key.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_replaced_in_every_form() {
        let url = "https://hooks.example.org/services/T0AB/B0CD/XyZ123abc?key=a%20longer&k=1";
        let slack = Redactor::new(url_secrets(url).into_iter().chain(["t0ken-1".to_string()]));
        let cases = [
            ("404: no /services/T0AB/B0CD/XyZ123abc?key=a%20longer&k=1 here", "404: no /*** here"),
            ("404: no /services/T0AB/B0CD/XyZ123abc here", "404: no /*** here"),
            (r"404: no \/services\/T0AB\/B0CD\/XyZ123abc", r"404: no \/***\/T0AB\/B0CD\/***"),
            ("no XYZ123ABC", "no ***"),
            ("key=a longer", "key=***"),
            ("Bearer T0KEN-1 is wrong", "Bearer *** is wrong"),
            ("no hook xyz12…: sorry", "no hook ***…: sorry"),
            (url, "***"),
            ("hooks.example.org:443: status 500: é services’", "hooks.example.org:443: status 500: é ***’"),
        ];
        for (text, expected) in cases {
            assert_eq!(slack.redact(text), expected, "{text}");
        }
        let short = Redactor::for_url("http://127.0.0.1:1/x");
        assert_eq!(short.redact("127.0.0.1:1: 404 next /x /xy"), "127.0.0.1:1: 404 next /x /xy");
        let login = Redactor::for_url("http://me:pa55word@h/");
        assert_eq!(login.redact("pa55word bWU6cGE1NXdvcmQ="), "*** ***");
    }

    #[test]
    fn a_short_secret_is_replaced_only_where_it_stands_alone() {
        let redactor = Redactor::new(["a".to_string(), " ".to_string()]);
        assert_eq!(redactor.redact("(535) a bad day: a"), "(535) *** bad day: ***");
    }
}
