//! HTTP requests by ureq with rustls. Redirects are not followed: a person should update a URL that has moved. URLs may
//! contain secrets, so no failure repeats them.

use super::failure::{Failure, FailureKind};
use super::https::TlsConnector;
use super::tls::{client_config, explain};
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectProxyConnector, Connector, TcpConnector};
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
        let mut response = result.map_err(|error| failure(&error, self.ca_file))?;
        let header = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let retry_after = header.and_then(|value| value.trim().parse().ok());
        let (mut body, status) = (Vec::new(), response.status().as_u16());
        // The status has arrived: a body that ends early is kept as far as it came.
        let _ = response.body_mut().as_reader().take(RESPONSE_MAX).read_to_end(&mut body);
        Ok(HttpResponse { status, body: String::from_utf8_lossy(&body).into_owned(), retry_after })
    }

    fn agent(&self) -> Result<Agent, Failure> {
        // Shorter than the whole limit, so that a timeout shows whether anything was sent.
        let connect_limit = Some(self.limit.mul_f64(0.8));
        let config = Agent::config_builder()
            .timeout_global(Some(self.limit))
            .timeout_resolve(connect_limit)
            .timeout_connect(connect_limit)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .max_response_header_size(RESPONSE_MAX as usize)
            .user_agent(concat!("osmon/", env!("CARGO_PKG_VERSION")))
            .build();
        if !self.url.starts_with("https://") {
            return Ok(Agent::new_with_config(config));
        }
        let tls = TlsConnector(Arc::new(client_config(self.ca_file)?));
        let connector = ConnectProxyConnector::default().chain(TcpConnector::default()).chain(tls);
        Ok(Agent::with_parts(config, connector, DefaultResolver::default()))
    }
}

/// Classifies an error of ureq without repeating the URL.
fn failure(error: &ureq::Error, ca_file: &str) -> Failure {
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
            io::ErrorKind::InvalidData => (Configuration, format!("TLS: {}", explain(error, ca_file))),
            _ => (Unconfirmed, format!("{error}; it may have been accepted")),
        },
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => (Configuration, format!("TLS: {error}")),
        other => (Unconfirmed, format!("{other}; it may have been accepted")),
    };
    Failure::new(kind, reason)
}
