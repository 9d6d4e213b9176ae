//! HTTP and HTTPS URLs. Path, query and credentials may be secret, so no message contains them.

use super::connection::without_brackets;
use std::net::IpAddr;
use url::Url;

/// Parses an absolute `https://` or `http://` URL.
///
/// # Errors
/// Describes the error without repeating the URL, which may hold a secret.
pub fn parse(text: &str) -> Result<Url, String> {
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("the URL contains spaces or control characters".to_string());
    }
    let url = Url::parse(text).map_err(|error| format!("the URL is invalid: {error}"))?;
    match url.scheme() {
        "https" | "http" => Ok(url),
        _ => Err("the URL must begin with https://".to_string()),
    }
}

/// Returns whether the URL leads to this host.
pub fn is_loopback(url: &Url) -> bool {
    let host = host(url);
    host == "localhost" || without_brackets(host).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Host name or address; an IPv6 address in brackets.
pub fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

/// The port, or the default of the scheme.
pub fn port(url: &Url) -> u16 {
    url.port_or_known_default().unwrap_or(443)
}

/// `host:port`, the part of a URL that may be shown.
pub fn host_and_port(url: &Url) -> String {
    format!("{}:{}", host(url), port(url))
}

/// `user:password`; empty when there is neither.
pub fn credentials(url: &Url) -> String {
    match url.password() {
        Some(password) => format!("{}:{password}", url.username()),
        None => url.username().to_string(),
    }
}

/// Path and query.
pub fn path_and_query(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        for (text, expected) in [
            ("https://hooks.slack.com/services/T/B/x", ("hooks.slack.com:443", "/services/T/B/x", "")),
            ("http://u:p@[::1]:8080/x?y=1", ("[::1]:8080", "/x?y=1", "u:p")),
            ("https://[::1]", ("[::1]:443", "/", "")),
            ("https://a?b", ("a:443", "/?b", "")),
        ] {
            let url = parse(text).unwrap();
            let parts = (host_and_port(&url), path_and_query(&url), credentials(&url));
            assert_eq!((parts.0.as_str(), parts.1.as_str(), parts.2.as_str()), expected, "{text}");
        }
        for wrong in ["ftp://x", "https://", "https://a b/", "https://a:x/", "https://a/\r\nX: y"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(is_loopback(&parse("http://127.0.0.1:1/").unwrap()) && !is_loopback(&parse("http://a/").unwrap()));
    }
}
