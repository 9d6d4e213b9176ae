//! Creates archives.

use super::manifest::{Hashing, Manifest, NAME};
use crate::base::file::{open_regular, real_target};
use crate::store::contents::{Contents, LeftOut};
use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Statistics of a created archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// Files in the archive.
    pub files: usize,
    /// Their size in bytes.
    pub bytes: u64,
    /// Entries that could not be packed.
    pub left_out: Vec<LeftOut>,
}

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
    let mut contents = Contents::list(directory)?;
    let result = write(directory, &mut contents, &temporary, &mut manifest, progress).and_then(|()| {
        fs::rename(&temporary, target).with_context(|| format!("could not write {}", target.display()))?;
        crate::base::file::sync_parent(target).with_context(|| format!("could not write {}", target.display()))
    });
    if result.is_err() {
        // The error that matters is the one above.
        let _ = fs::remove_file(&temporary);
    }
    let bytes = manifest.file.iter().map(|member| member.bytes).sum();
    result.map(|()| Packed { files: manifest.file.len(), bytes, left_out: contents.left_out })
}

fn write(
    directory: &Path,
    contents: &mut Contents,
    target: &Path,
    manifest: &mut Manifest,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<()> {
    let could_not = || format!("could not write {}", target.display());
    let file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(target).with_context(could_not)?;
    let mut archive = tar::Builder::new(GzEncoder::new(file, Compression::default()));
    for (done, path) in contents.files.iter().enumerate() {
        progress(done, contents.files.len());
        let source = directory.join(path);
        let opened = open_regular(&source).and_then(|input| Ok((input.metadata()?.len(), input)));
        let (length, input) = match opened {
            Ok(opened) => opened,
            // An alert was sent, or a temporary file renamed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                contents.left_out.push(LeftOut::new(path.clone(), format!("cannot be read: {error}")));
                continue;
            }
        };
        let mut input = Hashing::new(input.take(length));
        append(&mut archive, path, length, &mut input)
            .with_context(|| format!("could not pack {}", source.display()))?;
        manifest.file.push(input.member(path));
    }
    let text = serde_json::to_vec_pretty(manifest)?;
    append(&mut archive, Path::new(NAME), text.len() as u64, &mut text.as_slice()).with_context(could_not)?;
    let file = archive.into_inner().and_then(GzEncoder::finish).with_context(could_not)?;
    file.sync_all().with_context(could_not)
}

fn append<W: Write>(archive: &mut tar::Builder<W>, path: &Path, length: u64, input: &mut dyn Read) -> io::Result<()> {
    // POSIX ustar: any tar reads it. A longer name needs the second header of GNU tar.
    let mut header = tar::Header::new_ustar();
    let is_long = header.set_path(path).is_err();
    if is_long {
        header = tar::Header::new_gnu();
    }
    header.set_size(length);
    header.set_mode(crate::base::file::FILE_MODE);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mtime(0);
    header.set_cksum();
    if is_long { archive.append_data(&mut header, path, input) } else { archive.append(&header, input) }
}
