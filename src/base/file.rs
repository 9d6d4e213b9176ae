//! Atomic replacement, bounded reading and syncing of files.

use nix::fcntl::OFlag;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, lchown};
use std::path::{Path, PathBuf};

/// Mode of data files: readable by the group, because process names and addresses are private.
pub const FILE_MODE: u32 = 0o640;
/// Mode of data directories.
pub const DIRECTORY_MODE: u32 = 0o750;

/// Replaces a file atomically: a reader, or a power cut, sees the old content or the new, never a part.
///
/// The temporary file is in the same directory (a rename does not cross file systems). Its content is synced before the
/// rename (else the name could point to an empty file after a crash), the directory after it (else the rename could be
/// lost).
///
/// # Errors
/// I/O errors; the temporary file is removed.
pub fn replace(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    exchange(path, content, mode, true)
}

/// Replaces a file that can be rebuilt: like [`replace`] without syncing, so its content is undefined after a power cut.
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
    let written = write_new(&temporary, content, mode, synced).and_then(|()| {
        keep_owner(&temporary, path);
        fs::rename(&temporary, path)
    });
    if written.is_err() {
        // The error above is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    written?;
    if synced { sync_parent(path) } else { Ok(()) }
}

/// Gives a new file the owner and group of the file it replaces, as far as this user may: what root or a web server's
/// group could read before can be read after.
fn keep_owner(new: &Path, old: &Path) {
    let owner = |path: &Path| path.metadata().map(|meta| (meta.uid(), meta.gid()));
    if let (Ok(is), Ok(was)) = (owner(new), owner(old))
        && is != was
    {
        // Only root may give files away; others may set a group of their own.
        let _ = lchown(new, Some(was.0), Some(was.1)).or_else(|_| lchown(new, None, Some(was.1)));
    }
}

/// Resolves the file to replace: the target of a symbolic link rather than the link.
///
/// # Errors
/// The path is a device, a pipe or a directory.
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

/// Opens a regular file for reading. Pipes and devices are errors and never block.
///
/// # Errors
/// I/O errors, or it is not a regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(not_regular()) }
}

fn write_new(path: &Path, content: &[u8], mode: u32, synced: bool) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path)?;
    file.write_all(content)?;
    if synced { file.sync_all() } else { Ok(()) }
}

/// Syncs the directory of `path`, so that a created, renamed or removed name survives a power cut.
///
/// # Errors
/// I/O errors.
pub fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

/// Creates a directory and its parents, readable by owner and group only. An existing one stays as it is.
///
/// # Errors
/// I/O errors.
pub fn make_directory(path: &Path) -> io::Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(path);
    made.map_err(|error| missing_target(path).map_or(error, io::Error::other))
}

/// The message for a path that is, or lies behind, a link to nothing; `None` when it is not.
pub fn missing_target(path: &Path) -> Option<String> {
    let link = dangling_link(path)?;
    let target = fs::read_link(link).unwrap_or_default();
    Some(format!("{} is a link to {}, which does not exist; mount or create it", link.display(), target.display()))
}

/// The path, or the directory above it, that is a link to nothing.
pub fn dangling_link(path: &Path) -> Option<&Path> {
    path.ancestors().find(|path| path.is_symlink() && !path.exists())
}

/// Reads at most the first `limit` bytes of a file.
///
/// # Errors
/// I/O errors.
pub fn read_at_most(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    // Most files are smaller: one read returns all of it, a second one the end.
    let mut content = Vec::with_capacity(16 * 1024);
    open_regular(path)?.take(limit).read_to_end(&mut content)?;
    Ok(content)
}

/// Flushes the file system of a path (`syncfs(2)`).
///
/// # Errors
/// I/O errors.
pub fn sync_file_system(path: &Path) -> io::Result<()> {
    Ok(nix::unistd::syncfs(File::open(path)?)?)
}

/// Free space for this user on the file system of a path, in bytes (`statvfs(3)`).
///
/// # Errors
/// I/O errors.
#[allow(clippy::useless_conversion, reason = "32-bit hosts count in 32 bits")]
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    let space = nix::sys::statvfs::statvfs(path)?;
    Ok(u64::from(space.fragment_size()).saturating_mul(u64::from(space.blocks_available())))
}

/// Returns whether an error or one of its causes is a full disk or quota.
pub fn is_disk_full(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| matches!(cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
}
