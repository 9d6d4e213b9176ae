//! `osmon.toml` and the environment, typed. `data/osmon.toml` is the default and the list of all keys at once.

pub mod alert;
mod check;
pub mod despite;
mod legible;
pub mod load;
mod merge;
mod place;
pub mod route;
pub mod rule;
pub mod secret;
mod template;
pub mod window;

pub use alert::{Alert, MailTransport, Security, Sendmail, Smtp};
pub use load::{Loaded, Request};
pub use route::{Route, Syslog, TransportConfig, WEBHOOK_KINDS, Webhook};
pub use rule::Rule;
pub use secret::Secret;

use crate::base::units::parse_bytes;
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
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Where the page is written; empty: `report.html` in the data directory.
    pub path: String,
    /// What the page calls this host; empty: its host name.
    pub title: String,
    /// Its language: `en` or `fr`.
    pub language: String,
    /// Which of the ranges 1h, 24h, 7d, 30d and 1y are drawn.
    pub ranges: Vec<String>,
    /// Which of its sections are shown.
    pub sections: Vec<String>,
    /// A file with a style sheet of one's own, put behind that of the page; empty: none.
    pub style_file: String,
    /// Without names of processes and users.
    pub public: bool,
}

impl Report {
    /// From a table whose keys and types are right. By hand, because `osmon-probe` carries it and needs nothing of it.
    fn read(table: Option<&toml::Value>) -> Self {
        let value = |key: &str| table.and_then(|table| table.get(key));
        let text = |key: &str| value(key).and_then(toml::Value::as_str).unwrap_or_default().to_string();
        let list = |key: &str| {
            let items = value(key).and_then(toml::Value::as_array).into_iter().flatten();
            items.filter_map(toml::Value::as_str).map(str::to_string).collect()
        };
        Self {
            path: text("path"),
            title: text("title"),
            language: text("language"),
            ranges: list("ranges"),
            sections: list("sections"),
            style_file: text("style_file"),
            public: value("public").and_then(toml::Value::as_bool).unwrap_or(false),
        }
    }
}

/// One thing that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `/etc/osmon/osmon.toml:12:3` or the name of an environment variable.
    pub place: String,
    /// What is wrong, and what to do.
    pub message: String,
    /// The key in the file; empty: it is no single one.
    pub path: Vec<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}
