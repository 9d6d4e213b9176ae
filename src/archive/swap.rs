//! Replaces the data directory by a restored one.

use crate::base::file::sync_parent;
use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use std::fs;
use std::path::Path;

/// Exchanges `new` and `current` atomically, so that a data directory exists at every moment; the previous one is then
/// at `aside`. If there was none, `new` takes its place.
///
/// # Errors
/// When the file system cannot exchange them (a mount point, for example); nothing is changed.
pub fn swap(new: &Path, current: &Path, aside: &Path) -> Result<()> {
    let could_not = || {
        format!(
            "could not put {} in the place of {}; is it a mount point? Restore to another directory with --to DIR and copy what is in it",
            new.display(),
            current.display()
        )
    };
    match renameat2(AT_FDCWD, new, AT_FDCWD, current, RenameFlags::RENAME_EXCHANGE) {
        Ok(()) => {
            fs::rename(new, aside)
                .with_context(|| format!("restored, but the data that was there before stays in {}", new.display()))?;
        }
        Err(Errno::ENOENT) => fs::rename(new, current).with_context(could_not)?,
        // File systems without atomic exchange: two renames.
        Err(Errno::EINVAL) => {
            fs::rename(current, aside).with_context(could_not)?;
            fs::rename(new, current).with_context(could_not)?;
        }
        Err(error) => return Err(std::io::Error::from(error)).with_context(could_not),
    }
    sync_parent(current).with_context(could_not)
}
