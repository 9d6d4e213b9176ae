//! Mail addresses, parsed for the configuration check and for sending by the same function.

use lettre::Address;
use lettre::message::Mailbox;
use url::Host;

/// Parses `you@example.org`, `You <you@example.org>` or `you@example.org (You)`. A display name may contain any
/// character, also without quotes. A domain with non-ASCII letters is converted for the wire (`xn--…`).
///
/// # Errors
/// The error, and the correct form.
pub fn parse(text: &str) -> Result<Mailbox, String> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err(format!("{text:?} is not a mail address: it contains control characters"));
    }
    let strict = text.parse::<Mailbox>().ok();
    let (name, address) = match strict {
        Some(mailbox) => (mailbox.name, mailbox.email),
        None => {
            let (name, bare) = split(text);
            (name.map(unquoted), bare.parse::<Address>().map_err(|_| complaint(text, bare))?)
        }
    };
    let domain = wire_domain(address.domain()).ok_or_else(|| complaint(text, address.as_ref()))?;
    let email = Address::new(address.user(), domain).map_err(|_| complaint(text, address.as_ref()))?;
    Ok(Mailbox::new(name.filter(|name| !name.is_empty()), email))
}

/// The display name and the bare address.
fn split(text: &str) -> (Option<&str>, &str) {
    if let Some((name, bare)) = text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        return (Some(name.trim()), bare.trim());
    }
    match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        Some((bare, name)) => (Some(name.trim()), bare.trim()),
        None => (None, text),
    }
}

/// A display name without the quotes around it.
fn unquoted(name: &str) -> String {
    match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(inner) => inner.replace("\\\"", "\"").replace("\\\\", "\\"),
        None => name.to_string(),
    }
}

/// The domain as it appears in DNS; `None`: it cannot.
fn wire_domain(domain: &str) -> Option<String> {
    if domain.is_ascii() {
        return Some(domain.to_string());
    }
    match Host::parse(domain) {
        Ok(Host::Domain(domain)) => Some(domain),
        _ => None,
    }
}

fn complaint(text: &str, bare: &str) -> String {
    let several = bare.matches('@').count() > 1 && bare.contains([',', ';', ' ']);
    let advice = match bare.rsplit_once('@') {
        _ if several => "write several addresses as a list: [\"a@example.org\", \"b@example.org\"]",
        None => "it has no @; for a mailbox on this host write root@localhost",
        Some(("", _)) => "nothing stands before the @",
        Some((_, "")) => "nothing stands after the @",
        Some((user, _)) if user.contains(char::is_whitespace) => {
            "there is a space before the @; write Name <you@example.org>"
        }
        Some((_, domain)) if domain.contains(char::is_whitespace) => "there is a space after the @",
        Some((_, domain)) if wire_domain(domain).is_none_or(|domain| Address::new("a", domain).is_err()) => {
            "what stands after the @ is no domain"
        }
        Some(_) => "what stands before the @ is no mailbox name",
    };
    format!("{text:?} is not a mail address: {advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_accepted() {
        for (text, name, address) in [
            ("a@example.org", None, "a@example.org"),
            (" a@example.org ", None, "a@example.org"),
            ("<a@example.org>", None, "a@example.org"),
            ("Ops <ops@example.org>", Some("Ops"), "ops@example.org"),
            ("Ops (prod) <ops@example.org>", Some("Ops (prod)"), "ops@example.org"),
            ("Ops [prod] <ops@example.org>", Some("Ops [prod]"), "ops@example.org"),
            ("Müller, Jörg <j@example.org>", Some("Müller, Jörg"), "j@example.org"),
            ("\"Müller, Jörg\" <j@example.org>", Some("Müller, Jörg"), "j@example.org"),
            ("Ops: on call; 24/7 <ops@example.org>", Some("Ops: on call; 24/7"), "ops@example.org"),
            ("me@home <me@example.org>", Some("me@home"), "me@example.org"),
            ("\"a \\\"b\\\"\" (x) <a@example.org>", Some("\"a \\\"b\\\"\" (x)"), "a@example.org"),
            ("ops@example.org (Ops)", Some("Ops"), "ops@example.org"),
            ("a.b+c_d@sub.example.org", None, "a.b+c_d@sub.example.org"),
            ("root@localhost", None, "root@localhost"),
            ("admin@müller.example", None, "admin@xn--mller-kva.example"),
            ("Admin <admin@MÜLLER.example>", Some("Admin"), "admin@xn--mller-kva.example"),
            ("jörg@example.org", None, "jörg@example.org"),
            ("用户@例え.jp", None, "用户@xn--r8jz45g.jp"),
            ("a@[192.0.2.1]", None, "a@[192.0.2.1]"),
        ] {
            let found = parse(text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!((found.name.as_deref(), found.email.as_ref()), (name, address), "{text}");
        }
    }

    #[test]
    fn refusals_say_what_to_write() {
        for (text, expected) in [
            ("", "it has no @"),
            ("root", "root@localhost"),
            ("@example.org", "before the @"),
            ("a@", "after the @"),
            ("a b@example.org", "a space before the @"),
            ("a@exam ple.org", "a space after the @"),
            ("a@b@c d", "as a list"),
            ("a@example.org, b@example.org", "as a list"),
            ("a@example.org;b@example.org", "as a list"),
            ("a@-example.org", "no domain"),
            ("a@example..org", "no domain"),
            ("Ops <a..b@example.org>", "no mailbox name"),
            ("Ops <ops>", "it has no @"),
            ("a@example.org\nBcc: b@example.org", "control characters"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(&format!("{:?} is not a mail address: ", text.trim())), "{error}");
            assert!(error.contains(expected), "{error}");
        }
    }
}
