//! A chart of its own: its title, its legend, and where everything stands. Drawn as SVG or PNG.

use crate::base::text::clean;
use crate::model::locale::{Locale, key};
use crate::report::chart::axis::{Tick, label};
use crate::report::chart::frame::Frame;
use crate::report::chart::layout::{MARGINS, SIZE};
use crate::report::chart::pixel::width;
use crate::report::chart::series::{Point, Series};
use crate::report::chart::spec::Line;
use crate::report::chart::unit::AxisUnit;
use std::ops::Range;

/// A single chart.
pub struct Single<'a> {
    /// Title with its unit.
    pub title: String,
    /// Line below the title: metric, host and span.
    pub subtitle: String,
    /// The lines; at most six are drawn.
    pub lines: Vec<Line<'a>>,
    /// Unit of all of them.
    pub unit: AxisUnit,
    /// Begin and end, Unix time in seconds.
    pub time: Range<f64>,
    /// Points stand for spans.
    pub has_band: bool,
    /// The series whose gaps are marked.
    pub series: &'a Series,
    /// Language.
    pub locale: Locale,
    /// Light on dark.
    pub is_dark: bool,
}

/// Largest number of lines.
pub const LINES_MAX: usize = 6;
/// Height of the title area, in CSS pixels.
pub const HEAD: u32 = 46;
/// Height of a row of the legend, in CSS pixels.
pub const ROW: u32 = 18;
/// Space below the legend, in CSS pixels.
pub const FOOT: u32 = 10;
/// Heights of the title and of all other text, in CSS pixels.
pub const TEXT_SIZES: (f64, f64) = (15.0, 11.0);
/// Distance of the labels of the value axis from it and from the edge, in CSS pixels.
const LABEL_GAP: u32 = 10;
/// Distance between two columns of the legend, in CSS pixels.
const COLUMN_GAP: u32 = 14;
/// Space for the colour in front of a name, in CSS pixels.
pub const SAMPLE: u32 = 18;

/// Positions in CSS pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Width and height of all.
    pub size: (u32, u32),
    /// Width added at the left of the chart for long labels.
    pub gutter: u32,
    /// Left end of the legend.
    pub legend: u32,
    /// Right ends of the columns of the legend.
    pub columns: Vec<u32>,
}

/// A row of the legend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegendRow {
    /// Name, cut to the room it has; empty in the row of headings.
    pub name: String,
    /// Values or headings.
    pub cells: Vec<String>,
}

impl Single<'_> {
    /// The lines that are drawn.
    pub fn drawn(&self) -> &[Line<'_>] {
        self.lines.get(..LINES_MAX).unwrap_or(&self.lines)
    }

    /// The frame of the chart.
    pub fn frame<'b>(&self, gaps: &'b [(f64, f64)], ticks: &'b [Tick]) -> Frame<'b> {
        Frame {
            time: self.time.clone(),
            gap_seconds: self.series.gap_seconds(),
            unit: self.unit,
            locale: self.locale,
            has_band: self.has_band,
            is_stacked: false,
            has_units: true,
            is_exact: false,
            gaps,
            ticks,
        }
    }

    /// Headings, then a row for each line, as in the tables of the page: newest value, minimum, average and maximum.
    pub fn legend(&self) -> Vec<LegendRow> {
        let newest = if self.has_band { key::CHART_LAST } else { key::CHART_NOW };
        let headings = [newest, key::CHART_MIN, key::CHART_AVG, key::CHART_MAX];
        let headings = headings.map(|heading| self.locale.text(heading).to_string()).to_vec();
        let head = LegendRow { name: String::new(), cells: headings };
        let since = self.series.last().unwrap_or_default();
        let row = |line: &Line| {
            let points = || line.points.iter();
            let show = |value: f64| match value.is_finite() {
                true => format!("{}{}", label(self.unit, value, self.locale), self.unit.suffix()),
                false => "–".to_string(),
            };
            let now = points().next_back().filter(|point| point.time >= since).map_or(f64::NAN, |point| point.avg);
            let mean = points().map(|point| point.avg).sum::<f64>() / line.points.len() as f64;
            let least = points().map(|point: &Point| point.min).fold(f64::INFINITY, f64::min);
            let most = points().map(|point| point.max).fold(f64::NEG_INFINITY, f64::max);
            LegendRow { name: clean(&line.name, 80), cells: [now, least, mean, most].map(show).to_vec() }
        };
        std::iter::once(head).chain(self.drawn().iter().map(row)).collect()
    }

    /// Where everything stands, and the legend with names that fit. `labels` are those of the value axis.
    pub fn places(&self, labels: &[String]) -> (Places, Vec<LegendRow>) {
        let mut rows = self.legend();
        let size = TEXT_SIZES.1;
        let widest = labels.iter().map(|text| width(text, size)).max().unwrap_or(0);
        let gutter = (widest + LABEL_GAP).saturating_sub(MARGINS.0);
        let legend = gutter + MARGINS.0;
        let column = |at: usize| rows.iter().filter_map(|row| row.cells.get(at)).map(|text| width(text, size)).max();
        let widths: Vec<u32> = (0..).map_while(column).collect();
        let right = gutter + SIZE.0 - MARGINS.2;
        let mut columns: Vec<u32> = Vec::new();
        let mut end = right;
        for width in widths.iter().rev() {
            columns.insert(0, end);
            end = end.saturating_sub(width + COLUMN_GAP);
        }
        let room = end.saturating_sub(legend + SAMPLE);
        rows.iter_mut().for_each(|row| row.name = fitting(&row.name, room));
        let height = HEAD + SIZE.1 + ROW * rows.len() as u32 + FOOT;
        (Places { size: (gutter + SIZE.0, height), gutter, legend, columns }, rows)
    }
}

/// A text cut at its end to a width in CSS pixels.
pub fn fitting(text: &str, room: u32) -> String {
    if width(text, TEXT_SIZES.1) <= room {
        return text.to_string();
    }
    let letters: Vec<char> = text.chars().collect();
    let cut = |count: usize| letters.iter().take(count).chain(['…'].iter()).collect::<String>();
    let fits = (0..letters.len()).rev().find(|count| width(&cut(*count), TEXT_SIZES.1) <= room);
    cut(fits.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::metric::SeriesKey;

    fn one(name: &str, unit: AxisUnit, series: &Series) -> (Places, Vec<LegendRow>) {
        let at = |time: f64| Point { time, min: 1e6, avg: 2e6, max: 3e6 };
        let single = Single {
            title: "Network received, per second".to_string(),
            subtitle: String::new(),
            lines: vec![Line { name: name.to_string(), points: vec![at(0.0), at(3060.0)].into() }],
            unit,
            time: 0.0..3600.0,
            has_band: false,
            series,
            locale: Locale::En,
            is_dark: false,
        };
        let labels: Vec<String> =
            [0.0, 1e6, 1e9].map(|value| format!("{}{}", label(unit, value, Locale::En), unit.suffix())).to_vec();
        single.places(&labels)
    }

    #[test]
    fn labels_and_names_get_the_room_they_need() {
        let mut series = Series::new(0);
        let key = SeriesKey::parse(crate::report::chart::series::ALWAYS);
        series.add(key, vec![Point { time: 3060.0, min: 1.0, avg: 1.0, max: 1.0 }]);
        let (short, rows) = one("eth0", AxisUnit::Bytes, &series);
        assert_eq!(rows[0].cells, ["now", "min", "avg", "max"]);
        assert_eq!((rows[1].name.as_str(), rows[1].cells[3].as_str()), ("eth0", "2.86 MiB"));
        let long = "network.received_bytes_per_second{interface=\"enp193s0f0np0\"} and more of it";
        let (wide, rows) = one(long, AxisUnit::Number, &series);
        assert!(wide.gutter > short.gutter, "ten digits need more room: {wide:?}");
        assert!(rows[1].name.starts_with("network.received_bytes_per_second{") && rows[1].name.ends_with('…'));
        assert!(wide.columns.is_sorted() && wide.columns[0] > wide.legend + SAMPLE + width(&rows[1].name, 11.0));
        assert_eq!(wide.columns.last(), Some(&(wide.size.0 - MARGINS.2)));
        assert_eq!(fitting("abc", 0), "…");
    }
}
