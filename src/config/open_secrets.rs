//! Secrets in a configuration file that others can read.

use super::issue::ConfigIssue;
use super::schema::flatten;
use super::secret::is_secret;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use toml::{Table, Value};

/// Permission bits of other users.
const OTHERS: u32 = 0o007;

/// The secrets among the settings of a file that others can read, without their locations.
pub fn open_secrets(path: &Path, given: &Table) -> Vec<ConfigIssue> {
    let mut all = Vec::new();
    if path.metadata().is_ok_and(|meta| meta.permissions().mode() & OTHERS != 0) {
        flatten(given, &[], &mut all);
    }
    let is_set = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let secrets = all.into_iter().filter(|(keys, value)| is_secret(keys) && is_set(value));
    let message = format!("is a secret, and others can read this file; chmod 600 {}", path.display());
    secrets.map(|(path, _)| ConfigIssue { path, message: message.clone(), ..ConfigIssue::default() }).collect()
}
