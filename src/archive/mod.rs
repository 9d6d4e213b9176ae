//! Backup and restore: a `tar.gz` of the data directory whose last member is a manifest of checksums.
//!
//! The manifest is last, so that each file is read once; a truncated archive has none and is refused.

mod extension;
mod keep;
mod manifest;
mod pack;
mod restoring;
mod source;
mod unpack;

pub use keep::{carry_over, own};
pub use manifest::Manifest;
pub use pack::{Packed, pack};
pub use restoring::{Restoring, free_name, recover, with_ending};
pub use source::Source;
pub use unpack::{unpack, verify};
