//! The kernel log: `/dev/kmsg` (Documentation/ABI/testing/dev-kmsg), or where it cannot be read, the journal's copy.

use super::Root;
use crate::base::file::read_at_most;
use crate::base::subprocess;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::read;
use std::time::{Duration, Instant};

/// Longest record, in bytes: a read with a shorter buffer fails.
const RECORD_MAX: usize = 8192;
/// Largest log that is read of a recorded host, in bytes.
const LOG_MAX: u64 = 8 * 1024 * 1024;
/// Time limits of both ways.
const READ_LIMIT: Duration = Duration::from_millis(200);
const JOURNAL_LIMIT: Duration = Duration::from_millis(350);

/// A message of the kernel.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelMessage {
    /// Time in seconds since boot, without time suspended.
    pub seconds: f64,
    /// The text.
    pub text: String,
}

impl Root {
    /// The messages of this boot that `is_wanted` accepts, the oldest first; none when the log may not be read. A recorded
    /// host has them in `dev/kmsg`.
    pub fn kernel_messages(&self, is_wanted: fn(&str) -> bool) -> Vec<KernelMessage> {
        if self.recorded {
            let text = read_at_most(&self.base.join("dev/kmsg"), LOG_MAX).unwrap_or_default();
            return String::from_utf8_lossy(&text)
                .lines()
                .filter_map(record)
                .filter(|it| is_wanted(&it.text))
                .collect();
        }
        let journal = || self.time_for(JOURNAL_LIMIT).map(|limit| journal(is_wanted, limit)).unwrap_or_default();
        self.ring(is_wanted).unwrap_or_else(journal)
    }

    fn ring(&self, is_wanted: fn(&str) -> bool) -> Option<Vec<KernelMessage>> {
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let file = open(&self.base.join("dev/kmsg"), flags, Mode::empty()).ok()?;
        let (mut found, mut buffer, until) = (Vec::new(), [0; RECORD_MAX], Instant::now() + READ_LIMIT);
        while Instant::now() < until {
            match read(&file, &mut buffer) {
                Ok(0) | Err(Errno::EAGAIN) => break,
                Ok(length) => {
                    let text = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default());
                    found.extend(text.lines().next().and_then(record).filter(|message| is_wanted(&message.text)));
                }
                // The record was overwritten meanwhile.
                Err(Errno::EPIPE | Errno::EINTR) => {}
                Err(_) => return None,
            }
        }
        Some(found)
    }
}

/// Parses `6,1234,98765432,-;text`, with the time in microseconds.
fn record(line: &str) -> Option<KernelMessage> {
    let (head, text) = line.split_once(';')?;
    let seconds = head.split(',').nth(2)?.parse::<u64>().ok()? as f64 / 1e6;
    Some(KernelMessage { seconds, text: text.to_string() })
}

fn journal(is_wanted: fn(&str) -> bool, limit: Duration) -> Vec<KernelMessage> {
    let arguments = ["-k", "-b", "-q", "--no-pager", "-n", "2000", "-o", "short-monotonic"].map(str::to_string);
    let output = subprocess::run("journalctl", &arguments, Vec::new(), limit).map(|done| done.stdout);
    let output = output.unwrap_or_default();
    String::from_utf8_lossy(&output).lines().filter_map(journal_line).filter(|it| is_wanted(&it.text)).collect()
}

/// Parses `[   12.345678] web-01 kernel: text`.
fn journal_line(line: &str) -> Option<KernelMessage> {
    let (time, rest) = line.strip_prefix('[')?.split_once("] ")?;
    let (_, text) = rest.split_once("kernel: ")?;
    Some(KernelMessage { seconds: time.trim().parse().ok()?, text: text.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let expected = Some(KernelMessage { seconds: 12.5, text: "Out of memory; x".into() });
        assert_eq!(record("3,7,12500000,-;Out of memory; x"), expected);
        assert_eq!(journal_line("[   12.500000] web-01 kernel: Out of memory; x"), expected);
        for other in ["", " SUBSYSTEM=x", "3,7;x", "3,7,x,-;y", "[x] a kernel: b", "-- Boot --"] {
            assert_eq!((record(other), journal_line(other)), (None, None), "{other}");
        }
    }
}
