//! What keeps the history small and quick to read, done by each run (see `store::upkeep`).

use super::here::Here;
use crate::base::clock::boottime_seconds;
use crate::store::upkeep::Upkeep;
use anyhow::Result;

/// So long a run goes on closing days, in seconds; what is left is for the next one.
const PATIENCE_SECONDS: f64 = 4.0;

/// Closes finished hours and days. The lock is held.
pub fn keep_up(here: &Here) -> Result<Upkeep> {
    let started = boottime_seconds();
    here.store.upkeep(here.now.wall, &here.root.boot_id(), &|| boottime_seconds() - started > PATIENCE_SECONDS)
}
