//! The questions that are decided, and the decisions.

use crate::config::HealEntry;
use crate::heal::case::Case;
use crate::heal::guard::{Guard, Refusal};
use crate::heal::repair::Candidate;
use crate::heal::situation::Situation;
use crate::heal::state::HealState;
use crate::model::action::Mode;

/// One possible action.
#[derive(Debug, Clone)]
pub struct Question {
    /// The entry.
    pub entry: HealEntry,
    /// Its mode now: a dry run may be forced.
    pub mode: Mode,
    /// The incident.
    pub case: Case,
    /// The target; `None`: the repair found none.
    pub candidate: Option<Candidate>,
    /// There was no time left to look for targets.
    pub is_unasked: bool,
    /// The right that is missing.
    pub missing_right: Option<String>,
    /// Least time that the action needs, in seconds.
    pub least_seconds: u64,
}

/// The decision about a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Every guard that refuses; empty: act.
    pub refused: Vec<Refusal>,
    /// Number of the attempt on the target, from 1.
    pub attempt: u32,
    /// Actions left for the target in this hour and this day, without this one.
    pub left: [u32; 2],
}

/// Everything that a decision depends on, besides the questions.
pub struct Request<'a> {
    /// The host.
    pub situation: &'a Situation,
    /// The earlier actions.
    pub state: &'a HealState,
    /// Largest number of actions on this host within an hour.
    pub actions_per_hour: u32,
    /// Time that this run has left, in seconds.
    pub seconds_left: f64,
}

impl Decision {
    /// Returns whether something is done now, or will be by itself: the incident is in osmon's hands.
    pub fn is_hopeful(&self) -> bool {
        let passes = |guard: Guard| {
            matches!(
                guard,
                Guard::TooEarly
                    | Guard::TooFewSnapshots
                    | Guard::OnePerRun
                    | Guard::NoTime
                    | Guard::NotCurrent
                    | Guard::UnitActive
            )
        };
        let is_verified = self.refused.iter().any(|refusal| refusal.guard == Guard::Verifying);
        is_verified || self.refused.iter().all(|refusal| passes(refusal.guard))
    }
}
