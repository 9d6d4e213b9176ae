//! What knows nothing of osmon: files, locks, clocks, units, text, subprocesses.

pub mod ahead;
pub mod bounded;
pub mod clock;
pub mod fault;
pub mod file;
pub mod lock;
pub mod net;
pub mod similar;
pub mod subprocess;
pub mod text;
pub mod timex;
pub mod units;
pub mod when;
