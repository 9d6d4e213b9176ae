//! A time range of the page, as the template shows it.

use crate::base::html::escape;
use crate::model::locale::{Locale, key};
use crate::report::chart::axis::local;
use crate::report::chart::range::RANGES;
use crate::report::chart::range_charts::RangeCharts;
use crate::report::page::consumers;
use crate::report::page::data::PageData;
use crate::report::page::markers::markers;
use crate::report::page::size_budget::Charts;
use crate::report::page::timeline;
use std::borrow::Cow;

/// Largest number of gaps listed for a range.
const GAPS_MAX: usize = 5;

/// A range as the template shows it.
pub struct RangeView<'a> {
    /// Identifier: `1h`.
    pub id: &'a str,
    /// Title: `1 h`, translated.
    pub title: &'a str,
    /// Begin and end, for print.
    pub days: String,
    /// Selected first.
    pub is_first: bool,
    /// Begin, Unix seconds.
    pub from: i64,
    /// End, Unix seconds.
    pub to: i64,
    /// The drawn charts.
    pub charts: Charts<'a>,
    /// Markers of events as SVG, shared by the charts.
    pub markers: String,
    /// Numbers of incidents above the plots as SVG, shared by the charts.
    pub flags: String,
    /// Kinds of markers that there are: class and name.
    pub legend: Vec<(&'static str, String)>,
    /// Table of what did not move as HTML.
    pub flat: &'a str,
    /// Ticks of the time axis as SVG, shared by the charts.
    pub times: &'a str,
    /// Gaps in the history, with their reasons.
    pub gaps: Vec<String>,
    /// The consumers of this range.
    pub who: Vec<consumers::Row>,
    /// The top process of each minute: Unix seconds, and the text.
    pub tops: Vec<(i64, String)>,
    /// Since when consumers are counted; empty: the whole range.
    pub who_since: String,
}

/// Prepares a drawn range for the template.
pub fn range_view<'a>(input: &'a PageData, drawn: &'a RangeCharts) -> RangeView<'a> {
    let locale = input.options.locale;
    let range = RANGES.iter().find(|range| range.id == drawn.id);
    let range_consumers = input.who.iter().find(|who| who.range == drawn.id);
    let since = range_consumers.and_then(|who| who.consumers.first);
    let since = since.filter(|since| since.timestamp() as f64 - drawn.from > 5400.0);
    let (markers, flags) = if drawn.markers.is_empty() {
        markers(&input.events, &input.health.open, &input.marks, drawn)
    } else {
        (drawn.markers.clone(), drawn.flags.clone())
    };
    RangeView {
        id: &drawn.id,
        title: range.map_or("", |range| locale.label(range.title)),
        days: days(drawn, range.map_or(0, |range| range.step_seconds), locale),
        is_first: drawn.id == input.first_range,
        from: drawn.from as i64,
        to: drawn.to as i64,
        charts: Charts {
            id: &drawn.id,
            html: Cow::Borrowed(&drawn.html),
            left: drawn.undrawn.iter().map(|title| escape(title)).collect(),
        },
        legend: legend(&markers, locale),
        markers,
        flags,
        flat: &drawn.flat,
        times: &drawn.times,
        gaps: if drawn.reasons.is_empty() {
            timeline::gaps(&input.marks, drawn, input.now, locale, GAPS_MAX)
        } else {
            drawn.reasons.clone()
        },
        who: range_consumers.map(|who| consumers::rows(&who.consumers, locale)).unwrap_or_default(),
        tops: range_consumers
            .map(|who| who.tops.iter().map(|top| (top.seconds, top.text(locale))).collect())
            .unwrap_or_default(),
        who_since: since
            .map(|since| locale.with(key::CONSUMERS_COUNTED_SINCE, &locale.moment(since, input.now)))
            .unwrap_or_default(),
    }
}

/// The key of the markers: the classes of the glyphs that are drawn, and what they stand for.
fn legend(markers: &str, locale: Locale) -> Vec<(&'static str, String)> {
    let all = [
        ("fg al", key::PAGE_KEY_INCIDENT),
        ("grb ch", key::ANNOTATION_REBOOT),
        ("gch ch", key::PAGE_KEY_CHANGE),
        ("gno no", key::ANNOTATION_NOTE),
    ];
    let is_there = |class: &str| markers.contains(&format!("<path class='{class}"));
    all.into_iter()
        .filter(|(class, _)| is_there(class))
        .map(|(class, word)| (class, locale.text(word).to_string()))
        .collect()
}

/// Begin and end of a range: to the minute for short ranges, in days for long ones.
fn days(drawn: &RangeCharts, step_seconds: u32, locale: Locale) -> String {
    let form = if step_seconds > 300 { "%F" } else { "%F %H:%M" };
    locale.fill(key::PAGE_FROM_TO, &[("begin", &local(drawn.from, form)), ("end", &local(drawn.to, form))])
}
