//! Text formats in which other systems take metrics. Pure functions on model types.

pub mod csv;
pub mod influx;
pub mod number;
pub mod openmetrics;
pub mod perfdata;
pub mod series;
