//! Tables and texts that several commands print.

pub mod beyond;
pub mod consumers;
pub mod findings;
pub mod heal;
pub mod health;
pub mod schedule;
pub mod silences;
pub mod snapshot;
