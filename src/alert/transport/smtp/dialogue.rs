//! The SMTP dialogue (RFC 5321), with lettre's commands and login mechanisms but a connection of our own: lettre reads an
//! endless line into memory, and drops all recipients when one of them is refused.

use super::login::login;
use super::session::Session;
use crate::alert::attempt::{Attempt, SendResult};
use crate::base::net::connection::{Connection, connect};
use crate::base::net::failure::{Failure, FailureKind};
use crate::base::net::step_log::StepLog;
use crate::base::net::tls::{handshake, is_plain_peer};
use crate::config::{Security, Smtp};
use lettre::Address;
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt, Starttls};
use std::io::Write;
use std::time::Instant;

/// Types of TLS records: alert and handshake.
const TLS_RECORDS: [u8; 2] = [21, 22];

/// A mail and its envelope.
pub struct Letter<'a> {
    /// Sender.
    pub from: &'a Address,
    /// Recipients.
    pub to: &'a [Address],
    /// Headers and body.
    pub content: &'a [u8],
    /// Name of this host for EHLO.
    pub hello: &'a str,
}

/// Sends one mail.
pub fn send(letter: &Letter<'_>, settings: &Smtp, deadline: Instant) -> Attempt {
    let mut log = StepLog::default();
    match dialogue(letter, settings, deadline, &mut log) {
        Ok(results) => Attempt { log, results },
        Err(failure) => Attempt::uniform(log, letter.to.len(), &Err(failure)),
    }
}

fn dialogue(
    letter: &Letter<'_>,
    settings: &Smtp,
    deadline: Instant,
    log: &mut StepLog,
) -> Result<Vec<SendResult>, Failure> {
    let (host, port) = (settings.host.as_str(), settings.port());
    let server = format!("{host}:{port}");
    let tcp = connect(host, port, deadline, log)?;
    let connection = match settings.security {
        Security::Tls => handshake(tcp, host, &settings.ca_file, log)
            .map_err(|failure| failure.prefixed(&server))
            .map_err(|failure| {
                let is_plain = is_plain_peer(&failure);
                failure.hint(is_plain, "the server does not begin with TLS on this port: set security = \"starttls\"")
            })?,
        _ => Connection::Plain(tcp),
    };
    let mut session = Session { connection, received: Vec::new(), server: server.clone() };
    let greeting = session.reply().map_err(|failure| {
        // A server that expects TLS waits for its first byte, and may reply to anything else with a TLS alert.
        let is_silent = session.received.first().is_none_or(|byte| TLS_RECORDS.contains(byte));
        let hint = "a server that expects TLS from the first byte sends no greeting: then set security = \"tls\"";
        failure.hint(is_silent && settings.security != Security::Tls, hint)
    })?;
    let greeting = session.expect(greeting, "its greeting")?;
    log.record("greeting", greeting.text());
    let mut offers = session.hello(letter.hello)?;
    if settings.security == Security::Starttls {
        if !offers.iter().any(|offer| offer.eq_ignore_ascii_case("STARTTLS")) {
            return Err(session.fail(FailureKind::Configuration, "does not offer STARTTLS; set [alert.smtp] security"));
        }
        session.command(Starttls, "STARTTLS")?;
        if !session.received.is_empty() {
            return Err(session.fail(FailureKind::Configuration, "sent data between STARTTLS and TLS"));
        }
        let Session { connection, received, server: _ } = session;
        let Connection::Plain(tcp) = connection else { return Err(Failure::configuration(server)) };
        let connection = handshake(tcp, host, &settings.ca_file, log).map_err(|failure| failure.prefixed(&server))?;
        session = Session { connection, received, server: server.clone() };
        offers = session.hello(letter.hello)?;
    }
    if !settings.user.is_empty() {
        login(&mut session, settings, &offers, log)?;
    }
    session.command(Mail::new(Some(letter.from.clone()), Vec::new()), "the sender")?;
    let mut results: Vec<SendResult> = Vec::new();
    for to in letter.to {
        results.push(match session.ask(Rcpt::new(to.clone(), Vec::new()))? {
            reply if reply.is_good() => Ok(String::new()),
            // 421: the server is closing the connection.
            reply if reply.code == 421 => return Err(session.refusal(&reply, "")),
            reply => {
                let kind = if reply.code >= 500 { FailureKind::Rejected } else { FailureKind::Temporary };
                let reason = format!("{server}: {}", reply.text());
                log.record("refused", format!("{to}: {}", reply.text()));
                Err(Failure::new(kind, reason))
            }
        });
    }
    if results.iter().any(Result::is_ok) {
        let accepted = content(&mut session, letter.content, log)?;
        for result in results.iter_mut().filter(|result| result.is_ok()) {
            *result = Ok(accepted.clone());
        }
    }
    // The mail has been accepted: the reply to QUIT changes nothing and is not awaited.
    let _ = session.connection.write_all(Quit.to_string().as_bytes()).and_then(|()| session.connection.flush());
    Ok(results)
}

/// Sends the content. Returns who accepted it.
fn content(session: &mut Session, content: &[u8], log: &mut StepLog) -> Result<String, Failure> {
    session.command(Data, "DATA")?;
    let unconfirmed = |session: &Session, reason: &str| {
        session.fail(FailureKind::Unconfirmed, &format!("{reason}; it may have been accepted"))
    };
    session
        .connection
        .write_all(&dot_stuffed(content))
        .map_err(|error| session.fail(FailureKind::Temporary, &error.to_string()))?;
    // Nothing is accepted before the final dot; after it, the reply decides.
    let dot = session.connection.write_all(b".\r\n").and_then(|()| session.connection.flush());
    dot.map_err(|error| unconfirmed(session, &error.to_string()))?;
    match session.reply() {
        Ok(reply) if reply.is_good() => {
            log.record("accepted", format!("{} {}", reply.code, reply.lines.join(" ")));
            Ok(format!("accepted by {} ({} {})", session.server, reply.code, reply.lines.join(" ")))
        }
        Ok(reply) => Err(session.refusal(&reply, "")),
        Err(failure) => Err(unconfirmed(session, failure.reason.trim_start_matches(&format!("{}: ", session.server)))),
    }
}

/// The content with dot stuffing and a final line break (RFC 5321, section 4.5.2).
fn dot_stuffed(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 64);
    let mut is_start = true;
    for byte in content {
        if is_start && *byte == b'.' {
            out.push(b'.');
        }
        out.push(*byte);
        is_start = *byte == b'\n';
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_begin_with_a_dot_get_another() {
        assert_eq!(dot_stuffed(b".a\r\n..b\r\nc."), b"..a\r\n...b\r\nc.\r\n");
    }
}
