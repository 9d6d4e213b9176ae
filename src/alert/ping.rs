//! The ping after each run, for an external service that alerts when pings stop.

use crate::base::net::http::HttpRequest;
use crate::base::redact::Redactor;
use std::io;
use std::time::Duration;

/// Requests `url` after a successful run. After a failed one posts the reason to `url/fail`.
///
/// # Errors
/// When there is no response with a status of 2xx. The URL is not in the message.
pub fn ping(url: &str, failure: Option<&str>, ca_file: &str, limit: Duration) -> io::Result<()> {
    let fail_url = format!("{}/fail", url.trim_end_matches('/'));
    let target = if failure.is_some() { &fail_url } else { url };
    let request = HttpRequest { url: target, headers: &[], body: failure, ca_file, limit };
    let response =
        request.send().map_err(|failure| io::Error::other(Redactor::for_url(url).redact(&failure.reason)))?;
    match response.status {
        200..=299 => Ok(()),
        status => Err(io::Error::other(format!("ping_url answered with status {status}"))),
    }
}
