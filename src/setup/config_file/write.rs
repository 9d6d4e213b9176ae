//! Writes a drafted configuration and its secrets: all of it or nothing.

use super::draft::Draft;
use crate::base::file::{make_directory, replace};
use anyhow::{Context, Result};
use nix::unistd::geteuid;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::path::{Path, PathBuf};

/// Mode of a secret, and of the configuration of one user.
const PRIVATE: u32 = 0o600;
/// Mode of the configuration of a system: its group may read it.
const OF_SYSTEM: u32 = 0o640;

/// The files that were written.
#[derive(Debug, Default)]
pub struct Written {
    /// The copy of the former configuration; `None` without one.
    pub backup: Option<PathBuf>,
    /// Files with secrets.
    pub secrets: Vec<PathBuf>,
}

/// Writes the secrets and the configuration `path`, whose former text is kept beside it. What was there before stays if
/// something fails.
///
/// # Errors
/// I/O errors.
pub fn write(draft: &Draft, path: &Path) -> Result<Written> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    if !directory.is_dir() {
        make_directory(directory).with_context(|| format!("could not make {}", directory.display()))?;
        crate::base::group::give_to_readers(directory)
            .with_context(|| format!("could not set the group of {}", directory.display()))?;
    }
    let before: Vec<(PathBuf, Option<Vec<u8>>)> =
        draft.secrets.iter().map(|secret| (secret.path.clone(), fs::read(&secret.path).ok())).collect();
    write_all(draft, path).inspect_err(|_| {
        for (path, content) in &before {
            // The error above is the one to report.
            let _ = match content {
                Some(content) => replace(path, content, PRIVATE),
                None => fs::remove_file(path),
            };
        }
    })
}

fn write_all(draft: &Draft, path: &Path) -> Result<Written> {
    let mut written = Written::default();
    for secret in &draft.secrets {
        put(&secret.path, &format!("{}\n", secret.secret), PRIVATE)?;
        written.secrets.push(secret.path.clone());
    }
    if !draft.is_changed {
        return Ok(written);
    }
    let mut mode = if geteuid().is_root() { OF_SYSTEM } else { PRIVATE };
    let mut is_new = false;
    match fs::read_to_string(path) {
        Ok(former) => {
            mode = path.metadata()?.permissions().mode() & 0o777;
            if !former.trim().is_empty() {
                let backup = PathBuf::from(format!("{}.bak", path.display()));
                put(&backup, &former, mode)?;
                give_as(&backup, path);
                written.backup = Some(backup);
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => is_new = true,
        Err(error) => return Err(error).with_context(|| format!("could not read {}", path.display())),
    }
    put(path, &draft.text, mode)?;
    if is_new {
        give_to_group_of_directory(path)?;
    }
    Ok(written)
}

/// Gives a file that root has just made the group of its directory, whose members may read the configuration of the
/// system: the package makes the directory without the set-group-ID bit. Does nothing for other users.
///
/// # Errors
/// I/O errors.
pub fn give_to_group_of_directory(path: &Path) -> Result<()> {
    let give = || lchown(path, None, Some(path.parent().unwrap_or(Path::new("/")).metadata()?.gid()));
    if geteuid().is_root() {
        give().with_context(|| format!("could not set the group of {}", path.display()))?;
    }
    Ok(())
}

/// Gives the copy of a file the owner and group of that file, as far as this user may: it has the same readers.
fn give_as(copy: &Path, original: &Path) {
    if let Ok(meta) = original.metadata() {
        // Only root may give files away; others may set a group of their own.
        let _ = lchown(copy, Some(meta.uid()), Some(meta.gid())).or_else(|_| lchown(copy, None, Some(meta.gid())));
    }
}

fn put(path: &Path, text: &str, mode: u32) -> Result<()> {
    replace(path, text.as_bytes(), mode).with_context(|| format!("could not write {}", path.display()))
}
