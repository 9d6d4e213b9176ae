//! Backup and restore: a `tar.gz` of the data directory whose last member is a manifest of checksums.
//!
//! The manifest is last, so that each file is read once; a truncated archive has none and is refused.

mod extension;
mod manifest;
mod pack;
mod source;
mod swap;
mod unpack;

pub use manifest::Manifest;
pub use pack::{Packed, pack};
pub use source::Source;
pub use swap::swap;
pub use unpack::{unpack, verify};
