//! The journal (its native protocol), or syslog (RFC 3164) where there is none.

use crate::base::net::attempt::{Attempt, Failure, Fate};
use std::os::unix::net::UnixDatagram;
use std::path::Path;

/// Where the journal listens.
const JOURNAL: &str = "/run/systemd/journal/socket";
/// Where syslog listens.
const SYSLOG: &str = "/dev/log";

/// One line for the log.
#[derive(Debug, Clone)]
pub struct Line {
    /// Level of syslog: 2 critical, 4 warning, 5 notice.
    pub level: u8,
    /// The sentence.
    pub text: String,
    /// Id of the event.
    pub id: String,
}

/// Writes lines to the log. `socket` empty: the journal's, else that of syslog.
pub fn send(lines: &[Line], socket: &str, stamp: &str) -> Attempt {
    let mut log = Attempt::default();
    let usual = if Path::new(JOURNAL).exists() { JOURNAL } else { SYSLOG };
    let path = if socket.is_empty() { usual } else { socket };
    let is_journal = path == JOURNAL || path.ends_with("/journal/socket");
    let result = write(lines, path, is_journal, stamp);
    let result = result.map_err(|error| Failure::new(Fate::Later, format!("{path}: {error}")));
    if result.is_ok() {
        log.step("write", format!("{} to {path}", if is_journal { "journal entries" } else { "syslog lines" }));
    }
    log.rest(1, &result.map(|()| format!("written to {path}")))
}

fn write(lines: &[Line], path: &str, is_journal: bool, stamp: &str) -> std::io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    socket.connect(path)?;
    // A log that takes nothing must not hold anything up.
    socket.set_write_timeout(Some(std::time::Duration::from_secs(2)))?;
    for line in lines {
        let text = if is_journal {
            format!(
                "MESSAGE={}\nPRIORITY={}\nSYSLOG_IDENTIFIER=osmon\nOSMON_EVENT={}\n",
                line.text, line.level, line.id
            )
        } else {
            // Facility 3: system daemons.
            format!("<{}>{stamp} osmon[{}]: {}", 3 * 8 + line.level, std::process::id(), line.text)
        };
        socket.send(text.as_bytes())?;
    }
    Ok(())
}
