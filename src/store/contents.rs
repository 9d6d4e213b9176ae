//! The files of a data directory: what a backup packs and what verify accounts for.

use super::STREAMS;
use super::day::{PLAIN, SEALED, is_day};
use super::leftover::is_temporary;
use crate::base::sort::SmallSort;
use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::unistd::geteuid;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Files of a data directory that are made again: they are in no backup.
const MADE_AGAIN: [&str; 7] =
    ["lock", "run.lock", "reserve", "report.html", "report.json", "outbox/lock", "MANIFEST.json"];
/// Directories of osmon besides the streams, and how many levels of directories each has.
const DIRECTORIES: [(&str, usize); 4] = [("state", 1), ("columns", 2), ("outbox", 2), ("rollups", 3)];

/// The files of a data directory.
#[derive(Debug, Default)]
pub struct Contents {
    /// Paths relative to the data directory, in a fixed order.
    pub files: Vec<PathBuf>,
    /// Entries that cannot be packed.
    pub left_out: Vec<LeftOut>,
}

/// An entry of a data directory that is no file of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Path relative to the data directory.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
    /// It stands where history, state or alerts belong: without it a backup is not complete.
    pub is_needed: bool,
}

impl LeftOut {
    /// The entry at a path relative to the data directory.
    pub fn new(path: PathBuf, reason: String) -> Self {
        let is_foreign = is_of_stream(&path) && path.components().count() > 1 && !is_day_file(&path);
        let is_needed = depth(&path).is_some() && !is_foreign && !is_lost_and_found(&path);
        Self { path, reason, is_needed }
    }
}

impl Contents {
    /// Lists a data directory. Links are followed where osmon has files of its own.
    ///
    /// # Errors
    /// When the directory itself cannot be listed.
    pub fn list(directory: &Path) -> Result<Self> {
        let could_not = || format!("could not list {}", directory.display());
        let top = directory.metadata().with_context(could_not)?;
        fs::read_dir(directory).with_context(could_not)?;
        let mut contents = Self::default();
        contents.walk(directory, Path::new(""), &mut vec![(top.dev(), top.ino())]);
        Ok(contents)
    }

    fn walk(&mut self, top: &Path, below: &Path, above: &mut Vec<(u64, u64)>) {
        let listed = fs::read_dir(top.join(below)).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut names: Vec<PathBuf> = match listed {
            Ok(entries) => entries.iter().map(|entry| below.join(entry.file_name())).collect(),
            Err(error) => return self.left_out.push(LeftOut::new(below.to_path_buf(), error.to_string())),
        };
        names.arrange();
        for path in names.into_iter().filter(|path| !is_made_again(path)) {
            let reason = match follow(top, &path) {
                // Removed meanwhile.
                Ok(None) => continue,
                Ok(Some(_)) if is_lost_and_found(&path) => "belongs to the file system".to_string(),
                Ok(Some(meta)) if meta.is_file() => {
                    self.files.push(path);
                    continue;
                }
                Ok(Some(meta)) if meta.is_dir() => {
                    let identity = (meta.dev(), meta.ino());
                    if above.contains(&identity) {
                        "is a link that leads back to a directory above it".to_string()
                    } else {
                        above.push(identity);
                        self.walk(top, &path, above);
                        above.pop();
                        continue;
                    }
                }
                Ok(Some(_)) => "is a pipe, a socket or a device".to_string(),
                Err(reason) => reason,
            };
            self.left_out.push(LeftOut::new(path, reason));
        }
    }
}

/// Metadata of the target of a path below the data directory `top`; `None` when nothing is there. A link is followed only
/// in a place where osmon has a file of that name, and as root only when it was made by root or by the owner of what it leads to.
///
/// # Errors
/// Why it cannot be read.
pub fn follow(top: &Path, path: &Path) -> Result<Option<Metadata>, String> {
    let whole = top.join(path);
    let own = match whole.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        own => own.map_err(|error| error.to_string())?,
    };
    if !own.is_symlink() {
        return Ok(Some(own));
    }
    let target = match whole.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let to = whole.read_link().unwrap_or_default();
            return Err(format!("is a link to {}, which does not exist; mount or create it", to.display()));
        }
        Err(error) if error.raw_os_error() == Some(Errno::ELOOP as i32) => {
            return Err("is a link that leads back to itself".to_string());
        }
        target => target.map_err(|error| format!("is a link: {error}"))?,
    };
    let is_place = depth(path).is_some_and(|levels| match (target.is_dir(), path.components().count()) {
        (true, count) => count <= levels,
        (false, count) => count > 1 && (!is_of_stream(path) || is_day_file(path)),
    });
    if !is_place {
        return Err("is a link, and none of osmon's files".to_string());
    }
    if geteuid().is_root() && own.uid() != 0 && own.uid() != target.uid() {
        return Err("is a link to something that belongs to somebody else".to_string());
    }
    Ok(Some(target))
}

/// Levels of directories below which osmon's files are; `None`: the first directory is none of osmon's.
fn depth(path: &Path) -> Option<usize> {
    let first = path.iter().next()?;
    let stream = STREAMS.iter().find(|stream| first == **stream).map(|_| 1);
    stream.or_else(|| DIRECTORIES.iter().find(|(name, _)| first == *name).map(|(_, levels)| *levels))
}

fn is_of_stream(path: &Path) -> bool {
    path.iter().next().is_some_and(|first| STREAMS.iter().any(|stream| first == *stream))
}

fn is_day_file(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(SEALED).or(name.strip_suffix(PLAIN)).is_some_and(is_day)
}

fn is_lost_and_found(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "lost+found")
}

/// Returns whether a file is made again when it is missing: locks, the page, what an interrupted write left.
pub fn is_made_again(path: &Path) -> bool {
    MADE_AGAIN.iter().any(|again| path.starts_with(again)) || is_temporary(path)
}

/// Returns whether the first directory of a path, or the name at the top, is one of osmon's.
pub fn is_own(path: &Path) -> bool {
    depth(path).is_some() || path.starts_with("damaged") || is_made_again(path)
}
