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
    /// Line and column of the place, from 1, if it is in a file.
    pub position: Option<(u32, u32)>,
    /// The key that was probably meant.
    pub meant: Option<Box<str>>,
    /// Paths of keys that are set to something unknown because of it, besides its own.
    pub hidden: Box<[Vec<String>]>,
    /// It is about a metric that does not exist; `optional = true` would do.
    pub is_unmeasured: bool,
}

impl ConfigIssue {
    /// An issue of a key whose place is found later.
    pub fn at(path: &[&str], message: impl Into<String>) -> Self {
        let path = path.iter().map(ToString::to_string).collect();
        Self { path, message: message.into(), ..Self::default() }
    }

    /// The file it is in.
    pub fn file(&self) -> Option<&str> {
        let (line, column) = self.position?;
        self.place.strip_suffix(&format!(":{line}:{column}"))
    }

    /// Returns whether it makes the value at a path unknown: it is about that key or a section around it, or that key was
    /// meant.
    fn hides(&self, path: &[&str]) -> bool {
        let own = &self.path;
        let is_above = !own.is_empty() && own.len() <= path.len() && own.iter().zip(path).all(|(a, b)| a == b);
        is_above || self.hidden.iter().any(|hidden| hidden == path)
    }

    /// The environment variable it comes from.
    pub fn variable(&self) -> Option<&str> {
        self.place.strip_prefix(VARIABLE)
    }
}

/// Returns whether an issue makes the value at a path unknown. What follows from that is not worth a report of its own.
pub fn is_hidden(issues: &[ConfigIssue], path: &[&str]) -> bool {
    issues.iter().any(|issue| issue.hides(path))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_hides_its_key_what_is_below_and_what_was_meant() {
        let meant = ["alert", "smtp", "host"].map(str::to_string).to_vec();
        let issue = ConfigIssue { hidden: Box::new([meant]), ..ConfigIssue::at(&["alert", "smpt"], "") };
        for (path, expected) in [
            (&["alert", "smpt", "host"][..], true),
            (&["alert", "smtp", "host"], true),
            (&["alert", "smtp", "user"], false),
            (&["alert"], false),
        ] {
            assert_eq!(is_hidden(std::slice::from_ref(&issue), path), expected, "{path:?}");
        }
        assert!(!is_hidden(&[ConfigIssue::default()], &["alert"]), "an issue of no key hides nothing");
    }
}
