//! A single chart of selected metrics.

use super::choice::{Selected, beyond_family, choose, family_chart, family_charts};
use crate::base::clock::{local_minute, zone_name};
use crate::base::error_kind::ErrorKind;
use crate::base::file::replace;
use crate::base::suggestion::hint;
use crate::base::text::clean;
use crate::base::units::parse_duration;
use crate::cli::Exit;
use crate::context::Context;
use crate::model::catalogue;
use crate::model::locale::Locale;
use crate::model::metric::{Selector, SeriesKey};
use crate::report::chart::metric_title::{metric_title, unit_of, with_unit};
use crate::report::chart::range::{RANGES, Range};
use crate::report::chart::series::{ALWAYS, Series};
use crate::report::chart::single::Single;
use crate::report::chart::spec::{Line, lines, specs};
use crate::report::chart::unit::AxisUnit;
use crate::report::input::gather;
use crate::report::input::series;
use crate::store::SNAPSHOTS;
use anyhow::{Context as _, Result};
use chrono::TimeDelta;
use std::borrow::Cow;
use std::path::Path;

/// Mode of a picture.
const PICTURE_MODE: u32 = 0o644;

/// A picture as it was asked for.
pub struct Asked<'a> {
    /// Metrics, patterns and families.
    pub metrics: &'a [String],
    /// Span.
    pub range: Option<&'a str>,
    /// File.
    pub out: Option<&'a Path>,
    /// Light on dark.
    pub is_dark: bool,
}

/// The lines of a chart, and what names them.
struct Content<'a> {
    title: String,
    /// Name of the metric that all lines are of; empty: they are of several.
    metric: String,
    unit: AxisUnit,
    lines: Vec<Line<'a>>,
}

pub fn draw(context: &Context, asked: &Asked) -> Result<Exit> {
    let metrics = asked.metrics;
    let range = span(asked.range.unwrap_or("24h")).map_err(ErrorKind::Usage)?;
    let out = asked.out.filter(|out| *out != Path::new("-"));
    let extension = out.map(|out| out.extension().unwrap_or_default().to_string_lossy().to_lowercase());
    if let Some(extension) = extension.as_ref().filter(|extension| !["svg", "png"].contains(&extension.as_str())) {
        let extension = clean(extension, 20);
        return Err(ErrorKind::Usage(format!("--out: a chart is written as .svg or .png, not as {extension:?}")).into());
    }
    let selectors = metrics.iter().map(|text| Selector::pattern(text)).collect::<Result<Vec<_>, _>>();
    let selectors = selectors.map_err(ErrorKind::Usage)?;
    let charts: Vec<_> = metrics.iter().flat_map(|text| family_charts(text)).collect();
    let is_wanted = |name: &str| {
        let by_name = |selector: &Selector| Selector::pattern_fits(&selector.name, name);
        let is_charted = || charts.iter().any(|chart| chart.lines.iter().any(|line| line.metric == name));
        name == ALWAYS || selectors.iter().any(by_name) || is_charted()
    };
    let (now, locale) = (context.now.wall, Locale::from_tag(&context.config.report.language));
    let (series, _) = series::metrics(context, &range, now, &is_wanted)?;
    let content = content(context, metrics, &selectors, &series, locale)?;
    let snapshot = gather::newest_record(context, SNAPSHOTS)?;
    let end = (now.timestamp_millis() as f64 / 1e3).ceil();
    let begin = end - f64::from(range.seconds);
    let since = now - TimeDelta::seconds(i64::from(range.seconds));
    let (host, zone) = (gather::title(context, &snapshot), zone_name(now));
    let span = format!("{host} · {} – {} {zone}", local_minute(since), local_minute(now));
    let subtitle = if content.metric.is_empty() { span } else { format!("{} · {span}", content.metric) };
    let single = Single {
        title: content.title,
        subtitle,
        lines: content.lines,
        unit: content.unit,
        time: begin..end,
        has_band: range.step_seconds > 0,
        series: &series,
        locale,
        is_dark: asked.is_dark,
    };
    let Some(path) = out else {
        context.out.print(single.svg()?.trim_end());
        return Ok(Exit::Done);
    };
    let content = if extension.as_deref() == Some("png") { single.png()? } else { single.svg()?.into_bytes() };
    replace(path, &content, PICTURE_MODE).with_context(|| format!("could not write the chart {}", path.display()))?;
    context.out.info(&path.display().to_string());
    Ok(Exit::Done)
}

/// The lines of the chart: for one family those of its chart on the page, otherwise the series of one unit. What is left
/// out becomes a warning.
fn content<'a>(
    context: &Context,
    metrics: &[String],
    selectors: &[Selector],
    series: &'a Series,
    locale: Locale,
) -> Result<Content<'a>> {
    let warn = |text: &str| context.out.warn(text);
    if let ([family], [selector]) = (metrics, selectors)
        && let Some(chart) = family_chart(family, series)
        && let Some(spec) = specs(series).into_iter().find(|spec| spec.title == chart.title)
    {
        if let Some(text) = beyond_family(chart, selector, series) {
            warn(&format!("{family}: {text}"));
        }
        let lines = lines(&spec, series, locale);
        let title = with_unit(locale.label(&spec.title), locale.label(spec.heading));
        return Ok(Content { title, metric: String::new(), unit: spec.unit, lines });
    }
    // Of a family among others, the lines of its chart.
    let is_asked = |key: &SeriesKey| {
        metrics.iter().zip(selectors).any(|(text, selector)| match family_chart(text, series) {
            Some(chart) => chart.lines.iter().any(|line| line.metric == key.name),
            None => selector.selects(key),
        })
    };
    let mut lines: Vec<Selected> = series.all().filter(|(key, _)| is_asked(key)).collect();
    if lines.is_empty() {
        let names = clean(&metrics.join(", "), 200);
        let mistyped = metrics.iter().find(|name| catalogue::find(name).is_none());
        let hint = mistyped.map(|name| hint(name, catalogue::names())).unwrap_or_default();
        let text = format!("nothing of {names} was recorded in this span; osmon history lists what there is{hint}");
        return Err(ErrorKind::BadData(text).into());
    }
    for (text, selector) in metrics.iter().zip(selectors) {
        match family_chart(text, series) {
            Some(chart) => {
                if let Some(beyond) = beyond_family(chart, selector, series) {
                    warn(&format!("{text}: {beyond}"));
                }
            }
            None if lines.iter().any(|(key, _)| selector.selects(key)) => {}
            None => warn(&format!("nothing of {} was recorded in this span", clean(text, 200))),
        }
    }
    choose(&mut lines, selectors).iter().for_each(|text| warn(text));
    Ok(named(&lines, metrics, locale))
}

/// Names the lines: those of one metric by their labels, below its title; others by metric and label.
fn named<'a>(lines: &[Selected<'a>], metrics: &[String], locale: Locale) -> Content<'a> {
    let first = lines.first().map_or("", |(key, _)| key.name.as_str());
    let is_one = lines.iter().all(|(key, _)| key.name == first);
    let units: Vec<AxisUnit> = lines.iter().map(|(key, _)| unit_of(&key.name)).collect();
    let unit = match units.split_first() {
        Some((first, rest)) if rest.iter().all(|unit| unit == first) => *first,
        Some((first, _)) if !first.suffix().is_empty() && units.iter().all(|unit| unit.suffix() == first.suffix()) => {
            AxisUnit::SmallPercent
        }
        _ => AxisUnit::Number,
    };
    let name = |key: &SeriesKey| match key.labels.as_slice() {
        labels if is_one && !labels.is_empty() => {
            labels.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(" ")
        }
        _ => key.to_string(),
    };
    let drawn = lines.iter().map(|(key, points)| Line { name: clean(&name(key), 80), points: Cow::Borrowed(*points) });
    let title = match is_one {
        true => metric_title(first, locale),
        false => with_unit(&metrics.join(", "), locale.label(unit.heading())),
    };
    let is_told = is_one && lines.iter().any(|(key, _)| !key.labels.is_empty());
    let metric = if is_told { clean(first, 80) } else { String::new() };
    Content { title: clean(&title, 80), metric, unit, lines: drawn.collect() }
}

/// Parses a range of the page, or any other span, which gets the resolution of the range that contains it.
fn span(text: &str) -> Result<Range, String> {
    if let Some(range) = RANGES.into_iter().find(|range| range.id == text) {
        return Ok(range);
    }
    let seconds = parse_duration(text).map_err(|error| format!("--range: {error}"))?.as_secs();
    let seconds = u32::try_from(seconds).ok().filter(|seconds| *seconds >= 300);
    let seconds = seconds.ok_or_else(|| format!("--range: {text:?} is shorter than five minutes"))?;
    let holds = |range: &&Range| range.seconds >= seconds;
    let step_seconds = RANGES.iter().find(holds).map_or(86_400, |range| range.step_seconds);
    Ok(Range { id: "", title: "", seconds, step_seconds })
}
