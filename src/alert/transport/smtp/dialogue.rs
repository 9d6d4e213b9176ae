//! The SMTP dialogue (RFC 5321), with lettre's commands and login mechanisms but a connection of our own: lettre reads an
//! endless line into memory, and drops all recipients when one of them is refused.

use super::advice::advise;
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
use lettre::transport::smtp::extension::MailParameter;
use std::io::Write;
use std::net::IpAddr;
use std::time::{Duration, Instant};

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
    /// Name of this host for EHLO; empty: it has no full name, so its address is used (RFC 5321, section 4.1.4).
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
    let (mut session, offers) = open(letter.hello, settings, deadline, log)?;
    let results = envelope(&mut session, letter, &offers, log)?;
    deliver(&mut session, letter, results, log)
}

/// Connects, greets as `hello`, logs in and ends the dialogue. Returns who answered.
pub fn reach(settings: &Smtp, hello: &str, deadline: Instant) -> Result<String, Failure> {
    let (mut session, _) = open(hello, settings, deadline, &mut StepLog::default())?;
    quit(&mut session);
    let login = if settings.user.is_empty() { "" } else { ", login accepted" };
    Ok(format!("{} answers{login}", session.server))
}

/// Begins a dialogue: connection, greeting, TLS, login. Returns it with the extensions of the server.
fn open(hello: &str, settings: &Smtp, deadline: Instant, log: &mut StepLog) -> Result<(Session, Vec<String>), Failure> {
    let (host, port) = (settings.host.as_str(), settings.port());
    let server = format!("{host}:{port}");
    let step = Duration::from_secs(settings.timeout_seconds);
    let mut tcp = connect(host, port, deadline.min(Instant::now() + step), log)?;
    // The greeting and the reply to the whole mail may take longer than the other steps.
    tcp.set_deadline(deadline);
    let connection = match settings.security {
        Security::Tls => handshake(tcp, host, &settings.ca_file, log)
            .map_err(|failure| failure.prefixed(&server))
            .map_err(|failure| {
                let is_plain = is_plain_peer(&failure);
                failure.hint(is_plain, "the server does not begin with TLS on this port: set security = \"starttls\"")
            })?,
        _ => Connection::Plain(tcp),
    };
    let mut session = Session { connection, received: Vec::new(), server: server.clone(), patience: deadline };
    let greeting = session.reply().map_err(|failure| {
        // A server that expects TLS waits for its first byte, and may reply to anything else with a TLS alert.
        let is_silent = session.received.first().is_none_or(|byte| TLS_RECORDS.contains(byte));
        let hint = "a server that expects TLS from the first byte sends no greeting: then set security = \"tls\"";
        failure.hint(is_silent && settings.security != Security::Tls, hint)
    })?;
    let greeting = session.expect(greeting, "its greeting")?;
    log.record("greeting", greeting.text());
    session.connection.tcp().set_deadline(deadline.min(Instant::now() + step));
    let hello = match (hello, session.connection.tcp().local_address()) {
        ("", Some(IpAddr::V4(address))) => format!("[{address}]"),
        ("", Some(IpAddr::V6(address))) => format!("[IPv6:{address}]"),
        ("", None) => "localhost".to_string(),
        (name, _) => name.to_string(),
    };
    let mut offers = session.hello(&hello)?;
    if settings.security == Security::Starttls {
        if !offers.iter().any(|offer| offer.eq_ignore_ascii_case("STARTTLS")) {
            return Err(session.fail(FailureKind::Configuration, "does not offer STARTTLS; set [alert.smtp] security"));
        }
        session.command(Starttls, "STARTTLS")?;
        if !session.received.is_empty() {
            return Err(session.fail(FailureKind::Configuration, "sent data between STARTTLS and TLS"));
        }
        let Session { connection, received, .. } = session;
        let Connection::Plain(tcp) = connection else { return Err(Failure::configuration(server)) };
        let connection = handshake(tcp, host, &settings.ca_file, log).map_err(|failure| failure.prefixed(&server))?;
        session = Session { connection, received, server: server.clone(), patience: deadline };
        offers = session.hello(&hello)?;
    }
    if !settings.user.is_empty() {
        login(&mut session, settings, &offers, log)?;
    }
    Ok((session, offers))
}

/// Sends sender and recipients. Returns the result of each recipient, without text where it is accepted.
fn envelope(
    session: &mut Session,
    letter: &Letter<'_>,
    offers: &[String],
    log: &mut StepLog,
) -> Result<Vec<SendResult>, Failure> {
    let is_offered = offers.iter().any(|offer| offer.eq_ignore_ascii_case("SMTPUTF8"));
    let is_international = |address: &Address| !address.user().is_ascii();
    let unsupported = format!("{}: does not support addresses with non-ASCII letters before the @", session.server);
    if is_international(letter.from) && !is_offered {
        return Err(Failure::configuration(format!("{unsupported}; set [alert] from")));
    }
    let is_needed = is_offered && letter.to.iter().chain([letter.from]).any(is_international);
    let parameters = if is_needed { vec![MailParameter::SmtpUtfEight] } else { Vec::new() };
    let reply = session.ask(Mail::new(Some(letter.from.clone()), parameters))?;
    if !reply.is_good() {
        return Err(advise(session.refusal(&reply, "refused the sender: "), &reply, true));
    }
    let mut results: Vec<SendResult> = Vec::new();
    for to in letter.to {
        if is_international(to) && !is_offered {
            log.record("refused", format!("{to}: {unsupported}"));
            results.push(Err(Failure::new(FailureKind::Rejected, unsupported.clone())));
            continue;
        }
        results.push(match session.ask(Rcpt::new(to.clone(), Vec::new()))? {
            reply if reply.is_good() => Ok(String::new()),
            // 421: the server is closing the connection.
            reply if reply.code == 421 => return Err(session.refusal(&reply, "")),
            reply => {
                let kind = if reply.code >= 500 { FailureKind::Rejected } else { FailureKind::Temporary };
                log.record("refused", format!("{to}: {}", reply.text()));
                Err(advise(session.fail(kind, &reply.text()), &reply, false))
            }
        });
    }
    Ok(results)
}

/// Sends the content to the recipients that were accepted, and ends the dialogue.
fn deliver(
    session: &mut Session,
    letter: &Letter<'_>,
    mut results: Vec<SendResult>,
    log: &mut StepLog,
) -> Result<Vec<SendResult>, Failure> {
    if results.iter().any(Result::is_ok) {
        let accepted = content(session, letter.content, log)?;
        for result in results.iter_mut().filter(|result| result.is_ok()) {
            *result = Ok(accepted.clone());
        }
    }
    quit(session);
    Ok(results)
}

/// Ends the dialogue. The reply changes nothing and is not awaited.
fn quit(session: &mut Session) {
    let _ = session.connection.write_all(Quit.to_string().as_bytes()).and_then(|()| session.connection.flush());
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
    session.connection.tcp().set_deadline(session.patience);
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
