//! The plan of a removal.

use super::data::Data;
use super::installed::Installed;
use crate::setup::schedule::Found;
use std::path::PathBuf;

/// Everything of osmon that this user has on this host.
#[derive(Debug)]
pub struct Plan {
    /// The crontab lines and timers that run it.
    pub schedule: Vec<Found>,
    /// Its files; empty when they belong to a package or were not installed.
    pub installed: Installed,
    /// Files in memory of a run that could not write to its data directory.
    pub memory: Option<PathBuf>,
    /// The data directory, whose running minute is waited for.
    pub data_directory: PathBuf,
    /// History, state, page and configuration.
    pub data: Data,
    /// The user and group `osmon` exist.
    pub has_account: bool,
}
