//! Repairs in a configuration file that everybody can change.

use super::issue::ConfigIssue;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use toml::{Table, Value};

/// Write permission of everybody.
const WRITABLE: u32 = 0o002;

/// An error when a file that everybody can write says what is to be done to the host, without its location.
pub fn open_repairs(path: &Path, given: &Table) -> Option<ConfigIssue> {
    let section = given.get("heal").and_then(Value::as_table)?;
    let is_open = || path.metadata().is_ok_and(|meta| meta.permissions().mode() & WRITABLE != 0);
    let message =
        || format!("everybody can write this file, and so decide what is repaired; chmod o-w {}", path.display());
    (section.values().any(Value::is_table) && is_open()).then(|| ConfigIssue::at(&["heal"], message()))
}
