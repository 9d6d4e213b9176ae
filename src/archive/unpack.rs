//! Reads archives: verifies the whole archive, then unpacks it.

use super::extension::Extension;
use super::manifest::{Hashing, Manifest, Member, NAME};
use super::source::Source;
use crate::base::error_kind::ErrorKind;
use crate::base::file::{DIRECTORY_MODE, FILE_MODE};
use crate::base::sort::SmallSort;
use crate::base::text::clean;
use crate::store::contents::is_made_again;
use anyhow::{Context, Result};
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};
use tar::EntryType;

/// Largest manifest that is read, in bytes: some hundred thousand files.
const MANIFEST_MAX: u64 = 64 * 1024 * 1024;

/// Reads the whole archive and compares it with its manifest. Writes nothing.
///
/// # Errors
/// [`ErrorKind::BadData`] when a file differs from the manifest, or would be written outside the target.
pub fn verify(archive: &Source) -> Result<Manifest> {
    let (mut found, mut names, mut manifest) = (Vec::new(), HashSet::new(), None::<Manifest>);
    walk(archive, &mut |path, input| {
        if !names.insert(path.to_path_buf()) {
            return Err(bad(archive, &format!("{} is in it twice", shown(path))));
        }
        // Anywhere: an archive that was unpacked and packed again has another order.
        if path == Path::new(NAME) {
            let mut text = Vec::new();
            input.take(MANIFEST_MAX).read_to_end(&mut text)?;
            manifest = Some(
                serde_json::from_slice(&text)
                    .map_err(|error| bad(archive, &format!("its manifest cannot be read ({error})")))?,
            );
            return Ok(());
        }
        let mut input = Hashing::new(input);
        io::copy(&mut input, &mut io::sink())?;
        found.push(input.member(path));
        Ok(())
    })?;
    let manifest =
        manifest.ok_or_else(|| bad(archive, "it has no manifest: cut short, or not made by osmon backup"))?;
    compare(archive, &manifest.file, found)?;
    Ok(manifest)
}

fn compare(archive: &Source, expected: &[Member], mut found: Vec<Member>) -> Result<()> {
    let mut expected = expected.to_vec();
    let key = |member: &Member| (member.path.clone(), member.path_hex.clone());
    expected.arrange_by_key(key);
    found.arrange_by_key(key);
    let mut found = found.into_iter();
    for expected in expected {
        let mut member = found.next().filter(|found| found.path <= expected.path);
        if let (Some(found), None) = (&mut member, &expected.path_hex) {
            // Earlier manifests do not have it.
            found.path_hex = None;
        }
        match member {
            Some(found) if found == expected => {}
            Some(found) if found.path == expected.path => {
                return Err(bad(archive, &format!("{} is not what the manifest says", clean(&found.path, 200))));
            }
            Some(found) => return Err(unnamed(archive, &found)),
            None => {
                let lost = clean(&expected.path, 200);
                return Err(bad(archive, &format!("{lost} is in the manifest and not in the archive")));
            }
        }
    }
    found.next().map_or(Ok(()), |found| Err(unnamed(archive, &found)))
}

fn unnamed(archive: &Source, found: &Member) -> anyhow::Error {
    bad(archive, &format!("{} is not in the manifest", clean(&found.path, 200)))
}

/// Unpacks a verified archive into `target`, which must not exist.
///
/// # Errors
/// Errors of the file system.
pub fn unpack(archive: &Source, target: &Path) -> Result<()> {
    let make = |path: &Path| DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(path);
    make(target).with_context(|| format!("could not make {}", target.display()))?;
    walk(archive, &mut |path, input| {
        if path == Path::new(NAME) || is_made_again(path) {
            return Ok(());
        }
        let file = target.join(path);
        let could_not = || format!("could not write {}", file.display());
        if let Some(parent) = file.parent() {
            make(parent).with_context(could_not)?;
        }
        // The target is new, so it contains no link to write through.
        let mut output =
            OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&file).with_context(could_not)?;
        io::copy(input, &mut output).with_context(could_not)?;
        output.sync_all().with_context(could_not)
    })
}

/// Calls `each` with path and content of every file. Directories are passed over; anything else is refused, as is a path
/// that leads outside.
fn walk(archive: &Source, each: &mut dyn FnMut(&Path, &mut dyn Read) -> Result<()>) -> Result<()> {
    let mut reader = tar::Archive::new(archive.tar()?);
    let damaged = |error: io::Error| bad(archive, &format!("it is damaged or no tar.gz ({error})"));
    let mut extension = Extension::default();
    // Raw: the library would read extension headers into memory as a whole, whatever size they claim.
    for entry in reader.entries().map_err(damaged)?.raw(true) {
        let mut entry = entry.map_err(damaged)?;
        if extension.read(&mut entry).map_err(damaged)? {
            continue;
        }
        let extension = std::mem::take(&mut extension);
        let name = extension.path.unwrap_or_else(|| entry.path_bytes().into_owned());
        let (kind, size) = (entry.header().entry_type(), entry.size());
        if kind.is_dir() && name == b"/" {
            // Python's name of the directory that was packed.
            continue;
        }
        let path = inside(Path::new(OsStr::from_bytes(&name))).ok_or_else(|| {
            let shown = shown(Path::new(OsStr::from_bytes(&name)));
            bad(archive, &format!("{shown} would be written outside the data directory"))
        })?;
        // Before POSIX a directory was a file whose name ends in a slash.
        let is_directory = kind.is_dir() || (kind.is_file() && name.ends_with(b"/") && size == 0);
        if is_directory {
            continue;
        }
        let is_whole = !extension.is_sparse && extension.size.is_none_or(|true_size| true_size == size);
        if !(kind.is_file() || kind.is_contiguous()) || !is_whole || path.as_os_str().is_empty() {
            let what = if is_whole { description(kind) } else { "a sparse file or one of another size" };
            return Err(bad(archive, &format!("{} is not a regular file but {what}", shown(&path))));
        }
        let mut input = Watched { inner: &mut entry, failure: None };
        let result = each(&path, &mut input);
        // Read failures are damage of the archive; write failures are not.
        match input.failure {
            Some(error) => return Err(damaged(error)),
            None => result?,
        }
    }
    // Reads to the end, so that the checksum of gzip is verified.
    io::copy(&mut reader.into_inner(), &mut io::sink()).map_err(damaged)?;
    Ok(())
}

fn description(kind: EntryType) -> &'static str {
    match kind {
        EntryType::Link => "a hard link; pack it again with: tar --hard-dereference",
        EntryType::Symlink => "a symbolic link",
        EntryType::Char | EntryType::Block | EntryType::Fifo => "a device or a pipe",
        EntryType::GNUSparse => "a sparse file; pack it again without --sparse",
        _ => "something unknown",
    }
}

/// The path without `.` when it stays below its directory: relative, with plain names only.
fn inside(path: &Path) -> Option<PathBuf> {
    let parts = path.components().filter(|part| *part != Component::CurDir);
    parts.map(|part| if let Component::Normal(name) = part { Some(name) } else { None }).collect()
}

fn shown(path: &Path) -> String {
    format!("{:?}", clean(&path.to_string_lossy(), 200))
}

/// A reader that remembers its error.
struct Watched<'a> {
    inner: &'a mut dyn Read,
    failure: Option<io::Error>,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| {
            let kind = error.kind();
            self.failure = Some(error);
            kind.into()
        })
    }
}

fn bad(archive: &Source, why: &str) -> anyhow::Error {
    ErrorKind::BadData(format!("{}: {why}; nothing was changed", archive.name)).into()
}
