//! Keeps the parts of the replaced data directory that no archive provides: queued alerts, the page, owners and modes.

use crate::base::file::make_directory;
use crate::base::group::give_to_readers;
use anyhow::{Context, Result};
use nix::unistd::geteuid;
use std::fs::{self, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown, symlink};
use std::path::Path;

/// Pages of the data directory, which a web server may serve until the next run draws them.
const PAGES: [&str; 2] = ["report.html", "report.json"];

/// Copies waiting alerts and the page of the data directory `current` into the copy that takes its place.
///
/// # Errors
/// Errors of the file system.
pub fn carry_over(current: &Path, copy: &Path) -> Result<()> {
    let (from, to) = (current.join("outbox/new"), copy.join("outbox/new"));
    for alert in fs::read_dir(&to).into_iter().flatten().flatten() {
        // It waited at the time of the backup, and is over since.
        if ["sent", "dead"].iter().any(|over| current.join("outbox").join(over).join(alert.file_name()).exists()) {
            fs::remove_file(alert.path()).with_context(|| format!("could not remove {}", alert.path().display()))?;
        }
    }
    for alert in fs::read_dir(&from).into_iter().flatten().flatten() {
        if alert.path().is_file() {
            make_directory(&to)
                .and_then(|()| fs::copy(alert.path(), to.join(alert.file_name())))
                .with_context(|| format!("could not keep the waiting alert {}", alert.path().display()))?;
        }
    }
    for page in PAGES {
        let (from, to) = (current.join(page), copy.join(page));
        // The page is drawn anew by the next run: no reason to fail.
        let _ = match from.read_link() {
            Ok(target) => symlink(target, &to),
            Err(_) if from.is_file() => fs::copy(&from, &to).map(drop),
            Err(_) => Ok(()),
        };
    }
    Ok(())
}

/// Gives the copy the owner, group and mode of what it replaces, and syncs its directories; what was not there gets those
/// of its directory. Without a data directory, root restores for the owner of the directory above it. Returns the first
/// owner that could not be kept.
///
/// # Errors
/// Errors of the file system.
pub fn own(current: &Path, copy: &Path) -> io::Result<Option<String>> {
    let above = current.parent().unwrap_or(Path::new("/")).metadata()?;
    let mut problem = None;
    if current.exists() || (geteuid().is_root() && above.uid() != 0) {
        own_below(current, copy, &above, &mut problem)?;
    } else {
        give_to_readers(copy)?;
        let own = copy.metadata()?;
        if own.mode() & 0o2000 != 0 {
            own_below(current, copy, &own, &mut problem)?;
        }
    }
    Ok(problem)
}

fn own_below(current: &Path, copy: &Path, above: &Metadata, problem: &mut Option<String>) -> io::Result<()> {
    let is = copy.symlink_metadata()?;
    let was = current.metadata().ok().filter(|was| was.is_dir() == is.is_dir());
    let like = was.as_ref().unwrap_or(above);
    let keep = |owner, group| lchown(copy, owner, group);
    if (is.uid(), is.gid()) != (like.uid(), like.gid())
        && let Err(error) = keep(Some(like.uid()), Some(like.gid()))
    {
        problem.get_or_insert_with(|| {
            let (path, owner, group) = (current.display(), like.uid(), like.gid());
            format!("{path} does not belong to user {owner} and group {group} any more: {error}")
        });
        if is.gid() != like.gid() {
            // Said above.
            let _ = keep(None, Some(like.gid()));
        }
    }
    if is.is_symlink() {
        return Ok(());
    }
    // After the owner, because changing it clears set-id bits.
    let inherited = if is.is_dir() { above.mode() & 0o2000 } else { 0 };
    // A copy of the configuration may hold a secret.
    let kept = if copy.extension().is_some_and(|end| end == "toml") { !0o077 } else { !0 };
    let mode = was.as_ref().map_or(is.mode() | inherited, Metadata::mode) & 0o7777 & kept;
    fs::set_permissions(copy, Permissions::from_mode(mode))?;
    if is.is_dir() {
        let own = copy.metadata()?;
        for entry in fs::read_dir(copy)? {
            let entry = entry?;
            own_below(&current.join(entry.file_name()), &entry.path(), &own, problem)?;
        }
        fs::File::open(copy)?.sync_all()?;
    }
    Ok(())
}
