//! A lock by `flock(2)`: it ends with its process and so is never stale.

use crate::base::clock::boottime_seconds;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::unistd::geteuid;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;
use std::time::Duration;

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _held: Flock<File>,
}

impl Lock {
    /// Keeps the lock until the process ends, for work that may outlive its owner.
    pub fn hold_until_exit(self) {
        std::mem::forget(self);
    }
}

/// Acquires the lock at `path`, waiting at most `patience`. `None`: another process still holds it.
///
/// # Errors
/// The lock file cannot be opened.
pub fn acquire(path: &Path, patience: Duration) -> io::Result<Option<Lock>> {
    let until = boottime_seconds() + patience.as_secs_f64();
    loop {
        if let Some(lock) = attempt(path)? {
            return Ok(Some(lock));
        }
        if boottime_seconds() >= until {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn attempt(path: &Path) -> io::Result<Option<Lock>> {
    let mut options = OpenOptions::new();
    options
        .write(true)
        .create(true)
        .truncate(false)
        .mode(super::file::FILE_MODE)
        .custom_flags(OFlag::O_NONBLOCK.bits());
    let file = match options.open(path) {
        // Nothing can be written, but the lock still excludes other processes.
        Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => super::file::open_regular(path)?,
        file => file?,
    };
    if let (true, Some(Ok(directory))) = (geteuid().is_root(), path.parent().map(Path::metadata))
        && file.metadata()?.uid() != directory.uid()
    {
        // A lock of root in the directory of another user must not lock that user out.
        let _ = fchown(&file, Some(directory.uid()), Some(directory.gid()));
    }
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(held) => {
            // A restore may have replaced the directory meanwhile: then this lock excludes no other process.
            let same = path.metadata().is_ok_and(|there| held.metadata().is_ok_and(|ours| there.ino() == ours.ino()));
            Ok(same.then_some(Lock { _held: held }))
        }
        Err((_, Errno::EWOULDBLOCK)) => Ok(None),
        Err((_, error)) => Err(error.into()),
    }
}
