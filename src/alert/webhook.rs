//! One POST to a web hook. A redirect is no acceptance: an address that moved is to be changed by a person.

use crate::base::net::attempt::{Attempt, Failure, Fate};
use crate::base::net::http::{self, Answer};
use crate::base::net::wire::{connect, is_plain_there, protect};
use crate::base::text::clean_bytes;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::net::IpAddr;
use std::time::{Duration, Instant};
use url::Url;

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
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("the address of a web hook has blanks in it".to_string());
        }
        let url = Url::parse(text).map_err(|error| format!("the address of the web hook is wrong: {error}"))?;
        if !["https", "http"].contains(&url.scheme()) {
            return Err("the address of a web hook begins with https://".to_string());
        }
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let password = url.password().map(|password| format!(":{password}")).unwrap_or_default();
        Ok(Self {
            is_protected: url.scheme() == "https",
            host: url.host_str().unwrap_or_default().to_string(),
            port: url.port_or_known_default().unwrap_or(443),
            path: format!("{}{query}", url.path()),
            user: format!("{}{password}", url.username()),
        })
    }

    /// Whether it leads to this host.
    pub fn is_here(&self) -> bool {
        self.host == "localhost"
            || self.host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Host and port: all of it that is no secret.
    fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    fn url(&self) -> String {
        format!("{}://{}{}", if self.is_protected { "https" } else { "http" }, self.place(), self.path)
    }
}

/// Goes as far as a message would before anything is said, and notes each step.
///
/// # Errors
/// The step that failed.
pub fn reach(address: &Address, ca_file: &str, until: Instant, log: &mut Attempt) -> Result<(), Failure> {
    let wire = connect(&address.host, address.port, until, log)?;
    if address.is_protected {
        protect(wire, &address.host, ca_file, log).map_err(plain_there)?;
    }
    Ok(())
}

fn plain_there(failure: Failure) -> Failure {
    let is_plain = is_plain_there(&failure.why);
    failure.hint(is_plain, "it speaks no TLS there: another port, or http:// on this host")
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
    let place = address.place();
    let authority = match (token.is_empty(), address.user.is_empty()) {
        (false, _) => format!("Bearer {token}"),
        (true, false) => format!("Basic {}", STANDARD.encode(&address.user)),
        (true, true) => String::new(),
    };
    let headers = [("Content-Type", "application/json"), ("Idempotency-Key", id), ("Authorization", &authority)];
    let headers: Vec<(&str, &str)> = headers.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let left = until.saturating_duration_since(Instant::now());
    let answer = http::request(&address.url(), &headers, Some(body), ca_file, left)
        .map_err(|failure| plain_there(Failure { why: format!("{place}: {}", failure.why), ..failure }))?;
    let Answer { status, body, retry_after } = answer;
    let said = clean_bytes(body.trim().as_bytes(), 200);
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    log.step("status", format!("{status}{said}"));
    let fate = match status {
        200..=299 => return Ok(format!("accepted by {place} (status {status})")),
        408 | 425 | 429 | 500..=599 => Fate::Later,
        _ => Fate::Settings,
    };
    let wait = retry_after.map(|seconds| Duration::from_secs(seconds.min(WAIT_MAX)));
    Err(Failure { wait, ..Failure::new(fate, format!("{place}: status {status}{said}")) })
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
