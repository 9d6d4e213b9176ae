//! The heartbeat: after each run somebody else is told that this host is watched. When it stays away, they raise the alarm.

use super::mask::Mask;
use crate::base::net::http::request;
use std::io;
use std::time::Duration;

/// Asks for `url` after a good run; after a bad one for `url/fail`, and says why.
///
/// # Errors
/// When the other side did not take it.
pub fn beat(url: &str, failure: Option<&str>, ca_file: &str, limit: Duration) -> io::Result<()> {
    let answer = match failure {
        None => request(url, &[], None, ca_file, limit),
        Some(why) => request(&format!("{}/fail", url.trim_end_matches('/')), &[], Some(why), ca_file, limit),
    };
    match answer.map_err(|failure| io::Error::other(Mask::of_address(url).text(&failure.why)))?.status {
        200..=299 => Ok(()),
        status => Err(io::Error::other(format!("heartbeat_url answered with status {status}"))),
    }
}
