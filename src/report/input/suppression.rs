//! Open incidents that people do not want to hear of.

use crate::context::Context;
use crate::crisis::State;
use crate::crisis::state::Alert;
use crate::query::silences;
use crate::report::page::data::Suppressed;
use std::collections::BTreeMap;

/// By id: acknowledged, or silenced.
pub fn hushed(context: &Context, state: &State) -> BTreeMap<String, Suppressed> {
    let (mutes, now) = (silences::read(context), context.now.wall);
    let of = |alert: &Alert| {
        let (word, until, by, because) = match mutes.ack(&alert.incident_id(), alert.escalated.map(|at| at.wall), now) {
            Some(ack) => ("acknowledged", ack.until, &ack.by, &ack.because),
            None => {
                let silence = mutes.silence(&alert.rule, &alert.metric, now)?;
                ("silenced", silence.until, &silence.by, &silence.because)
            }
        };
        Some((alert.incident_id(), Suppressed { word, until, by: by.clone(), because: because.clone() }))
    };
    state.alerts.values().filter(|alert| alert.is_open()).filter_map(of).collect()
}
