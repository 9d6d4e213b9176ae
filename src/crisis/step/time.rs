//! Reconciles the state with changed clocks, boots and gaps before anything is evaluated.

use crate::crisis::eval_context::EvalContext;
use crate::crisis::state::{Alert, Breaches, Stamp, State};
use crate::model::incident::Lifecycle;
use chrono::TimeDelta;

/// After so long without a snapshot, running spans start again, unless the snapshots are usually that far apart.
const LOST_SECONDS: f64 = 3600.0;
/// The wall clock was set if it advanced this many seconds more or less than the monotonic clock.
const STEP_SECONDS: f64 = 90.0;

/// After it every stamp is of this boot and none is in the future; `last` is only there when it was not long ago.
pub(super) fn put_in_order(next: &mut State, context: &EvalContext) {
    let Some(last) = next.last else { return };
    let now = context.stamp();
    let gap = now.boottime_seconds - last.boottime_seconds;
    let is_same_boot = next.boot_id == context.boot_id && gap >= 0.0;
    let walked = seconds(now.wall - last.wall);
    let set_by = if is_same_boot { walked - gap } else { 0.0 };
    let is_gap = is_same_boot && gap > next.spacing.whole_seconds();
    if is_gap && gap < LOST_SECONDS {
        // Nobody looked: the host slept or stalled. It counts as one usual interval.
        let unseen = gap - next.spacing.seconds();
        next.alerts.values_mut().for_each(|alert| leave_out(alert, unseen));
        next.last.iter_mut().for_each(|last| *last = later(*last, unseen));
    }
    let rises = next.usual_rises.values_mut();
    // The last moment too: a value that is missing now is missing since then.
    for stamp in next.alerts.values_mut().flat_map(Alert::stamps).chain(rises).chain(&mut next.last) {
        if set_by.abs() > STEP_SECONDS {
            let by = TimeDelta::milliseconds((set_by * 1e3) as i64);
            stamp.wall = stamp.wall.checked_add_signed(by).unwrap_or(now.wall);
        }
        stamp.wall = stamp.wall.min(now.wall);
        if !is_same_boot {
            stamp.boottime_seconds = now.boottime_seconds - seconds(now.wall - stamp.wall);
        }
        stamp.boottime_seconds = stamp.boottime_seconds.min(now.boottime_seconds);
    }
    if !is_same_boot {
        next.series.clear();
    }
    if is_same_boot {
        next.spacing.add(gap);
    }
    if !is_same_boot || (is_gap && gap >= LOST_SECONDS) {
        next.alerts.values_mut().for_each(forget_spans);
        next.usual_rises.clear();
        next.last = None;
    }
}

fn seconds(span: TimeDelta) -> f64 {
    span.num_milliseconds() as f64 / 1e3
}

/// Restarts running spans; open incidents stay open.
pub(super) fn forget_spans(alert: &mut Alert) {
    alert.warning_since = None;
    alert.critical_since = None;
    alert.clear_since = None;
    alert.nodata_since = None;
    alert.breaches = Breaches::default();
    match alert.lifecycle {
        Lifecycle::Pending => {
            alert.lifecycle = Lifecycle::Ok;
            alert.since = None;
        }
        Lifecycle::Recovering => alert.lifecycle = Lifecycle::Firing,
        Lifecycle::Ok | Lifecycle::Firing => {}
    }
}

/// Excludes a number of seconds from running spans.
pub(super) fn leave_out(alert: &mut Alert, seconds: f64) {
    let Alert { warning_since, critical_since, clear_since, nodata_since, .. } = alert;
    let counted = [warning_since, critical_since, clear_since, nodata_since];
    for stamp in counted.into_iter().flatten() {
        *stamp = later(*stamp, seconds);
    }
}

fn later(stamp: Stamp, seconds: f64) -> Stamp {
    let by = TimeDelta::milliseconds((seconds * 1e3) as i64);
    Stamp {
        wall: stamp.wall.checked_add_signed(by).unwrap_or(stamp.wall),
        boottime_seconds: stamp.boottime_seconds + seconds,
    }
}
