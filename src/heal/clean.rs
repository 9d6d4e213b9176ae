//! Removes old files below directories.

use super::actuator::Actuator;
use super::case::Case;
use super::repair::{Candidate, Repair, Verdict};
use super::situation::Situation;
use crate::model::action::{Outcome, Status, Target};
use std::time::Instant;

/// The repair with its settings; see [`crate::config::RepairSpec`].
pub struct Clean {
    /// The directories.
    pub directories: Vec<String>,
    /// Least age.
    pub older_than: std::time::Duration,
    /// Patterns of names that are kept.
    pub keep: Vec<String>,
    /// Stops when so much was freed, in bytes; 0: no target.
    pub stop_bytes: u64,
}

impl Repair for Clean {
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
