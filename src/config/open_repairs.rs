//! Repairs and commands in a configuration file that everybody can change.

use super::issue::ConfigIssue;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use toml::{Table, Value};

/// Write permission of everybody.
const WRITABLE: u32 = 0o002;

/// An error when a file that everybody can write says what is to be done to the host, without its location.
pub fn open_repairs(path: &Path, given: &Table) -> Option<ConfigIssue> {
    let section = given.get("heal").and_then(Value::as_table)?;
    let message =
        || format!("everybody can write this file, and so decide what is repaired; chmod o-w {}", path.display());
    (section.values().any(Value::is_table) && is_open(path)).then(|| ConfigIssue::at(&["heal"], message()))
}

/// An error when a file that everybody can write names a command to run, without its location.
pub fn open_commands(path: &Path, given: &Table) -> Option<ConfigIssue> {
    let section = given.get("freshness").and_then(Value::as_table)?;
    let (name, _) = section.iter().find(|(_, entry)| entry.get("command").is_some())?;
    let message = || format!("everybody can write this file, and so decide what is run; chmod o-w {}", path.display());
    is_open(path).then(|| ConfigIssue::at(&["freshness", name, "command"], message()))
}

fn is_open(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.permissions().mode() & WRITABLE != 0)
}
