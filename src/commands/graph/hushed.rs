//! Open incidents that people do not want to hear of.

use super::Here;
use crate::commands::mutes;
use crate::crisis::State;
use crate::crisis::state::Alert;
use crate::report::Hushed;
use std::collections::BTreeMap;

/// By id: acknowledged, or silenced.
pub fn hushed(here: &Here, state: &State) -> BTreeMap<String, Hushed> {
    let (mutes, now) = (mutes::read(here), here.now.wall);
    let of = |alert: &Alert| {
        let (word, until, by, because) = match mutes.ack(&alert.incident_id(), alert.escalated.map(|at| at.wall), now) {
            Some(ack) => ("acknowledged", ack.until, &ack.by, &ack.because),
            None => {
                let silence = mutes.silence(&alert.rule, &alert.metric, now)?;
                ("silenced", silence.until, &silence.by, &silence.because)
            }
        };
        Some((alert.incident_id(), Hushed { word, until, by: by.clone(), because: because.clone() }))
    };
    state.alerts.values().filter(|alert| alert.is_open()).filter_map(of).collect()
}
