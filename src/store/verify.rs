//! Is everything there and intact? Reads the whole data directory without the lock and changes nothing.
//!
//! Never more than a line and a part of a file are held. What is being written this moment is looked at twice.

mod days;
mod derived;
mod files;
pub mod finding;
pub mod sequence;

pub(super) use files::is_json;

use super::day::{self, PLAIN, SEALED, entries, is_day};
use super::line::spans;
use super::tier::Tier;
use super::{SNAPSHOTS, STREAMS, Store};
use crate::base::file::open_regular;
use anyhow::Result;
use chrono::{DateTime, Days, Utc};
use days::DayCheck;
use finding::{Finding, Findings, Kind, Place, Target};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a write that is under way gets to end.
const SECOND_LOOK: Duration = Duration::from_millis(200);

/// What was read, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Verified {
    /// Intact records of all streams.
    pub records: u64,
    /// Files that were read.
    pub files: u64,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What is worth a word and nothing wrong.
    pub remarks: Vec<Finding>,
}

/// From which day on a rolled-up tier is kept; `None`: for ever.
pub type KeptSince<'a> = &'a dyn Fn(Tier) -> Option<String>;

/// How far it is: files done, of how many.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

impl Store {
    /// Checks everything there is, as of `now`.
    ///
    /// # Errors
    /// When the data directory cannot be listed.
    pub fn verify(&self, now: DateTime<Utc>, kept_since: KeptSince, progress: Progress) -> Result<Verified> {
        let tomorrow = now.checked_add_days(Days::new(1)).unwrap_or(now);
        let mut verifier = Verifier {
            store: self.clone(),
            today: day::of(now),
            tomorrow: day::of(tomorrow),
            findings: Findings::default(),
            torn: Vec::new(),
            records: 0,
            files: 0,
        };
        let mut streams = Vec::new();
        for stream in STREAMS {
            streams.push((stream, verifier.list(stream)?));
        }
        let tiers = verifier.tier_files()?;
        let days = streams.iter().map(|(_, days)| days.len()).sum::<usize>();
        let (mut done, all) = (0, (days + tiers.len()) as u64);
        let mut step = || {
            progress(done, all);
            done += 1;
        };
        let mut counts = BTreeMap::new();
        for (stream, days) in streams {
            for (name, files) in days {
                step();
                let is_sealed = files.sealed.is_some() && files.plain.is_none();
                let counted = verifier.day(stream, &name, &files);
                if let (true, SNAPSHOTS, Some(counted)) = (is_sealed, stream, counted) {
                    counts.insert(name, counted);
                }
            }
        }
        for file in tiers {
            step();
            verifier.tier_file(&file);
        }
        verifier.compare(&counts, kept_since)?;
        verifier.documents();
        verifier.look_again();
        let (findings, remarks) = verifier.findings.finish();
        Ok(Verified { records: verifier.records, files: verifier.files, findings, remarks })
    }
}

/// A last line without its end, as it was met.
struct Torn {
    path: PathBuf,
    offset: u64,
    kind: Kind,
    file: String,
    place: String,
    since: String,
    target: Target,
}

/// The work under way.
pub(super) struct Verifier {
    store: Store,
    today: String,
    tomorrow: String,
    findings: Findings,
    torn: Vec<Torn>,
    records: u64,
    files: u64,
}

impl Verifier {
    /// A path below the data directory, for people.
    fn relative(&self, path: &Path) -> String {
        path.strip_prefix(self.store.directory()).unwrap_or(path).to_string_lossy().into_owned()
    }

    /// Whether a path is a regular file; what is wrong with it otherwise becomes a finding.
    fn is_regular(&mut self, path: &Path, target: &Target) -> bool {
        let Ok(meta) = path.symlink_metadata() else { return false };
        let kind = meta.file_type();
        let what = if kind.is_file() {
            self.files += 1;
            return true;
        } else if kind.is_dir() {
            "is a directory"
        } else if kind.is_symlink() {
            "is a link"
        } else {
            "is no regular file (a pipe, a socket or a device)"
        };
        let file = self.relative(path);
        self.findings.file(Kind::NotRegular, &file, what, target);
        false
    }

    /// The entries of a directory below the data directory. That it cannot be listed is a finding.
    fn entries(&mut self, directory: &str) -> Vec<PathBuf> {
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

    /// What is a temporary file, or none of osmon's.
    fn stray(&mut self, path: &Path) {
        let file = self.relative(path);
        let kind = if files::is_temporary(path) { Kind::Leftover } else { Kind::Foreign };
        self.findings.file(kind, &file, "", &Target::File);
    }

    /// The days of a stream whose files are regular.
    fn list(&mut self, stream: &str) -> Result<BTreeMap<String, day::Day>> {
        let mut days: BTreeMap<String, day::Day> = BTreeMap::new();
        let mut paths = self.entries(stream);
        paths.sort();
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

    /// Checks a day; how many snapshots are counted, when it is sound enough to be compared.
    fn day(&mut self, stream: &str, name: &str, files: &day::Day) -> Option<(usize, bool)> {
        if name > self.tomorrow.as_str() {
            for path in [&files.sealed, &files.plain].into_iter().flatten() {
                let file = self.relative(path);
                self.findings.file(Kind::Future, &file, "", &Target::File);
            }
            return None;
        }
        let counted = DayCheck::new(self, stream, name).check(files.sealed.as_ref(), files.plain.as_ref());
        Some((counted, self.findings.has_day(stream, name)))
    }

    /// Last lines without an end that are still as they were: no write was under way.
    fn look_again(&mut self) {
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
            // What was cut back or sealed meanwhile is not torn any more.
            if look.is_ok() && is_torn {
                let (file, since, target) = (&torn.file, &torn.since, &torn.target);
                self.findings.add(torn.kind, Place { file, place: torn.place, since, reason: "", target });
            }
        }
    }

    /// Whether a directory is there and can be looked into.
    fn is_directory(path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|meta| meta.is_dir())
    }
}
