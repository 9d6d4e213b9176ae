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
    /// The program that stays, and whose it is.
    pub foreign_program: Option<String>,
}

impl Plan {
    /// The parts that can be removed, in words; the data only with `with_data`.
    pub fn parts(&self, with_data: bool) -> String {
        let has_files = !self.installed.files.is_empty();
        let parts = [
            (!self.schedule.is_empty()).then_some("the schedule"),
            has_files.then_some("the programs"),
            (with_data && self.has_data()).then_some("the data"),
        ];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        match parts.split_last() {
            Some((last, [])) => (*last).to_string(),
            Some((last, others)) => format!("{} and {last}", others.join(", ")),
            None => String::new(),
        }
    }

    /// Returns whether there is history, page, configuration or an account.
    pub fn has_data(&self) -> bool {
        !self.data.removed.is_empty() || self.has_account
    }
}
