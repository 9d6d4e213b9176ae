//! A restore in place: a working directory beside the data directory, the exchange of the two, and what is done about one
//! that was interrupted.
//!
//! `DATA.restoring/` holds `lock` (held while a restore is at work), `data` (the copy), and `ready` once the copy is
//! complete, with the future name of the previous data. A data directory always contains a file `lock` by then and the
//! copy never does: that is how the two are told apart after an exchange.

use crate::base::error_kind::ErrorKind;
use crate::base::file::sync_parent;
use crate::base::lock::{Lock, acquire};
use crate::store::restoring::{READY, real_directory, work_directory};
use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use nix::sys::signal::kill;
use nix::unistd::Pid;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, lchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Wait for a restore that is at work while there is no data directory.
const PATIENCE: Duration = Duration::from_secs(2);

/// Pause between tries to remove a directory whose last file is being closed.
const PAUSE: Duration = Duration::from_millis(10);

/// A restore at work.
pub struct Restoring {
    current: PathBuf,
    work: PathBuf,
    /// Held until it is over.
    lock: Option<Lock>,
}

impl Restoring {
    /// Begins a restore of the data directory `current`, which need not exist. What an interrupted one left is removed.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] when another restore is at work; errors of the file system.
    pub fn begin(current: &Path) -> Result<Self> {
        let work = work_directory(current);
        remove_earlier(current);
        for _ in 0..3 {
            recover(current)?;
            match DirBuilder::new().mode(0o700).create(&work) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made.with_context(|| format!("could not make {}", work.display()))?,
            }
            // Another command may have taken it for an abandoned one.
            if let Ok(Some(lock)) = acquire(&work.join("lock"), Duration::ZERO) {
                return Ok(Self { current: current.to_path_buf(), work, lock: Some(lock) });
            }
        }
        Err(ErrorKind::Busy(format!("{}: another restore is at work; try again", work.display())).into())
    }

    /// Where the archive is unpacked.
    pub fn copy(&self) -> PathBuf {
        self.work.join("data")
    }

    /// Lets the copy take the place of the data directory, atomically where the file system can exchange two directories.
    /// Returns where the previous data is, if there was any.
    ///
    /// # Errors
    /// Errors of the file system; the data directory is then what it was.
    pub fn swap(mut self, aside: &Path) -> Result<Option<PathBuf>> {
        let had_data = self.current.exists();
        let could_not =
            || format!("could not put {} in the place of {}", self.copy().display(), self.current.display());
        self.write_ready(aside).with_context(could_not)?;
        let exchange = RenameFlags::RENAME_EXCHANGE;
        match renameat2(AT_FDCWD, &self.copy(), AT_FDCWD, &self.current, exchange) {
            Ok(()) => {}
            Err(Errno::ENOENT) if !had_data => fs::rename(self.copy(), &self.current).with_context(could_not)?,
            Err(Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP) => {
                self.two_renames(aside).map_err(|error| self.refusal(error)).with_context(could_not)?;
            }
            Err(error) => return Err(self.refusal(error.into())).with_context(could_not),
        }
        sync_parent(&self.current).with_context(could_not)?;
        let Some(lock) = self.lock.take() else { return Ok(None) };
        let end = settle(&self.current, &self.work, lock).with_context(|| {
            let (aside, work) = (aside.display(), self.work.display());
            format!("restored; what was there stays in {aside} or {work}, which could not be put in order")
        })?;
        Ok(if let End::Done(aside) = end { aside } else { None })
    }

    fn write_ready(&self, aside: &Path) -> io::Result<()> {
        let path = self.work.join(READY);
        let mut file = File::create_new(&path)?;
        let owner = self.copy().metadata()?;
        for path in [&path, &self.work.join("lock"), &self.work] {
            // So that the owner of the data directory can complete it. Where that is not possible, this user has to.
            let _ = lchown(path, Some(owner.uid()), Some(owner.gid()));
        }
        file.write_all(aside.file_name().unwrap_or_default().as_encoded_bytes())?;
        file.sync_all()?;
        sync_parent(&path)?;
        sync_parent(&self.work)
    }

    /// The error of a rename; that of a mount point says what to do instead.
    fn refusal(&self, error: io::Error) -> anyhow::Error {
        if ![Errno::EBUSY as i32, Errno::EXDEV as i32].map(Some).contains(&error.raw_os_error()) {
            return error.into();
        }
        let place = self.current.display();
        let advice = "restore to another directory with --to DIR and copy what is in it; nothing was changed";
        ErrorKind::CannotCreate(format!("{place} is a mount point and cannot be renamed; {advice}")).into()
    }

    /// Without an exchange there is a moment without data directory: `ready` keeps others from beginning a new one.
    fn two_renames(&self, aside: &Path) -> io::Result<()> {
        fs::rename(&self.current, aside)?;
        fs::rename(self.copy(), &self.current).map_err(|error| match fs::rename(aside, &self.current) {
            Ok(()) => error,
            Err(_) => io::Error::other(format!("{error}; what was there is in {}", aside.display())),
        })
    }
}

impl Drop for Restoring {
    fn drop(&mut self) {
        if let Some(lock) = self.lock.take() {
            // If this fails, the next command repeats it.
            let _ = settle(&self.current, &self.work, lock);
        }
    }
}

/// Ends restores of earlier versions that were killed: they worked in `DATA.restoring-PID`.
fn remove_earlier(current: &Path) {
    let prefix = with_ending(current, "restoring-");
    let prefix = prefix.file_name().unwrap_or_default().to_string_lossy();
    for entry in current.parent().and_then(|above| fs::read_dir(above).ok()).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name.strip_prefix(&*prefix).and_then(|number| number.parse().ok());
        let is_over = |process| kill(Pid::from_raw(process), None) == Err(Errno::ESRCH);
        if process.is_some_and(|process: i32| process > 0 && is_over(process)) {
            // A leftover that cannot be removed only takes space.
            let _ = if entry.path().join("lock").exists() {
                fs::rename(entry.path(), free_name(&with_ending(current, "before-restore")))
            } else {
                fs::remove_dir_all(entry.path())
            };
        }
    }
}

/// How a restore ended.
#[derive(Debug)]
enum End {
    /// The copy took the place of the data directory; the previous data is there.
    Done(Option<PathBuf>),
    /// The data directory is what it was, and the copy was removed. If somebody has made a data directory in between, the
    /// previous data is there.
    Undone(Option<PathBuf>),
    /// There was no copy.
    Nothing,
}

/// Completes or undoes a restore that was interrupted, before the data directory is used. Returns what was done, for
/// people; `None` when there was nothing to do.
///
/// # Errors
/// When it cannot be completed by this user, or on this file system.
pub fn recover(directory: &Path) -> Result<Option<String>> {
    let current = real_directory(directory);
    let work = work_directory(&current);
    if !work.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
        return Ok(None);
    }
    let patience = if current.exists() { Duration::ZERO } else { PATIENCE };
    let could_not = || {
        let work = work.display();
        format!(
            "an interrupted restore left {work}, which could not be put in order; any osmon command of its owner can"
        )
    };
    match acquire(&work.join("lock"), patience) {
        // It is over meanwhile, or at work.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        lock => {
            let Some(lock) = lock.with_context(could_not)? else { return Ok(None) };
            let there = current.display();
            Ok(Some(match settle(&current, &work, lock).with_context(could_not)? {
                End::Nothing => return Ok(None),
                End::Done(Some(aside)) => format!(
                    "an interrupted restore of {there} was completed; what was there is in {}; remove it when all is well",
                    aside.display()
                ),
                End::Done(None) => format!("an interrupted restore of {there} was completed"),
                End::Undone(Some(aside)) => format!(
                    "an interrupted restore of {there} was removed; a new history began there meanwhile, what was there before is in {}",
                    aside.display()
                ),
                End::Undone(None) => format!("an interrupted restore of {there} was undone; the data is what it was"),
            }))
        }
    }
}

/// Brings a restore to its end from wherever it is. May be interrupted and called again.
fn settle(current: &Path, work: &Path, lock: Lock) -> io::Result<End> {
    let (copy, ready) = (work.join("data"), work.join(READY));
    let planned = fs::read(&ready).ok();
    let aside = planned.as_ref().and_then(|name| {
        let name = Path::new(std::str::from_utf8(name).ok()?);
        (name.components().count() == 1 && name.file_name().is_some()).then(|| current.with_file_name(name))
    });
    let has_data = current.symlink_metadata().is_ok();
    let end = if copy.join("lock").symlink_metadata().is_ok() {
        // Exchanged: this is the previous data.
        let aside = free_name(&aside.unwrap_or_else(|| with_ending(current, "before-restore")));
        fs::rename(&copy, &aside)?;
        End::Done(Some(aside))
    } else if has_data || planned.is_none() {
        match (planned.is_some(), copy.exists()) {
            (true, false) => End::Done(aside.filter(|aside| aside.exists())),
            (false, false) => End::Nothing,
            (_, true) => End::Undone(aside.filter(|aside| aside.exists())),
        }
    } else if copy.exists() {
        fs::rename(&copy, current)?;
        End::Done(aside.filter(|aside| aside.exists()))
    } else {
        if let Some(aside) = aside.filter(|aside| aside.exists()) {
            fs::rename(aside, current)?;
        }
        End::Undone(None)
    };
    sync_parent(current)?;
    // First, so that a copy that is partly removed is never taken for a complete one.
    match fs::remove_file(&ready) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let removed = fs::remove_dir_all(work);
    // NFS and FUSE keep an open file under another name until it is closed.
    drop(lock);
    for _ in 0..20 {
        if work.symlink_metadata().is_err() || fs::remove_dir(work).is_ok() {
            return Ok(end);
        }
        std::thread::sleep(PAUSE);
    }
    removed.map(|()| end)
}

/// The path of the directory with an ending: `DATA.before-restore`.
pub fn with_ending(directory: &Path, ending: &str) -> PathBuf {
    let mut name = directory.file_name().unwrap_or_default().to_os_string();
    name.push(".");
    name.push(ending);
    directory.with_file_name(name)
}

/// The path, with a number appended when it exists already.
pub fn free_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let others = (2..).map(|number| path.with_file_name(format!("{name}-{number}")));
    let mut all = std::iter::once(path.to_path_buf()).chain(others);
    all.find(|path| path.symlink_metadata().is_err()).unwrap_or_else(|| path.to_path_buf())
}
