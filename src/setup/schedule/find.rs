//! Finds the schedules that run osmon.

use super::found::Found;
use super::host::Host;
use super::{cron, timer};
use anyhow::Result;

/// Everything that runs osmon: crontab lines and enabled timers, of this user and of the host.
///
/// # Errors
/// When a crontab cannot be read.
pub fn find(host: &Host) -> Result<Vec<Found>> {
    let mut found = find_own(host)?;
    // A normal user may not read all of the host's.
    found.extend(host.whole().and_then(|whole| find_own(&whole).ok()).unwrap_or_default());
    Ok(found)
}

/// Like [`find`], but only of this user; root's schedules are those of the host.
///
/// # Errors
/// As [`find`].
pub fn find_own(host: &Host) -> Result<Vec<Found>> {
    let mut found = cron::find(host)?;
    found.extend(timer::find(host));
    Ok(found)
}
