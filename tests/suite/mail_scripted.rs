//! A mail server that does on demand what real ones do on bad days.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread;

/// Where in the dialogue something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Banner,
    Ehlo,
    Auth,
    Mail,
    Rcpt,
    Data,
    Dot,
}

/// What happens there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mood {
    /// All is accepted.
    Good,
    /// No answer any more.
    Hang(At),
    /// An answer.
    Say(At, &'static str),
    /// An answer to the recipient of that name only.
    Refuse(&'static str, &'static str),
    /// In the middle of the content.
    CutBeforeDot,
    /// The mail is taken, and the connection ends without a word.
    CutAfterDot,
    /// The mail is taken, and osmon is killed.
    Kill,
    /// A line without end.
    Endless,
}

/// A mail that arrived: for whom, and what.
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
    mood: Option<Mood>,
    arrived: Vec<Arrived>,
    victim: Option<Child>,
    connections: usize,
    written: u64,
}

/// The server; its threads end with the test.
#[derive(Clone)]
pub struct Scripted {
    pub port: u16,
    inside: Arc<Mutex<Inside>>,
}

impl Scripted {
    pub fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self { port: listener.local_addr().unwrap().port(), inside: Arc::default() };
        server.mood(mood);
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

    pub fn mood(&self, mood: Mood) {
        self.inside.lock().unwrap().mood = Some(mood);
    }
    pub fn arrived(&self) -> Vec<Arrived> {
        self.inside.lock().unwrap().arrived.clone()
    }
    pub fn connections(&self) -> usize {
        self.inside.lock().unwrap().connections
    }
    /// Bytes of an endless line that went out.
    pub fn written(&self) -> u64 {
        self.inside.lock().unwrap().written
    }
    /// Who is killed by [`Mood::Kill`].
    pub fn victim(&self, child: Child) {
        self.inside.lock().unwrap().victim = Some(child);
    }
    pub fn take_victim(&self) -> Option<Child> {
        self.inside.lock().unwrap().victim.take()
    }
}

fn talk(stream: TcpStream, inside: &Mutex<Inside>) -> Option<()> {
    let mood = inside.lock().unwrap().mood.clone().unwrap();
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    // Gives the usual answer, or what the mood wants at this point.
    let mut answer = |at: At, usual: &str| -> Option<()> {
        match &mood {
            Mood::Hang(there) if *there == at => {
                thread::sleep(std::time::Duration::from_secs(60));
                None
            }
            Mood::Say(there, text) if *there == at => {
                writer.write_all(text.as_bytes()).ok()?;
                (!text.starts_with("421")).then_some(())
            }
            Mood::Endless if at == At::Banner => {
                let chunk = vec![b'x'; 64 * 1024];
                while writer.write_all(&chunk).is_ok() {
                    inside.lock().unwrap().written += chunk.len() as u64;
                }
                None
            }
            _ => writer.write_all(usual.as_bytes()).ok(),
        }
    };
    answer(At::Banner, "220 scripted ESMTP\r\n")?;
    let mut to = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let word = line.split([' ', '\r']).next().unwrap_or_default().to_ascii_uppercase();
        match word.as_str() {
            "EHLO" => answer(At::Ehlo, "250-scripted\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN XOAUTH2\r\n")?,
            "AUTH" => answer(At::Auth, "235 welcome\r\n")?,
            "MAIL" => answer(At::Mail, "250 sender fine\r\n")?,
            "RCPT" => {
                let who =
                    line.split('<').nth(1).and_then(|rest| rest.split('>').next()).unwrap_or_default().to_string();
                match &mood {
                    Mood::Refuse(name, text) if who.starts_with(name) => answer(At::Rcpt, text)?,
                    _ => {
                        to.push(who);
                        answer(At::Rcpt, "250 recipient fine\r\n")?;
                    }
                }
            }
            "DATA" => {
                answer(At::Data, "354 go on\r\n")?;
                let mut text = String::new();
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).ok()? == 0 || mood == Mood::CutBeforeDot {
                        return None;
                    }
                    if line == ".\r\n" {
                        break;
                    }
                    text.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                let text = text.replace("\r\n", "\n");
                let is_taken = !matches!(mood, Mood::Hang(At::Dot) | Mood::Say(At::Dot, _));
                if is_taken {
                    let all = to.drain(..).map(|to| Arrived { to, text: text.clone() });
                    inside.lock().unwrap().arrived.extend(all);
                }
                match &mood {
                    Mood::CutAfterDot => return None,
                    Mood::Kill => {
                        if let Some(child) = inside.lock().unwrap().victim.as_mut() {
                            child.kill().ok()?;
                            return None;
                        }
                        answer(At::Dot, "250 queued\r\n")?;
                    }
                    _ => answer(At::Dot, "250 queued as 1\r\n")?,
                }
            }
            "QUIT" => {
                answer(At::Dot, "221 bye\r\n")?;
                return None;
            }
            _ => answer(At::Mail, "500 what?\r\n")?,
        }
    }
}
