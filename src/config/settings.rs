//! The typed configuration and its defaults. `data/osmon.toml` documents the same defaults; a test compares both.

use super::alert::Alert;
use super::heal::Heal;
use super::rule::Rule;
use super::watched::{WatchedFreshness, WatchedProcess};
use crate::base::units::parse_bytes;
use serde::Deserialize;
use std::path::PathBuf;

/// The whole configuration, with every default filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Directory of history and state.
    pub data_dir: PathBuf,
    /// `[store]`
    pub store: Store,
    /// `[probe]`, `[process]` and `[freshness]`
    pub probe: Probe,
    /// `[report]`
    pub report: Report,
    /// `[alert]`
    pub alert: Alert,
    /// `[rule.NAME]` of the enabled rules, sorted by name.
    pub rules: Vec<Rule>,
    /// `[heal]`
    pub heal: Heal,
}

/// `[store]`: retention of history. 0 and the empty text mean no limit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// Retention of snapshots, in days.
    pub snapshot_days: u32,
    /// Retention of processes, in days.
    pub process_days: u32,
    /// Retention of events and annotations, in days.
    pub event_days: u32,
    /// Retention of five-minute rollups, in days.
    pub five_minute_days: u32,
    /// Retention of hourly rollups, in days.
    pub hour_days: u32,
    /// Largest size of the data directory: `1 GiB`.
    pub max_size: String,
    /// Free space of its file system below which sealed history is deleted: `500 MiB`.
    pub min_free: String,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            snapshot_days: 400,
            process_days: 400,
            event_days: 0,
            five_minute_days: 9,
            hour_days: 400,
            max_size: "1 GiB".to_string(),
            min_free: String::new(),
        }
    }
}

impl Store {
    /// A size of this section in bytes; 0 stands for none.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn size(text: &str) -> Result<u64, String> {
        if text.trim().is_empty() { Ok(0) } else { parse_bytes(text) }
    }
}

/// `[probe]`: what is measured.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Probe {
    /// Measure processes, units and containers.
    pub processes: bool,
    /// Number of processes recorded each minute (0 to 1000).
    pub top_processes: usize,
    /// Record command lines, with secrets masked.
    pub command_lines: bool,
    /// Services that must run; failed ones are recorded in any case.
    pub services: Vec<String>,
    /// Mount points of network and FUSE file systems to measure.
    pub network_mounts: Vec<String>,
    /// Types of file systems to ignore.
    pub ignore_file_systems: Vec<String>,
    /// Patterns of mount points to ignore.
    pub ignore_mounts: Vec<String>,
    /// `[process.NAME]`, sorted by name.
    #[serde(skip)]
    pub watched_processes: Vec<WatchedProcess>,
    /// `[freshness.NAME]`, sorted by name.
    #[serde(skip)]
    pub freshness: Vec<WatchedFreshness>,
}

impl Default for Probe {
    fn default() -> Self {
        Self {
            processes: true,
            top_processes: 10,
            command_lines: false,
            services: Vec::new(),
            network_mounts: Vec::new(),
            ignore_file_systems: owned(&["squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs"]),
            ignore_mounts: owned(&[
                "/run/user/*",
                "/run/credentials/*",
                "/var/lib/docker/*",
                "/var/lib/containers/*",
                "/snap/*",
            ]),
            watched_processes: Vec::new(),
            freshness: Vec::new(),
        }
    }
}

/// `[report]`: the page.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Report {
    /// File of the page; empty: `report.html` in the data directory.
    pub path: String,
    /// Address under which people open the page, `https://` or `http://`; empty: none.
    pub url: String,
    /// Name of the host on the page; empty: its host name.
    pub title: String,
    /// Language: `en` or `fr`.
    pub language: String,
    /// Time ranges to draw, of 1h, 24h, 7d, 30d and 1y.
    pub ranges: Vec<String>,
    /// Sections to show.
    pub sections: Vec<String>,
    /// File with a style sheet that is appended to the page's own; empty: none.
    pub style_file: String,
    /// Leave out the names of processes and users.
    pub public: bool,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            path: String::new(),
            url: String::new(),
            title: String::new(),
            language: "en".to_string(),
            ranges: owned(&["1h", "24h", "7d", "30d", "1y"]),
            sections: owned(&[
                "tiles",
                "attention",
                "changed",
                "days",
                "charts",
                "who",
                "services",
                "components",
                "heal",
            ]),
            style_file: String::new(),
            public: false,
        }
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}
