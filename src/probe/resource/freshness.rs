//! The age of backups and other recurring jobs: `[freshness.NAME]` of the configuration.

use crate::base::clock::stamp;
use crate::base::parse_past;
use crate::base::text::clean;
use crate::base::units::duration;
use crate::config::{FreshnessSource, WatchedFreshness};
use crate::host::deadline::NO_TIME;
use crate::host::newest_file::{FoundFile, NoFile};
use crate::model::record::round;
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Runs of cron do not begin at exactly the same second.
const TOLERANCE_SECONDS: f64 = 5.0;
/// A file system that did not answer is asked again after this time, in seconds.
const HANGS_SECONDS: f64 = 600.0;
/// An entry whose age is unknown for this long counts as overdue, in seconds.
const UNKNOWN_SECONDS: i64 = 3600;
/// Times further in the future are wrong: they would be fresh for ever.
const FUTURE: TimeDelta = TimeDelta::hours(1);
/// Longest reason, in characters.
const REASON_MAX: usize = 200;
/// From this number on, digits alone are seconds since 1970, and no time of day.
const SECONDS_MIN: i64 = 1_000_000_000;

/// An element of the section `freshness`.
#[derive(Debug, Default, Serialize)]
struct Freshness {
    name: String,
    /// In words: `3 h old, at most 26 h`.
    state: String,
    /// The last success.
    #[serde(skip_serializing_if = "String::is_empty")]
    last: String,
    /// It is overdue: too old, missing, or unknown for an hour.
    overdue: bool,
    /// Time since the last success.
    #[serde(skip_serializing_if = "Option::is_none")]
    age_seconds: Option<f64>,
    /// The age in percent of `max_age`.
    #[serde(skip_serializing_if = "Option::is_none")]
    age_percent: Option<f64>,
    /// Size of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    size_bytes: Option<u64>,
}

/// What is kept of an entry.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    /// Boot and time of the last call of a command, or of a file system that did not answer, in seconds since that boot.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<(String, f64)>,
    /// The last success known, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<i64>,
    /// Why it cannot be determined at present; empty: it can.
    #[serde(skip_serializing_if = "String::is_empty")]
    unknown: String,
    /// Since when it cannot, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown_since: Option<i64>,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "freshness", scope: Scope::All, has_counters: false, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let watched = &run.settings.freshness;
    if watched.is_empty() {
        return Ok(());
    }
    let before: BTreeMap<String, Kept> = run.earlier.and_then(|earlier| earlier.get("freshness")).unwrap_or_default();
    let mut entries: Vec<Entry<'_>> = watched
        .iter()
        .map(|watch| Entry { watch, kept: before.get(&watch.name).cloned().unwrap_or_default(), answer: None })
        .collect();
    look_at_files(run, &mut entries);
    call_one(run, &mut entries);
    let shown: Vec<Freshness> = entries.iter_mut().map(|entry| entry.conclude(run.now.wall)).collect();
    let kept: BTreeMap<&str, &Kept> = entries.iter().map(|entry| (&*entry.watch.name, &entry.kept)).collect();
    run.counters.keep("freshness", &kept);
    run.add("freshness", &shown)
}

/// An entry while it is measured.
struct Entry<'a> {
    watch: &'a WatchedFreshness,
    kept: Kept,
    /// The answer of this run; `None`: not asked, and the kept values count.
    answer: Option<Result<FoundFile, NoFile>>,
}

fn look_at_files(run: &Measurement<'_>, entries: &mut [Entry<'_>]) {
    let is_due = |entry: &Entry<'_>| entry.seconds_since_asked(run).is_none_or(|seconds| seconds >= HANGS_SECONDS);
    let mut asked: Vec<(&mut Entry<'_>, (String, u64))> = entries
        .iter_mut()
        .filter(|entry| is_due(entry))
        .filter_map(|entry| match &entry.watch.source {
            FreshnessSource::Path { path, min_bytes } => Some((entry, (path.clone(), *min_bytes))),
            FreshnessSource::Command { .. } => None,
        })
        .collect();
    let paths = asked.iter().map(|(_, path)| path.clone()).collect();
    for ((entry, _), answer) in asked.iter_mut().zip(run.root.newest_files(paths)) {
        entry.kept.asked = (answer == Err(NoFile::Hangs)).then(|| entry.asked_now(run));
        entry.answer = Some(answer);
    }
}

/// Calls the command that waits longest, if one is due: they cost time, and one a minute is enough.
fn call_one(run: &Measurement<'_>, entries: &mut [Entry<'_>]) {
    let overdue_by = |entry: &Entry<'_>| match &entry.watch.source {
        FreshnessSource::Command { every, .. } => {
            let since = entry.seconds_since_asked(run).unwrap_or(f64::INFINITY);
            Some(since - every.as_secs_f64() + TOLERANCE_SECONDS).filter(|by| *by >= 0.0)
        }
        FreshnessSource::Path { .. } => None,
    };
    let due = entries.iter_mut().filter_map(|entry| Some((overdue_by(entry)?, entry)));
    // Of several that wait equally long the first.
    let Some((_, entry)) = due.reduce(|best, next| if next.0 > best.0 { next } else { best }) else { return };
    let FreshnessSource::Command { command, timeout, .. } = &entry.watch.source else { return };
    let printed = run.root.success_time(&entry.watch.name, command, *timeout);
    if printed.as_ref().is_err_and(|reason| reason == NO_TIME) {
        return;
    }
    let time = printed.and_then(|text| parse_time(&text, run.now.wall));
    entry.answer = Some(match time {
        Ok(modified) => Ok(FoundFile { modified, bytes: None }),
        Err(reason) => Err(NoFile::Unknown(reason)),
    });
    entry.kept.asked = Some(entry.asked_now(run));
}

/// The time in the last line of an output.
fn parse_time(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty()).ok_or("the command printed no time")?;
    let whole = line
        .split('.')
        .next()
        .filter(|whole| line.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && !whole.is_empty());
    if let Some(seconds) = whole.and_then(|whole| whole.parse::<i64>().ok()).filter(|seconds| *seconds >= SECONDS_MIN) {
        return DateTime::from_timestamp(seconds, 0).ok_or_else(|| format!("{line} is beyond every calendar"));
    }
    // Only a whole date: `0`, `now` or `1h` is what a command prints that found nothing.
    let is_date = line.starts_with('@') || (line.len() > 15 && line.get(4..5) == Some("-"));
    let time = is_date.then(|| parse_past::parse(line, now).ok()).flatten();
    time.ok_or_else(|| format!("the command printed no time, but {:?}", clean(line, 60)))
}

impl Entry<'_> {
    fn seconds_since_asked(&self, run: &Measurement<'_>) -> Option<f64> {
        let (boot_id, asked) = self.kept.asked.as_ref()?;
        let seconds = run.now.boottime_seconds - asked;
        (*boot_id == run.snapshot.header.boot_id && seconds >= 0.0).then_some(seconds)
    }

    fn asked_now(&self, run: &Measurement<'_>) -> (String, f64) {
        (run.snapshot.header.boot_id.clone(), run.now.boottime_seconds)
    }

    /// Judges what was found, or what is kept where nothing was asked.
    fn conclude(&mut self, now: DateTime<Utc>) -> Freshness {
        let (mut size_bytes, mut missing) = (None, None);
        match self.answer.take() {
            None => {}
            Some(Ok(found)) if found.modified > now + FUTURE => {
                self.doubt(format!("dated in the future: {}", stamp(found.modified)), now);
            }
            Some(Ok(found)) => {
                size_bytes = found.bytes;
                self.kept.last = Some(found.modified.timestamp());
                (self.kept.unknown, self.kept.unknown_since) = (String::new(), None);
            }
            Some(Err(NoFile::Missing(reason))) => {
                missing = Some(reason);
                (self.kept.unknown, self.kept.unknown_since) = (String::new(), None);
            }
            Some(Err(NoFile::Unknown(reason))) => self.doubt(reason, now),
            Some(Err(NoFile::Hangs)) => self.doubt("the file system does not answer".to_string(), now),
        }
        let kept = &self.kept;
        let max_age = self.watch.max_age.as_secs_f64();
        let age = kept.last.map(|last| (now.timestamp() - last).max(0) as f64);
        let is_old = age.is_some_and(|age| age > max_age);
        let is_long_unknown = kept.unknown_since.is_some_and(|since| now.timestamp() - since >= UNKNOWN_SECONDS);
        let age_words = age.map(|age| format!("{} old, at most {}", duration(age), duration(max_age)));
        let state = match (&missing, kept.unknown.is_empty(), age_words) {
            (Some(reason), _, Some(_)) => {
                format!("missing: {reason}; the last one is {} old", duration(age.unwrap_or_default()))
            }
            (Some(reason), _, None) => format!("missing: {reason}"),
            (None, false, Some(words)) => format!("{words}; cannot be determined now: {}", kept.unknown),
            (None, false, None) => format!("cannot be determined: {}", kept.unknown),
            (None, true, Some(words)) => words,
            (None, true, None) => "not asked yet".to_string(),
        };
        Freshness {
            name: self.watch.name.clone(),
            state: clean(&state, REASON_MAX),
            last: kept.last.and_then(|last| DateTime::from_timestamp(last, 0)).map(stamp).unwrap_or_default(),
            overdue: missing.is_some() || is_old || is_long_unknown,
            age_seconds: age,
            age_percent: age.map(|age| round(age / max_age * 100.0)),
            size_bytes,
        }
    }

    fn doubt(&mut self, reason: String, now: DateTime<Utc>) {
        self.kept.unknown = clean(&reason, REASON_MAX);
        self.kept.unknown_since.get_or_insert(now.timestamp());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_time_of_a_command_is_its_last_line() {
        let now: DateTime<Utc> = "2026-11-20T21:40:00Z".parse().unwrap();
        let time = |text: &str| parse_time(text, now).map(stamp);
        let expected = "2026-11-20T03:00:00.000Z";
        for text in ["1795143600", "1795143600.25\n", "noise\n2026-11-20T03:00:00Z\n\n", "@1795143600"] {
            assert_eq!(time(text).as_deref(), Ok(expected), "{text:?}");
        }
        for wrong in [
            "",
            "\n\n",
            "none",
            "0",
            "60",
            "now",
            "today",
            "12:00",
            "1h",
            "2026-11-20",
            "-1",
            "99999999999999999999",
            "9223372036854775807",
            "1.2.3",
        ] {
            assert!(time(wrong).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn lines_before_the_last_do_not_count(noise in "([^\n]{0,30}\n){0,4}", seconds in SECONDS_MIN..4_000_000_000, fraction in "(\\.[0-9]{0,9})?", end in "[ \n\r]{0,3}") {
            let now = DateTime::from_timestamp(SECONDS_MIN, 0).unwrap();
            let time = parse_time(&format!("{noise}{seconds}{fraction}{end}"), now).map(|time| time.timestamp());
            prop_assert_eq!(time, Ok(seconds));
        }

        #[test]
        fn any_output(text in any::<String>(), digits in "[0-9.:TZ@ +-]{0,40}") {
            let now = DateTime::from_timestamp(SECONDS_MIN, 0).unwrap();
            for text in [text, digits] {
                let said = parse_time(&text, now).err().unwrap_or_default();
                prop_assert!(said.chars().count() < 400 && !said.contains('\n'), "{}", said);
            }
        }
    }
}
