//! Where a run goes on while nothing can be written to the data directory: a directory in memory, `/run/osmon/…` for
//! root and `$XDG_RUNTIME_DIR/osmon/…` for anybody else. A disk that was switched to read-only is exactly when people
//! count on being told, and once, not each minute.

use crate::alert::Outbox;
use crate::base::file::{make_directory, sync_file_system};
use crate::context::Context;
use crate::store::Store;
use anyhow::{Context as _, Result};
use nix::unistd::geteuid;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

/// What is carried from one directory to the other, besides history and [`STATE`].
const ALERTS: [&str; 3] = ["outbox/new", "outbox/sent", "outbox/dead"];
const STATE: &str = "state";
/// How long somebody who sends from here is waited for.
const PATIENCE: Duration = Duration::from_millis(500);

fn directory(context: &Context) -> Option<PathBuf> {
    let memory = if geteuid().is_root() {
        Some(PathBuf::from("/run"))
    } else {
        std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from)
    };
    // One for each data directory.
    let name = format!("{:08x}", crc32fast::hash(context.store.directory().as_os_str().as_encoded_bytes()));
    memory.filter(|memory| memory.is_absolute()).map(|memory| memory.join("osmon").join(name))
}

/// The same place with its data in memory; state and waiting alerts come along the first time. `None`: no such place.
pub fn enter(home: &Context) -> Option<Context> {
    let directory = directory(home)?;
    let is_new = !directory.exists();
    make_directory(&directory).ok()?;
    if is_new {
        for part in ALERTS.into_iter().chain([STATE]) {
            // What cannot be read is nothing to stop for here.
            let _ = carry(home.store.directory(), &directory, part);
        }
    }
    home.out.throttle_warnings(directory.clone(), home.now.wall);
    let context = home.with_store(Store::new(directory));
    context.store.is_writable().then_some(context)
}

/// Where the newest data is, for those who only read: in memory while a run goes on there.
pub fn look(home: Context) -> Context {
    let kept = directory(&home).filter(|directory| directory.join("snapshots").is_dir());
    kept.map_or_else(|| home.clone(), |directory| home.with_store(Store::new(directory)))
}

/// Back home: what was recorded meanwhile is appended to the history, state and waiting alerts replace the old ones.
///
/// # Errors
/// When home cannot be written after all, or alerts are just being sent from here; then everything stays where it is, for
/// the next run.
pub fn leave(home: &Context) -> Result<()> {
    let Some(directory) = directory(home).filter(|directory| directory.exists()) else { return Ok(()) };
    let lock = Outbox::new(&directory).lock(PATIENCE)?;
    let _lock = lock.with_context(|| format!("alerts are just being sent from {}", directory.display()))?;
    let data = home.store.directory();
    home.store.adopt(&Store::new(directory.clone()))?;
    ALERTS.iter().try_for_each(|part| carry(&directory, data, part))?;
    forget_over(&directory, data);
    // Who came to send when it was just removed left one without: no state to put in the place of the one at home.
    if directory.join(STATE).join("crisis.json").exists() {
        // What cannot be copied of it is made anew: no reason to stop.
        let _ = carry(&directory, data, STATE);
    }
    sync_file_system(data).with_context(|| format!("could not sync {}", data.display()))?;
    fs::remove_dir_all(&directory).with_context(|| format!("could not remove {}", directory.display()))?;
    home.out.info("the data directory can be written again: what was recorded meanwhile is there now");
    Ok(())
}

/// What waited at home and was sent or given up here waits no more.
fn forget_over(directory: &Path, data: &Path) {
    for part in ["outbox/sent", "outbox/dead"] {
        for over in fs::read_dir(directory.join(part)).into_iter().flatten().flatten() {
            let context = directory.join("outbox/new").join(over.file_name());
            if !context.exists() {
                // Most were never there.
                let _ = fs::remove_file(data.join("outbox/new").join(over.file_name()));
            }
        }
    }
}

/// Copies the files of one directory, as many as can be.
///
/// # Errors
/// The first that cannot be read or written.
fn carry(from: &Path, to: &Path, part: &str) -> Result<()> {
    let (from, to) = (from.join(part), to.join(part));
    let entries = match fs::read_dir(&from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| format!("could not list {}", from.display()))?,
    };
    let mut all = Ok(());
    for entry in entries {
        let entry = entry.with_context(|| format!("could not list {}", from.display()))?;
        // What was set aside as damaged stays, and what is no file is nothing to copy.
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
