//! The data of the page, gathered by `report::input` and rendered by `report::page`.

use crate::alert::DeliveryProblem;
use crate::model::annotation::Annotation;
use crate::model::event::Event;
use crate::query::actions::Repair;
use crate::query::health::Health;
use crate::query::notified::Notified;
use crate::query::watch::Watch;
use crate::report::chart::range_charts::RangeCharts;
use crate::report::chart::series::Series;
use crate::report::page::consumers::Who;
use crate::report::page::options::PageOptions;
use crate::report::page::outlook::Outlook;
use crate::report::page::status_bars::Bars;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// Everything the page shows.
#[derive(Debug)]
pub struct PageData {
    /// Host name, or the title from the configuration.
    pub title: String,
    /// Time at which the page is rendered.
    pub now: DateTime<Utc>,
    /// The `[report]` options.
    pub options: PageOptions,
    /// The newest snapshot; null if there is none.
    pub snapshot: Value,
    /// The newest record of the `processes` stream; null if there is none.
    pub processes: Value,
    /// The health of the host, with the open incidents.
    pub health: Health,
    /// The rules on the newest snapshot.
    pub watch: Watch,
    /// Age of the oldest record, in seconds.
    pub age_seconds: f64,
    /// Events of incidents, newest first.
    pub events: Vec<Event>,
    /// Annotations: changes of clock and machine, and notes; newest first.
    pub marks: Vec<Annotation>,
    /// Repairs, newest first.
    pub repairs: Vec<Repair>,
    /// Samples of the last hour, for the tiles.
    pub hour: Series,
    /// The drawn ranges, shortest first.
    pub ranges: Vec<RangeCharts>,
    /// A range of a day is shown once the history is long enough.
    pub has_day_later: bool,
    /// Identifier of the range selected first.
    pub first_range: &'static str,
    /// Usual values, and forecasts of full disks.
    pub outlook: Outlook,
    /// Status bars of the last 90 days.
    pub days: Bars,
    /// Consumers of the host, by range.
    pub who: Vec<Who>,
    /// Number of snapshots in the last 24 hours; `None`: not counted.
    pub snapshots: Option<u64>,
    /// The first recorded day, UTC.
    pub history_since: Option<String>,
    /// Size of the history on disk, in bytes.
    pub stored_bytes: u64,
    /// CPU time spent on this page before rendering, in milliseconds.
    pub cost_ms: f64,
    /// Recipients notified of the open incidents.
    pub notified: Notified,
    /// Names of the rules that forecast.
    pub forecast_rules: Vec<String>,
    /// Problems of the delivery of alerts.
    pub delivery: Vec<DeliveryProblem>,
    /// Problems of osmon itself: configuration, damaged lines.
    pub problems: Vec<String>,
    /// No recipient of alerts is configured.
    pub no_recipient: bool,
}
