//! Remembers what failed in a run, for the status.

use crate::context::Context;
use crate::query::failed_run::{FailedRun, STATE};

/// A step that failed, as the status names it; a delivery has a line of its own.
pub fn line(step: &str, error: &anyhow::Error) -> Option<String> {
    let text = format!("{error:#}");
    match step {
        "send" => None,
        "ping" => Some(format!("ping_url: {}", text.trim_start_matches("ping_url "))),
        _ => Some(format!("{step}: {text}")),
    }
}

/// Keeps what failed in this run, or forgets the failed run before it. The caller holds the lock. An error in doing so is ignored.
pub fn keep(context: &Context, failed: &[String]) {
    let _ = match FailedRun::new(context.now.wall, failed) {
        Some(run) => context.store.with_reserve(|| context.store.save_state(STATE, &run)),
        None => context.store.remove_state(STATE),
    };
}
