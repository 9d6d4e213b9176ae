//! Process file descriptors (pidfd_open(2)): a handle of one process, which a later process with the same number never
//! becomes.

use rustix::io::{Errno, Result};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal, test_kill_process};
use std::os::fd::{BorrowedFd, OwnedFd};

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

fn id(pid: u32) -> Result<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(Errno::SRCH)
}
