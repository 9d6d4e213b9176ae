//! Charts: series of points to SVG and PNG.

pub mod anchor;
pub mod axis;
pub mod backend;
pub mod band;
pub mod chart_catalog;
pub mod column;
pub mod flat;
pub mod frame;
pub mod layout;
pub mod limits;
pub mod metric_title;
pub mod overlay;
pub mod palette;
pub mod pixel;
pub mod plot;
pub mod range;
pub mod range_charts;
pub mod series;
pub mod single;
pub mod single_png;
pub mod single_svg;
pub mod spark;
pub mod spec;
pub mod stack;
pub mod unit;
