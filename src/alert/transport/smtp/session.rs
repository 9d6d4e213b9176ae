//! Commands and replies of SMTP over a connection.

use crate::base::net::connection::Connection;
use crate::base::net::failure::{Failure, FailureKind};
use crate::base::text::clean_bytes;
use lettre::transport::smtp::commands::Ehlo;
use lettre::transport::smtp::extension::ClientId;
use std::fmt::Display;
use std::io::{Read, Write};
use std::time::Instant;

/// Longest line of a reply, in bytes (RFC 5321 allows 512).
const LINE_MAX: usize = 4096;
/// Most lines of a reply.
const LINES_MAX: usize = 100;

/// A reply of the server.
pub struct Reply {
    /// Three digits.
    pub code: u16,
    /// Its lines without the code.
    pub lines: Vec<String>,
}

impl Reply {
    /// Returns whether it is positive.
    pub fn is_good(&self) -> bool {
        (200..400).contains(&self.code)
    }
    /// `(550) no such user`
    pub fn text(&self) -> String {
        format!("({}) {}", self.code, self.lines.join(" "))
    }
}

/// An SMTP connection.
pub struct Session {
    /// The connection, with TLS or without.
    pub connection: Connection,
    /// Bytes received and not consumed yet.
    pub received: Vec<u8>,
    /// `host:port`
    pub server: String,
    /// Limit for what a server may take its time for: the greeting, and its reply to the whole mail.
    pub patience: Instant,
}

impl Session {
    /// A failure with the name of the server.
    pub fn fail(&self, kind: FailureKind, reason: &str) -> Failure {
        Failure::new(kind, format!("{}: {reason}", self.server))
    }

    /// The failure that a negative reply stands for.
    pub fn refusal(&self, reply: &Reply, what: &str) -> Failure {
        let kind = if reply.code >= 500 { FailureKind::Configuration } else { FailureKind::Temporary };
        self.fail(kind, &format!("{what}{}", reply.text()))
    }

    /// The reply, unless it is negative.
    pub fn expect(&self, reply: Reply, what: &str) -> Result<Reply, Failure> {
        if reply.is_good() { Ok(reply) } else { Err(self.refusal(&reply, &format!("refused {what}: "))) }
    }

    /// Sends a command and returns its reply.
    pub fn ask(&mut self, command: impl Display) -> Result<Reply, Failure> {
        let sent = self.connection.write_all(command.to_string().as_bytes()).and_then(|()| self.connection.flush());
        sent.map_err(|error| self.fail(FailureKind::Temporary, &error.to_string()))?;
        self.reply()
    }

    /// Sends a command that must succeed.
    pub fn command(&mut self, command: impl Display, what: &str) -> Result<Reply, Failure> {
        let reply = self.ask(command)?;
        self.expect(reply, what)
    }

    /// Sends EHLO. Returns the extensions of the server.
    pub fn hello(&mut self, name: &str) -> Result<Vec<String>, Failure> {
        let reply = self.ask(Ehlo::new(ClientId::Domain(name.to_string())))?;
        if reply.is_good() {
            return Ok(reply.lines);
        }
        let refusal = self.refusal(&reply, "refused EHLO: ");
        // 421: the server is closing the connection, 451: it is busy.
        Err(refusal
            .hint(reply.code >= 500, &format!("as {name}; set [alert.smtp] helo_name to the full name of this host")))
    }

    /// Reads a reply.
    pub fn reply(&mut self) -> Result<Reply, Failure> {
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
