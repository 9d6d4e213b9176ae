//! The flap meter: how often an incident began or ended in the last 20 slots of time, the latest counting most.

use crate::config::Rule;
use crate::crisis::eval_context::EvalContext;
use crate::crisis::state::{Alert, Flap};
use std::time::Duration;

/// Slots of the meter.
const SLOTS: u32 = 20;
/// It flaps above this, in percent,
const START: f64 = 30.0;
/// and does no more at or below this.
const STOP: f64 = 25.0;
/// A slot is no shorter than this, in seconds: a minute, as cron keeps it.
const SHORTEST: f64 = 55.0;

/// How long a slot is, in seconds: a quarter of the shortest time in which an incident can begin and end. Twenty
/// samples would be over before a rule that waits five minutes could change twice.
pub(super) fn slot_seconds(rule: Option<&Rule>) -> f64 {
    let hold = |rule: &Rule| rule.warning.or(rule.critical).map_or(Duration::ZERO, |limit| limit.hold);
    rule.map_or(0.0, |rule| (hold(rule) + rule.clear_for).as_secs_f64() / 4.0).max(SHORTEST)
}

/// Moves the meter on to now and counts a change. Whether it flaps is then in it.
pub(super) fn beat(alert: &mut Alert, is_changed: bool, slot_seconds: f64, context: &EvalContext) {
    let flap = &mut alert.flap;
    if flap.bits == 0 && !flap.flapping && !is_changed {
        flap.slot = None;
        return;
    }
    let now = context.stamp();
    let slots = flap.slot.map_or(0.0, |slot| ((now.boottime_seconds - slot.boottime_seconds) / slot_seconds).floor());
    if slots >= 1.0 || flap.slot.is_none() {
        flap.bits = if slots >= f64::from(SLOTS) { 0 } else { (flap.bits << slots as u32) & ((1 << SLOTS) - 1) };
        flap.slot = Some(now);
    }
    flap.bits |= u32::from(is_changed);
    let percent = percent(*flap);
    flap.flapping = percent > if flap.flapping { STOP } else { START };
}

/// The weighted part of slots with a change, in percent.
fn percent(flap: Flap) -> f64 {
    let weight = |age: u32| 0.8 + 0.02 * f64::from(SLOTS - 1 - age);
    let changes: f64 = (0..SLOTS).filter(|age| flap.bits >> age & 1 == 1).map(weight).sum();
    changes * 100.0 / f64::from(SLOTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_counts_most() {
        let flap = |bits| Flap { bits, ..Flap::default() };
        assert!((percent(flap((1 << SLOTS) - 1)) - 99.0).abs() < 0.01);
        assert!((percent(flap(1)) - 5.9).abs() < 0.01 && (percent(flap(1 << 19)) - 4.0).abs() < 0.01);
    }
}
