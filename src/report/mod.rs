//! The page: series → charts → templates → one self-contained `report.html`.

mod backend;
mod chart;
mod charts;
mod happened;
mod page;
pub mod series;
mod spark;
mod tiles;
mod view;

pub use page::render;
pub use series::Series;

use crate::model::event::Event;
use crate::model::incident::Incident;
use crate::model::mark::Mark;
use chrono::{DateTime, Utc};

/// Everything the page is made of.
#[derive(Debug)]
pub struct Input {
    /// Host name, or the title from the configuration.
    pub title: String,
    /// When the page is made.
    pub now: DateTime<Utc>,
    /// The newest snapshot, JSON.
    pub snapshot: Option<String>,
    /// The newest record of the `processes` stream, JSON.
    pub processes: Option<String>,
    /// Open incidents, the most urgent first.
    pub open: Vec<Incident>,
    /// What could not be measured though every host has it.
    pub unmeasured: Vec<String>,
    /// Events, the newest first.
    pub events: Vec<Event>,
    /// Marks: what happened to the clock and the machine, and notes.
    pub marks: Vec<Mark>,
    /// History of the metrics that are drawn.
    pub series: Series,
    /// The first day of which there are snapshots, UTC.
    pub history_since: Option<String>,
    /// What is wrong with osmon itself: configuration, damaged lines.
    pub problems: Vec<String>,
    /// Nobody gets mail.
    pub nobody_told: bool,
}
