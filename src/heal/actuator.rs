//! The only effects of a repair on the host. A dry run differs from a real one in nothing but this.

use crate::base::pidfd;
use crate::base::subprocess::{self, Finished};
use crate::host::Root;
use crate::model::action::Mode;
use nix::unistd::{UnlinkatFlags, unlinkat};
use rustix::process::Signal;
use std::ffi::CStr;
use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// Effects of a repair.
pub trait Actuator {
    /// Runs a program that changes the host.
    ///
    /// # Errors
    /// The program cannot be started.
    fn run(&self, program: &str, arguments: &[String], input: Vec<u8>, limit: Duration) -> io::Result<Finished>;

    /// Sends a signal to the process behind a pidfd (`pidfd_send_signal(2)`).
    ///
    /// # Errors
    /// The error of the system call.
    fn signal(&self, process: BorrowedFd<'_>, signal: Signal) -> rustix::io::Result<()>;

    /// Removes a file, or with [`UnlinkatFlags::RemoveDir`] an empty directory, by its name in an open directory.
    ///
    /// # Errors
    /// The error of the system call.
    fn remove(&self, directory: BorrowedFd<'_>, name: &CStr, flags: UnlinkatFlags) -> nix::Result<()>;

    /// Writes a setting of the kernel below `/proc/sys`.
    ///
    /// # Errors
    /// Errors of the file system.
    fn set_kernel_value(&self, root: &Root, name: &str, value: &str) -> io::Result<()>;

    /// Returns whether this is a dry run: the host is unchanged.
    fn is_dry(&self) -> bool;
}

/// Carries everything out.
pub struct Enforce;

/// Changes nothing, and reports success.
pub struct DryRun;

/// The actuator of a mode. [`Mode::Off`] does not act.
pub fn of(mode: Mode) -> &'static dyn Actuator {
    if mode == Mode::Enforce { &Enforce } else { &DryRun }
}

impl Actuator for Enforce {
    fn run(&self, program: &str, arguments: &[String], input: Vec<u8>, limit: Duration) -> io::Result<Finished> {
        subprocess::run_confined(program, arguments, input, limit)
    }

    fn signal(&self, process: BorrowedFd<'_>, signal: Signal) -> rustix::io::Result<()> {
        pidfd::signal(process, signal)
    }

    fn remove(&self, directory: BorrowedFd<'_>, name: &CStr, flags: UnlinkatFlags) -> nix::Result<()> {
        unlinkat(directory, name, flags)
    }

    fn set_kernel_value(&self, root: &Root, name: &str, value: &str) -> io::Result<()> {
        root.set_kernel_value(name, value)
    }

    fn is_dry(&self) -> bool {
        false
    }
}

impl Actuator for DryRun {
    fn run(&self, _: &str, _: &[String], _: Vec<u8>, _: Duration) -> io::Result<Finished> {
        Ok(Finished { code: Some(0), signal: None, timed_out: false, stdout: Vec::new(), stderr: Vec::new() })
    }

    fn signal(&self, _: BorrowedFd<'_>, _: Signal) -> rustix::io::Result<()> {
        Ok(())
    }

    fn remove(&self, _: BorrowedFd<'_>, _: &CStr, _: UnlinkatFlags) -> nix::Result<()> {
        Ok(())
    }

    fn set_kernel_value(&self, _: &Root, _: &str, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn is_dry(&self) -> bool {
        true
    }
}
