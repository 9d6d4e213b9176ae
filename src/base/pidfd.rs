//! Process file descriptors (pidfd_open(2)): a handle of one process, which a later process with the same number never
//! becomes.

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustix::io::{Errno, Result};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal, test_kill_process};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// Opens a process.
///
/// # Errors
/// `ESRCH` when it has ended, `ENOSYS` before Linux 5.3.
pub fn open(pid: u32) -> Result<OwnedFd> {
    pidfd_open(id(pid)?, PidfdFlags::empty())
}

/// Sends a signal to an open process.
///
/// # Errors
/// `ESRCH` when it has ended, `EPERM` without the right.
pub fn signal(process: BorrowedFd<'_>, signal: Signal) -> Result<()> {
    pidfd_send_signal(process, signal)
}

/// Checks the right to send a signal to a process, without sending one.
///
/// # Errors
/// `ESRCH` when it has ended, `EPERM` without the right.
pub fn may_signal(pid: u32) -> Result<()> {
    test_kill_process(id(pid)?)
}

/// Waits until a process has ended, at most for `limit`, and returns whether it has. One that its parent has not yet waited
/// for (a zombie) has ended.
///
/// # Errors
/// The error of poll(2).
pub fn wait_ended(process: BorrowedFd<'_>, limit: Duration) -> nix::Result<bool> {
    let until = Instant::now() + limit;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        // Rounded up: the last wait must not be one of zero.
        let timeout = PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
        let mut polled = [PollFd::new(process, PollFlags::POLLIN)];
        match poll(&mut polled, timeout) {
            Ok(0) if left.is_zero() => return Ok(false),
            Ok(0) | Err(nix::errno::Errno::EINTR) => {}
            Ok(_) => return Ok(true),
            Err(error) => return Err(error),
        }
    }
}

fn id(pid: u32) -> Result<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(Errno::SRCH)
}
