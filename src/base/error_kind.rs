//! Errors with a kind that decides the exit code.

use std::fmt;

/// A failure of a known kind. The text is one line: what failed, where, why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// Wrong command line (`EX_USAGE`).
    Usage(String),
    /// Input is damaged or of the wrong kind (`EX_DATAERR`).
    BadData(String),
    /// A file or directory could not be created (`EX_CANTCREAT`).
    CannotCreate(String),
    /// Another process holds the lock; a later call may succeed (`EX_TEMPFAIL`).
    Busy(String),
    /// The configuration is wrong (`EX_CONFIG`).
    Configuration(String),
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text)
            | Self::BadData(text)
            | Self::CannotCreate(text)
            | Self::Busy(text)
            | Self::Configuration(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for ErrorKind {}
