//! Gathers what the page shows from the store, the state and the configuration.

pub mod coverage;
pub mod gather;
pub mod limits;
pub mod long_ranges;
pub mod series;
pub mod status_bars;
pub mod watched_services;
