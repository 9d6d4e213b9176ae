//! An SMTP server that misbehaves on demand.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread;

/// A point in the SMTP dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Banner,
    Ehlo,
    Auth,
    Mail,
    Rcpt,
    Data,
    Dot,
}

/// How the server behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behavior {
    /// Accepts everything.
    Good,
    /// Stops answering.
    Hang(Phase),
    /// Sends this reply.
    Say(Phase, &'static str),
    /// Sends this reply to recipients whose address begins with the first text.
    Refuse(&'static str, &'static str),
    /// Closes the connection within the content.
    CutBeforeDot,
    /// Takes the mail and closes the connection without a reply.
    CutAfterDot,
    /// Takes the mail and kills osmon.
    Kill,
    /// Sends an endless line.
    Endless,
    /// Greets after this number of seconds.
    Late(u64),
}

/// A mail that arrived, once per recipient.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub to: String,
    pub text: String,
}

impl Arrived {
    pub fn header(&self, name: &str) -> String {
        let head = self.text.split("\n\n").next().unwrap_or_default().replace("\n ", " ");
        let found = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_string));
        found.unwrap_or_default()
    }
}

#[derive(Default)]
struct Inside {
    behavior: Option<Behavior>,
    arrived: Vec<Arrived>,
    heard: Vec<String>,
    victim: Option<Child>,
    connections: usize,
    written: u64,
}

/// The server; its threads end with the test.
#[derive(Clone)]
pub struct ScriptedServer {
    pub port: u16,
    inside: Arc<Mutex<Inside>>,
}

impl ScriptedServer {
    pub fn start(behavior: Behavior) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self { port: listener.local_addr().unwrap().port(), inside: Arc::default() };
        server.behave(behavior);
        let inside = server.inside.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let inside = inside.clone();
                inside.lock().unwrap().connections += 1;
                thread::spawn(move || talk(stream, &inside));
            }
        });
        server
    }

    pub fn behave(&self, behavior: Behavior) {
        self.inside.lock().unwrap().behavior = Some(behavior);
    }
    pub fn arrived(&self) -> Vec<Arrived> {
        self.inside.lock().unwrap().arrived.clone()
    }
    /// The commands that were received, each as one line.
    pub fn heard(&self) -> Vec<String> {
        self.inside.lock().unwrap().heard.clone()
    }
    pub fn connections(&self) -> usize {
        self.inside.lock().unwrap().connections
    }
    /// Bytes of an endless line that were sent.
    pub fn written(&self) -> u64 {
        self.inside.lock().unwrap().written
    }
    /// The process that [`Behavior::Kill`] kills.
    pub fn victim(&self, child: Child) {
        self.inside.lock().unwrap().victim = Some(child);
    }
    pub fn take_victim(&self) -> Option<Child> {
        self.inside.lock().unwrap().victim.take()
    }
}

fn talk(stream: TcpStream, inside: &Mutex<Inside>) -> Option<()> {
    let behavior = inside.lock().unwrap().behavior.clone().unwrap();
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    // The usual reply, or that of the behaviour at this point.
    let mut answer = |at: Phase, usual: &str| -> Option<()> {
        match &behavior {
            Behavior::Hang(there) if *there == at => {
                thread::sleep(std::time::Duration::from_secs(60));
                None
            }
            Behavior::Say(there, text) if *there == at => {
                writer.write_all(text.as_bytes()).ok()?;
                (!text.starts_with("421")).then_some(())
            }
            Behavior::Late(seconds) if at == Phase::Banner => {
                thread::sleep(std::time::Duration::from_secs(*seconds));
                writer.write_all(usual.as_bytes()).ok()
            }
            Behavior::Endless if at == Phase::Banner => {
                let chunk = vec![b'x'; 64 * 1024];
                while writer.write_all(&chunk).is_ok() {
                    inside.lock().unwrap().written += chunk.len() as u64;
                }
                None
            }
            _ => writer.write_all(usual.as_bytes()).ok(),
        }
    };
    answer(Phase::Banner, "220 scripted ESMTP\r\n")?;
    let mut to = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        inside.lock().unwrap().heard.push(line.trim_end().to_string());
        let word = line.split([' ', '\r']).next().unwrap_or_default().to_ascii_uppercase();
        match word.as_str() {
            "EHLO" => answer(Phase::Ehlo, "250-scripted\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN XOAUTH2\r\n")?,
            "AUTH" => answer(Phase::Auth, "235 welcome\r\n")?,
            "MAIL" => answer(Phase::Mail, "250 sender fine\r\n")?,
            "RCPT" => {
                let who =
                    line.split('<').nth(1).and_then(|rest| rest.split('>').next()).unwrap_or_default().to_string();
                match &behavior {
                    Behavior::Refuse(name, text) if who.starts_with(name) => answer(Phase::Rcpt, text)?,
                    _ => {
                        to.push(who);
                        answer(Phase::Rcpt, "250 recipient fine\r\n")?;
                    }
                }
            }
            "DATA" => {
                answer(Phase::Data, "354 go on\r\n")?;
                let mut text = String::new();
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).ok()? == 0 || behavior == Behavior::CutBeforeDot {
                        return None;
                    }
                    if line == ".\r\n" {
                        break;
                    }
                    text.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                let text = text.replace("\r\n", "\n");
                let is_taken = !matches!(behavior, Behavior::Hang(Phase::Dot) | Behavior::Say(Phase::Dot, _));
                if is_taken {
                    let all = to.drain(..).map(|to| Arrived { to, text: text.clone() });
                    inside.lock().unwrap().arrived.extend(all);
                }
                match &behavior {
                    Behavior::CutAfterDot => return None,
                    Behavior::Kill => {
                        if let Some(child) = inside.lock().unwrap().victim.as_mut() {
                            child.kill().ok()?;
                            return None;
                        }
                        answer(Phase::Dot, "250 queued\r\n")?;
                    }
                    _ => answer(Phase::Dot, "250 queued as 1\r\n")?,
                }
            }
            "QUIT" => {
                answer(Phase::Dot, "221 bye\r\n")?;
                return None;
            }
            _ => answer(Phase::Mail, "500 what?\r\n")?,
        }
    }
}

/// Settings for mail to ops@example.org by a server on this host.
pub fn smtp_config(port: u16, more: &str) -> String {
    format!(
        "[alert]\nto = [\"ops@example.org\"]\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n{more}"
    )
}

/// The mail without quoted-printable encoding and with the flowed lines of its text joined; RFC 2047 subjects stay encoded.
pub fn decoded(mail: &str) -> String {
    let text = unquoted(mail);
    text.replace("\n-- \n", "\n--\n").replace(" \n", " ").replace("\n--\n", "\n-- \n")
}

/// The mail without quoted-printable encoding.
pub fn unquoted(mail: &str) -> String {
    let joined = mail.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail
            .get(..2)
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (first, hex) {
            (b'=', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
