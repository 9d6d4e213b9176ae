//! Looks at a host for a set-up: services worth watching, ways to send mail, the root of a web server.

pub mod mail;
pub mod services;
pub mod web;

use crate::base::file::read_at_most;
use std::path::Path;

/// Configuration files are read up to this size, in bytes.
const FILE_MAX: u64 = 1024 * 1024;

/// Reads a text file below the root of a host; empty when it cannot be read.
fn text(base: &Path, file: &str) -> String {
    let content = read_at_most(&base.join(file.trim_start_matches('/')), FILE_MAX).unwrap_or_default();
    String::from_utf8_lossy(&content).into_owned()
}

/// Returns whether a file exists below the root of a host.
fn exists(base: &Path, file: &str) -> bool {
    base.join(file.trim_start_matches('/')).exists()
}
