//! The wrong keys of one section, collected so that all are reported at once.

use super::issue::{ConfigIssue, is_hidden};

/// A wrong key of a section, and what is wrong with it.
pub type KeyError = (&'static str, String);

/// The wrong keys of one section. Each may come with other keys that take part in the error.
#[derive(Debug, Default)]
pub struct KeyErrors(Vec<(KeyError, &'static [&'static str])>);

impl KeyErrors {
    /// Adds an error of a single key.
    pub fn add(&mut self, key: &'static str, message: impl Into<String>) {
        self.related(key, &[], message);
    }

    /// Adds an error that depends on the values of `with`: it is left out when one of these is itself reported as wrong.
    pub fn related(&mut self, key: &'static str, with: &'static [&'static str], message: impl Into<String>) {
        self.0.push(((key, message.into()), with));
    }

    /// The value of a result; its error is collected.
    pub fn take<T>(&mut self, result: Result<T, KeyError>) -> Option<T> {
        self.take_related(&[], result)
    }

    /// The value of a result; its error is collected like one of [`Self::related`].
    pub fn take_related<T>(&mut self, with: &'static [&'static str], result: Result<T, KeyError>) -> Option<T> {
        result.map_err(|error| self.0.push((error, with))).ok()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reports the errors of the section at a path. What only follows from an earlier issue is left out.
    pub fn report(self, section: &[&str], issues: &mut Vec<ConfigIssue>) {
        let earlier = issues.len();
        for ((key, message), with) in self.0 {
            let at = |key| [section, &[key]].concat();
            let known = issues.get(..earlier).unwrap_or_default();
            if !with.iter().any(|key| is_hidden(known, &at(key))) {
                issues.push(ConfigIssue::at(&at(key), message));
            }
        }
    }
}
