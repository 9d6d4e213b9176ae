//! Files that are whole or not there.

use nix::fcntl::OFlag;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Mode of data files: the group may read, others may not, because process names and addresses are nobody's business.
pub const FILE_MODE: u32 = 0o640;
/// Mode of data directories.
pub const DIRECTORY_MODE: u32 = 0o750;

/// Replaces `path` so that a reader, or a power cut, sees the old content or the new, never a part.
///
/// The temporary file is in the same directory (a rename does not cross file systems), its content is synced before
/// the rename (else the name could point to an empty file after a crash), and the directory after it (else the rename
/// itself could be lost).
///
/// # Errors
/// What the file system says; nothing is left behind then.
pub fn replace(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    exchange(path, content, mode, true)
}

/// The same for what can be made anew: nothing is synced. A reader sees the old content or the new; after a power cut it
/// may be anything.
///
/// # Errors
/// As [`replace`].
pub fn replace_cache(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    exchange(path, content, mode, false)
}

fn exchange(path: &Path, content: &[u8], mode: u32, synced: bool) -> io::Result<()> {
    let path = &real_target(path)?;
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let temporary = path.with_file_name(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id()));
    let written = write_new(&temporary, content, mode, synced).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The error that matters is the one above.
        let _ = fs::remove_file(&temporary);
    }
    written?;
    if synced { sync_parent(path) } else { Ok(()) }
}

/// The file that a path means: what a link points to is replaced, not the link, and what is no regular file (a device, a
/// pipe, a directory) is left alone.
///
/// # Errors
/// When there is something that is no regular file.
pub fn real_target(path: &Path) -> io::Result<PathBuf> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_symlink() => match fs::metadata(path) {
            Ok(meta) if meta.is_file() => fs::canonicalize(path),
            Ok(_) => Err(not_regular()),
            Err(_) => Ok(path.to_path_buf()),
        },
        Ok(meta) if !meta.is_file() => Err(not_regular()),
        _ => Ok(path.to_path_buf()),
    }
}

fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")
}

/// Opens a regular file for reading. Anything else (a pipe, a device) is an error and never waits.
///
/// # Errors
/// What the file system says, or that it is no regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(not_regular()) }
}

fn write_new(path: &Path, content: &[u8], mode: u32, synced: bool) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path)?;
    file.write_all(content)?;
    if synced { file.sync_all() } else { Ok(()) }
}

/// Syncs the directory that holds `path`, so that a new, renamed or removed name survives a power cut.
///
/// # Errors
/// What the file system says.
pub fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

/// Makes a directory with its parents, readable by owner and group only. An existing one is left as it is.
///
/// # Errors
/// What the file system says.
pub fn make_directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(path)
}

/// Reads at most `limit` bytes of a file; what is longer is cut.
///
/// # Errors
/// What the file system says.
pub fn read_at_most(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    // Most files here are smaller: then one read has all, and a second one says so.
    let mut content = Vec::with_capacity(16 * 1024);
    open_regular(path)?.take(limit).read_to_end(&mut content)?;
    Ok(content)
}

/// Writes everything that waits for the disk of a path's file system (`syncfs(2)`).
///
/// # Errors
/// What the file system says.
pub fn sync_file_system(path: &Path) -> io::Result<()> {
    Ok(nix::unistd::syncfs(File::open(path)?)?)
}

/// What is free for this user on the file system of a path, in bytes (`statvfs(3)`).
///
/// # Errors
/// What the file system says.
#[allow(clippy::useless_conversion, reason = "32-bit hosts count in 32 bits")]
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    let space = nix::sys::statvfs::statvfs(path)?;
    Ok(u64::from(space.fragment_size()).saturating_mul(u64::from(space.blocks_available())))
}

/// Whether an error, or one beneath it, says that the disk (or the quota) is full.
pub fn is_disk_full(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
}
