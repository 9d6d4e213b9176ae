//! Columns and rollups: files by metric name, so that reading one metric does not read the others.
//!
//! An open period is a directory with an append-only file per metric name; a finished one is a single gzip file with a
//! member per metric name. All of it is derived from snapshots and can be rebuilt; of two blocks of the same metric and
//! time the later one counts.

use super::day::{PLAIN, SEALED, entries};
use super::read::Reading;
use super::{Store, at, block, line, member, stream};
use crate::base::file::{FILE_MODE, make_directory, open_regular, replace};
use crate::base::sort::SmallSort;
use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

/// Resolution of stored history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Every sample, of the last two days.
    Columns,
    /// Minimum, average, maximum and count of five minutes.
    FiveMinutes,
    /// Minimum, average, maximum and count of an hour.
    Hours,
    /// Minimum, average, maximum and count of a UTC day.
    Days,
}

impl Tier {
    /// The rolled-up tiers, finest first.
    pub const ROLLED: [Self; 3] = [Self::FiveMinutes, Self::Hours, Self::Days];

    /// Its directory below the data directory.
    pub fn directory(self) -> &'static str {
        match self {
            Self::Columns => "columns",
            Self::FiveMinutes => "rollups/5m",
            Self::Hours => "rollups/1h",
            Self::Days => "rollups/1d",
        }
    }

    /// Interval of a point in seconds; 0 for single samples.
    pub fn step_seconds(self) -> u32 {
        match self {
            Self::Columns => 0,
            Self::FiveMinutes => 300,
            Self::Hours => 3600,
            Self::Days => 86_400,
        }
    }

    /// The period whose file contains a time: a day for the fine tiers, a month for the coarse ones.
    pub fn period(self, time: DateTime<Utc>) -> String {
        let form = if matches!(self, Self::Columns | Self::FiveMinutes) { "%Y-%m-%d" } else { "%Y-%m" };
        time.format(form).to_string()
    }
}

/// Name under which the rollups of programs and units are kept, which is no metric.
pub const CONSUMERS: &str = "consumers";

/// Lines by metric name, which names their file.
pub type Lines = BTreeMap<String, String>;

/// Returns whether a metric name can be a file name. Other metrics are only in the snapshots.
fn is_file_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    name.len() <= 200 && !name.starts_with('.') && name.bytes().all(plain)
}

impl Store {
    fn open_period(&self, tier: Tier, period: &str) -> PathBuf {
        self.directory().join(tier.directory()).join(period)
    }

    fn sealed_period(&self, tier: Tier, period: &str) -> PathBuf {
        self.directory().join(tier.directory()).join(format!("{period}{SEALED}"))
    }

    /// Returns whether a period has a file or directory.
    pub fn has_period(&self, tier: Tier, period: &str) -> bool {
        self.open_period(tier, period).is_dir() || self.sealed_period(tier, period).is_file()
    }

    /// The periods of a tier, oldest first: the open ones, and all.
    ///
    /// # Errors
    /// When the directory cannot be listed.
    pub fn periods(&self, tier: Tier) -> Result<(Vec<String>, Vec<String>)> {
        let (mut open, mut all) = (Vec::new(), Vec::new());
        for path in entries(&self.directory().join(tier.directory()))? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let period = name.strip_suffix(SEALED).unwrap_or(&name).to_string();
            let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
            if !(period.len() == 7 || period.len() == 10) || !digits(&period) {
                continue;
            }
            if path.is_dir() {
                open.push(period.clone());
            }
            all.push(period);
        }
        open.arrange();
        all.arrange();
        all.dedup();
        Ok((open, all))
    }

    /// Appends blocks to an open period, unsynced because they can be rebuilt. The caller holds the lock.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn append_blocks(&self, tier: Tier, period: &str, lines: &Lines) -> Result<()> {
        let directory = self.open_period(tier, period);
        at("make", &directory, make_directory(&directory))?;
        for (name, lines) in lines.iter().filter(|(name, _)| is_file_name(name)) {
            let path = directory.join(format!("{name}{PLAIN}"));
            at("write to", &path, stream::append_unsynced(&path, lines.as_bytes()))?;
        }
        Ok(())
    }

    /// Calls `visit` with every intact block of the wanted metric names of a period; later ones replace earlier ones.
    ///
    /// # Errors
    /// When the directory cannot be listed.
    pub fn read_blocks(
        &self,
        tier: Tier,
        period: &str,
        is_wanted: &dyn Fn(&str) -> bool,
        reading: &mut Reading,
        visit: &mut dyn FnMut(&str, &str),
    ) -> Result<()> {
        let sealed = self.sealed_period(tier, period);
        let mut give = |name: &str, path: &PathBuf, reading: &mut Reading, input: &mut dyn io::Read| {
            let damaged = |number| format!("{} metric {name} line {number}", path.display());
            line::split(input, &mut |number, line| match line {
                Some(line) => visit(name, line),
                None => reading.damage(|| damaged(number)),
            })
        };
        match open_regular(&sealed) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => reading.unreadable.push((sealed, error.to_string())),
            Ok(file) => {
                let members = member::list(&file, &mut |at, length| {
                    reading.damage(|| format!("{} bytes {at} to {}", sealed.display(), at + length));
                });
                for member in at("read", &sealed, members)?.into_iter().filter(|member| is_wanted(&member.name)) {
                    let mut content = at("read", &sealed, member::open(&file, &member))?;
                    if let Err(error) = give(&member.name, &sealed, reading, &mut content) {
                        reading.damage(|| format!("{} metric {}: {error}", sealed.display(), member.name));
                    }
                }
            }
        }
        for path in entries(&self.open_period(tier, period))? {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let Some(name) = file.strip_suffix(PLAIN).filter(|name| is_wanted(name)) else { continue };
            let result = open_regular(&path).and_then(|mut file| give(name, &path, reading, &mut file));
            match result {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    reading.unreadable.push((path, error.to_string()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Packs a period into one gzip file, each block once, and removes its directory. The caller holds the lock.
    ///
    /// # Errors
    /// Errors of the file system; the period is then unchanged.
    pub fn seal_period(&self, tier: Tier, period: &str) -> Result<()> {
        if !self.open_period(tier, period).is_dir() {
            return Ok(());
        }
        self.rewrite_period(tier, period, &|_| false, &Lines::new())
    }

    /// Like [`Store::seal_period`] for an open or a sealed period: drops the blocks whose begin (milliseconds since
    /// 1970) is in `dropped`, and adds others. Of two blocks of the same metric and time the one with more samples is
    /// kept, because rollups outlive their snapshots. An empty period is removed.
    ///
    /// # Errors
    /// As [`Store::seal_period`]; also when existing blocks cannot be read, because unknown content must not be
    /// replaced.
    pub fn rewrite_period(
        &self,
        tier: Tier,
        period: &str,
        is_dropped: &dyn Fn(i64) -> bool,
        more: &Lines,
    ) -> Result<()> {
        let mut blocks: BTreeMap<String, BTreeMap<(String, i64), String>> = BTreeMap::new();
        let mut take = |name: &str, line: &str, is_new: bool| {
            let Some((metric, time)) = block::head(line) else { return };
            let known = blocks.entry(name.to_string()).or_default().entry((metric.into_owned(), time)).or_default();
            if !is_new || known.is_empty() || block::samples(line) >= block::samples(known) {
                *known = format!("{line}\n");
            }
        };
        let mut reading = Reading::default();
        self.read_blocks(tier, period, &|_| true, &mut reading, &mut |name, line| {
            if block::head(line).is_some_and(|(_, time)| !is_dropped(time)) {
                take(name, line, false);
            }
        })?;
        if let Some((path, reason)) = reading.unreadable.first() {
            return Err(anyhow!("could not read {}: {reason}", path.display()));
        }
        for (name, lines) in more.iter().filter(|(name, _)| is_file_name(name)) {
            lines.lines().for_each(|line| take(name, line, true));
        }
        if blocks.is_empty() {
            return self.remove_period(tier, period);
        }
        let (target, directory) = (self.sealed_period(tier, period), self.open_period(tier, period));
        let mut packed = Vec::new();
        for (name, lines) in blocks {
            let content: String = lines.into_values().collect();
            packed.extend(at("pack", &target, member::pack(&name, content.as_bytes()))?);
        }
        if let Some(parent) = target.parent() {
            at("make", parent, make_directory(parent))?;
        }
        at("write", &target, replace(&target, &packed, FILE_MODE))?;
        match fs::remove_dir_all(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => at("remove", &directory, result),
        }
    }

    /// Removes a period. The caller holds the lock.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn remove_period(&self, tier: Tier, period: &str) -> Result<()> {
        let (directory, sealed) = (self.open_period(tier, period), self.sealed_period(tier, period));
        let gone = |result: io::Result<()>| match result {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        };
        at("remove", &directory, gone(fs::remove_dir_all(&directory)))?;
        at("remove", &sealed, gone(fs::remove_file(&sealed)))
    }
}
