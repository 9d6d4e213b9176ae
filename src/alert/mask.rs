//! What the other side says may hold what it was told: a page repeats the address that it does not know, a mail server
//! the password that it refuses. Every text of an attempt goes through here before it is kept or shown.

use super::webhook::Address;
use crate::base::net::attempt::{Attempt, Failure, Step};
use crate::config::{Smtp, Webhook};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What stands there instead.
const MASK: &str = "***";
/// A shorter part of an address is no secret by itself, in bytes.
const PART_MIN: usize = 6;
/// A shorter secret is masked only where it stands alone, in bytes: else it would be told by what is missing.
const ALONE_MAX: usize = 5;
/// The beginning of a secret is masked where a text was cut within it; a shorter one tells nothing, in bytes.
const BEGIN_MIN: usize = 4;

/// The secrets of one way.
#[derive(Debug, Clone, Default)]
pub struct Mask {
    /// In small letters, the longest first.
    secrets: Vec<String>,
}

impl Mask {
    /// The password of a mail server, and how it goes over the wire.
    pub fn of_smtp(smtp: &Smtp) -> Self {
        let secret = smtp.secret();
        let Some(password) = secret.is_set().then(|| secret.read().ok()).flatten() else { return Self::default() };
        let user = &smtp.user;
        let encoded = [
            STANDARD.encode(&password),
            STANDARD.encode(format!("\0{user}\0{password}")),
            STANDARD.encode(format!("user={user}\x01auth=Bearer {password}\x01\x01")),
        ];
        Self::new(encoded.into_iter().chain([password]))
    }

    /// The address of a web hook with all its parts, and the token.
    pub fn of_hook(hook: &Webhook) -> Self {
        let token = hook.token.is_set().then(|| hook.token.read().ok()).flatten();
        Self::new(hook.url.read().map(|url| parts(&url)).unwrap_or_default().into_iter().chain(token))
    }

    /// An address with all its parts.
    pub fn of_address(url: &str) -> Self {
        Self::new(parts(url))
    }

    fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut secrets: Vec<String> = secrets.into_iter().map(|secret| secret.to_ascii_lowercase()).collect();
        secrets.retain(|secret| !secret.trim().is_empty());
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self { secrets }
    }

    /// An attempt without them.
    pub fn attempt(&self, attempt: Attempt) -> Attempt {
        if self.secrets.is_empty() {
            return attempt;
        }
        let steps = attempt.steps.into_iter().map(|step| Step { text: self.text(&step.text), ..step });
        let results = attempt.results.into_iter().map(|result| match result {
            Ok(by) => Ok(self.text(&by)),
            Err(failure) => Err(Failure { why: self.text(&failure.why), ..failure }),
        });
        Attempt { steps: steps.collect(), results: results.collect() }
    }

    /// A text without them.
    pub fn text(&self, text: &str) -> String {
        // Small letters of ASCII are as long as the great ones: places are the same in both.
        let small = text.to_ascii_lowercase();
        let (mut out, mut at) = (String::with_capacity(text.len()), 0);
        while let Some(next) = text.get(at..).and_then(|rest| rest.chars().next()) {
            match self.secrets.iter().find_map(|secret| found(&small, at, secret)) {
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

/// What of an address is secret, as it may be repeated.
fn parts(url: &str) -> Vec<String> {
    let mut all = vec![url.to_string()];
    let Ok(address) = Address::read(url) else { return all };
    let (path, query) = address.path.split_once('?').unwrap_or((&address.path, ""));
    let whole = address.path.trim_matches('/');
    // As JSON and HTML write it, too.
    let wholes =
        [whole, path.trim_matches('/'), &whole.replace('/', "\\/"), &whole.replace('&', "&amp;")].map(str::to_string);
    all.extend(wholes.into_iter().filter(|part| part.len() > 1));
    let parts = path.split('/').chain(query.split('&').flat_map(|pair| pair.split('=')));
    all.extend(parts.filter(|part| part.len() >= PART_MIN).flat_map(|part| [part.to_string(), decoded(part)]));
    if !address.user.is_empty() {
        let password = address.user.split_once(':').map_or(address.user.as_str(), |(_, password)| password);
        all.extend([STANDARD.encode(&address.user), password.to_string()]);
    }
    all
}

/// How much of a text is that secret, from `at` on: all of it, or its beginning where the text was cut.
fn found(text: &str, at: usize, secret: &str) -> Option<usize> {
    let rest = text.get(at..)?;
    if let Some(after) = rest.strip_prefix(secret) {
        let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let is_alone = !is_letter(before) && !is_letter(after.chars().next());
        return (secret.len() > ALONE_MAX || is_alone).then_some(secret.len());
    }
    let begin = rest.split('…').next().filter(|begin| begin.len() < rest.len())?;
    (begin.len() >= BEGIN_MIN && secret.starts_with(begin)).then_some(begin.len())
}

/// Without `%20` and the like.
fn decoded(part: &str) -> String {
    url::form_urlencoded::parse(part.as_bytes()).map(|(key, _)| key.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn hook(url: &str, token: &str) -> Mask {
        let secret = |text: &str| Secret { text: text.to_string(), ..Secret::default() };
        Mask::of_hook(&Webhook {
            kind: String::new(),
            url: secret(url),
            token: secret(token),
            template: String::new(),
            ca_file: String::new(),
            allow_plain: false,
        })
    }

    #[test]
    fn what_is_known_is_masked_however_it_is_said() {
        let slack = hook("https://hooks.example.org/services/T0AB/B0CD/XyZ123abc?key=a%20longer&k=1", "t0ken-1");
        let cases = [
            ("404: no /services/T0AB/B0CD/XyZ123abc?key=a%20longer&k=1 here", "404: no /*** here"),
            ("404: no /services/T0AB/B0CD/XyZ123abc here", "404: no /*** here"),
            (r"404: no \/services\/T0AB\/B0CD\/XyZ123abc", r"404: no \/***\/T0AB\/B0CD\/***"),
            ("no XYZ123ABC", "no ***"),
            ("key=a longer", "key=***"),
            ("Bearer T0KEN-1 is wrong", "Bearer *** is wrong"),
            ("no hook xyz12…: sorry", "no hook ***…: sorry"),
            ("https://hooks.example.org/services/T0AB/B0CD/XyZ123abc?key=a%20longer&k=1", "***"),
            ("hooks.example.org:443: status 500: é services’", "hooks.example.org:443: status 500: é ***’"),
        ];
        for (text, expected) in cases {
            assert_eq!(slack.text(text), expected, "{text}");
        }
        let short = hook("http://127.0.0.1:1/x", "");
        assert_eq!(short.text("127.0.0.1:1: 404 next /x /xy"), "127.0.0.1:1: 404 next /x /xy");
        assert_eq!(hook("http://me:pa55word@h/", "").text("pa55word bWU6cGE1NXdvcmQ="), "*** ***");
    }

    #[test]
    fn a_password_is_masked_as_it_is_and_as_it_goes_over_the_wire() {
        let smtp = |password: &str| {
            Mask::of_smtp(&Smtp { user: "osmon".into(), password: password.into(), ..Smtp::default() })
        };
        let cases = [
            ("hunter2-hunter2", "(535) hunter2-hunter2 is wrong", "(535) *** is wrong"),
            ("hunter2-hunter2", "(500) AUTH PLAIN AG9zbW9uAGh1bnRlcjItaHVudGVyMg==", "(500) AUTH PLAIN ***"),
            ("hunter2-hunter2", "(535) aHVudGVyMi1odW50ZXIy", "(535) ***"),
            ("a", "(535) a bad day: a", "(535) *** bad day: ***"),
            ("", "(535) no", "(535) no"),
        ];
        for (password, text, expected) in cases {
            assert_eq!(smtp(password).text(text), expected, "{text}");
        }
    }
}
