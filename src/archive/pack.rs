//! Creates archives.

use super::manifest::{Hashing, Manifest, NAME};
use crate::base::file::real_target;
use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Statistics of a created archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// Files in the archive.
    pub files: usize,
    /// Their size in bytes.
    pub bytes: u64,
}

/// Files of the data directory that are excluded: they are rebuilt when missing.
const LEFT_OUT: [&str; 5] = ["lock", "run.lock", "reserve", "report.html", "report.json"];

/// Packs `directory` into `target`, which appears only when it is complete. The caller holds the lock, so that no file
/// grows meanwhile. `progress` is called with the number of files done and of all files.
///
/// # Errors
/// Errors of the file system; then there is no `target`.
pub fn pack(
    directory: &Path,
    target: &Path,
    mut manifest: Manifest,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Packed> {
    let target = &real_target(target).with_context(|| format!("could not write {}", target.display()))?;
    let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let temporary = target.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let mut files = Vec::new();
    list(directory, Path::new(""), &mut files)?;
    files.retain(|path| *path != target.strip_prefix(directory).unwrap_or(target) && !is_left_out(path));
    let result = write(directory, &files, &temporary, &mut manifest, progress).and_then(|()| {
        fs::rename(&temporary, target).with_context(|| format!("could not write {}", target.display()))?;
        crate::base::file::sync_parent(target).with_context(|| format!("could not write {}", target.display()))
    });
    if result.is_err() {
        // The error that matters is the one above.
        let _ = fs::remove_file(&temporary);
    }
    result.map(|()| Packed { files: manifest.file.len(), bytes: manifest.file.iter().map(|member| member.bytes).sum() })
}

fn is_left_out(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    LEFT_OUT.iter().any(|left_out| path == Path::new(left_out))
        || path == Path::new("outbox/lock")
        || (name.starts_with('.') && name.ends_with(".tmp"))
}

/// All regular files below a directory, in a fixed order. Symbolic links are skipped: osmon creates none.
fn list(top: &Path, below: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let directory = top.join(below);
    let entries = fs::read_dir(&directory).with_context(|| format!("could not list {}", directory.display()))?;
    let mut names: Vec<(PathBuf, fs::FileType)> =
        entries.flatten().filter_map(|entry| Some((below.join(entry.file_name()), entry.file_type().ok()?))).collect();
    names.sort_by(|a, b| a.0.cmp(&b.0));
    for (path, kind) in names {
        if kind.is_dir() {
            list(top, &path, files)?;
        } else if kind.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

fn write(
    directory: &Path,
    files: &[PathBuf],
    target: &Path,
    manifest: &mut Manifest,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<()> {
    let could_not = || format!("could not write {}", target.display());
    let file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(target).with_context(could_not)?;
    let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::default()));
    for (done, path) in files.iter().enumerate() {
        progress(done, files.len());
        let source = directory.join(path);
        let could_not = || format!("could not read {}", source.display());
        let input = File::open(&source).with_context(could_not)?;
        let length = input.metadata().with_context(could_not)?.len();
        let mut input = Hashing::new(input.take(length));
        append(&mut archive, path, length, &mut input)
            .with_context(|| format!("could not pack {}", source.display()))?;
        manifest.file.push(input.member(path.to_string_lossy().into_owned()));
    }
    let text = serde_json::to_vec_pretty(manifest)?;
    append(&mut archive, Path::new(NAME), text.len() as u64, &mut text.as_slice()).with_context(could_not)?;
    let file = archive.into_inner().and_then(GzEncoder::finish).with_context(could_not)?;
    file.sync_all().with_context(could_not)
}

fn append<W: Write>(archive: &mut tar::Builder<W>, path: &Path, length: u64, input: &mut dyn Read) -> io::Result<()> {
    // POSIX ustar: a name of up to 255 bytes needs no second header.
    let mut header = tar::Header::new_ustar();
    header.set_path(path)?;
    header.set_size(length);
    header.set_mode(crate::base::file::FILE_MODE);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mtime(0);
    header.set_cksum();
    archive.append(&header, input)
}
