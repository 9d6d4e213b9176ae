//! Reading an archive: first all of it is verified, then it is unpacked.

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

/// Reads the whole archive and compares it with its manifest. Nothing is written.
///
/// # Errors
/// [`ErrorKind::BadData`] when anything in it is not as the manifest says, or would leave the target.
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
/// What the file system says.
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
        // Nothing is there yet, so nothing can be written through a link.
        let mut output =
            OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&file).with_context(could_not)?;
        io::copy(input, &mut output).with_context(could_not)?;
        output.sync_all().with_context(could_not)
    })
}

/// Calls `each` with path and content of every member. Only regular files with a path that stays inside are allowed.
fn walk(archive: &Path, each: &mut dyn FnMut(&Path, &mut dyn Read) -> Result<()>) -> Result<()> {
    let file = File::open(archive).with_context(|| format!("could not read {}", archive.display()))?;
    let mut reader = tar::Archive::new(MultiGzDecoder::new(file));
    let damaged = |error: io::Error| bad(archive, &format!("it is damaged or no tar.gz ({error})"));
    // Raw: a header that extends another one would be read into memory whole, however large it says it is.
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
        // What could not be read is the archive's fault; what could not be written is not.
        match input.failure {
            Some(error) => return Err(damaged(error)),
            None => result?,
        }
    }
    // What is behind the last member is read too, so that the checksum of gzip is checked.
    io::copy(&mut reader.into_inner(), &mut io::sink()).map_err(damaged)?;
    Ok(())
}

/// A reader that remembers why it failed.
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
