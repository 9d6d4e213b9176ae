//! A tile: the worst of the values that it may show, with its state, its last hour and the way to its chart.

use crate::base::units::short;
use crate::model::incident::Severity;
use crate::model::locale::{Locale, key};
use crate::model::metric::SeriesKey;
use crate::query::watch::Level;
use crate::report::chart::anchor::anchor;
use crate::report::chart::spark::{self, Spark};
use crate::report::page::data::PageData;
use serde_json::Value;

/// A tile.
pub struct Tile {
    /// Label.
    pub label: String,
    /// Value without unit.
    pub value: String,
    /// Unit; may be empty.
    pub unit: String,
    /// Text below the value; may be empty.
    pub note: String,
    /// The note reports something unusual.
    pub is_unusual: bool,
    /// `ok`, `warn`, `bad`, or `plain` where no rule judges the value or it is unknown.
    pub state: &'static str,
    /// Pending or recovering: the colour of the state is shown, not that of its value.
    pub is_outlined: bool,
    /// The state as a word; empty for `ok` and `plain`.
    pub word: String,
    /// The last hour; `None`: nothing to draw.
    pub spark: Option<Spark>,
    /// Lowest and highest value of the last hour; empty without a line.
    pub range: String,
    /// Address of its chart or table on the page; empty: none.
    pub link: String,
}

/// A value that a tile may show.
pub struct Candidate {
    /// Label.
    pub label: String,
    /// `None`: not measured.
    pub value: Option<f64>,
    /// Unit; may be empty.
    pub unit: &'static str,
    /// The metric.
    pub series: SeriesKey,
    /// Text below the value; may be empty.
    pub note: String,
    /// The note reports something unusual.
    pub is_unusual: bool,
    /// Title of its chart, in English.
    pub chart: &'static str,
}

/// Makes tiles.
pub struct Maker<'a> {
    /// The data of the page.
    pub input: &'a PageData,
    /// The newest snapshot.
    pub snapshot: &'a Value,
    /// The language of the page.
    pub locale: Locale,
}

impl Tile {
    /// Takes back every judgement: the health of the host is unknown.
    pub fn neutralise(&mut self) {
        self.state = "plain";
        self.is_outlined = false;
        self.word.clear();
    }

    /// The state for readers who do not see colours, where it is not written.
    pub fn hidden_word(&self, locale: Locale) -> &'static str {
        if self.state == "ok" { locale.text(key::STATE_HEALTHY) } else { "" }
    }
}

impl Maker<'_> {
    /// A number of the snapshot.
    pub fn number(&self, path: &str) -> Option<f64> {
        self.snapshot.pointer(path).and_then(Value::as_f64)
    }

    /// The tile of the worst candidate, of equals the first. What no rule judges is not green, nor is what was not measured.
    pub fn tile(&self, candidates: Vec<Candidate>) -> Option<Tile> {
        let level = |candidate: &Candidate| self.input.watch.level(&candidate.series);
        // `max_by` takes the last of equals.
        let urgency = |candidate: &Candidate| Some(level(candidate)).filter(|level| *level >= Level::Pending);
        let shown = candidates.into_iter().rev().max_by(|a, b| urgency(a).cmp(&urgency(b)))?;
        let level = if shown.value.is_none() { Level::Unwatched } else { self.level(&shown) };
        let end = self.input.now.timestamp() as f64;
        let label = shown.series.labels.first().map_or("", |(_, value)| value.as_str());
        let usual = self.input.outlook.usual.get(&shown.series.name).copied();
        let spark = spark::of(self.input.hour.one(&shown.series.name, label), end, usual);
        let note = match shown.value {
            Some(_) => shown.note,
            None if self.is_first_run() => self.locale.text(key::TILE_NEXT_RUN).to_string(),
            None => self.locale.text(key::TILE_NOT_MEASURED).to_string(),
        };
        Some(Tile {
            label: shown.label,
            value: shown.value.map_or_else(|| "–".to_string(), |value| self.locale.short(value)),
            unit: if shown.value.is_some() { shown.unit.to_string() } else { String::new() },
            note,
            is_unusual: shown.is_unusual,
            range: spark.as_ref().map(|spark| self.range_of(spark, shown.unit)).unwrap_or_default(),
            spark,
            link: self.chart(shown.chart),
            ..self.judged(level)
        })
    }

    /// The level of a value; the load of the last minute is watched where that of fifteen minutes is.
    fn level(&self, shown: &Candidate) -> Level {
        let level = |name: &str| self.input.watch.level(&SeriesKey::new(name, Vec::new()));
        match self.input.watch.level(&shown.series) {
            Level::Unwatched if shown.series.name == "load.one_per_core" => {
                level("load.fifteen_per_core").max(level("load.five_per_core")).min(Level::Fine)
            }
            level => level,
        }
    }

    /// A tile with nothing but its state.
    pub fn judged(&self, level: Level) -> Tile {
        let class = |severity: Severity| match severity {
            Severity::Warning => ("warn", key::STATE_WARNING),
            Severity::Critical => ("bad", key::STATE_CRITICAL),
        };
        let (state, word) = match level {
            Level::Unwatched => ("plain", None),
            Level::Fine => ("ok", None),
            Level::Pending => ("warn", Some(key::STATE_PENDING)),
            Level::Recovering(severity) => (class(severity).0, Some(key::STATE_RECOVERING)),
            Level::Open(severity) => (class(severity).0, Some(class(severity).1)),
        };
        Tile {
            label: String::new(),
            value: String::new(),
            unit: String::new(),
            note: String::new(),
            is_unusual: false,
            state,
            is_outlined: matches!(level, Level::Pending | Level::Recovering(_)),
            word: word.map(|word| self.locale.text(word).to_string()).unwrap_or_default(),
            spark: None,
            range: String::new(),
            link: String::new(),
        }
    }

    /// Values over time begin with the second run.
    fn is_first_run(&self) -> bool {
        self.number("/interval_seconds").is_none_or(|seconds| seconds <= 0.0)
    }

    /// `12 min: 9–36 %`.
    fn range_of(&self, spark: &Spark, unit: &str) -> String {
        let minutes = (spark.seconds / 60.0).round() * 60.0;
        let range = self.range(spark.low, spark.high, unit);
        self.locale.fill(key::TILE_RANGE, &[("span", &self.locale.duration(minutes)), ("range", &range)])
    }

    /// `9–36 %`: no more decimals than the larger number needs.
    pub fn range(&self, low: f64, high: f64, unit: &str) -> String {
        let decimals = match high.abs() {
            value if value >= 9.95 => 0,
            value if value >= 0.995 => 1,
            _ => 2,
        };
        let (least, most) = (format!("{low:.decimals$}"), format!("{high:.decimals$}"));
        let range = if least == most { short(high) } else { format!("{least}–{most}") };
        self.locale.figures(if unit.is_empty() { range } else { format!("{range} {unit}") }.as_str())
    }

    /// Address of a chart in the range that is selected first.
    fn chart(&self, title: &str) -> String {
        let (input, first) = (self.input, self.input.first_range);
        let id = anchor(first, title);
        let drawn = input.ranges.iter().find(|range| range.id == first);
        let is_drawn = drawn.is_some_and(|range| range.html.contains(&format!(" id='{id}'")));
        if is_drawn && input.options.has("charts") { format!("#{id}") } else { String::new() }
    }
}
