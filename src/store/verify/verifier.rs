//! A verification in progress: what is common to the checks of days, tiers and files.

use super::finding::{Findings, Kind, Place, Target};
use crate::base::file::dangling_link;
use crate::base::file::open_regular;
use crate::base::sort::SmallSort;
use crate::store::contents::{Contents, follow, is_own};
use crate::store::day::{self, PLAIN, SEALED, entries, is_day};
use crate::store::line::spans;
use crate::store::tier::Tier;
use crate::store::{STREAMS, Store};
use anyhow::Result;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Time that a write under way has to finish.
const SECOND_LOOK: Duration = Duration::from_millis(200);

/// First day that a rolled-up tier keeps; `None` when it keeps everything.
pub type KeptSince<'a> = &'a dyn Fn(Tier) -> Option<String>;

/// A last line without newline: damage, or a write under way.
pub(super) struct Torn {
    pub path: PathBuf,
    pub offset: u64,
    pub kind: Kind,
    pub file: String,
    pub place: String,
    pub since: String,
    pub target: Target,
}

/// A verification in progress.
pub(super) struct Verifier {
    pub store: Store,
    pub today: String,
    pub tomorrow: String,
    pub findings: Findings,
    pub torn: Vec<Torn>,
    pub records: u64,
    pub files: u64,
}

impl Verifier {
    /// A path relative to the data directory, for messages.
    pub fn relative(&self, path: &Path) -> String {
        path.strip_prefix(self.store.directory()).unwrap_or(path).to_string_lossy().into_owned()
    }

    /// Returns whether a path is a regular file or a link to one that osmon follows; anything else becomes a finding.
    pub fn is_regular(&mut self, path: &Path, target: &Target) -> bool {
        let below = path.strip_prefix(self.store.directory()).unwrap_or(path).to_path_buf();
        let what = match follow(self.store.directory(), &below) {
            Ok(None) => return false,
            Ok(Some(_)) if path.is_symlink() && self.is_appended_to(&below) => {
                "is a link, and a file that is appended to must be none".to_string()
            }
            Ok(Some(meta)) if meta.is_file() => {
                self.files += 1;
                return true;
            }
            Ok(Some(meta)) if meta.is_dir() => "is a directory".to_string(),
            Ok(Some(_)) => "is no regular file (a pipe, a socket or a device)".to_string(),
            Err(reason) => reason,
        };
        // The target may come back, so repair must leave the link alone.
        let kind = if dangling_link(path).is_some() { Kind::Unreadable } else { Kind::NotRegular };
        self.findings.file(kind, &below.to_string_lossy(), &what, target);
        false
    }

    /// Returns whether a run may append to this file: an open day of a stream.
    fn is_appended_to(&self, below: &Path) -> bool {
        let name = below.file_name().unwrap_or_default().to_string_lossy();
        let day = name.strip_suffix(PLAIN).filter(|_| STREAMS.iter().any(|stream| below.starts_with(stream)));
        day.is_some_and(|day| day == self.today || day == self.tomorrow)
    }

    /// Reports what is in the data directory besides osmon's files, and what a backup cannot take along.
    pub fn others(&mut self) -> Result<()> {
        let contents = Contents::list(self.store.directory())?;
        for entry in contents.left_out {
            let file = entry.path.to_string_lossy();
            if !self.findings.has_file(&file) {
                let path = self.store.directory().join(&entry.path);
                let kind = match (entry.is_needed, path.is_dir() || dangling_link(&path).is_some()) {
                    (true, true) => Kind::Unreadable,
                    (true, false) => Kind::NotRegular,
                    _ => Kind::Foreign,
                };
                self.findings.file(kind, &file, &entry.reason, &Target::File);
            }
        }
        for path in contents.files.iter().filter(|path| !is_own(path)) {
            self.findings.file(Kind::Foreign, &path.to_string_lossy(), "", &Target::File);
        }
        Ok(())
    }

    /// The entries of a directory below the data directory. A directory that cannot be listed becomes a finding.
    pub fn entries(&mut self, directory: &str) -> Vec<PathBuf> {
        let path = self.store.directory().join(directory);
        if path.exists() && !path.is_dir() {
            self.findings.file(Kind::NotRegular, directory, "is no directory", &Target::File);
            return Vec::new();
        }
        entries(&path).unwrap_or_else(|error| {
            let reason = error.root_cause().to_string();
            self.findings.file(Kind::Unreadable, directory, &reason, &Target::File);
            Vec::new()
        })
    }

    /// Reports a temporary file, or one that is none of osmon's.
    pub fn stray(&mut self, path: &Path) {
        let file = self.relative(path);
        let kind = if is_temporary(path) { Kind::Leftover } else { Kind::Foreign };
        self.findings.file(kind, &file, "", &Target::File);
    }

    /// The days of a stream whose files are regular.
    pub fn list(&mut self, stream: &str) -> Result<BTreeMap<String, day::Day>> {
        let mut days: BTreeMap<String, day::Day> = BTreeMap::new();
        let mut paths = self.entries(stream);
        paths.arrange();
        for path in paths {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let sealed = file.strip_suffix(SEALED);
            let Some(name) = sealed.or(file.strip_suffix(PLAIN)).filter(|name| is_day(name)) else {
                self.stray(&path);
                continue;
            };
            if self.is_regular(&path, &Target::File) {
                let day = days.entry(name.to_string()).or_default();
                *(if sealed.is_some() { &mut day.sealed } else { &mut day.plain }) = Some(path);
            }
        }
        Ok(days)
    }

    /// Reports last lines without newline that have not changed meanwhile: no write was under way.
    pub fn look_again(&mut self) {
        if self.torn.is_empty() {
            return;
        }
        std::thread::sleep(SECOND_LOOK);
        for torn in std::mem::take(&mut self.torn) {
            let mut is_torn = false;
            let look = open_regular(&torn.path).and_then(|mut file| {
                file.seek(SeekFrom::Start(torn.offset))?;
                spans(file, &mut |span| is_torn |= span.number == 1 && span.record().is_none())
            });
            // A line that was cut back or sealed meanwhile is no longer torn.
            if look.is_ok() && is_torn {
                let (file, since, target) = (&torn.file, &torn.since, &torn.target);
                self.findings.add(torn.kind, Place { file, place: torn.place, since, reason: "", target });
            }
        }
    }

    /// Returns whether a path is a directory that can be accessed.
    pub fn is_directory(path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|meta| meta.is_dir())
    }
}

/// Returns whether a file is the temporary file of an interrupted write: `.NAME.PID.tmp`.
pub(crate) fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') && name.ends_with(".tmp")
}
