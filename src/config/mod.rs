//! `osmon.toml` and the environment, typed. `data/osmon.toml` is the default and the list of all keys at once.

mod check;
pub mod load;
mod merge;
mod place;
pub mod route;
pub mod rule;
pub mod secret;
pub mod window;

pub use load::{Loaded, Request};
pub use route::{Route, Way, Webhook};
pub use rule::Rule;
pub use secret::Secret;

use crate::base::units::{parse_bytes, parse_duration};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// The documented default configuration.
pub const DEFAULT: &str = include_str!("../../data/osmon.toml");

/// The same without its comments: what every program reads each minute.
pub const SETTINGS: &str = match std::str::from_utf8(&BARE) {
    Ok(text) => text,
    Err(_) => DEFAULT,
};

const BARE: [u8; bare(&mut [])] = {
    let mut bytes = [0; bare(&mut [])];
    let _ = bare(&mut bytes);
    bytes
};

/// Copies the lines of the default that are no comments, as far as there is room. Gives how much there is.
const fn bare(out: &mut [u8]) -> usize {
    let text = DEFAULT.as_bytes();
    let (mut at, mut length, mut is_start, mut is_comment) = (0, 0, true, false);
    while at < text.len() {
        #[expect(clippy::indexing_slicing, reason = "at is below the length")]
        let byte = text[at];
        if is_start {
            is_comment = byte == b'#';
        }
        let is_left_out = is_comment || (is_start && byte == b'\n');
        if !is_left_out {
            if length < out.len() {
                #[expect(clippy::indexing_slicing, reason = "length is below the length of out")]
                {
                    out[length] = byte;
                }
            }
            length += 1;
        }
        is_start = byte == b'\n';
        at += 1;
    }
    length
}

/// Everything that can be set, with nothing left open.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where history and state are kept.
    pub data_dir: PathBuf,
    /// `[store]`
    pub store: Store,
    /// `[probe]`
    pub probe: Probe,
    /// `[report]`
    pub report: Report,
    /// `[alert]`
    pub alert: Alert,
    /// `[rule.NAME]`, by name; those switched off are not in it.
    pub rules: Vec<Rule>,
}

/// `[store]`: how much history is kept. 0 and the empty text stand for no limit.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct Store {
    /// Snapshots, in days.
    pub snapshot_days: u32,
    /// Processes, in days.
    pub process_days: u32,
    /// Events and marks, in days.
    pub event_days: u32,
    /// Rollups of five minutes, in days.
    pub five_minute_days: u32,
    /// Rollups of an hour, in days.
    pub hour_days: u32,
    /// The whole data directory: `1 GiB`.
    pub max_size: String,
    /// Free space of its file system below which sealed history goes: `500 MiB`.
    pub min_free: String,
}

impl Store {
    /// A size of this section in bytes; 0: none.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn size(text: &str) -> Result<u64, String> {
        if text.trim().is_empty() { Ok(0) } else { parse_bytes(text) }
    }
}

/// `[probe]`
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct Probe {
    /// Processes, units and containers are measured.
    pub processes: bool,
    /// How many processes are recorded each minute (0 to 1000).
    pub top_processes: usize,
    /// Command lines are recorded beside process names, secrets masked.
    pub command_lines: bool,
    /// Services that must run; every failed one is recorded anyway.
    pub services: Vec<String>,
    /// Mount points of network and FUSE file systems that are measured all the same.
    pub network_mounts: Vec<String>,
    /// Types of file systems that are left out.
    pub ignore_file_systems: Vec<String>,
    /// Patterns of mount points that are left out.
    pub ignore_mounts: Vec<String>,
}

/// `[report]`
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct Report {
    /// Where the page is written; empty: `report.html` in the data directory.
    pub path: String,
    /// What the page calls this host; empty: its host name.
    pub title: String,
}

/// `[alert]`
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct Alert {
    /// Recipients.
    pub to: Vec<String>,
    /// Sender; empty: `osmon@` and the host name.
    pub from: String,
    /// How messages leave.
    pub transport: Transport,
    /// `[alert.smtp]`
    pub smtp: Smtp,
    /// `[alert.sendmail]`
    pub sendmail: Sendmail,
    /// Language of messages: `en` or `fr`.
    pub language: String,
    /// Messages an hour by each way to each recipient; 0: no limit.
    pub per_hour: usize,
    /// The same a day.
    pub per_day: usize,
    /// How long what nobody accepts is tried again.
    pub expire_after: String,
    /// Every way to people, those of this section itself first.
    #[serde(skip)]
    pub routes: Vec<Route>,
}

/// How messages leave this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// SMTP when a host is set, else a program.
    Auto,
    /// `[alert.smtp]`
    Smtp,
    /// `[alert.sendmail]`
    Sendmail,
}

/// How the connection to an SMTP server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// Plain at first, then TLS; refused where the server offers none (RFC 3207).
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// None.
    None,
}

/// `[alert.smtp]`
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct Smtp {
    /// Server; empty: none.
    pub host: String,
    /// Port; 0: the usual one for `security`.
    pub port: u16,
    /// Protection of the connection.
    pub security: Security,
    /// User to log in as; empty: no login.
    pub user: String,
    /// No protection is allowed to other hosts too.
    pub allow_plain: bool,
    /// File whose first line is the password.
    pub password_file: String,
    /// Environment variable that holds it.
    pub password_env: String,
    /// The password itself.
    pub password: String,
    /// How to log in: `auto`, `plain`, `login`, `xoauth2`.
    pub mechanism: String,
    /// PEM file with a certificate authority of one's own; empty: none.
    pub ca_file: String,
    /// How long one message may take, in seconds (1 to 15).
    pub timeout_seconds: u64,
}

impl Smtp {
    /// The password, or the access token.
    pub fn secret(&self) -> Secret {
        Secret { text: self.password.clone(), file: self.password_file.clone(), env: self.password_env.clone() }
    }

    /// The port to connect to.
    pub fn port(&self) -> u16 {
        match (self.port, self.security) {
            (0, Security::Starttls) => 587,
            (0, Security::Tls) => 465,
            (0, Security::None) => 25,
            (port, _) => port,
        }
    }
}

impl Alert {
    /// How long what nobody accepts is tried again, in seconds.
    pub fn expire_seconds(&self) -> i64 {
        parse_duration(&self.expire_after).map_or(7 * 86_400, |span| span.as_secs().cast_signed())
    }

    /// Every secret, with the keys it stands under.
    pub fn secrets(&self) -> Vec<(Vec<String>, Secret)> {
        let mut all = vec![(["alert", "smtp", "password_file"].map(str::to_string).to_vec(), self.smtp.secret())];
        for route in &self.routes {
            let path = |key: &str| match route.name.as_str() {
                route::WEBHOOK => vec!["alert".to_string(), "webhook_file".to_string()],
                name => ["alert", "route", name, key].map(str::to_string).to_vec(),
            };
            match &route.way {
                Way::Smtp(smtp) if route.name != route::MAIL && *smtp != self.smtp => {
                    all.push((path("password_file"), smtp.secret()));
                }
                Way::Webhook(hook) => {
                    all.push((path("url_file"), hook.url.clone()));
                    all.push((path("token_file"), hook.token.clone()));
                }
                _ => {}
            }
        }
        all
    }
}

/// `[alert.sendmail]`
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct Sendmail {
    /// Program; empty: the first one found.
    pub program: String,
    /// Arguments before the recipients.
    pub arguments: Vec<String>,
}

/// One thing that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `/etc/osmon/osmon.toml:12:3` or the name of an environment variable.
    pub place: String,
    /// What is wrong, and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}
