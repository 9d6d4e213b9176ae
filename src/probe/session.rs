//! Who is logged in: logind's records (`/run/systemd/sessions`), and utmp(5) where there is no logind.

use super::measure::Measure;
use super::{Root, utmp};
use crate::base::clock::stamp;
use crate::base::text::{NAME_MAX, clean};
use chrono::DateTime;
use serde::Serialize;
use std::io;

/// An element of the section `session`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Session {
    /// Login name.
    pub user: String,
    /// Terminal or seat.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub terminal: String,
    /// Remote host; empty: here.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// RFC 3339, UTC.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub since: String,
    /// Since the last key was pressed, where there is a terminal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_seconds: Option<u64>,
}

pub fn measure(measure: &mut Measure<'_>) -> Result<(), String> {
    let mut sessions = match measure.root.run_names("systemd/sessions") {
        Ok(names) => logind(measure.root, &names),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error.to_string()),
    };
    if sessions.is_empty() {
        sessions = measure.root.run("utmp").map(|content| utmp::parse(&content)).unwrap_or_default();
    }
    for session in &mut sessions {
        let pressed = measure.root.device_read(&session.terminal);
        session.idle_seconds = pressed.and_then(|time| u64::try_from((measure.now.wall - time).num_seconds()).ok());
    }
    measure.add("session", &sessions)
}

fn logind(root: &Root, names: &[String]) -> Vec<Session> {
    // Beside each record is a fifo, NAME.ref.
    let records = names.iter().filter(|name| !name.ends_with(".ref"));
    records
        .filter_map(|name| parse(&String::from_utf8_lossy(&root.run(&format!("systemd/sessions/{name}")).ok()?)))
        .collect()
}

/// One record of logind: lines of `KEY=value`. `None`: a login screen, a closing session, a manager.
fn parse(content: &str) -> Option<Session> {
    let get = |key: &str| {
        let line = content.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.map(|value| clean(value, NAME_MAX)).unwrap_or_default()
    };
    let (user, class) = (get("USER"), get("CLASS"));
    if user.is_empty() || !(class.is_empty() || class.starts_with("user")) || get("STATE") == "closing" {
        return None;
    }
    let since = get("REALTIME").parse().ok().and_then(DateTime::from_timestamp_micros).map(stamp).unwrap_or_default();
    let terminal = [get("TTY"), get("DISPLAY"), get("SEAT"), get("SERVICE")]
        .into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or_default();
    Some(Session { user, terminal, from: get("REMOTE_HOST"), since, idle_seconds: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_sessions_and_login_screens_are_not() {
        let record = "# made by logind\nUID=1000\nUSER=anna\nSTATE=active\nREMOTE_HOST=10.0.0.5\nTTY=pts/0\nSERVICE=sshd\nCLASS=user\nREALTIME=1795210805000000\n";
        let session = parse(record).unwrap();
        assert_eq!(
            (session.user.as_str(), session.terminal.as_str(), session.from.as_str()),
            ("anna", "pts/0", "10.0.0.5")
        );
        assert_eq!(session.since, "2026-11-20T23:00:05.000Z".replace("23:00:05", &session.since[11..19]));
        assert_eq!(parse(&record.replace("CLASS=user", "CLASS=greeter")), None);
        assert_eq!(parse(&record.replace("STATE=active", "STATE=closing")), None);
        assert_eq!(parse("nonsense"), None);
    }
}
