//! Where a run goes on while nothing can be written to the data directory: a directory in memory, `/run/osmon/…` for
//! root and `$XDG_RUNTIME_DIR/osmon/…` for anybody else. A disk that was switched to read-only is exactly when people
//! count on being told, and once, not each minute.

use super::here::Here;
use crate::base::file::make_directory;
use crate::store::Store;
use anyhow::Result;
use nix::unistd::geteuid;
use std::fs;
use std::path::{Path, PathBuf};

/// What is carried from one directory to the other, besides history.
const CARRIED: [&str; 4] = ["state", "outbox/new", "outbox/sent", "outbox/dead"];

fn directory(here: &Here) -> Option<PathBuf> {
    let memory = if geteuid().is_root() {
        Some(PathBuf::from("/run"))
    } else {
        std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from)
    };
    // One for each data directory.
    let name = format!("{:08x}", crc32fast::hash(here.store.directory().as_os_str().as_encoded_bytes()));
    memory.filter(|memory| memory.is_absolute()).map(|memory| memory.join("osmon").join(name))
}

/// The same place with its data in memory; state and waiting alerts come along the first time. `None`: no such place.
pub fn enter(home: &Here) -> Option<Here> {
    let directory = directory(home)?;
    let is_new = !directory.exists();
    make_directory(&directory).ok()?;
    if is_new {
        carry(home.store.directory(), &directory);
    }
    home.out.hold_back(directory.clone(), home.now.wall);
    let here = home.with_store(Store::new(directory));
    here.store.is_writable().then_some(here)
}

/// Where the newest data is, for those who only read: in memory while a run goes on there.
pub fn look(home: Here) -> Here {
    let kept = directory(&home).filter(|directory| directory.join("snapshots").is_dir());
    kept.map_or_else(|| home.clone(), |directory| home.with_store(Store::new(directory)))
}

/// Back home: what was recorded meanwhile is appended to the history, state and waiting alerts replace the old ones.
///
/// # Errors
/// When home cannot be written after all; then everything stays where it is, for the next run.
pub fn leave(home: &Here) -> Result<bool> {
    let Some(directory) = directory(home).filter(|directory| directory.exists()) else { return Ok(false) };
    home.store.adopt(&Store::new(directory.clone()))?;
    carry(&directory, home.store.directory());
    forget_sent(home.store.directory());
    fs::remove_dir_all(&directory)?;
    Ok(true)
}

/// What waited here and was sent from there waits no more.
fn forget_sent(data: &Path) {
    for sent in fs::read_dir(data.join("outbox/sent")).into_iter().flatten().flatten() {
        // Most were never here.
        let _ = fs::remove_file(data.join("outbox/new").join(sent.file_name()));
    }
}

/// Copies state and waiting alerts. What cannot be copied is made anew: no reason to stop.
fn carry(from: &Path, to: &Path) {
    for part in CARRIED {
        let entries = fs::read_dir(from.join(part)).into_iter().flatten().flatten();
        // What was set aside as damaged stays, and what is no file is nothing to copy.
        let is_carried = |name: &str| !name.contains(".corrupt-");
        for entry in entries.filter(|entry| {
            entry.file_type().is_ok_and(|kind| kind.is_file()) && is_carried(&entry.file_name().to_string_lossy())
        }) {
            let _ = make_directory(&to.join(part))
                .and_then(|()| fs::copy(entry.path(), to.join(part).join(entry.file_name())));
        }
    }
}
