//! When a file, or the newest of several, was last written.

use super::Root;
use crate::base::bounded;
use crate::model::metric::Selector;
use chrono::{DateTime, Utc};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Time limit of all paths of one call: a network file system may hang.
const LIMIT: Duration = Duration::from_secs(1);
/// Most files of one directory that are looked at.
const FILES_MAX: usize = 10_000;

/// A file that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// Time of its last change.
    pub modified: DateTime<Utc>,
    /// Its length in bytes; `None`: a directory.
    pub bytes: Option<u64>,
}

/// Why the age of a file is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoFile {
    /// There is none.
    Missing(String),
    /// It cannot be known at present: a sentence for people.
    Unknown(String),
    /// The file system did not answer in time.
    Hangs,
}

impl Root {
    /// The newest file of each path. Its last part may be a pattern; of a directory, its files count. Files below a number of
    /// bytes do not count. Empty when there is no time for it.
    pub fn newest_files(&self, paths: Vec<(String, u64)>) -> Vec<Result<FoundFile, NoFile>> {
        let Ok(limit) = self.time_for(LIMIT) else { return Vec::new() };
        let base = self.base.clone();
        let groups = paths.into_iter().map(|(path, least)| vec![(below(&base, &path), least)]).collect();
        let answers = bounded::groups(limit, groups, |(path, least)| newest(path, *least));
        answers.into_iter().map(|answer| answer.unwrap_or(Err(NoFile::Hangs))).collect()
    }
}

fn below(base: &Path, path: &str) -> PathBuf {
    base.join(path.trim_start_matches('/'))
}

fn newest(path: &Path, least: u64) -> Result<FoundFile, NoFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut found = None;
    if name.contains('*') {
        let directory = path.parent().unwrap_or(path);
        // A directory that a pattern names is a backup of its own.
        search(directory, &|file| Selector::pattern_fits(&name, file), true, least, &mut found)?;
        return found.ok_or_else(|| NoFile::Missing(format!("no file matches {name}")));
    }
    let meta = fs::metadata(path).map_err(|error| problem(path, &error))?;
    if meta.is_dir() {
        search(path, &|_| true, false, least, &mut found)?;
        return found.ok_or_else(|| NoFile::Missing("the directory has no such file".to_string()));
    }
    consider(&meta, least, &mut found);
    let size = meta.len();
    found.ok_or_else(|| NoFile::Missing(format!("the file has only {size} bytes")))
}

fn problem(path: &Path, error: &std::io::Error) -> NoFile {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
            NoFile::Missing(format!("{name} does not exist"))
        }
        _ => NoFile::Unknown(format!("{name}: {error}")),
    }
}

/// Keeps the newest of the files of a directory. Hidden ones are files in the making.
fn search(
    directory: &Path,
    is_meant: &dyn Fn(&str) -> bool,
    with_directories: bool,
    least: u64,
    found: &mut Option<FoundFile>,
) -> Result<(), NoFile> {
    let entries = fs::read_dir(directory).map_err(|error| match problem(directory, &error) {
        NoFile::Missing(what) => NoFile::Missing(format!("the directory {what}")),
        unknown => unknown,
    })?;
    for (number, entry) in entries.flatten().enumerate() {
        if number >= FILES_MAX {
            return Err(NoFile::Unknown(format!("the directory has more than {FILES_MAX} files")));
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || !is_meant(&name) {
            continue;
        }
        // It may have been removed meanwhile.
        let Ok(meta) = fs::metadata(entry.path()) else { continue };
        if meta.is_file() || (with_directories && meta.is_dir()) {
            consider(&meta, least, found);
        }
    }
    Ok(())
}

fn consider(meta: &Metadata, least: u64, found: &mut Option<FoundFile>) {
    let Some(modified) = meta.modified().ok().map(DateTime::<Utc>::from) else { return };
    let bytes = (!meta.is_dir()).then_some(meta.len());
    let counts = bytes.is_none_or(|bytes| bytes >= least);
    if counts && found.as_ref().is_none_or(|found| found.modified < modified) {
        *found = Some(FoundFile { modified, bytes });
    }
}
