//! Tables and texts that several commands print.

pub mod consumers;
pub mod findings;
pub mod silences;
pub mod snapshot;
