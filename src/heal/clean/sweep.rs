//! One run over a directory: entries that have rested longest first, each judged and then removed as a whole.

use super::judge::{Rules, judge, names};
use super::kept::Kept;
use super::place::Place;
use super::remove::Removal;
use super::report::{Ended, Report};
use super::seen::Seen;
use crate::base::sort::SmallSort;
use crate::heal::actuator::Actuator;
use crate::host::Root;
use crate::host::in_use::{InUse, Unseen};
use std::ffi::{CString, OsStr};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

/// Largest number of entries of a directory that one run looks at.
const ENTRIES_MAX: usize = 200_000;
/// Time limit for finding out what is in use.
const LOOK_LIMIT: Duration = Duration::from_secs(5);
/// The list of files in use is renewed when it is older than this.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// A unit is begun only with so much time left, besides twice the time that judging it took.
const SPARE: Duration = Duration::from_millis(200);

/// When a run stops early.
#[derive(Debug, Clone, Copy)]
pub struct Stop {
    /// After this many freed bytes; 0: no target.
    pub bytes: u64,
    /// After this many entries.
    pub units: u64,
}

/// Cleans a directory.
///
/// # Errors
/// It is not known what is in use: nothing was removed.
pub fn sweep(
    host: &Root,
    place: &Place,
    rules: &Rules<'_>,
    stop: Stop,
    actuator: &dyn Actuator,
) -> Result<Report, Unseen> {
    let directory = place.directory.as_fd();
    let top = host.top().join(place.path.strip_prefix("/").unwrap_or(&place.path));
    let mut look = Look::new(host, rules.until)?;
    let (mut report, mut units) = (Report::default(), 0);
    let mut entries: Vec<(Seen, CString)> = Vec::new();
    for name in names(directory, ENTRIES_MAX).unwrap_or_default() {
        match Seen::at(directory, &name) {
            Ok(seen) => entries.push((seen, name)),
            Err(_) => report.keep(&place.path.join(OsStr::from_bytes(name.to_bytes())), Kept::Unreadable),
        }
    }
    entries.arrange_by(|(one, a), (other, b)| (one.newest(), a).cmp(&(other.newest(), b)));
    for (number, (seen, name)) in entries.iter().enumerate() {
        // Only those dated in the future are listed one by one from here on.
        if seen.newest() > rules.before && seen.newest() <= rules.now {
            report.keep_young(1);
            continue;
        }
        let path = place.path.join(OsStr::from_bytes(name.to_bytes()));
        let begin = Instant::now();
        let unit = match judge(rules, &look.in_use, directory, name, &path) {
            Ok(unit) => unit,
            Err(Kept::NoTime) => {
                report.ended = Some(Ended::Time);
                break;
            }
            Err(why) => {
                report.keep(&path, why);
                continue;
            }
        };
        if report.removed + unit.items > rules.items || report.freed.saturating_add(unit.bytes) > rules.bytes {
            report.ended = Some(Ended::Limit);
            break;
        }
        let is_known = look.again(host, rules.until).is_ok();
        if !is_known || Instant::now() + begin.elapsed() * 2 + SPARE >= rules.until {
            report.ended = Some(Ended::Time);
            break;
        }
        let mut removal = Removal::new((&top, place.seen.id), actuator, &look.in_use, rules.until);
        let result = removal.remove(directory, &unit.item);
        report.removed += removal.removed;
        report.freed += removal.freed;
        match result {
            Ok(()) => report.remove(&path),
            Err(why) => report.keep(&path, why),
        }
        units += 1;
        let is_enough = units >= stop.units || (stop.bytes > 0 && report.freed >= stop.bytes);
        if is_enough && number + 1 < entries.len() {
            report.ended = Some(Ended::Enough);
            break;
        }
    }
    Ok(report)
}

/// The files in use, renewed while a run lasts.
struct Look {
    in_use: InUse,
    at: Instant,
    took: Duration,
}

impl Look {
    fn new(host: &Root, until: Instant) -> Result<Self, Unseen> {
        let begin = Instant::now();
        let in_use = host.in_use(LOOK_LIMIT.min(until.saturating_duration_since(begin)))?;
        Ok(Self { in_use, at: begin, took: begin.elapsed() })
    }

    fn again(&mut self, host: &Root, until: Instant) -> Result<(), Unseen> {
        if self.at.elapsed() > LOOK_AGAIN.max(self.took * 5) {
            *self = Self::new(host, until)?;
        }
        Ok(())
    }
}
