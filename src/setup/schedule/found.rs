//! A schedule that runs osmon.

use super::role::Role;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// The scheduler that starts osmon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A line of a crontab.
    Cron,
    /// A systemd timer.
    Timer,
}

/// A crontab line or an enabled timer that runs osmon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Cron or systemd.
    pub kind: Kind,
    /// The part of osmon that it runs.
    pub role: Role,
    /// It is the host's, not that of a normal user.
    pub of_host: bool,
    /// The file: `/etc/cron.d/osmon`, `/etc/systemd/system/osmon.timer`; of an own crontab `crontab of NAME`.
    pub file: String,
    /// The line of a crontab, from 1; 0 for timers.
    pub line: usize,
    /// When it runs: the time fields of a crontab (`* * * * *`), or `OnCalendar` of a timer.
    pub when: String,
    /// The command line.
    pub command: String,
    /// It is started: the cron daemon is running, the timer is active.
    pub active: bool,
    /// The reason why it is not started or would fail, with advice; `None` if it is well.
    pub problem: Option<String>,
    /// The command that ends the problem.
    pub remedy: Option<String>,
    /// Since when: the time of the file, or of the start of the timer.
    pub since: Option<DateTime<Utc>>,
    /// Its last start; unknown of crontab lines.
    pub last: Option<DateTime<Utc>>,
    /// Its next start; unknown of crontab lines that are not simple.
    pub next: Option<DateTime<Utc>>,
}

impl Found {
    /// The file and the line in it: `/etc/cron.d/osmon:3`.
    pub fn place(&self) -> String {
        if self.line == 0 { self.file.clone() } else { format!("{}:{}", self.file, self.line) }
    }
}
