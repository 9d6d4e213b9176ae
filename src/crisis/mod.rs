//! Crises: rules over metrics, and the state machine that turns breaches into incidents. Pure: no file, no clock.

pub mod band;
mod eval_context;
pub mod series;
pub mod state;
mod step;

pub use eval_context::EvalContext;
pub use state::State;
pub use step::step;

use crate::model::incident::{Incident, Lifecycle};

impl State {
    /// Every open incident, the most urgent first, then the oldest.
    pub fn open(&self) -> Vec<Incident> {
        let mut open: Vec<Incident> = self.alerts.values().filter_map(state::Alert::incident).collect();
        open.sort_by(|a, b| b.severity.cmp(&a.severity).then(a.since.cmp(&b.since)));
        open
    }

    /// How many things are beyond a limit and not yet for long enough.
    pub fn pending(&self) -> usize {
        self.alerts.values().filter(|alert| alert.lifecycle == Lifecycle::Pending).count()
    }
}
