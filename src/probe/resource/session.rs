//! Logged-in users: records of logind (`/run/systemd/sessions`), or utmp(5) where there is no logind.

use crate::base::clock::stamp;
use crate::base::text::{NAME_MAX, clean};
use crate::host::Root;
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use crate::probe::utmp::{self, Login};
use chrono::DateTime;
use serde::Serialize;
use std::io;

/// An element of the section `session`.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Session {
    user: String,
    /// Terminal, display, seat or service.
    #[serde(skip_serializing_if = "String::is_empty")]
    terminal: String,
    /// Remote host; empty for a local login.
    #[serde(skip_serializing_if = "String::is_empty")]
    from: String,
    /// Time of login, RFC 3339, UTC.
    #[serde(skip_serializing_if = "String::is_empty")]
    since: String,
    /// Time since the last key press, if there is a terminal.
    #[serde(skip_serializing_if = "Option::is_none")]
    idle_seconds: Option<u64>,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "session", scope: Scope::All, has_counters: false, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let mut sessions = match run.root.run_names("systemd/sessions") {
        Ok(names) => logind(run.root, &names),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error.to_string()),
    };
    if sessions.is_empty() {
        sessions = run.root.run("utmp").map(|content| logins(&content)).unwrap_or_default();
    }
    for session in &mut sessions {
        let pressed = run.root.device_read(&session.terminal);
        session.idle_seconds = pressed.and_then(|time| u64::try_from((run.now.wall - time).num_seconds()).ok());
    }
    run.add("session", &sessions)
}

fn logins(content: &[u8]) -> Vec<Session> {
    let logins = utmp::logins(content).into_iter();
    logins
        .map(|Login { user, terminal, from, since }| Session { user, terminal, from, since, idle_seconds: None })
        .collect()
}

fn logind(root: &Root, names: &[String]) -> Vec<Session> {
    // Each record has a fifo beside it, NAME.ref.
    let records = names.iter().filter(|name| !name.ends_with(".ref"));
    records
        .filter_map(|name| parse(&String::from_utf8_lossy(&root.run(&format!("systemd/sessions/{name}")).ok()?)))
        .collect()
}

/// A record of logind: lines of `KEY=value`; `None` for a login screen, a closing session or a manager.
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
    fn login_screens_are_no_sessions() {
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
