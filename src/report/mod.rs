//! The report: `input` gathers the data, `chart` draws, `page` renders one self-contained `report.html`.

pub mod chart;
pub mod input;
pub mod page;
