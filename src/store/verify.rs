//! Verification: reads the whole data directory without the lock, changes nothing, and reports missing and damaged
//! data.
//!
//! Memory is bounded by a line and part of a file. A possible write in progress is checked twice.

mod days;
mod derived;
pub mod files;
pub mod finding;
pub mod sequence;
mod verifier;

use super::{SNAPSHOTS, STREAMS, Store, day};
use anyhow::Result;
use chrono::{DateTime, Days, Utc};
use days::DayCheck;
use finding::{Finding, Findings, Kind, Target};
use std::collections::BTreeMap;
pub use verifier::KeptSince;
use verifier::Verifier;

/// The result of a verification.
#[derive(Debug, Default)]
pub struct Verified {
    /// Intact records of all streams.
    pub records: u64,
    /// Files read.
    pub files: u64,
    /// Faults.
    pub findings: Vec<Finding>,
    /// Remarks that are no faults.
    pub remarks: Vec<Finding>,
}

/// Called with the number of files done and their total.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

impl Store {
    /// Checks state files and outbox only: fast, whatever the length of the history. Returns the faults.
    pub fn verify_documents(&self, now: DateTime<Utc>) -> Vec<Finding> {
        let mut verifier = self.verifier(now);
        verifier.documents();
        verifier.findings.finish().0
    }

    fn verifier(&self, now: DateTime<Utc>) -> Verifier {
        let tomorrow = now.checked_add_days(Days::new(1)).unwrap_or(now);
        Verifier {
            store: self.clone(),
            today: day::of(now),
            tomorrow: day::of(tomorrow),
            findings: Findings::default(),
            torn: Vec::new(),
            records: 0,
            files: 0,
        }
    }

    /// Checks everything, as of `now`.
    ///
    /// # Errors
    /// When the data directory cannot be listed.
    pub fn verify(&self, now: DateTime<Utc>, kept_since: KeptSince, progress: Progress) -> Result<Verified> {
        let mut verifier = self.verifier(now);
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
                let counted = check_day(&mut verifier, stream, &name, &files);
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
        verifier.others()?;
        verifier.look_again();
        let (findings, mut remarks) = verifier.findings.finish();
        let mixed = self.mixed_days();
        let is_noted = |finding: &Finding| finding.mixed_day().is_some_and(|day| mixed.contains(&day));
        let (noted, findings) = findings.into_iter().partition(is_noted);
        remarks.extend::<Vec<Finding>>(noted);
        Ok(Verified { records: verifier.records, files: verifier.files, findings, remarks })
    }
}

/// Checks a day. Returns the number of counted snapshots and whether the day has a finding, or `None` when it must not be
/// compared.
fn check_day(verifier: &mut Verifier, stream: &str, name: &str, files: &day::Day) -> Option<(usize, bool)> {
    if name > verifier.tomorrow.as_str() {
        for path in [&files.sealed, &files.plain].into_iter().flatten() {
            let file = verifier.relative(path);
            verifier.findings.file(Kind::Future, &file, "", &Target::File);
        }
    }
    let counted = DayCheck::new(verifier, stream, name).check(files.sealed.as_ref(), files.plain.as_ref());
    Some((counted, verifier.findings.has_day(stream, name)))
}
