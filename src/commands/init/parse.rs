//! Reads single answers, from flags and from the keyboard.

use crate::config::{WEBHOOK_KINDS, parse_address};
use crate::setup::answers::{NewWebhook, Server};
use chrono::NaiveTime;
use url::Url;

/// The answer that means nothing.
pub const NONE: &str = "none";

/// Mail addresses, separated by commas or semicolons.
///
/// # Errors
/// One of them is not valid.
pub fn addresses(text: &str) -> Result<Vec<String>, String> {
    if is_none(text) {
        return Ok(Vec::new());
    }
    let all: Vec<String> = text
        .split([',', ';'])
        .map(|address| address.trim().to_string())
        .filter(|address| !address.is_empty())
        .collect();
    for address in &all {
        parse_address(address)?;
    }
    if all.is_empty() { Err("an address such as you@example.org is needed".to_string()) } else { Ok(all) }
}

/// `mail.example.org`, `mail.example.org:465`, `[::1]:25`; the security follows from host and port.
///
/// # Errors
/// It is no host name.
pub fn server(text: &str) -> Result<Server, String> {
    let text = text.trim();
    let complain = || format!("{text:?} is not a mail server; write mail.example.org or mail.example.org:587");
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            (host, port.parse().map_err(|_| complain())?)
        }
        _ => (text, 0),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    if host.is_empty() || host.starts_with('-') || !host.chars().all(is_name) {
        return Err(complain());
    }
    let mut server = Server { host: host.to_string(), port, ..Server::default() };
    server.security = match port {
        465 => "tls",
        _ if server.is_local() && matches!(port, 0 | 25) => NONE,
        _ => "starttls",
    }
    .to_string();
    Ok(server)
}

/// `https://…`, or `ntfy=https://…`.
///
/// # Errors
/// It is no such URL.
pub fn webhook(text: &str) -> Result<NewWebhook, String> {
    if is_none(text) {
        return Ok(NewWebhook::default());
    }
    let (kind, address) = match text.split_once('=') {
        Some((kind, address)) if WEBHOOK_KINDS.contains(&kind) => (kind, address),
        _ => ("", text),
    };
    url(address)?;
    Ok(NewWebhook { kind: kind.to_string(), url: address.trim().to_string() })
}

/// A URL to request after each run; empty: none.
///
/// # Errors
/// It is no URL.
pub fn url(text: &str) -> Result<String, String> {
    let text = text.trim();
    if is_none(text) {
        return Ok(String::new());
    }
    match Url::parse(text) {
        Ok(url) if ["https", "http"].contains(&url.scheme()) && url.host().is_some() => Ok(text.to_string()),
        _ => Err("a URL must begin with https:// or http://".to_string()),
    }
}

/// A local time of day; empty: none.
///
/// # Errors
/// It is no time.
pub fn time(text: &str) -> Result<String, String> {
    let text = text.trim();
    if is_none(text) {
        return Ok(String::new());
    }
    let time = NaiveTime::parse_from_str(text, "%H:%M");
    time.map(|time| time.format("%H:%M").to_string())
        .map_err(|_| format!("{text:?} is not a time of day such as 08:00"))
}

/// An existing file, as an absolute path, because cron starts elsewhere; empty: none.
///
/// # Errors
/// There is no such file.
pub fn file(text: &str) -> Result<String, String> {
    if is_none(text) {
        return Ok(String::new());
    }
    let path = std::path::absolute(text).unwrap_or_else(|_| text.into());
    if path.is_file() { Ok(path.display().to_string()) } else { Err(format!("there is no file {}", path.display())) }
}

/// Names of services, separated by commas or blanks.
pub fn services(text: &str) -> Vec<String> {
    if is_none(text) {
        return Vec::new();
    }
    let names = text.split([',', ' ']).map(|name| name.trim().trim_end_matches(".service").to_string());
    names.filter(|name| !name.is_empty()).collect()
}

/// Returns whether an answer means nothing.
pub fn is_none(text: &str) -> bool {
    ["", "-", NONE, "no"].contains(&text.trim().to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_a_port_and_the_security_that_belongs_to_it() {
        for (text, expected) in [
            ("mail.example.org", Some(("mail.example.org", 0, "starttls"))),
            ("mail.example.org:465", Some(("mail.example.org", 465, "tls"))),
            (" mail.example.org:2525 ", Some(("mail.example.org", 2525, "starttls"))),
            ("localhost", Some(("localhost", 0, "none"))),
            ("127.0.0.1:25", Some(("127.0.0.1", 25, "none"))),
            ("localhost:587", Some(("localhost", 587, "starttls"))),
            ("[::1]:25", Some(("[::1]", 25, "none"))),
            ("2001:db8::1", Some(("2001:db8::1", 0, "starttls"))),
            ("smtp://mail.example.org", None),
            ("mail.example.org:port", None),
            ("mail.example.org:70000", None),
            ("my server", None),
            (":25", None),
            ("", None),
        ] {
            let read = server(text).ok();
            let read = read.as_ref().map(|server| (server.host.as_str(), server.port, server.security.as_str()));
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn answers_are_read_and_mistakes_named() {
        assert_eq!(addresses("a@example.org, b@example.org;").unwrap(), ["a@example.org", "b@example.org"]);
        assert_eq!(addresses("none"), Ok(Vec::new()));
        assert!(addresses("you").unwrap_err().contains("it has no @"));
        assert_eq!((time("8:05"), time("-")), (Ok("08:05".to_string()), Ok(String::new())));
        assert!(time("25:00").is_err() && time("8").is_err());
        assert_eq!(webhook("ntfy=https://push.example.org/x").unwrap().kind, "ntfy");
        let query = webhook("https://chat.example.org/?a=b").unwrap();
        assert_eq!((query.kind.as_str(), query.url.as_str()), ("", "https://chat.example.org/?a=b"));
        assert!(webhook("chat.example.org").is_err() && url("ftp://example.org").is_err());
        assert_eq!(services("nginx.service, redis ssh,"), ["nginx", "redis", "ssh"]);
        assert_eq!(services("none"), Vec::<String>::new());
    }
}
