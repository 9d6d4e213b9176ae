//! What the page shows, gathered by `report::input` and drawn by `report::page`.

use crate::model::annotation::Annotation;
use crate::model::event::Event;
use crate::query::health::Health;
use crate::report::chart::range_charts::RangeCharts;
use crate::report::chart::series::Series;
use crate::report::page::consumers::Who;
use crate::report::page::options::PageOptions;
use crate::report::page::outlook::Outlook;
use crate::report::page::status_bars::Bars;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// Everything the page is made of.
#[derive(Debug)]
pub struct PageData {
    /// Host name, or the title from the configuration.
    pub title: String,
    /// When the page is made.
    pub now: DateTime<Utc>,
    /// How it looks.
    pub options: PageOptions,
    /// The newest snapshot; null when there is none.
    pub snapshot: Value,
    /// The newest record of the `processes` stream; null when there is none.
    pub processes: Value,
    /// The health of the host, with the open incidents.
    pub health: Health,
    /// Events, the newest first.
    pub events: Vec<Event>,
    /// Marks: what happened to the clock and the machine, and notes; the newest first.
    pub marks: Vec<Annotation>,
    /// The samples of the last hour, for the tiles.
    pub hour: Series,
    /// The charts of each range, the shortest first.
    pub ranges: Vec<RangeCharts>,
    /// Which range is seen first.
    pub first_range: &'static str,
    /// What is known of longer times: usual values, and when something will be full.
    pub outlook: Outlook,
    /// The last 90 days.
    pub days: Bars,
    /// Who used the host, by range.
    pub who: Vec<Who>,
    /// How many snapshots there are of the last 24 hours; `None`: it was not counted.
    pub snapshots: Option<u64>,
    /// The first day of which there is history, UTC.
    pub history_since: Option<String>,
    /// What the history takes on the disk.
    pub stored_bytes: u64,
    /// CPU time that went into this page before it was put together, in milliseconds.
    pub cost_ms: f64,
    /// What is wrong with osmon itself: configuration, damaged lines.
    pub problems: Vec<String>,
    /// Nobody gets mail.
    pub nobody_told: bool,
}
