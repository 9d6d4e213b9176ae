//! The systemd journal (its native protocol), or syslog (RFC 3164) if there is no journal.

use super::interface::{SendJob, Transport};
use crate::alert::attempt::Attempt;
use crate::alert::draft::Draft;
use crate::alert::payload::LogLine;
use crate::base::clock::local_form;
use crate::base::net::failure::Failure;
use crate::base::net::step_log::StepLog;
use crate::config::Syslog;
use anyhow::Result;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::{Duration, Instant};

/// Socket of the systemd journal.
const JOURNAL: &str = "/run/systemd/journal/socket";
/// Socket of syslog.
const SYSLOG: &str = "/dev/log";
/// Syslog facility of system daemons.
const FACILITY: u8 = 3;
/// Limit for a log daemon that reads nothing.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);

impl Transport for Syslog {
    fn prepare(&self, draft: &Draft<'_>) -> Result<SendJob> {
        let (lines, socket) = (draft.log_lines(), self.socket.clone());
        let timestamp = local_form(draft.now, "%b %e %H:%M:%S");
        Ok(Box::new(move |_| send(&lines, &socket, &timestamp)))
    }

    fn reach(&self, _: &str, _: Instant) -> Result<String, Failure> {
        let path = socket_path(&self.socket);
        let connected = UnixDatagram::unbound().and_then(|socket| socket.connect(path));
        connected.map(|()| format!("{path} is open")).map_err(|error| Failure::temporary(format!("{path}: {error}")))
    }

    fn is_rate_limited(&self) -> bool {
        false
    }
}

/// The configured socket, else the journal's, else that of syslog.
fn socket_path(configured: &str) -> &str {
    let default = if Path::new(JOURNAL).exists() { JOURNAL } else { SYSLOG };
    if configured.is_empty() { default } else { configured }
}

fn send(lines: &[LogLine], socket: &str, timestamp: &str) -> Attempt {
    let mut log = StepLog::default();
    let path = socket_path(socket);
    let is_journal = path == JOURNAL || path.ends_with("/journal/socket");
    let result = match write(lines, path, is_journal, timestamp) {
        Ok(()) => {
            log.record("write", format!("{} to {path}", if is_journal { "journal entries" } else { "syslog lines" }));
            Ok(format!("written to {path}"))
        }
        Err(error) => Err(Failure::temporary(format!("{path}: {error}"))),
    };
    Attempt::uniform(log, 1, &result)
}

fn write(lines: &[LogLine], path: &str, is_journal: bool, timestamp: &str) -> std::io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    socket.connect(path)?;
    socket.set_write_timeout(Some(WRITE_TIMEOUT))?;
    for LogLine { level, text, id } in lines {
        let datagram = if is_journal {
            format!("MESSAGE={text}\nPRIORITY={level}\nSYSLOG_IDENTIFIER=osmon\nOSMON_EVENT={id}\n")
        } else {
            format!("<{}>{timestamp} osmon[{}]: {text}", FACILITY * 8 + level, std::process::id())
        };
        socket.send(datagram.as_bytes())?;
    }
    Ok(())
}
