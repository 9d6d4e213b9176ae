//! Errors whose kind decides the exit code.

use std::fmt;

/// A failure with a kind; the text says what, where, why and what to do next, in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command line makes no sense (`EX_USAGE`).
    Usage(String),
    /// Input that was read is damaged or not what it claims to be (`EX_DATAERR`).
    BadData(String),
    /// A file or directory could not be made (`EX_CANTCREAT`).
    CannotCreate(String),
    /// Somebody else is at work; the same call may succeed later (`EX_TEMPFAIL`).
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
