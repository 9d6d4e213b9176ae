//! The detector of `unusual` rules: tells, from what a series did before, whether it does something unlike that now.
//!
//! Values are averaged in groups of five minutes. Three things are watched: an hour beyond all but one of the last 14
//! days; five minutes beyond everything in eight weeks; an hour unlike this time of day. Each series is remembered in
//! about 200 numbers, which know nothing of the rules: several rules may ask the same series with other floors. Pure: the
//! time is an argument, in seconds of the host's local time.

mod buckets;
mod group;
mod hour_band;
mod learned;
mod packed;
mod series;
mod sighting;

pub use buckets::Edges;
pub use group::{GROUP_SECONDS, Group, Groups, LEARN};
pub use learned::Learned;
pub use series::{Closed, Series};
pub use sighting::{Finding, Sighting, Watch};

/// Groups without a breach until an incident is over.
pub const QUIET: u32 = 40;

#[cfg(test)]
mod tests;
