//! What knows nothing of osmon: files, locks, clocks, units, text, subprocesses.

pub mod bounded;
pub mod clock;
pub mod error_kind;
pub mod file;
pub mod html;
pub mod lock;
pub mod net;
pub mod parse_future;
pub mod parse_past;
pub mod redact;
pub mod similar;
pub mod subprocess;
pub mod text;
pub mod timex;
pub mod units;
