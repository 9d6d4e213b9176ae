//! Lint of `[process.NAME]` and `[freshness.NAME]`: entries that find nothing.

use super::issue::ConfigIssue;
use super::lint_heal::program_problem;
use super::settings::Probe;
use super::watched::{FreshnessSource, WatchedFreshness};
use std::path::Path;

/// All warnings, without their locations.
pub fn check(probe: &Probe) -> Vec<ConfigIssue> {
    let freshness = probe.freshness.iter().filter_map(|entry| {
        let (key, message) = of_freshness(entry)?;
        Some(ConfigIssue::at(&["freshness", &entry.name, key], message))
    });
    freshness.collect()
}

fn of_freshness(entry: &WatchedFreshness) -> Option<(&'static str, String)> {
    match &entry.source {
        FreshnessSource::Command { command, .. } => program_problem(command.first()?),
        FreshnessSource::Path { path, .. } => {
            let directory = Path::new(path).parent().filter(|directory| !directory.is_dir())?;
            Some(("path", format!("there is no directory {}", directory.display())))
        }
    }
}
