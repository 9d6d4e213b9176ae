//! One POST by HTTP/1.1, the connection closed after it. A redirect is no acceptance: an address that moved is to be
//! changed by a person.

use super::net::{Channel, connect, protect};
use super::step::{Attempt, Failure, Fate};
use crate::base::text::clean_bytes;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::{Read, Write};
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// So much of an answer is kept, in bytes.
const ANSWER_MAX: usize = 16 * 1024;
/// They may not ask for a longer pause than this, in seconds.
const WAIT_MAX: u64 = 3600;

/// An address: `https://host:port/path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// It is `https`.
    pub is_protected: bool,
    /// Host name or number.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Path with what is asked for.
    pub path: String,
    /// `user:password`, empty: none.
    pub user: String,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// What is wrong with it; it is a secret and not in it.
    pub fn read(text: &str) -> Result<Self, String> {
        let (is_protected, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err("the address of a web hook begins with https://".to_string()),
        };
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) || !text.is_ascii() {
            return Err("the address of a web hook has blanks or strange letters in it".to_string());
        }
        let (authority, path) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
        let (user, place) = authority.rsplit_once('@').unwrap_or(("", authority));
        let usual = if is_protected { 443 } else { 80 };
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, port.parse().map_err(|_| "the port of the web hook is no number".to_string())?)
            }
            _ => (place, usual),
        };
        if host.is_empty() {
            return Err("the address of the web hook names no host".to_string());
        }
        let path = if path.starts_with('/') { path.to_string() } else { format!("/{path}") };
        Ok(Self { is_protected, host: host.to_string(), port, path, user: user.to_string() })
    }

    /// Whether it leads to this host.
    pub fn is_here(&self) -> bool {
        self.host == "localhost"
            || self.host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// Sends JSON. The path is a secret and never said.
pub fn post(address: &Address, token: &str, id: &str, body: &str, ca_file: &str, until: Instant) -> Attempt {
    let mut log = Attempt::default();
    let result = exchange(address, token, id, body, ca_file, until, &mut log);
    log.rest(1, &result)
}

fn exchange(
    address: &Address,
    token: &str,
    id: &str,
    body: &str,
    ca_file: &str,
    until: Instant,
    log: &mut Attempt,
) -> Result<String, Failure> {
    let place = format!("{}:{}", address.host, address.port);
    let fail = |fate: Fate, why: String| Failure::new(fate, format!("{place}: {why}"));
    let wire = connect(&address.host, address.port, until, log)?;
    let mut channel =
        if address.is_protected { protect(wire, &address.host, ca_file, log)? } else { Channel::Plain(wire) };
    let authority = match (token.is_empty(), address.user.is_empty()) {
        (false, _) => format!("Authorization: Bearer {token}\r\n"),
        (true, false) => format!("Authorization: Basic {}\r\n", STANDARD.encode(&address.user)),
        (true, true) => String::new(),
    };
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: osmon/{}\r\nContent-Type: application/json\r\nIdempotency-Key: {id}\r\n{authority}Content-Length: {}\r\nConnection: close\r\n\r\n",
        address.path,
        if [80, 443].contains(&address.port) { &address.host } else { &place },
        env!("CARGO_PKG_VERSION"),
        body.len()
    );
    channel.write_all(head.as_bytes()).map_err(|error| fail(Fate::Later, error.to_string()))?;
    let sent = channel.write_all(body.as_bytes()).and_then(|()| channel.flush());
    sent.map_err(|error| fail(Fate::Unknown, error.to_string()))?;
    let mut answer = Vec::new();
    // An end without goodbye, after the status was said, is an end.
    let heard = channel.take(ANSWER_MAX as u64).read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).and_then(|code| code.parse::<u16>().ok());
    let Some(status) = status else {
        let why = heard.err().map_or("closed the connection without an answer".to_string(), |error| error.to_string());
        return Err(fail(Fate::Unknown, format!("{why}; it may have been accepted")));
    };
    let (head, said) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let said = clean_bytes(said.trim().as_bytes(), 200);
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    log.step("status", format!("{status}{said}"));
    let fate = match status {
        200..=299 => return Ok(format!("accepted by {place} (status {status})")),
        408 | 425 | 429 | 500..=599 => Fate::Later,
        _ => Fate::Settings,
    };
    let asked = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("retry-after:")?.trim().parse::<u64>().ok());
    let wait = asked.map(|seconds| Duration::from_secs(seconds.min(WAIT_MAX)));
    Err(Failure { wait, ..fail(fate, format!("status {status}{said}")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let read = |text: &str| Address::read(text).map(|a| (a.is_protected, a.host, a.port, a.path, a.user));
        let is = |https: bool, host: &str, port: u16, path: &str, user: &str| {
            Ok((https, host.to_string(), port, path.to_string(), user.to_string()))
        };
        assert_eq!(
            read("https://hooks.slack.com/services/T/B/x"),
            is(true, "hooks.slack.com", 443, "/services/T/B/x", "")
        );
        assert_eq!(read("http://u:p@[::1]:8080/x?y=1"), is(false, "[::1]", 8080, "/x?y=1", "u:p"));
        assert_eq!(read("https://[::1]"), is(true, "[::1]", 443, "/", ""));
        assert_eq!(read("https://a?b"), is(true, "a", 443, "/?b", ""));
        for wrong in ["ftp://x", "https://", "https://a b/", "https://a:x/", "https://a/\r\nX: y"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(
            Address::read("http://127.0.0.1:1/").unwrap().is_here() && !Address::read("http://a/").unwrap().is_here()
        );
    }
}
