//! What would be removed.

use super::data::Data;
use super::installed::Installed;
use crate::setup::schedule::Found;
use std::path::PathBuf;

/// What there is of osmon on this host, for this user.
#[derive(Debug)]
pub struct Plan {
    /// What runs it.
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
