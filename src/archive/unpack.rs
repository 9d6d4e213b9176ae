//! Reads archives: verifies the whole archive, then unpacks it.

use super::manifest::{Hashing, Manifest, Member, NAME, is_inside};
use crate::base::error_kind::ErrorKind;
use crate::base::file::{DIRECTORY_MODE, FILE_MODE};
use anyhow::{Context, Result};
use flate2::read::MultiGzDecoder;
use std::collections::HashSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Largest manifest that is read, in bytes: some hundred thousand files.
const MANIFEST_MAX: u64 = 64 * 1024 * 1024;

/// Reads the whole archive and compares it with its manifest. Writes nothing.
///
/// # Errors
/// [`ErrorKind::BadData`] when a file differs from the manifest, or would be written outside the target.
pub fn verify(archive: &Path) -> Result<Manifest> {
    let (mut found, mut names, mut manifest) = (Vec::new(), HashSet::new(), None::<Manifest>);
    walk(archive, &mut |path, input| {
        if manifest.is_some() {
            return Err(bad(archive, "there is something behind the manifest"));
        }
        if path == Path::new(NAME) {
            let mut text = Vec::new();
            input.take(MANIFEST_MAX).read_to_end(&mut text)?;
            manifest = Some(
                serde_json::from_slice(&text)
                    .map_err(|error| bad(archive, &format!("its manifest cannot be read ({error})")))?,
            );
            return Ok(());
        }
        if !names.insert(path.to_path_buf()) {
            return Err(bad(archive, &format!("{:?} is in it twice", path.display().to_string())));
        }
        let mut input = Hashing::new(input);
        io::copy(&mut input, &mut io::sink())?;
        found.push(input.member(path.to_string_lossy().into_owned()));
        Ok(())
    })?;
    let manifest =
        manifest.ok_or_else(|| bad(archive, "it has no manifest: cut short, or not made by osmon backup"))?;
    compare(archive, &manifest.file, &found)?;
    Ok(manifest)
}

fn compare(archive: &Path, expected: &[Member], found: &[Member]) -> Result<()> {
    for (expected, found) in expected.iter().zip(found) {
        if expected != found {
            return Err(bad(archive, &format!("{} is not what the manifest says", found.path)));
        }
    }
    if expected.len() == found.len() {
        Ok(())
    } else {
        Err(bad(archive, "the manifest names other files than there are"))
    }
}

/// Unpacks a verified archive into `target`, which must not exist.
///
/// # Errors
/// Errors of the file system.
pub fn unpack(archive: &Path, target: &Path) -> Result<()> {
    let make = |path: &Path| DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(path);
    make(target).with_context(|| format!("could not make {}", target.display()))?;
    walk(archive, &mut |path, input| {
        if path == Path::new(NAME) {
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

/// Calls `each` with path and content of every member. Members must be regular files whose path stays inside.
fn walk(archive: &Path, each: &mut dyn FnMut(&Path, &mut dyn Read) -> Result<()>) -> Result<()> {
    let file = File::open(archive).with_context(|| format!("could not read {}", archive.display()))?;
    let mut reader = tar::Archive::new(MultiGzDecoder::new(file));
    let damaged = |error: io::Error| bad(archive, &format!("it is damaged or no tar.gz ({error})"));
    // Raw: extension headers would be read into memory as a whole, whatever size they claim.
    for entry in reader.entries().map_err(damaged)?.raw(true) {
        let mut entry = entry.map_err(damaged)?;
        let path = entry.path().map_err(damaged)?.into_owned();
        let shown = crate::base::text::clean(&path.to_string_lossy(), 200);
        if !is_inside(&path) {
            return Err(bad(archive, &format!("{shown:?} would be written outside the data directory")));
        }
        if entry.header().entry_type() != tar::EntryType::Regular {
            return Err(bad(archive, &format!("{shown:?} is not a regular file")));
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

fn bad(archive: &Path, why: &str) -> anyhow::Error {
    ErrorKind::BadData(format!("{}: {why}; nothing was changed", archive.display())).into()
}
