//! Exit codes. They are an interface: code, help and documentation share this list.

use crate::base::error_kind::ErrorKind;
use std::io;

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Success; of commands that judge the host: OK.
    Done = 0,
    /// The host needs attention today.
    Warning = 1,
    /// The host needs attention now.
    Critical = 2,
    /// The state of the host is unknown: data is old or missing, or the command failed.
    Unknown = 3,
    /// Wrong command line (`EX_USAGE` of sysexits.h, like the following).
    Usage = 64,
    /// Input is damaged or of the wrong kind.
    BadData = 65,
    /// An error in osmon itself.
    Internal = 70,
    /// A file or directory could not be created.
    CannotCreate = 73,
    /// Reading, writing or sending failed.
    Io = 74,
    /// Another process holds the lock: try again.
    TryAgain = 75,
    /// Permission denied.
    Permission = 77,
    /// The configuration is wrong.
    Configuration = 78,
}

/// Exit codes of failures, in ascending order.
pub const FAILURES: [Exit; 8] = [
    Exit::Usage,
    Exit::BadData,
    Exit::Internal,
    Exit::CannotCreate,
    Exit::Io,
    Exit::TryAgain,
    Exit::Permission,
    Exit::Configuration,
];

impl Exit {
    /// Its description in help and documentation.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Warning => "WARNING: look at it today",
            Self::Critical => "CRITICAL: look at it now",
            Self::Unknown => "UNKNOWN: data old or missing, or the command failed",
            Self::Usage => "usage",
            Self::BadData => "bad data",
            Self::Internal => "internal error",
            Self::CannotCreate => "cannot create",
            Self::Io => "input/output",
            Self::TryAgain => "try again (busy)",
            Self::Permission => "permission",
            Self::Configuration => "configuration",
        }
    }

    /// The exit code of an error, from its first cause that has a kind.
    pub fn from_error(error: &anyhow::Error) -> Self {
        for cause in error.chain() {
            if let Some(kind) = cause.downcast_ref::<ErrorKind>() {
                return match kind {
                    ErrorKind::Usage(_) => Self::Usage,
                    ErrorKind::BadData(_) => Self::BadData,
                    ErrorKind::CannotCreate(_) => Self::CannotCreate,
                    ErrorKind::Busy(_) => Self::TryAgain,
                    ErrorKind::Configuration(_) => Self::Configuration,
                };
            }
            if let Some(error) = cause.downcast_ref::<io::Error>() {
                return if error.kind() == io::ErrorKind::PermissionDenied { Self::Permission } else { Self::Io };
            }
        }
        Self::Internal
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
