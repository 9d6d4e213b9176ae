//! Building blocks that know nothing of osmon: files, locks, clocks, units, text, subprocesses, network.

pub mod bounded;
pub mod clock;
pub mod clock_sync;
pub mod error_kind;
pub mod file;
pub mod group;
pub mod html;
pub mod identity;
pub mod local_time;
pub mod lock;
pub mod net;
pub mod parse_future;
pub mod parse_past;
pub mod pidfd;
pub mod redact;
pub mod sort;
pub mod subprocess;
pub mod suggestion;
pub mod system_directories;
pub mod text;
pub mod units;
