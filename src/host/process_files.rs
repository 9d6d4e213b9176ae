//! The directory `/proc` and the small files of processes, read without allocating.

use super::Root;
use nix::dir::Dir;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use nix::unistd::read;
use std::io::{self, Write};
use std::os::fd::AsFd;

/// Maximum number of bytes read of a file; `stat` has at most 1200, and of the others only the beginning is used.
const SIZE: usize = 4096;
const FLAGS: OFlag = OFlag::O_RDONLY.union(OFlag::O_NONBLOCK).union(OFlag::O_CLOEXEC);

/// Reads files of one process after another.
pub struct ProcessFiles {
    directory: Dir,
    path: Vec<u8>,
    buffer: [u8; SIZE],
}

impl Root {
    /// Opens `/proc`.
    ///
    /// # Errors
    /// When there is no such directory.
    pub fn process_files(&self) -> io::Result<ProcessFiles> {
        let directory = Dir::open(&self.base.join("proc"), FLAGS.union(OFlag::O_DIRECTORY), Mode::empty())?;
        Ok(ProcessFiles { directory, path: Vec::with_capacity(32), buffer: [0; SIZE] })
    }
}

impl ProcessFiles {
    /// The ids of all processes.
    pub fn pids(&mut self) -> Vec<u32> {
        let entries = self.directory.iter().flatten();
        entries.filter_map(|entry| entry.file_name().to_str().ok()?.parse().ok()).collect()
    }

    /// A file of a process: `stat`, `io`, … The kernel returns it in one read.
    ///
    /// # Errors
    /// When the process has ended, or the file may not be read.
    pub fn read(&mut self, pid: u32, name: &str) -> io::Result<&[u8]> {
        self.path.clear();
        write!(self.path, "{pid}/{name}")?;
        let file = openat(self.directory.as_fd(), self.path.as_slice(), FLAGS, Mode::empty())?;
        let length = read(&file, &mut self.buffer)?;
        Ok(self.buffer.get(..length).unwrap_or_default())
    }
}
