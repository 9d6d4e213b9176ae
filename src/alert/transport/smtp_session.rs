//! The SMTP dialogue (RFC 5321), with lettre's commands and login mechanisms but a connection of our own: lettre reads an
//! endless line into memory, and drops all recipients when one of them is refused.

use crate::alert::attempt::{Attempt, SendResult};
use crate::base::net::connection::{Connection, connect};
use crate::base::net::failure::{Failure, FailureKind};
use crate::base::net::step_log::StepLog;
use crate::base::net::tls::{handshake, is_plain_peer};
use crate::base::text::clean_bytes;
use crate::config::{Security, Smtp};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::commands::{Data, Ehlo, Mail, Quit, Rcpt, Starttls};
use lettre::transport::smtp::extension::ClientId;
use std::fmt::Display;
use std::io::{Read, Write};
use std::time::Instant;

/// Longest line of a reply, in bytes (RFC 5321 allows 512).
const LINE_MAX: usize = 4096;
/// Most lines of a reply.
const LINES_MAX: usize = 100;
/// Most challenges of a login that are answered.
const CHALLENGES_MAX: usize = 5;
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

/// A reply: its code, and its lines without the code.
struct Reply {
    code: u16,
    lines: Vec<String>,
}

impl Reply {
    fn is_good(&self) -> bool {
        (200..400).contains(&self.code)
    }
    fn text(&self) -> String {
        format!("({}) {}", self.code, self.lines.join(" "))
    }
}

struct Session {
    connection: Connection,
    /// Bytes received and not consumed yet.
    received: Vec<u8>,
    /// `host:port`
    server: String,
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
    // Before the final dot nothing is accepted; after it only the reply tells.
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

fn login(session: &mut Session, settings: &Smtp, offers: &[String], log: &mut StepLog) -> Result<(), Failure> {
    let secret = settings.secret().read().map_err(|reason| Failure::configuration(format!("password: {reason}")))?;
    let credentials = Credentials::new(settings.user.clone(), secret);
    let offered = |name: &str| {
        let line = offers.iter().find(|offer| offer.to_ascii_uppercase().starts_with("AUTH"));
        line.is_some_and(|line| line.split([' ', '=']).any(|word| word.eq_ignore_ascii_case(name)))
    };
    let mechanism = match settings.mechanism.as_str() {
        "plain" => Mechanism::Plain,
        "login" => Mechanism::Login,
        "xoauth2" => Mechanism::Xoauth2,
        _ if offered("PLAIN") => Mechanism::Plain,
        _ if offered("LOGIN") => Mechanism::Login,
        _ => {
            return Err(
                session.fail(FailureKind::Configuration, "offers neither PLAIN nor LOGIN; see [alert.smtp] mechanism")
            );
        }
    };
    let encode = |text: &str| STANDARD.encode(text);
    let unexpected = |_| Failure::configuration("the server asks for more than user and password");
    let mut reply = if mechanism.supports_initial_response() {
        let first = mechanism.response(&credentials, None).map_err(unexpected)?;
        session.ask(format!("AUTH {mechanism} {}\r\n", encode(&first)))?
    } else {
        session.ask(format!("AUTH {mechanism}\r\n"))?
    };
    for _ in 0..CHALLENGES_MAX {
        if reply.code != 334 {
            break;
        }
        if mechanism == Mechanism::Xoauth2 {
            // The challenge contains the reason of a refusal; an empty line requests the refusal itself.
            reply = session.ask("\r\n")?;
            continue;
        }
        let challenge = STANDARD.decode(reply.lines.join("")).unwrap_or_default();
        let response =
            mechanism.response(&credentials, Some(&String::from_utf8_lossy(&challenge))).map_err(unexpected)?;
        reply = session.ask(format!("{}\r\n", encode(&response)))?;
    }
    if reply.code != 235 {
        return Err(session.refusal(&reply, "login refused: "));
    }
    log.record("login", format!("{} by {mechanism}: {}", settings.user, reply.text()));
    Ok(())
}

impl Session {
    fn fail(&self, kind: FailureKind, reason: &str) -> Failure {
        Failure::new(kind, format!("{}: {reason}", self.server))
    }

    /// The failure that a negative reply stands for.
    fn refusal(&self, reply: &Reply, what: &str) -> Failure {
        let kind = if reply.code >= 500 { FailureKind::Configuration } else { FailureKind::Temporary };
        self.fail(kind, &format!("{what}{}", reply.text()))
    }

    fn expect(&self, reply: Reply, what: &str) -> Result<Reply, Failure> {
        if reply.is_good() { Ok(reply) } else { Err(self.refusal(&reply, &format!("refused {what}: "))) }
    }

    /// Sends a command and returns its reply.
    fn ask(&mut self, command: impl Display) -> Result<Reply, Failure> {
        let sent = self.connection.write_all(command.to_string().as_bytes()).and_then(|()| self.connection.flush());
        sent.map_err(|error| self.fail(FailureKind::Temporary, &error.to_string()))?;
        self.reply()
    }

    /// Sends a command that must succeed.
    fn command(&mut self, command: impl Display, what: &str) -> Result<Reply, Failure> {
        let reply = self.ask(command)?;
        self.expect(reply, what)
    }

    /// Sends EHLO. Returns the extensions of the server.
    fn hello(&mut self, name: &str) -> Result<Vec<String>, Failure> {
        let reply = self.command(Ehlo::new(ClientId::Domain(name.to_string())), "EHLO")?;
        Ok(reply.lines)
    }

    fn reply(&mut self) -> Result<Reply, Failure> {
        let mut lines = Vec::new();
        loop {
            let line = self.line()?;
            let code = line.get(..3).and_then(|code| code.parse::<u16>().ok()).filter(|code| (200..600).contains(code));
            let code = code.ok_or_else(|| self.fail(FailureKind::Temporary, "its reply is not SMTP"))?;
            lines.push(line.get(4..).unwrap_or_default().to_string());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Reply { code, lines });
            }
            if lines.len() > LINES_MAX {
                return Err(self.fail(FailureKind::Temporary, "its reply does not end"));
            }
        }
    }

    fn line(&mut self) -> Result<String, Failure> {
        loop {
            if let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                return Ok(clean_bytes(line.trim_ascii_end(), 500));
            }
            if self.received.len() > LINE_MAX {
                return Err(self.fail(FailureKind::Temporary, "its reply is an endless line"));
            }
            let mut chunk = [0; 1024];
            let count = match self.connection.read(&mut chunk) {
                Ok(0) => return Err(self.fail(FailureKind::Temporary, "closed the connection")),
                Ok(count) => count,
                Err(error) => return Err(self.fail(FailureKind::Temporary, &error.to_string())),
            };
            self.received.extend_from_slice(chunk.get(..count).unwrap_or_default());
        }
    }
}
