//! Text formats for other monitoring systems. Pure functions on model types.

pub mod csv;
pub mod influx;
pub mod number;
pub mod openmetrics;
pub mod perfdata;
pub mod series;
