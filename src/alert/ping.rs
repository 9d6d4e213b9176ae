//! The ping after each run, for an external service that alerts when pings stop.

use super::answer;
use crate::base::net::http::HttpRequest;
use crate::base::net::http_url::{host, parse};
use crate::base::redact::Redactor;
use crate::base::text::{clean, fit};
use std::io;
use std::time::Duration;
use url::Url;

/// Longest reason within a URL, in characters.
const REASON_MAX: usize = 200;

/// A service that is told about a failed run in the query instead of the path.
struct InQuery {
    is_for: fn(&Url) -> bool,
    /// Key and value that mean a failure.
    failed: (&'static str, &'static str),
    /// Key of the reason.
    reason: &'static str,
}

/// Uptime Kuma, Cronitor and Dead Man's Snitch.
const IN_QUERY: [InQuery; 3] = [
    InQuery {
        is_for: |url| url.path().contains("/api/push/") || url.query_pairs().any(|pair| pair.0 == "status"),
        failed: ("status", "down"),
        reason: "msg",
    },
    InQuery {
        is_for: |url| host(url) == "cronitor.link" || url.query_pairs().any(|pair| pair.0 == "state"),
        failed: ("state", "fail"),
        reason: "message",
    },
    InQuery { is_for: |url| host(url) == "nosnch.in", failed: ("s", "1"), reason: "m" },
];

/// Requests `url` after a successful run. A failed one is reported with the reason: in the query to the services that
/// expect it there, else by a POST to the path with `/fail` after it. The query is kept.
///
/// # Errors
/// When the response is no acceptance. The URL is not in the message.
pub fn ping(url: &str, failure: Option<&str>, ca_file: &str, limit: Duration) -> io::Result<()> {
    let (target, body) = match failure {
        Some(reason) => failed(url, reason).map_err(io::Error::other)?,
        None => (url.to_string(), None),
    };
    let request = HttpRequest { url: &target, headers: &[], body, ca_file, limit };
    let redacted = |text: &str| io::Error::other(Redactor::for_url(url).redact(text));
    let response = request.send().map_err(|failure| redacted(&failure.reason))?;
    match response.status {
        200..=299 if answer::refusal("webhook", &response.body).is_none() => Ok(()),
        200..=299 => Err(redacted(&format!("ping_url did not accept it: {}", clean(response.body.trim(), 200)))),
        status => Err(io::Error::other(format!("ping_url answered with status {status}"))),
    }
}

/// URL and body that report a failed run.
fn failed<'a>(url: &str, reason: &'a str) -> Result<(String, Option<&'a str>), String> {
    let mut target = parse(url)?;
    if let Some(service) = IN_QUERY.iter().find(|service| (service.is_for)(&target)) {
        let others: Vec<(String, String)> = target
            .query_pairs()
            .filter(|(key, _)| key != service.failed.0 && key != service.reason)
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect();
        let mut query = target.query_pairs_mut();
        query.clear().append_pair(service.failed.0, service.failed.1);
        query.append_pair(service.reason, &fit(reason, REASON_MAX)).extend_pairs(others).finish();
        drop(query);
        return Ok((target.to_string(), None));
    }
    let path = format!("{}/fail", target.path().trim_end_matches('/'));
    target.set_path(&path);
    Ok((target.to_string(), Some(reason)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_run_is_told_where_the_service_expects_it() {
        for (url, expected, is_post) in [
            ("https://hc-ping.com/uuid", "https://hc-ping.com/uuid/fail", true),
            ("https://hc-ping.com/uuid/", "https://hc-ping.com/uuid/fail", true),
            ("https://h/ping/key/web-01?create=1", "https://h/ping/key/web-01/fail?create=1", true),
            ("https://h/p?a=b%20c&rid=1#x", "https://h/p/fail?a=b%20c&rid=1#x", true),
            ("https://h", "https://h/fail", true),
            (
                "https://h/api/push/abc?status=up&msg=OK&ping=",
                "https://h/api/push/abc?status=down&msg=d%C3%A9+%26+1&ping=",
                false,
            ),
            ("https://h/sub/api/push/abc", "https://h/sub/api/push/abc?status=down&msg=d%C3%A9+%26+1", false),
            (
                "https://cronitor.link/p/k/n?state=complete&env=x",
                "https://cronitor.link/p/k/n?state=fail&message=d%C3%A9+%26+1&env=x",
                false,
            ),
            ("https://nosnch.in/c2354d53d2?m=fine", "https://nosnch.in/c2354d53d2?s=1&m=d%C3%A9+%26+1", false),
        ] {
            let (target, body) = failed(url, "dé & 1").unwrap();
            assert_eq!((target.as_str(), body.is_some()), (expected, is_post), "{url}");
        }
        assert!(failed("https://a b/", "x").is_err());
    }
}
