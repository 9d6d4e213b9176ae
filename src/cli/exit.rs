//! Exit codes: an interface, so one list for the code, the help and the documentation.

use crate::base::error_kind::ErrorKind;
use std::io;

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done; for the commands that judge the host: all is well.
    Done = 0,
    /// The host: something to look at today.
    Warning = 1,
    /// The host: something to look at now.
    Critical = 2,
    /// The host: nothing can be said, because the data is old, missing or the command failed.
    Unknown = 3,
    /// The command line makes no sense (`EX_USAGE` of sysexits.h, as those below).
    Usage = 64,
    /// Input is damaged or not what it claims to be.
    BadData = 65,
    /// An error in osmon itself.
    Internal = 70,
    /// A file or directory could not be made.
    CannotCreate = 73,
    /// Reading, writing or sending failed.
    Io = 74,
    /// Somebody else is at work: try again.
    TryAgain = 75,
    /// Not allowed.
    Permission = 77,
    /// The configuration is wrong.
    Configuration = 78,
}

/// The codes of failures, in order.
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
    /// What help and documentation say of it.
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

    /// The code for an error, by the first cause that has a kind.
    pub fn of(error: &anyhow::Error) -> Self {
        for cause in error.chain() {
            if let Some(fault) = cause.downcast_ref::<ErrorKind>() {
                return match fault {
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
