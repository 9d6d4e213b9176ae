//! SMTP (RFC 5321), through lettre with rustls.

use super::message::{Envelope, domain};
use super::transport::{Sent, one_by_one, refused};
use crate::base::file::read_at_most;
use crate::config::{Security, Smtp};
use anyhow::{Context, Result, anyhow};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Message, SmtpTransport, Transport};
use std::path::Path;
use std::time::Duration;

/// The port to connect to.
pub fn port(settings: &Smtp) -> u16 {
    match (settings.port, settings.security) {
        (0, Security::Starttls) => 587,
        (0, Security::Tls) => 465,
        (0, Security::None) => 25,
        (port, _) => port,
    }
}

/// Sends one mail.
///
/// # Errors
/// What the server, the network or the settings say, with the server's own words.
pub fn send(message: &Message, envelope: &Envelope, settings: &Smtp, host: &str) -> Result<Sent> {
    let place = format!("{}:{}", settings.host, port(settings));
    let tls = match settings.security {
        Security::None => Tls::None,
        Security::Starttls => Tls::Required(parameters(settings)?),
        Security::Tls => Tls::Wrapper(parameters(settings)?),
    };
    let mut builder = SmtpTransport::builder_dangerous(&settings.host)
        .port(port(settings))
        .tls(tls)
        .hello_name(ClientId::Domain(domain(host)))
        .timeout(Some(Duration::from_secs(settings.timeout_seconds)));
    if !settings.user.is_empty() {
        builder = builder.credentials(Credentials::new(settings.user.clone(), password(&settings.password_file)?));
    }
    let transport = builder.build();
    let content = message.formatted();
    let attempt = |recipients: &[Mailbox]| -> Result<String, (bool, anyhow::Error)> {
        let addresses = recipients.iter().map(|recipient| recipient.email.clone()).collect();
        let route = lettre::address::Envelope::new(Some(envelope.from.email.clone()), addresses)
            .map_err(|error| (false, error.into()))?;
        let response = transport
            .send_raw(&route, &content)
            .map_err(|error| (error.is_permanent(), refused(format!("{place}: {}", words(&error)))))?;
        let said = response.message().next().unwrap_or_default().to_string();
        Ok(format!("accepted by {place} ({} {said})", response.code()))
    };
    match attempt(&envelope.to) {
        Ok(by) => Ok(Sent { by, refused: Vec::new() }),
        Err((true, error)) if envelope.to.len() > 1 => one_by_one(&envelope.to, error, |recipient| {
            attempt(std::slice::from_ref(recipient)).map_err(|(_, error)| error)
        }),
        Err((_, error)) => Err(error),
    }
}

/// The error with its causes, each said once.
fn words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    if text.contains("os error 11") {
        // EAGAIN: what a socket says when its time is over.
        return "did not answer in time".to_string();
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    text
}

fn parameters(settings: &Smtp) -> Result<TlsParameters> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if !settings.ca_file.is_empty() {
        let pem = read_at_most(Path::new(&settings.ca_file), 1024 * 1024)
            .with_context(|| format!("could not read ca_file {}", settings.ca_file))?;
        builder = builder.add_root_certificate(
            Certificate::from_pem(&pem).with_context(|| format!("{} is no PEM certificate", settings.ca_file))?,
        );
    }
    builder.build_rustls().context("could not set up TLS")
}

fn password(file: &str) -> Result<String> {
    let content =
        read_at_most(Path::new(file), 64 * 1024).with_context(|| format!("could not read password_file {file}"))?;
    let text = String::from_utf8(content).with_context(|| format!("{file} is not UTF-8 text"))?;
    let first = text.lines().next().unwrap_or_default().to_string();
    if first.is_empty() { Err(anyhow!("{file} is empty; its first line must be the password")) } else { Ok(first) }
}
