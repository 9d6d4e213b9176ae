//! Locks of a run: keep two runs apart, and select the data directory or its fallback in memory.

use crate::base::lock::Lock;
use crate::context::Context;
use crate::pipeline::{detect, fallback_store, overlap};
use anyhow::Result;
use std::io;
use std::time::Duration;

/// Wait for another writer (a repair, a rebuild, a manual probe) before this run is skipped. Another run is not waited
/// for: it holds the run lock.
pub const LOCK_PATIENCE: Duration = Duration::from_millis(2500);
/// Without a terminal, a run that starts within this time after the last one counts as simultaneous, in seconds.
const SAME_MOMENT_SECONDS: f64 = 1.0;

/// Context and locks of a run.
pub struct Place {
    /// The data directory, or its fallback in memory.
    pub context: Context,
    /// Held while the run writes; `None` when nothing can be written.
    pub store_lock: Option<Lock>,
    /// Held until the run is over; `None` when the lock file cannot be created.
    pub run_lock: Option<Lock>,
    /// Why the data directory cannot be written.
    pub failure: Option<anyhow::Error>,
}

/// Another run holds the run lock.
struct Taken;

/// Takes the locks of a run. Returns `None` when another run is at work, which is counted, or was started
/// simultaneously.
///
/// # Errors
/// When the skipped run cannot be counted, or no lock can be taken.
pub fn acquire(home: Context) -> Result<Option<Place>> {
    let Ok(run_lock) = run_lock(&home) else { return busy(&home) };
    let place = match home.store.try_lock(LOCK_PATIENCE) {
        Ok(Some(lock)) if home.store.is_writable() => match fallback_store::leave(&home) {
            Ok(()) => Some(Place { context: home, store_lock: Some(lock), run_lock, failure: None }),
            // The newest state and the queued alerts are still in memory.
            Err(error) => fall_back(&home, run_lock, error)?,
        },
        Ok(None) => return busy(&home),
        Ok(Some(_)) => fall_back(&home, run_lock, io::Error::from(io::ErrorKind::ReadOnlyFilesystem).into())?,
        Err(error) => fall_back(&home, run_lock, error)?,
    };
    Ok(place.filter(|place| !is_same_moment(&place.context)))
}

/// Returns whether another of several simultaneous runs has already finished.
fn is_same_moment(context: &Context) -> bool {
    let is_by_hand = context.out.is_shown() || context.out.json;
    let age = detect::last_judged(context).map(|last| context.now.boottime_seconds - last.boottime_seconds);
    !is_by_hand && age.is_some_and(|age| age.abs() < SAME_MOMENT_SECONDS)
}

/// The run lock; `None` when its file cannot be created.
fn run_lock(context: &Context) -> Result<Option<Lock>, Taken> {
    match context.store.try_turn() {
        Ok(None) => Err(Taken),
        Ok(lock) => Ok(lock),
        Err(_) => Ok(None),
    }
}

/// Continues in memory, or without writing, when the data directory cannot be written.
fn fall_back(home: &Context, home_lock: Option<Lock>, error: anyhow::Error) -> Result<Option<Place>> {
    let Some(context) = fallback_store::enter(home) else {
        complain(home, &error, "nothing is kept");
        return Ok(Some(Place { context: home.clone(), store_lock: None, run_lock: home_lock, failure: Some(error) }));
    };
    let (run_lock, store_lock) = match run_lock(&context) {
        Ok(lock) => (lock, context.store.try_lock(LOCK_PATIENCE)?),
        Err(Taken) => (None, None),
    };
    if store_lock.is_none() {
        return busy(&context);
    }
    complain(home, &error, &format!("history is kept in {} until it can", context.store.directory().display()));
    Ok(Some(Place { context, store_lock, run_lock: run_lock.or(home_lock), failure: Some(error) }))
}

fn complain(home: &Context, error: &anyhow::Error, instead: &str) {
    let directory = home.store.directory().display();
    home.out.warn(&format!("the data directory {directory} cannot be written ({error:#}); {instead}"));
}

/// Counts and skips this run because another one is at work.
fn busy(context: &Context) -> Result<Option<Place>> {
    context.out.info("another osmon run is still in progress; this one is skipped");
    overlap::count(context)?;
    Ok(None)
}
