//! Issues of the configuration, each with the place to fix.

use std::fmt;

/// Start of the place of a setting that comes from the environment.
pub const VARIABLE: &str = "environment variable ";

/// An error or a warning about the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigIssue {
    /// Location: `/etc/osmon/osmon.toml:12:3`, an environment variable, or `default`.
    pub place: String,
    /// Path of the key; empty if the issue concerns no single key.
    pub path: Vec<String>,
    /// Description of the problem and its solution.
    pub message: String,
}

impl ConfigIssue {
    /// An issue of a key whose place is found later.
    pub fn at(path: &[&str], message: impl Into<String>) -> Self {
        let path = path.iter().map(ToString::to_string).collect();
        Self { place: String::new(), path, message: message.into() }
    }

    /// The environment variable it comes from.
    pub fn variable(&self) -> Option<&str> {
        self.place.strip_prefix(VARIABLE)
    }
}

impl fmt::Display for ConfigIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path.join("."))?;
        }
        f.write_str(&self.message)
    }
}
