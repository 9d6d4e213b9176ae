//! Removes old files below directories (docs/heal.md). An entry of a directory goes with everything in it or not at all,
//! and only when everything in it is old, unused and ordinary.

use super::actuator::{Actuator, DryRun};
use super::case::Case;
use super::guard::{Guard, Refusal};
use super::repair::{Candidate, Repair, Verdict};
use super::situation::Situation;
use crate::host::file_id::FileId;
use crate::host::in_use::Unseen;
use crate::model::action::{Outcome, Status, Target};
use crate::model::message::Message;
use std::collections::HashSet;
use std::time::{Duration, Instant};

mod judge;
mod kept;
mod place;
mod protected;
mod remove;
mod report;
mod seen;
mod sweep;

use judge::Rules;
use place::Place;
use report::{Ended, Report};
use sweep::{Stop, sweep};

/// Longest run.
const RUN_LIMIT: Duration = Duration::from_secs(20);
/// Time in which a candidate looks for one entry that may go.
const PEEK_LIMIT: Duration = Duration::from_secs(2);
/// Time limit for all directories of an entry.
const PEEKS_LIMIT: Duration = Duration::from_secs(5);
/// Largest number of files and directories that one run removes.
const ITEMS_MAX: u64 = 10_000;
/// Largest space that one run frees, in bytes.
const BYTES_MAX: u64 = 5 << 30;
/// Least age of a file that is removed, whatever the configuration says.
const LEAST_AGE: Duration = Duration::from_secs(3600);

/// The repair with its settings; see [`crate::config::RepairSpec`].
pub struct Clean {
    /// The directories.
    pub directories: Vec<String>,
    /// Least age.
    pub older_than: Duration,
    /// Patterns of names that are kept.
    pub keep: Vec<String>,
    /// Stops when so much was freed, in bytes; 0: no target.
    pub stop_bytes: u64,
}

/// The reason why a directory is not cleaned.
enum Refused {
    Place(Message),
    Unseen(Unseen),
}

impl Clean {
    fn sweep(
        &self,
        directory: &str,
        case: &Case,
        situation: &Situation,
        actuator: &dyn Actuator,
        (stop, until): (Stop, Instant),
    ) -> Result<(Report, FileId), Refused> {
        let host = &situation.root;
        let metadata = |path| std::fs::metadata(path).ok().as_ref().map(FileId::of);
        let own: HashSet<FileId> = situation.own_paths.iter().filter_map(metadata).collect();
        let point = case.label("mount");
        let place = Place::open(host, directory, &own, point.as_deref()).map_err(Refused::Place)?;
        let now = (situation.now.wall.timestamp(), situation.now.wall.timestamp_subsec_nanos());
        let age = i64::try_from(self.older_than.max(LEAST_AGE).as_secs()).unwrap_or(i64::MAX);
        let rules = Rules {
            before: (now.0.saturating_sub(age), now.1),
            now,
            keep: &self.keep,
            own: &own,
            place: place.seen,
            mount_points: host.own_mount_points().into_iter().collect(),
            items: ITEMS_MAX,
            bytes: BYTES_MAX,
            until,
        };
        let report = sweep(host, &place, &rules, stop, actuator).map_err(Refused::Unseen)?;
        Ok((report, place.seen.id))
    }

    fn candidate(&self, directory: &str, case: &Case, situation: &Situation, until: Instant) -> Candidate {
        let limits = (Stop { bytes: 0, units: 1 }, until.min(Instant::now() + PEEK_LIMIT));
        let mut sighting = directory.to_string();
        let refused = match self.sweep(directory, case, situation, &DryRun, limits) {
            Ok((report, id)) => {
                sighting = format!("{directory} {}:{}", id.device, id.inode);
                let is_useless = report.removed == 0 && report.ended != Some(Ended::Time);
                is_useless.then(|| Refusal::with(Guard::NoTarget, nothing(directory, &report)))
            }
            Err(Refused::Place(message)) => Some(Refusal::with(Guard::DirectoryRefused, message)),
            Err(Refused::Unseen(Unseen::Hidden)) => Some(Refusal::new(Guard::OpenFilesUnknown)),
            Err(Refused::Unseen(Unseen::Late)) => Some(Refusal::new(Guard::NoTime)),
        };
        let target = Target { name: directory.to_string(), ..Target::default() };
        Candidate { target, refused: refused.into_iter().collect(), sighting }
    }
}

fn nothing(directory: &str, report: &Report) -> Message {
    Message::named("clean.nothing").with("directory", directory).with("left", report.left())
}

impl Repair for Clean {
    /// One for each directory: budgets are of directories.
    fn candidates(&self, case: &Case, situation: &Situation) -> Vec<Candidate> {
        let until = Instant::now() + PEEKS_LIMIT;
        self.directories.iter().map(|directory| self.candidate(directory, case, situation, until)).collect()
    }

    fn act(
        &self,
        target: &Target,
        case: &Case,
        situation: &Situation,
        actuator: &dyn Actuator,
        until: Instant,
    ) -> Outcome {
        let begin = Instant::now();
        let until = until.min(begin + RUN_LIMIT);
        let stop = Stop { bytes: self.stop_bytes, units: u64::MAX };
        // The configuration may have changed since the decision.
        let swept = match self.directories.contains(&target.name) {
            true => self.sweep(&target.name, case, situation, actuator, (stop, until)),
            false => {
                Err(Refused::Place(Message::named("clean.refused_unnamed").with("directory", target.name.as_str())))
            }
        };
        let outcome = match swept {
            Ok((report, _)) => report.outcome(&target.name, actuator.is_dry()),
            Err(Refused::Place(message)) => Outcome::new(Status::Failed, message),
            Err(Refused::Unseen(Unseen::Hidden)) => {
                Outcome::new(Status::Failed, Message::new(Guard::OpenFilesUnknown.key()))
            }
            Err(Refused::Unseen(Unseen::Late)) => Outcome::new(Status::Failed, Message::new(Guard::NoTime.key())),
        };
        Outcome { duration_ms: u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX), ..outcome }
    }

    /// It helped when the incident recovers, or when it freed space.
    fn verify(
        &self,
        target: &Target,
        done: &Outcome,
        since_seconds: f64,
        healthy_seconds: f64,
        is_open: Option<bool>,
        _: &Situation,
    ) -> Verdict {
        let Some(is_open) = is_open else { return Verdict::Pending };
        let freed = done.freed_bytes.unwrap_or(0);
        let message = |key: &str| {
            let message = Message::named(key).with("directory", target.name.as_str());
            message.with_value("size", "freed_bytes", freed as f64)
        };
        if !is_open {
            Verdict::Helped(Outcome::new(Status::Done, message("clean.recovered")))
        } else if since_seconds < healthy_seconds {
            Verdict::Pending
        } else if freed > 0 {
            Verdict::Helped(Outcome::new(Status::Done, message("clean.helped")))
        } else {
            Verdict::Failed(Outcome::new(Status::Failed, message("clean.not_helped")))
        }
    }

    fn least_seconds(&self) -> u64 {
        5
    }

    fn missing_right(&self, situation: &Situation) -> Option<String> {
        (!situation.root.sees_open_files()).then(|| "to see open files of all users: root".to_string())
    }
}
