//! Fallback store in memory while the data directory cannot be written: `/run/osmon/…` for root and
//! `$XDG_RUNTIME_DIR/osmon/…` for other users. Alerting must work when a disk becomes read-only, and alert once, not
//! each minute.

use crate::alert::Outbox;
use crate::base::file::{make_directory, sync_file_system};
use crate::base::group::give_to_readers;
use crate::context::Context;
use crate::store::Store;
use anyhow::{Context as _, Result};
use nix::unistd::geteuid;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

/// Data copied between the directories, besides history and [`STATE`].
const ALERTS: [&str; 3] = ["outbox/new", "outbox/sent", "outbox/dead"];
const STATE: &str = "state";
/// Wait for a process that is sending from the fallback store.
const PATIENCE: Duration = Duration::from_millis(500);

fn directory(context: &Context) -> Option<PathBuf> {
    let is_of_root = || context.store.directory().metadata().is_ok_and(|meta| meta.uid() == 0);
    let memory = if geteuid().is_root() || is_of_root() {
        Some(PathBuf::from("/run"))
    } else {
        std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from)
    };
    // One fallback store per data directory.
    let name = format!("{:08x}", crc32fast::hash(context.store.directory().as_os_str().as_encoded_bytes()));
    memory.filter(|memory| memory.is_absolute()).map(|memory| memory.join("osmon").join(name))
}

/// The context with its store in memory. State and queued alerts are copied the first time. Returns `None` when there
/// is no such directory.
pub fn enter(home: &Context) -> Option<Context> {
    let directory = directory(home)?;
    let is_new = !directory.exists();
    make_directory(&directory).ok()?;
    if is_new {
        // As the data directory: its readers need to see it.
        for made in directory.ancestors().take(2) {
            let _ = give_to_readers(made);
        }
        for part in ALERTS.into_iter().chain([STATE]) {
            // Unreadable files must not stop the run.
            let _ = carry(home.store.directory(), &directory, part);
        }
    }
    home.out.throttle_warnings(directory.clone(), home.now.wall);
    let context = home.with_store(Store::new(directory));
    context.store.is_writable().then_some(context)
}

/// The store with the newest data, for readers: the one in memory while runs use it.
pub fn look(home: Context) -> Context {
    let kept = directory(&home).filter(|directory| directory.join("snapshots").is_dir());
    kept.map_or_else(|| home.clone(), |directory| home.with_store(Store::new(directory)))
}

/// Returns to the data directory: records are appended to the history, state and queued alerts are replaced.
///
/// # Errors
/// When the data directory cannot be written, or alerts are being sent from the fallback store; everything then stays
/// for the next run.
pub fn leave(home: &Context) -> Result<()> {
    let Some(directory) = directory(home).filter(|directory| directory.exists()) else { return Ok(()) };
    let lock = Outbox::new(&directory).lock(PATIENCE)?;
    let _lock = lock.with_context(|| format!("alerts are just being sent from {}", directory.display()))?;
    let data = home.store.directory();
    home.store.adopt(&Store::new(directory.clone()))?;
    ALERTS.iter().try_for_each(|part| carry(&directory, data, part))?;
    forget_over(&directory, data);
    // A sender may have recreated the directory after its removal; it then contains no state to copy.
    if directory.join(STATE).join("crisis.json").exists() {
        // Caches that cannot be copied are rebuilt.
        let _ = carry(&directory, data, STATE);
    }
    sync_file_system(data).with_context(|| format!("could not sync {}", data.display()))?;
    fs::remove_dir_all(&directory).with_context(|| format!("could not remove {}", directory.display()))?;
    home.out.info("the data directory can be written again: what was recorded meanwhile is there now");
    Ok(())
}

/// Removes alerts from the queue of the data directory that were sent or given up in the fallback store.
fn forget_over(directory: &Path, data: &Path) {
    for part in ["outbox/sent", "outbox/dead"] {
        for over in fs::read_dir(directory.join(part)).into_iter().flatten().flatten() {
            let context = directory.join("outbox/new").join(over.file_name());
            if !context.exists() {
                // Most were never queued there.
                let _ = fs::remove_file(data.join("outbox/new").join(over.file_name()));
            }
        }
    }
}

/// Copies as many files of a directory as possible.
///
/// # Errors
/// The first read or write error.
fn carry(from: &Path, to: &Path, part: &str) -> Result<()> {
    let (from, to) = (from.join(part), to.join(part));
    let entries = match fs::read_dir(&from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| format!("could not list {}", from.display()))?,
    };
    let mut all = Ok(());
    for entry in entries {
        let entry = entry.with_context(|| format!("could not list {}", from.display()))?;
        // Damaged files that were set aside stay, and only regular files are copied.
        let is_damaged = entry.file_name().to_string_lossy().contains(".corrupt-");
        if is_damaged || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let target = to.join(entry.file_name());
        let copied = make_directory(&to).and_then(|()| fs::copy(entry.path(), &target));
        all = all.and(
            copied
                .map(drop)
                .with_context(|| format!("could not copy {} to {}", entry.path().display(), target.display())),
        );
    }
    all
}
