//! SMTP (RFC 5321) with lettre's commands and logins, over a connection of our own: lettre's reads an endless line into
//! memory, and gives all recipients up when one of them is refused.

use crate::base::net::attempt::{Attempt, Failure, Fate};
use crate::base::net::wire::{Channel, connect, is_plain_there, protect};
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

/// Longest line of an answer, in bytes (RFC 5321 allows 512).
const LINE_MAX: usize = 4096;
/// Most lines of an answer.
const LINES_MAX: usize = 100;

/// What is to be sent.
pub struct Letter<'a> {
    /// Sender.
    pub from: &'a Address,
    /// Recipients.
    pub to: &'a [Address],
    /// The message as it goes over the wire.
    pub content: &'a [u8],
    /// What this host calls itself.
    pub hello: &'a str,
}

/// Sends one mail.
pub fn send(letter: &Letter<'_>, settings: &Smtp, until: Instant) -> Attempt {
    let mut log = Attempt::default();
    match dialogue(letter, settings, until, &mut log) {
        Ok(results) => log.results = results,
        Err(failure) => return log.rest(letter.to.len(), &Err(failure)),
    }
    log
}

/// An answer: its code, and its lines without it.
struct Answer {
    code: u16,
    lines: Vec<String>,
}

impl Answer {
    fn is_good(&self) -> bool {
        (200..400).contains(&self.code)
    }
    fn words(&self) -> String {
        format!("({}) {}", self.code, self.lines.join(" "))
    }
}

struct Session {
    channel: Channel,
    heard: Vec<u8>,
    place: String,
}

type Results = Vec<Result<String, Failure>>;

fn dialogue(letter: &Letter<'_>, settings: &Smtp, until: Instant, log: &mut Attempt) -> Result<Results, Failure> {
    let (host, port) = (settings.host.as_str(), settings.port());
    let place = format!("{host}:{port}");
    let wire = connect(host, port, until, log)?;
    let within = |failure: Failure| Failure { why: format!("{place}: {}", failure.why), ..failure };
    let channel = match settings.security {
        Security::Tls => protect(wire, host, &settings.ca_file, log).map_err(within).map_err(|failure| {
            let is_plain = is_plain_there(&failure.why);
            failure.hint(is_plain, "it speaks no TLS at first there: set security = \"starttls\"")
        })?,
        _ => Channel::Plain(wire),
    };
    let mut session = Session { channel, heard: Vec::new(), place: place.clone() };
    let greeting = session.answer().map_err(|failure| {
        // Such a server waits for the first byte of TLS, and may answer anything else with an alert of TLS (22 and 21 are types
        // of its records).
        let is_silent = session.heard.is_empty() || matches!(session.heard.first(), Some(21 | 22));
        let hint = "a server that wants TLS from the first byte does not greet: then set security = \"tls\"";
        failure.hint(is_silent && settings.security != Security::Tls, hint)
    })?;
    let greeting = session.expect(greeting, "its greeting")?;
    log.step("greeting", greeting.words());
    let mut offers = session.hello(letter.hello)?;
    if settings.security == Security::Starttls {
        if !offers.iter().any(|offer| offer.eq_ignore_ascii_case("STARTTLS")) {
            return Err(session.fail(Fate::Settings, "offers no STARTTLS; set [alert.smtp] security"));
        }
        session.say(Starttls, "STARTTLS")?;
        if !session.heard.is_empty() {
            return Err(session.fail(Fate::Settings, "says more before TLS than it was asked"));
        }
        let Session { channel, heard, place: _ } = session;
        let Channel::Plain(wire) = channel else { return Err(Failure::new(Fate::Settings, place)) };
        let channel = protect(wire, host, &settings.ca_file, log).map_err(within)?;
        session = Session { channel, heard, place: place.clone() };
        offers = session.hello(letter.hello)?;
    }
    if !settings.user.is_empty() {
        login(&mut session, settings, &offers, log)?;
    }
    session.say(Mail::new(Some(letter.from.clone()), Vec::new()), "the sender")?;
    let mut results: Results = Vec::new();
    for to in letter.to {
        results.push(match session.ask(Rcpt::new(to.clone(), Vec::new()))? {
            answer if answer.is_good() => Ok(String::new()),
            // 421: it is going away, and takes nobody's mail.
            answer if answer.code == 421 => return Err(session.refusal(&answer, "")),
            answer => {
                let fate = if answer.code >= 500 { Fate::Recipient } else { Fate::Later };
                let why = format!("{place}: {}", answer.words());
                log.step("refused", format!("{to}: {}", answer.words()));
                Err(Failure::new(fate, why))
            }
        });
    }
    if results.iter().any(Result::is_ok) {
        let accepted = content(&mut session, letter.content, log)?;
        for result in results.iter_mut().filter(|result| result.is_ok()) {
            *result = Ok(accepted.clone());
        }
    }
    // It has been accepted: what comes now changes nothing, and is not waited for.
    let _ = session.channel.write_all(Quit.to_string().as_bytes()).and_then(|()| session.channel.flush());
    Ok(results)
}

/// The message itself, and who has it now.
fn content(session: &mut Session, content: &[u8], log: &mut Attempt) -> Result<String, Failure> {
    session.say(Data, "DATA")?;
    let unknown =
        |session: &Session, why: &str| session.fail(Fate::Unknown, &format!("{why}; it may have been accepted"));
    session.channel.write_all(&stuffed(content)).map_err(|error| session.fail(Fate::Later, &error.to_string()))?;
    // Until the dot nothing is accepted; from here on nobody knows.
    let dot = session.channel.write_all(b".\r\n").and_then(|()| session.channel.flush());
    dot.map_err(|error| unknown(session, &error.to_string()))?;
    match session.answer() {
        Ok(answer) if answer.is_good() => {
            log.step("accepted", format!("{} {}", answer.code, answer.lines.join(" ")));
            Ok(format!("accepted by {} ({} {})", session.place, answer.code, answer.lines.join(" ")))
        }
        Ok(answer) => Err(session.refusal(&answer, "")),
        Err(failure) => Err(unknown(session, failure.why.trim_start_matches(&format!("{}: ", session.place)))),
    }
}

/// The content with a dot before each line that begins with one, and an end of line at its end (RFC 5321, 4.5.2).
fn stuffed(content: &[u8]) -> Vec<u8> {
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

fn login(session: &mut Session, settings: &Smtp, offers: &[String], log: &mut Attempt) -> Result<(), Failure> {
    let secret = settings.secret().read().map_err(|why| Failure::new(Fate::Settings, format!("password: {why}")))?;
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
        _ => return Err(session.fail(Fate::Settings, "offers no login by PLAIN or LOGIN; see [alert.smtp] mechanism")),
    };
    let encode = |text: &str| STANDARD.encode(text);
    let inner = |_| Failure::new(Fate::Settings, "the server asks for something else than user and password");
    let mut answer = if mechanism.supports_initial_response() {
        let first = mechanism.response(&credentials, None).map_err(inner)?;
        session.ask(format!("AUTH {mechanism} {}\r\n", encode(&first)))?
    } else {
        session.ask(format!("AUTH {mechanism}\r\n"))?
    };
    for _ in 0..5 {
        if answer.code != 334 {
            break;
        }
        if mechanism == Mechanism::Xoauth2 {
            // The challenge is the reason of the refusal; an empty line asks for the refusal itself.
            answer = session.ask("\r\n")?;
            continue;
        }
        let challenge = STANDARD.decode(answer.lines.join("")).unwrap_or_default();
        let response = mechanism.response(&credentials, Some(&String::from_utf8_lossy(&challenge))).map_err(inner)?;
        answer = session.ask(format!("{}\r\n", encode(&response)))?;
    }
    if answer.code != 235 {
        return Err(session.refusal(&answer, "login refused: "));
    }
    log.step("login", format!("{} by {mechanism}: {}", settings.user, answer.words()));
    Ok(())
}

impl Session {
    fn fail(&self, fate: Fate, why: &str) -> Failure {
        Failure::new(fate, format!("{}: {why}", self.place))
    }

    /// What a bad answer means.
    fn refusal(&self, answer: &Answer, what: &str) -> Failure {
        let fate = if answer.code >= 500 { Fate::Settings } else { Fate::Later };
        self.fail(fate, &format!("{what}{}", answer.words()))
    }

    fn expect(&self, answer: Answer, what: &str) -> Result<Answer, Failure> {
        if answer.is_good() { Ok(answer) } else { Err(self.refusal(&answer, &format!("refused {what}: "))) }
    }

    /// A command and its answer.
    fn ask(&mut self, command: impl Display) -> Result<Answer, Failure> {
        let sent = self.channel.write_all(command.to_string().as_bytes()).and_then(|()| self.channel.flush());
        sent.map_err(|error| self.fail(Fate::Later, &error.to_string()))?;
        self.answer()
    }

    /// A command that must be answered well.
    fn say(&mut self, command: impl Display, what: &str) -> Result<Answer, Failure> {
        let answer = self.ask(command)?;
        self.expect(answer, what)
    }

    /// What the server offers.
    fn hello(&mut self, name: &str) -> Result<Vec<String>, Failure> {
        let answer = self.say(Ehlo::new(ClientId::Domain(name.to_string())), "EHLO")?;
        Ok(answer.lines)
    }

    fn answer(&mut self) -> Result<Answer, Failure> {
        let mut lines = Vec::new();
        loop {
            let line = self.line()?;
            let code = line.get(..3).and_then(|code| code.parse::<u16>().ok()).filter(|code| (200..600).contains(code));
            let code = code.ok_or_else(|| self.fail(Fate::Later, "its answer is not SMTP"))?;
            lines.push(line.get(4..).unwrap_or_default().to_string());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Answer { code, lines });
            }
            if lines.len() > LINES_MAX {
                return Err(self.fail(Fate::Later, "its answer does not end"));
            }
        }
    }

    fn line(&mut self) -> Result<String, Failure> {
        loop {
            if let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.heard.drain(..=end).collect();
                return Ok(clean_bytes(line.trim_ascii_end(), 500));
            }
            if self.heard.len() > LINE_MAX {
                return Err(self.fail(Fate::Later, "its answer is a line without end"));
            }
            let mut chunk = [0; 1024];
            let count = match self.channel.read(&mut chunk) {
                Ok(0) => return Err(self.fail(Fate::Later, "closed the connection")),
                Ok(count) => count,
                Err(error) => return Err(self.fail(Fate::Later, &error.to_string())),
            };
            self.heard.extend_from_slice(chunk.get(..count).unwrap_or_default());
        }
    }
}
