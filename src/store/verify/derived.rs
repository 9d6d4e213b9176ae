//! Verifies columns and rollups: every block, and their agreement with the snapshots.

use super::days::COUNTED;
use super::finding::{Kind, Place, Target};
use super::verifier::{KeptSince, Torn, Verifier};
use crate::base::file::open_regular;
use crate::base::sort::SmallSort;
use crate::store::SNAPSHOTS;
use crate::store::block;
use crate::store::day::{self, PLAIN, SEALED};
use crate::store::line::{Span, spans};
use crate::store::member;
use crate::store::read::Reading;
use crate::store::tier::Tier;
use anyhow::Result;
use flate2::bufread::GzDecoder;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;

/// All tiers.
const TIERS: [Tier; 4] = [Tier::Columns, Tier::FiveMinutes, Tier::Hours, Tier::Days];

/// A file of a tier.
pub struct TierFile {
    path: PathBuf,
    tier: Tier,
    period: String,
    /// Metric name of a file of an open period; `None` for a sealed one.
    name: Option<String>,
}

impl Verifier {
    /// The files of all tiers.
    pub(super) fn tier_files(&mut self) -> Result<Vec<TierFile>> {
        let mut files = Vec::new();
        for tier in TIERS {
            let mut paths = self.entries(tier.directory());
            paths.arrange();
            for path in paths {
                let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let sealed = file.strip_suffix(SEALED);
                let period = sealed.unwrap_or(&file).to_string();
                let is_period =
                    matches!(period.len(), 7 | 10) && period.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
                let target = Target::Period(tier, period.clone());
                if !is_period {
                    self.stray(&path);
                } else if sealed.is_none() && Self::is_directory(&path) {
                    files.extend(self.open_files(tier, &period));
                } else if self.is_regular(&path, &target) {
                    if sealed.is_some() {
                        files.push(TierFile { path, tier, period, name: None });
                    } else {
                        let file = self.relative(&path);
                        self.findings.file(Kind::NotRegular, &file, "is no directory", &target);
                    }
                }
            }
        }
        Ok(files)
    }

    fn open_files(&mut self, tier: Tier, period: &str) -> Vec<TierFile> {
        let mut files = Vec::new();
        for path in self.entries(&format!("{}/{period}", tier.directory())) {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let period = period.to_string();
            match file.strip_suffix(PLAIN) {
                None => self.stray(&path),
                Some(name) => {
                    if self.is_regular(&path, &Target::Period(tier, period.clone())) {
                        files.push(TierFile { path, tier, period, name: Some(name.to_string()) });
                    }
                }
            }
        }
        files
    }

    /// Checks every block of a file.
    pub(super) fn tier_file(&mut self, file: &TierFile) {
        let target = Target::Period(file.tier, file.period.clone());
        let name = self.relative(&file.path);
        let result = open_regular(&file.path).and_then(|opened| match &file.name {
            Some(metric) => self.blocks(file, &name, metric, &target, opened),
            None => self.tier_members(file, &name, &target, &opened),
        });
        match result {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                self.findings.file(Kind::Unreadable, &name, &error.to_string(), &target);
            }
            _ => {}
        }
    }

    fn tier_members(&mut self, file: &TierFile, name: &str, target: &Target, mut opened: &File) -> io::Result<()> {
        let mut bad = Vec::new();
        let members = member::list(opened, &mut |at, length| bad.push(format!("bytes {at} to {}", at + length)))?;
        if opened.metadata()?.len() == 0 {
            bad.push("the file is empty".to_string());
        }
        for member in members {
            opened.seek(SeekFrom::Start(member.offset))?;
            let mut content = GzDecoder::new(BufReader::new(opened.take(member.length)));
            let result = self.blocks(file, name, &member.name, target, &mut content);
            let rest = content.into_inner();
            if result.is_err() || !rest.buffer().is_empty() || rest.get_ref().limit() > 0 {
                bad.push(format!("metric {}", member.name));
            }
        }
        for place in bad {
            self.findings.add(Kind::DamagedBlock, Place { file: name, place, since: "", reason: "", target });
        }
        Ok(())
    }

    fn blocks(
        &mut self,
        file: &TierFile,
        name: &str,
        metric: &str,
        target: &Target,
        input: impl Read,
    ) -> io::Result<()> {
        let mut last = None;
        let place = |span: &Span| format!("metric {metric} line {}", span.number);
        let result = spans(input, &mut |span| {
            if span.record().is_some_and(|line| is_block_of(line, metric)) {
                return;
            }
            if span.is_ended {
                let place = place(span);
                self.findings.add(Kind::DamagedBlock, Place { file: name, place, since: "", reason: "", target });
            } else {
                last = Some((span.offset, place(span)));
            }
        });
        if let (Ok(()), Some((offset, place))) = (&result, last) {
            let (kind, since) = (Kind::DamagedBlock, String::new());
            if file.name.is_some() {
                let (path, file, target) = (file.path.clone(), name.to_string(), target.clone());
                self.torn.push(Torn { path, offset, kind, file, place, since, target });
            } else {
                self.findings.add(kind, Place { file: name, place, since: &since, reason: "", target });
            }
        }
        result
    }

    /// Compares the rollups of sealed days with the number of snapshots, given with whether the day is damaged.
    pub(super) fn compare(&mut self, days: &BTreeMap<String, (usize, bool)>, kept_since: KeptSince) -> Result<()> {
        let store = self.store.clone();
        let fine = store.periods(Tier::FiveMinutes).map(|(_, all)| all).unwrap_or_default();
        // Retention drops the oldest first: what is older than the oldest file has expired.
        let oldest = fine.first().cloned().unwrap_or_default();
        for tier in [Tier::Hours, Tier::Days] {
            let mut month = (String::new(), BTreeMap::new());
            let since = kept_since(tier).unwrap_or_default();
            for (day, (expected, is_damaged)) in days.iter().filter(|(day, _)| **day >= since) {
                let name = day.get(..7).unwrap_or_default();
                if month.0 != name {
                    month = (name.to_string(), self.counts(tier, name)?);
                }
                let found = month.1.get(day).copied();
                let file = format!("{}/{name}{SEALED}", tier.directory());
                let target = Target::Rollups(day.clone());
                let place = format!("day {day}");
                let finding = |kind, reason: &str| (kind, reason.to_string());
                let (kind, reason) = match found {
                    None if *expected > 0 => finding(Kind::RollupMissing, ""),
                    Some(found) if found > *expected => {
                        finding(Kind::SnapshotsMissing, &format!("{} of {found} snapshots of {day}", found - expected))
                    }
                    Some(found) if found != *expected && !is_damaged => finding(
                        Kind::RollupWrong,
                        &format!("{found} samples of {COUNTED} on {day}, and {expected} snapshots that hold it"),
                    ),
                    _ => continue,
                };
                // Upkeep may have rewritten it meanwhile.
                if kind == Kind::RollupWrong && self.counts(tier, name)?.get(day) == Some(expected) {
                    continue;
                }
                if kind == Kind::SnapshotsMissing {
                    if tier == Tier::Hours {
                        self.lost(&file, day, *expected, &reason);
                    }
                    continue;
                }
                let place = Place { file: &file, place, since: "", reason: &reason, target: &target };
                self.findings.add(kind, place);
                self.findings.also(kind, &file, &target);
            }
            if tier == Tier::Hours {
                self.without_snapshots(days)?;
            }
        }
        let since = kept_since(Tier::FiveMinutes).unwrap_or_default().max(oldest);
        for day in days.iter().filter(|(day, (expected, _))| **day >= since && *expected > 0).map(|(day, _)| day) {
            if !store.has_period(Tier::FiveMinutes, day) {
                let file = format!("{}/{day}{SEALED}", Tier::FiveMinutes.directory());
                self.findings.file(Kind::RollupMissing, &file, "", &Target::Rollups(day.clone()));
            }
        }
        Ok(())
    }

    /// Reports days with rollups but without snapshots, between the first and the last day with snapshots.
    fn without_snapshots(&mut self, days: &BTreeMap<String, (usize, bool)>) -> Result<()> {
        let all = self.store.days(SNAPSHOTS)?;
        let (Some(first), Some(last)) = (all.first(), all.last()) else { return Ok(()) };
        for month in self.store.periods(Tier::Hours)?.1 {
            for (day, count) in self.counts(Tier::Hours, &month)? {
                if day > first.name
                    && day < last.name
                    && !days.contains_key(&day)
                    && !self.store.file(SNAPSHOTS, &day).exists()
                {
                    let file = format!("{}/{month}{SEALED}", Tier::Hours.directory());
                    self.lost(&file, &day, 0, &format!("all {count} snapshots of {day}"));
                }
            }
        }
        Ok(())
    }

    /// Reports a loss, unless a repair has recorded it. Snapshots that merely cannot be read are not lost.
    fn lost(&mut self, file: &str, day: &str, left: usize, reason: &str) {
        if self.store.losses().get(day) != Some(&left) && !self.findings.is_unreadable(&format!("{SNAPSHOTS}/{day}")) {
            let target = Target::Loss(day.to_string(), left);
            let place = Place { file, place: format!("day {day}"), since: "", reason, target: &target };
            self.findings.add(Kind::SnapshotsMissing, place);
            self.findings.also(Kind::SnapshotsMissing, file, &target);
        }
    }

    /// Number of samples of [`COUNTED`] by day.
    fn counts(&self, tier: Tier, month: &str) -> Result<BTreeMap<String, usize>> {
        let mut points = BTreeMap::new();
        let is_wanted = |name: &str| name == COUNTED;
        self.store.read_blocks(tier, month, &is_wanted, &mut Reading::default(), &mut |_, line| {
            let block = block::read(line).filter(|(metric, _)| metric == COUNTED);
            points.extend(block.into_iter().flat_map(|(_, points)| points).map(|point| (point.time_ms, point.count)));
        })?;
        let mut days = BTreeMap::new();
        for (time, count) in points {
            let day = chrono::DateTime::from_timestamp_millis(time).map(day::of).unwrap_or_default();
            *days.entry(day).or_insert(0) += count as usize;
        }
        Ok(days)
    }
}

/// Returns whether a line is a block of a metric of that name. Its checksum was verified.
fn is_block_of(line: &str, name: &str) -> bool {
    let metric = line.strip_prefix("{\"metric\":\"").and_then(|rest| rest.strip_prefix(name));
    let is_it = metric.is_some_and(|rest| rest.starts_with(['"', '{']));
    is_it && line.contains("\"time\":\"") && (line.contains("\"offset_ms\":[") || line.contains("\"step_seconds\":"))
}
