//! HTTP requests, by ureq with rustls and the certificates that this host trusts. No redirect is followed: an address that
//! moved is to be changed by a person. An address is a secret and stands in no message.

use crate::base::net::attempt::{Failure, Fate};
use rustls::crypto::ring::default_provider;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Timeout};

/// So much of an answer is kept, in bytes.
const ANSWER_MAX: u64 = 16 * 1024;

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Status (RFC 9110).
    pub status: u16,
    /// The beginning of what else was said.
    pub body: String,
    /// Seconds it asks to wait before the next attempt.
    pub retry_after: Option<u64>,
}

/// Sends `body`, or without one asks with GET. `limit`: for all of it, from looking up the name to the last byte.
///
/// # Errors
/// What kept it from being answered, and whether it may have been accepted all the same.
pub fn request(
    url: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
    ca_file: &str,
    limit: Duration,
) -> Result<Answer, Failure> {
    let agent = agent(url, ca_file, limit)?;
    let sent = match body {
        Some(body) => {
            headers.iter().fold(agent.post(url), |request, (key, value)| request.header(*key, *value)).send(body)
        }
        None => headers.iter().fold(agent.get(url), |request, (key, value)| request.header(*key, *value)).call(),
    };
    let mut response = sent.map_err(|error| failure(&error))?;
    let header = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let retry_after = header.and_then(|value| value.trim().parse().ok());
    let said = response.body_mut().with_config().limit(ANSWER_MAX).lossy_utf8(true).read_to_string();
    Ok(Answer { status: response.status().as_u16(), body: said.unwrap_or_default(), retry_after })
}

fn agent(url: &str, ca_file: &str, limit: Duration) -> Result<Agent, Failure> {
    let mut config = Agent::config_builder()
        .timeout_global(Some(limit))
        // A little less, so that it is known whether anything was said.
        .timeout_resolve(Some(limit.mul_f64(0.8)))
        .timeout_connect(Some(limit.mul_f64(0.8)))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .max_response_header_size(ANSWER_MAX as usize)
        .user_agent(concat!("osmon/", env!("CARGO_PKG_VERSION")));
    if url.starts_with("https://") {
        let trusted = trusted(ca_file)?;
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(default_provider()))
            .root_certs(RootCerts::Specific(Arc::new(trusted)));
        config = config.tls_config(tls.build());
    }
    Ok(Agent::new_with_config(config.build()))
}

/// The authorities that this host trusts, and those of a file.
fn trusted(ca_file: &str) -> Result<Vec<Certificate<'static>>, Failure> {
    let known = rustls_native_certs::load_native_certs().certs;
    let mut trusted: Vec<Certificate<'static>> =
        known.iter().map(|known| Certificate::from_der(known).to_owned()).collect();
    if !ca_file.is_empty() {
        let pem = crate::base::file::read_at_most(Path::new(ca_file), 1024 * 1024)
            .map_err(|error| Failure::new(Fate::Settings, format!("could not read {ca_file}: {error}")))?;
        let own = parse_pem(&pem).filter_map(Result::ok);
        trusted.extend(own.filter_map(|item| if let PemItem::Certificate(own) = item { Some(own) } else { None }));
    }
    Ok(trusted)
}

/// The error without the address.
fn failure(error: &ureq::Error) -> Failure {
    let (fate, why) = match error {
        ureq::Error::BadUri(_) => (Fate::Settings, "the address is not a URL".to_string()),
        ureq::Error::HostNotFound => (Fate::Later, "the name of the server is not known".to_string()),
        ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) | ureq::Error::ConnectionFailed => {
            (Fate::Later, "could not be reached in time".to_string())
        }
        ureq::Error::Timeout(_) => (Fate::Unknown, "did not answer in time; it may have been accepted".to_string()),
        ureq::Error::Io(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
                (Fate::Later, error.to_string())
            }
            // What rustls refuses.
            io::ErrorKind::InvalidData => (Fate::Settings, format!("TLS: {error}")),
            _ => (Fate::Unknown, format!("{error}; it may have been accepted")),
        },
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => (Fate::Settings, format!("TLS: {error}")),
        other => (Fate::Unknown, format!("{other}; it may have been accepted")),
    };
    Failure::new(fate, why)
}
