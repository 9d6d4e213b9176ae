//! Common parts of all commands: options, exit codes, output and dispatch.

mod command;
pub mod common;
mod dispatch;
pub mod exit;
mod external;
mod log_throttle;
pub mod output;
mod parser;
pub mod progress;
pub mod table;

pub use command::{Call, Command, Group};
pub use common::Common;
pub use dispatch::{run_all, run_one};
pub use exit::Exit;
pub use output::Output;
pub use parser::parser;
