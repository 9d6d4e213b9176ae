//! Setting osmon up on a host: what runs it.

pub mod schedule;
