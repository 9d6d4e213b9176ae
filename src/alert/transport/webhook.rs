//! JSON posted to a webhook: a chat, or any web server. A redirect is not an acceptance: a person should update a URL that
//! has moved.

use super::chat;
use super::interface::{SendJob, Transport};
use crate::alert::answer;
use crate::alert::attempt::{Attempt, SendResult};
use crate::alert::draft::Draft;
use crate::alert::payload::ChatMessage;
use crate::base::net::connection::connect;
use crate::base::net::failure::{Failure, FailureKind};
use crate::base::net::http::HttpRequest;
use crate::base::net::http_url::{self, credentials, host, host_and_port, is_loopback, port};
use crate::base::net::step_log::StepLog;
use crate::base::net::tls::{handshake, is_plain_peer};
use crate::base::redact::{Redactor, url_secrets};
use crate::base::text::clean_bytes;
use crate::config::Webhook;
use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::time::{Duration, Instant};
use url::Url;

/// Longest requested pause that is followed.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

impl Transport for Webhook {
    fn prepare(&self, draft: &Draft<'_>) -> Result<SendJob> {
        let (settings, message) = (self.clone(), draft.chat_message());
        Ok(Box::new(move |deadline| {
            let mut log = StepLog::default();
            let result = send(&settings, &message, deadline, &mut log);
            Attempt::uniform(log, 1, &result)
        }))
    }

    /// Connects twice: first only to log the steps, which the HTTP client does not report.
    fn prepare_test(&self, draft: &Draft<'_>) -> Result<SendJob> {
        let (settings, message) = (self.clone(), draft.chat_message());
        Ok(Box::new(move |deadline| {
            let mut log = StepLog::default();
            let result =
                probe(&settings, deadline, &mut log).and_then(|()| send(&settings, &message, deadline, &mut log));
            Attempt::uniform(log, 1, &result)
        }))
    }

    fn reach(&self, _: &str, deadline: Instant) -> Result<String, Failure> {
        probe(self, deadline, &mut StepLog::default())?;
        target(self).map(|url| format!("{} accepts connections", host_and_port(&url)))
    }

    /// The URL with its parts, and the token.
    fn redactor(&self) -> Redactor {
        let token = self.token.is_set().then(|| self.token.read().ok()).flatten();
        Redactor::new(self.url.read().map(|url| url_secrets(&url)).unwrap_or_default().into_iter().chain(token))
    }
}

/// The URL, if messages may be sent to it.
fn target(settings: &Webhook) -> Result<Url, Failure> {
    let url = settings.url.read().and_then(|url| http_url::parse(&url));
    let url = url.map_err(|reason| Failure::configuration(format!("url: {reason}")))?;
    if url.scheme() == "http" && !is_loopback(&url) && !settings.allow_plain {
        let reason = "http:// would send this unencrypted; use https://, or set allow_plain = true";
        return Err(Failure::configuration(reason));
    }
    Ok(url)
}

/// The value of the `Authorization` header; empty: none is sent.
fn authorization(settings: &Webhook, url: &Url) -> Result<String, Failure> {
    let token = if settings.token.is_set() { settings.token.read() } else { Ok(String::new()) };
    let token = token.map_err(|reason| Failure::configuration(format!("token: {reason}")))?;
    if token.chars().any(char::is_control) {
        return Err(Failure::configuration("the token contains control characters"));
    }
    let credentials = credentials(url);
    Ok(match (token.is_empty(), credentials.is_empty()) {
        (false, _) => format!("Bearer {token}"),
        (true, false) => format!("Basic {}", STANDARD.encode(credentials)),
        (true, true) => String::new(),
    })
}

fn probe(settings: &Webhook, deadline: Instant, log: &mut StepLog) -> Result<(), Failure> {
    let url = target(settings)?;
    let tcp = connect(host(&url), port(&url), deadline, log)?;
    if url.scheme() == "https" {
        handshake(tcp, host(&url), &settings.ca_file, log).map_err(hint_plain)?;
    }
    Ok(())
}

fn hint_plain(failure: Failure) -> Failure {
    let is_plain = is_plain_peer(&failure);
    failure.hint(is_plain, "the server does not speak TLS on this port: use another port, or http:// on this host")
}

fn send(settings: &Webhook, message: &ChatMessage, deadline: Instant, log: &mut StepLog) -> SendResult {
    let mut url = target(settings)?;
    let (server, authorization) = (host_and_port(&url), authorization(settings, &url)?);
    let kind = chat::kind(settings, &url);
    let body = chat::render(settings, &mut url, message);
    // Sent as a header instead. This fails only for URLs without a host.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    let headers = [
        ("Content-Type", "application/json"),
        ("Idempotency-Key", message.id.as_str()),
        ("Authorization", authorization.as_str()),
    ];
    let headers: Vec<(&str, &str)> = headers.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let request = HttpRequest {
        url: url.as_str(),
        headers: &headers,
        body: Some(&body),
        ca_file: &settings.ca_file,
        limit: deadline.saturating_duration_since(Instant::now()),
    };
    let response = request.send().map_err(|failure| hint_plain(failure.prefixed(&server)))?;
    let (status, text) = (response.status, clean_bytes(response.body.trim().as_bytes(), 200));
    let text = if text.is_empty() { String::new() } else { format!(": {text}") };
    log.record("status", format!("{status}{text}"));
    let (failure, refused) = match (status, answer::refusal(kind, &response.body)) {
        (200..=299, None) => return Ok(format!("accepted by {server} (status {status})")),
        (200..=299, Some(failure)) => (failure, ", but the message was not accepted"),
        (408 | 425 | 429 | 500..=599, _) => (FailureKind::Temporary, ""),
        _ => (FailureKind::Configuration, ""),
    };
    let asked = response.retry_after.map(Duration::from_secs).or_else(|| answer::pause(&response.body));
    let retry_after = asked.map(|pause| pause.min(RETRY_AFTER_MAX));
    let failure = Failure { retry_after, ..Failure::new(failure, format!("{server}: status {status}{refused}{text}")) };
    Err(failure.hint(
        !refused.is_empty() && answer::is_page(&response.body),
        "a web page: is the URL right, and does it need a login?",
    ))
}
