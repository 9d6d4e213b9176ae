//! HTTP requests by ureq with rustls. Redirects are not followed: a person should update a URL that has moved. URLs may
//! contain secrets, so no failure repeats them.

use super::failure::{Failure, FailureKind};
use super::tls::trusted_certificates;
use rustls::crypto::ring::default_provider;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Timeout};

/// Most bytes of a response that are kept.
const RESPONSE_MAX: u64 = 16 * 1024;

/// A request: POST when it has a body, else GET.
#[derive(Debug, Clone, Copy)]
pub struct HttpRequest<'a> {
    /// Absolute `https://` or `http://` URL.
    pub url: &'a str,
    /// Names and values.
    pub headers: &'a [(&'a str, &'a str)],
    /// Body of a POST request.
    pub body: Option<&'a str>,
    /// PEM file with additional certificate authorities; empty: none.
    pub ca_file: &'a str,
    /// Time limit from resolving the host name to the last byte of the response.
    pub limit: Duration,
}

/// A response with any status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// Status code (RFC 9110).
    pub status: u16,
    /// The body, cut after 16 KiB.
    pub body: String,
    /// `Retry-After` in seconds; dates are ignored.
    pub retry_after: Option<u64>,
}

impl HttpRequest<'_> {
    /// Sends the request.
    ///
    /// # Errors
    /// Why there is no response, and whether the server may have acted on the request all the same.
    pub fn send(&self) -> Result<HttpResponse, Failure> {
        let agent = self.agent()?;
        let result = match self.body {
            Some(body) => {
                let request = agent.post(self.url);
                self.headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send(body)
            }
            None => {
                let request = agent.get(self.url);
                self.headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).call()
            }
        };
        let mut response = result.map_err(|error| failure(&error))?;
        let header = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let retry_after = header.and_then(|value| value.trim().parse().ok());
        let body = response.body_mut().with_config().limit(RESPONSE_MAX).lossy_utf8(true).read_to_string();
        Ok(HttpResponse { status: response.status().as_u16(), body: body.unwrap_or_default(), retry_after })
    }

    fn agent(&self) -> Result<Agent, Failure> {
        // Shorter than the whole limit, so that a timeout shows whether anything was sent.
        let connect_limit = Some(self.limit.mul_f64(0.8));
        let mut config = Agent::config_builder()
            .timeout_global(Some(self.limit))
            .timeout_resolve(connect_limit)
            .timeout_connect(connect_limit)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .max_response_header_size(RESPONSE_MAX as usize)
            .user_agent(concat!("osmon/", env!("CARGO_PKG_VERSION")));
        if self.url.starts_with("https://") {
            let certificates = trusted_certificates(self.ca_file)?;
            let roots: Vec<_> = certificates.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
            let tls = TlsConfig::builder()
                .unversioned_rustls_crypto_provider(Arc::new(default_provider()))
                .root_certs(RootCerts::Specific(Arc::new(roots)));
            config = config.tls_config(tls.build());
        }
        Ok(Agent::new_with_config(config.build()))
    }
}

/// Classifies an error of ureq without repeating the URL.
fn failure(error: &ureq::Error) -> Failure {
    use FailureKind::{Configuration, Temporary, Unconfirmed};
    let (kind, reason) = match error {
        ureq::Error::BadUri(_) => (Configuration, "the URL is invalid".to_string()),
        ureq::Error::HostNotFound => (Temporary, "could not resolve the host name".to_string()),
        ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) | ureq::Error::ConnectionFailed => {
            (Temporary, "could not connect in time".to_string())
        }
        ureq::Error::Timeout(_) => (Unconfirmed, "did not answer in time; it may have been accepted".to_string()),
        ureq::Error::Io(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
                (Temporary, error.to_string())
            }
            // Raised by rustls.
            io::ErrorKind::InvalidData => (Configuration, format!("TLS: {error}")),
            _ => (Unconfirmed, format!("{error}; it may have been accepted")),
        },
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => (Configuration, format!("TLS: {error}")),
        other => (Unconfirmed, format!("{other}; it may have been accepted")),
    };
    Failure::new(kind, reason)
}
