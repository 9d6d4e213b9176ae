//! Runs a command.

use super::actuator::Actuator;
use super::case::Case;
use super::repair::{Candidate, Repair, Verdict};
use super::situation::Situation;
use crate::model::action::{Outcome, Status, Target};
use std::time::Instant;

/// The repair with its settings; see [`crate::config::RepairSpec`].
pub struct RunCommand {
    /// Name of the entry, which the command is told.
    pub entry: String,
    /// Program and arguments.
    pub command: Vec<String>,
    /// Time limit.
    pub timeout: std::time::Duration,
}

impl Repair for RunCommand {
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
