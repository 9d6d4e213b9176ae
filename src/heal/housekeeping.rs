//! Frees space that the system keeps for convenience: the journal, downloaded packages, the page cache.

use super::actuator::Actuator;
use super::case::Case;
use super::repair::{Candidate, Repair, Verdict};
use super::situation::Situation;
use crate::model::action::{Outcome, Status, Target};
use std::time::Instant;

/// Shrinks the journal of systemd.
pub struct VacuumJournal {
    /// Size to shrink it to, in bytes.
    pub keep_bytes: u64,
}

impl Repair for VacuumJournal {
    fn candidates(&self, _: &Case, _: &Situation) -> Vec<Candidate> {
        Vec::new()
    }

    fn act(&self, _: &Target, _: &Case, _: &Situation, _: &dyn Actuator, _: Instant) -> Outcome {
        Outcome::plain(Status::Failed, String::new())
    }

    fn verify(&self, _: &Target, _: &Outcome, _: f64, _: f64, _: bool, _: &Situation) -> Verdict {
        Verdict::Pending
    }

    fn least_seconds(&self) -> u64 {
        5
    }

    fn missing_right(&self, _: &Situation) -> Option<String> {
        None
    }
}

/// Clears the cache of the package manager.
pub struct ClearPackages;

impl Repair for ClearPackages {
    fn candidates(&self, _: &Case, _: &Situation) -> Vec<Candidate> {
        Vec::new()
    }

    fn act(&self, _: &Target, _: &Case, _: &Situation, _: &dyn Actuator, _: Instant) -> Outcome {
        Outcome::plain(Status::Failed, String::new())
    }

    fn verify(&self, _: &Target, _: &Outcome, _: f64, _: f64, _: bool, _: &Situation) -> Verdict {
        Verdict::Pending
    }

    fn least_seconds(&self) -> u64 {
        5
    }

    fn missing_right(&self, _: &Situation) -> Option<String> {
        None
    }
}

/// Drops the page cache.
pub struct DropCaches;

impl Repair for DropCaches {
    fn candidates(&self, _: &Case, _: &Situation) -> Vec<Candidate> {
        Vec::new()
    }

    fn act(&self, _: &Target, _: &Case, _: &Situation, _: &dyn Actuator, _: Instant) -> Outcome {
        Outcome::plain(Status::Failed, String::new())
    }

    fn verify(&self, _: &Target, _: &Outcome, _: f64, _: f64, _: bool, _: &Situation) -> Verdict {
        Verdict::Pending
    }

    fn least_seconds(&self) -> u64 {
        5
    }

    fn missing_right(&self, _: &Situation) -> Option<String> {
        None
    }
}
