//! Rules over metrics, and the state machine that turns breaches into incidents. Pure: no file, no clock.

pub mod baseline;
mod breaches;
mod eval_context;
mod flap;
mod repairing;
pub mod series;
mod spacing;
mod stamp;
pub mod state;
mod step;
mod swings;
mod tally;
pub mod unusual;

use crate::base::sort::SmallSort;
pub use eval_context::EvalContext;
pub use repairing::Repairing;
pub use state::State;
pub use step::step;

use crate::model::incident::{Incident, Lifecycle};

impl State {
    /// Every open incident, the most urgent first, then the oldest.
    pub fn open(&self) -> Vec<Incident> {
        let mut open: Vec<Incident> = self.alerts.values().filter_map(state::Alert::incident).collect();
        open.arrange_by(|a, b| b.severity.cmp(&a.severity).then(a.since.cmp(&b.since)));
        open
    }

    /// Number of alerts beyond a limit for less than the required time.
    pub fn pending(&self) -> usize {
        self.alerts.values().filter(|alert| alert.lifecycle == Lifecycle::Pending).count()
    }
}
