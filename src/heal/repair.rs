//! The interface of every kind of repair.

use super::actuator::Actuator;
use super::case::Case;
use super::guard::Refusal;
use super::situation::Situation;
use crate::model::action::{Outcome, Target};
use std::time::Instant;

/// A possible target of a repair, and the guards of the repair that refuse it.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The target.
    pub target: Target,
    /// Guards that refuse it; empty: the repair may act on it.
    pub refused: Vec<Refusal>,
    /// Identity that must be seen in several snapshots in a row before it is acted on; empty: one look is enough, because
    /// the state does not change by itself (a failed unit).
    pub sighting: String,
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Not known yet.
    Pending,
    /// It helped.
    Helped(Outcome),
    /// It did not help.
    Failed(Outcome),
}

/// One kind of repair with its settings.
pub trait Repair {
    /// The possible targets for an incident, the most suitable first, each with the guards that refuse it. Changes
    /// nothing. Guards of the whole host, of the incident and of budgets are not its business.
    fn candidates(&self, case: &Case, situation: &Situation) -> Vec<Candidate>;

    /// Acts on a target, through the actuator only, and ends before `until`. The identity of the target is checked again
    /// immediately before the effect.
    fn act(
        &self,
        target: &Target,
        case: &Case,
        situation: &Situation,
        actuator: &dyn Actuator,
        until: Instant,
    ) -> Outcome;

    /// Judges whether an action helped. `since_seconds`: time since its result; `is_open`: the newest value of its incident is
    /// beyond the limit, `None`: there is no value, which is no recovery; `healthy_seconds`: how long it must have been healthy.
    fn verify(
        &self,
        target: &Target,
        done: &Outcome,
        since_seconds: f64,
        healthy_seconds: f64,
        is_open: Option<bool>,
        situation: &Situation,
    ) -> Verdict;

    /// The least time that an action needs, in seconds; with less left in a run it is not begun.
    fn least_seconds(&self) -> u64;

    /// The right that the process lacks for this action, in words; `None`: it has what it needs.
    fn missing_right(&self, situation: &Situation) -> Option<String>;
}
