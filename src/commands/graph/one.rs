//! A single chart of selected metrics.

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
use crate::report::chart::range::{RANGES, Range};
use crate::report::chart::series::{ALWAYS, Point};
use crate::report::chart::single::Single;
use crate::report::input::gather;
use crate::report::input::series;
use crate::store::SNAPSHOTS;
use anyhow::{Context as _, Result};
use chrono::TimeDelta;
use std::borrow::Cow;
use std::path::Path;

/// Mode of a picture.
const PICTURE_MODE: u32 = 0o644;
/// Maximum number of lines that can be distinguished.
const LINES_MAX: usize = 6;

/// A selected series and its values.
type Selected<'a> = (&'a SeriesKey, &'a [Point]);

pub fn draw(context: &Context, metrics: &[String], range: Option<&str>, out: Option<&Path>) -> Result<Exit> {
    let range = span(range.unwrap_or("24h")).map_err(ErrorKind::Usage)?;
    let out = out.filter(|out| *out != Path::new("-"));
    let extension = out.map(|out| out.extension().unwrap_or_default().to_string_lossy().to_lowercase());
    if let Some(extension) = extension.as_ref().filter(|extension| !["svg", "png"].contains(&extension.as_str())) {
        let extension = clean(extension, 20);
        return Err(ErrorKind::Usage(format!("--out: a chart is written as .svg or .png, not as {extension:?}")).into());
    }
    let selectors = metrics.iter().map(|text| Selector::pattern(text)).collect::<Result<Vec<_>, _>>();
    let selectors = selectors.map_err(ErrorKind::Usage)?;
    let is_wanted = |name: &str| {
        let by_name = |selector: &Selector| Selector::pattern_fits(&selector.name, name);
        name == ALWAYS || selectors.iter().any(by_name)
    };
    let (now, locale) = (context.now.wall, Locale::from_tag(&context.config.report.language));
    let (series, _) = series::metrics(context, &range, now, &is_wanted)?;
    let is_asked = |key: &SeriesKey| selectors.iter().any(|selector| selector.selects(key));
    let found = series.all().filter(|(key, _)| is_asked(key));
    let mut lines: Vec<Selected> = found.collect();
    if lines.is_empty() {
        let names = clean(&metrics.join(", "), 200);
        let mistyped = metrics.iter().find(|name| catalogue::find(name).is_none());
        let hint = mistyped.map(|name| hint(name, catalogue::names()));
        return Err(ErrorKind::BadData(format!(
            "nothing of {names} was recorded in this span; osmon history lists what there is{}",
            hint.unwrap_or_default()
        ))
        .into());
    }
    let is_found = |selector: &Selector| lines.iter().any(|(key, _)| selector.selects(key));
    for (selector, _) in metrics.iter().zip(&selectors).filter(|(_, selector)| !is_found(selector)) {
        context.out.warn(&format!("nothing of {} was recorded in this span", clean(selector, 200)));
    }
    if let Some(left_out) = choose(&mut lines, &selectors) {
        context.out.info(&left_out);
    }
    let title = match lines.as_slice() {
        [(key, _)] => clean(&key.to_string(), 80),
        _ => clean(&drawn(metrics, &selectors, &lines).join(", "), 80),
    };
    let snapshot = gather::newest_record(context, SNAPSHOTS)?;
    let end = (now.timestamp_millis() as f64 / 1e3).ceil();
    let begin = end - f64::from(range.seconds);
    let since = now - TimeDelta::seconds(i64::from(range.seconds));
    let single = Single {
        title,
        subtitle: format!(
            "{} · {} – {} {}",
            gather::title(context, &snapshot),
            local_minute(since),
            local_minute(now),
            zone_name(now)
        ),
        lines: lines.into_iter().map(|(key, points)| (key.to_string(), Cow::Borrowed(points))).collect(),
        time: begin..end,
        has_band: range.step_seconds > 0,
        series: &series,
        locale,
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

/// Reduces the series to one unit and to [`LINES_MAX`] lines, the highest of each selected metric. Returns a note on
/// those left out.
fn choose(lines: &mut Vec<Selected>, selectors: &[Selector]) -> Option<String> {
    let before = lines.len();
    let mut found = selectors.iter().filter_map(|selector| lines.iter().find(|(key, _)| selector.selects(key)));
    let first = found.next();
    let unit = first.map(|(key, _)| unit(&key.name)).unwrap_or_default();
    lines.retain(|(key, _)| self::unit(&key.name) == unit);
    let others = before - lines.len();
    let height = |points: &[Point]| points.iter().map(|point| point.max).fold(f64::MIN, f64::max);
    // A stable sort: equally high series stay in the order of names.
    lines.sort_by(|a, b| height(b.1).total_cmp(&height(a.1)));
    let count = lines.len();
    if count > LINES_MAX {
        let each = (LINES_MAX / selectors.len().max(1)).max(1);
        let mut taken = vec![0; selectors.len()];
        lines.retain(|(key, _)| {
            let of = selectors.iter().position(|selector| selector.selects(key)).and_then(|of| taken.get_mut(of));
            of.is_some_and(|taken| {
                *taken += 1;
                *taken <= each
            })
        });
        lines.truncate(LINES_MAX);
    }
    let hidden = count - lines.len();
    let parts = [
        (others > 0).then(|| format!("{others} with another unit left out: draw them apart")),
        (hidden > 0).then(|| format!("{count} metrics are meant; the {} highest are drawn", lines.len())),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// The selected metrics that have data.
fn drawn<'a>(metrics: &'a [String], selectors: &[Selector], lines: &[Selected]) -> Vec<&'a str> {
    let is_found = |selector: &Selector| lines.iter().any(|(key, _)| selector.selects(key));
    metrics.iter().zip(selectors).filter(|(_, selector)| is_found(selector)).map(|(text, _)| text.as_str()).collect()
}

/// The unit in a metric name: `percent`, `bytes_per_second`.
fn unit(name: &str) -> String {
    let units = ["percent", "bytes", "ms", "seconds", "per_second", "celsius", "hertz"];
    let words: Vec<&str> = name.split(['.', '_']).collect();
    let at = words.iter().rposition(|word| !units.contains(word) && *word != "per" && *word != "second");
    words.get(at.map_or(0, |at| at + 1)..).unwrap_or_default().join("_")
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
