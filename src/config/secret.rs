//! Secrets: in a file, in the environment, from systemd, or in a configuration file that others cannot read.

use crate::base::file::read_at_most;
use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Longest secret file that is read, in bytes.
const FILE_MAX: u64 = 64 * 1024;
/// Permission bits of other users.
const OTHERS: u32 = 0o007;

/// Location of a secret. The first of the three that is set is used.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret {
    /// The secret itself.
    pub text: String,
    /// File whose first line is the secret; a name without a slash is a systemd credential.
    pub file: String,
    /// Environment variable that holds the secret.
    pub env: String,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.text.is_empty() { "" } else { "***" };
        f.debug_struct("Secret").field("text", &text).field("file", &self.file).field("env", &self.env).finish()
    }
}

impl Secret {
    /// Returns whether a secret is configured.
    pub fn is_set(&self) -> bool {
        !(self.text.is_empty() && self.file.is_empty() && self.env.is_empty())
    }

    /// Reads the secret.
    ///
    /// # Errors
    /// A reason that never contains the secret.
    pub fn read(&self) -> Result<String, String> {
        if !self.text.is_empty() {
            return Ok(self.text.clone());
        }
        if !self.file.is_empty() {
            return first_line(&self.path()?);
        }
        match std::env::var(&self.env) {
            Ok(value) if !value.trim().is_empty() => Ok(value.trim().to_string()),
            _ => Err(format!("the environment variable {} is not set", self.env)),
        }
    }

    /// Path of the file.
    fn path(&self) -> Result<PathBuf, String> {
        if self.file.contains('/') {
            return Ok(PathBuf::from(&self.file));
        }
        match std::env::var_os("CREDENTIALS_DIRECTORY") {
            Some(directory) => Ok(Path::new(&directory).join(&self.file)),
            None => Err(format!("{} is a systemd credential, and CREDENTIALS_DIRECTORY is not set", self.file)),
        }
    }

    /// Describes a problem of its file, with the command that fixes it.
    pub fn file_problem(&self) -> Option<String> {
        if self.file.is_empty() || !self.text.is_empty() {
            return None;
        }
        let path = self.path().ok()?;
        match path.metadata() {
            Err(error) => Some(format!("could not read {}: {error}", path.display())),
            Ok(meta) if meta.permissions().mode() & OTHERS != 0 => {
                Some(format!("others can read {}; chmod 600 {}", path.display(), path.display()))
            }
            Ok(_) => None,
        }
    }
}

fn first_line(path: &Path) -> Result<String, String> {
    let content =
        read_at_most(path, FILE_MAX).map_err(|error| format!("could not read {}: {error}", path.display()))?;
    let text = String::from_utf8(content).map_err(|_| format!("{} is not UTF-8 text", path.display()))?;
    match text.lines().next().map(str::trim_end) {
        Some(line) if !line.is_empty() => Ok(line.to_string()),
        _ => Err(format!("{} is empty; its first line must be the secret", path.display())),
    }
}

/// Returns whether the key at a path holds a secret.
pub fn is_secret(path: &[String]) -> bool {
    let last = path.last().map(String::as_str).unwrap_or_default();
    match path.first().map(String::as_str) {
        Some("alert") => match path.len() {
            2 => last == "webhook",
            _ => ["password", "url", "token"].contains(&last),
        },
        _ => false,
    }
}
