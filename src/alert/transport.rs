//! A message that is ready, and the way it takes.

use super::chat::{self, Note};
use super::envelope::{Envelope, domain};
use super::mask::Mask;
use super::program;
use super::smtp::{self, Letter};
use super::syslog::{self, Line};
use super::webhook::{self, Address};
use crate::base::bounded::{self, Unfinished};
use crate::base::clock::local_form;
use crate::base::net::attempt::{Attempt, Failure, Fate};
use crate::config::{Sendmail, Smtp, Webhook};
use chrono::{DateTime, Utc};
use std::time::{Duration, Instant};

/// A message with all it needs to go out, so that it can do so on a thread of its own.
#[derive(Debug, Clone)]
pub enum Parcel {
    /// By a mail server.
    Smtp(Mail, Smtp),
    /// By a program.
    Sendmail(Mail, Sendmail),
    /// By a web hook.
    Webhook(Note, Webhook),
    /// The same, after a look at each step of the way there.
    Trial(Note, Webhook),
    /// Into the log; the socket, and the time as syslog writes it.
    Syslog(Vec<Line>, String, String),
    /// It could not be put together.
    Broken(usize, Failure),
}

/// A mail as it goes over the wire.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Sender and recipients.
    pub envelope: Envelope,
    /// Header and body.
    pub content: Vec<u8>,
    /// Host name.
    pub host: String,
}

impl Parcel {
    /// The parcel for a log.
    pub fn log(lines: Vec<Line>, socket: &str, now: DateTime<Utc>) -> Self {
        Self::Syslog(lines, socket.to_string(), local_form(now, "%b %e %H:%M:%S"))
    }

    /// The same, with each step noted.
    pub fn on_trial(self) -> Self {
        match self {
            Self::Webhook(note, hook) => Self::Trial(note, hook),
            other => other,
        }
    }

    fn recipients(&self) -> usize {
        match self {
            Self::Smtp(mail, _) | Self::Sendmail(mail, _) => mail.envelope.to.len(),
            Self::Broken(count, _) => *count,
            Self::Webhook(..) | Self::Trial(..) | Self::Syslog(..) => 1,
        }
    }

    /// Sends it, and waits for what the other side says to it until then. No secret of the way is in what it gives.
    pub fn send(&self, until: Instant) -> Attempt {
        self.mask().attempt(self.sent(until))
    }

    fn mask(&self) -> Mask {
        match self {
            Self::Smtp(_, settings) => Mask::of_smtp(settings),
            Self::Webhook(_, hook) | Self::Trial(_, hook) => Mask::of_hook(hook),
            Self::Sendmail(..) | Self::Syslog(..) | Self::Broken(..) => Mask::default(),
        }
    }

    fn sent(&self, until: Instant) -> Attempt {
        match self {
            Self::Smtp(mail, settings) => {
                let to: Vec<lettre::Address> = mail.envelope.to.iter().map(|to| to.email.clone()).collect();
                let hello = domain(&mail.host);
                let from = &mail.envelope.from.email;
                smtp::send(&Letter { from, to: &to, content: &mail.content, hello: &hello }, settings, until)
            }
            Self::Sendmail(mail, settings) => {
                let to: Vec<String> = mail.envelope.to.iter().map(|to| to.email.to_string()).collect();
                program::send(&to, &mail.content, settings, until)
            }
            Self::Webhook(note, hook) => match hooked(note, hook) {
                Ok((address, token, body)) => webhook::post(&address, &token, &note.id, &body, &hook.ca_file, until),
                Err(why) => Attempt::default().rest(1, &Err(Failure::new(Fate::Settings, why))),
            },
            Self::Trial(note, hook) => {
                let mut log = Attempt::default();
                let reached = hooked(note, hook)
                    .map_err(|why| Failure::new(Fate::Settings, why))
                    .and_then(|(address, ..)| webhook::reach(&address, &hook.ca_file, until, &mut log));
                if let Err(failure) = reached {
                    return log.rest(1, &Err(failure));
                }
                let sent = Self::Webhook(note.clone(), hook.clone()).sent(until);
                Attempt { steps: [log.steps, sent.steps].concat(), results: sent.results }
            }
            Self::Syslog(lines, socket, stamp) => syslog::send(lines, socket, stamp),
            Self::Broken(count, failure) => Attempt::default().rest(*count, &Err(failure.clone())),
        }
    }
}

fn hooked(note: &Note, hook: &Webhook) -> Result<(Address, String, String), String> {
    let address = Address::read(&hook.url.read().map_err(|why| format!("url: {why}"))?)?;
    if !address.is_protected && !address.is_here() && !hook.allow_plain {
        return Err("http:// would send this in clear; use https://, or set allow_plain = true".to_string());
    }
    let token =
        if hook.token.is_set() { hook.token.read().map_err(|why| format!("token: {why}"))? } else { String::new() };
    if token.chars().any(char::is_control) {
        return Err("the token has control characters in it".to_string());
    }
    let kind = if hook.kind.is_empty() { chat::guess(&address) } else { &hook.kind };
    let (address, body) = chat::body(kind, &hook.template, address, note);
    Ok((address, token, body))
}

/// Sends several at once, each on a thread of its own: one that hangs holds up no other. All end within `limit`.
pub fn send_all(parcels: Vec<Parcel>, limit: Duration) -> Vec<Attempt> {
    let counts: Vec<usize> = parcels.iter().map(Parcel::recipients).collect();
    let until = Instant::now() + limit;
    // Each ends by itself in time; the half second is for those that are about to say why.
    let groups = parcels.into_iter().map(|parcel| vec![(parcel, until)]).collect();
    let attempts = bounded::groups(limit + Duration::from_millis(500), groups, |(parcel, until)| parcel.send(*until));
    let ended = attempts.into_iter().zip(counts).map(|(attempt, count)| match attempt {
        Ok(attempt) => attempt,
        Err(Unfinished::TimedOut) => {
            let why = format!("did not finish within {} s", limit.as_secs());
            Attempt::default().rest(count, &Err(Failure::new(Fate::Unknown, why)))
        }
        Err(Unfinished::Panicked) => {
            let why = "sending failed inside osmon (please report this)";
            Attempt::default().rest(count, &Err(Failure::new(Fate::Later, why)))
        }
    });
    ended.collect()
}
