//! `[process.NAME]` and `[freshness.NAME]`: what a person wants watched by name.

use std::time::Duration;

/// `[process.NAME]`, resolved: the processes of one program.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchedProcess {
    /// Its name in the configuration.
    pub name: String,
    /// Pattern of the name of a process; empty: any.
    pub matches: String,
    /// Pattern of its command line, its arguments joined by blanks; empty: any.
    pub command_line: String,
    /// Name or number of the user it runs as; empty: any.
    pub user: String,
    /// Fewer processes are a problem.
    pub at_least: u64,
    /// More processes are a problem; `None`: no limit.
    pub at_most: Option<u64>,
}

/// `[freshness.NAME]`, resolved: something that has to happen again and again, such as a backup.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchedFreshness {
    /// Its name in the configuration.
    pub name: String,
    /// Source of the time of the last success.
    pub source: FreshnessSource,
    /// It has to happen at least this often.
    pub max_age: Duration,
}

/// Source of the time of the last success.
#[derive(Debug, Clone, PartialEq)]
pub enum FreshnessSource {
    /// A file: the time at which it was last written.
    Path {
        /// Absolute path, with a pattern in its last part or none. Of several files, and of those in a directory, the newest
        /// counts.
        path: String,
        /// Smaller files do not count, in bytes.
        min_bytes: u64,
    },
    /// A program that prints the time.
    Command {
        /// Program (an absolute path) and arguments; never empty.
        command: Vec<String>,
        /// Time between two calls.
        every: Duration,
        /// Time limit of a call.
        timeout: Duration,
    },
}
