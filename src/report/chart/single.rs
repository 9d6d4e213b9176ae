//! A chart of its own: SVG with built-in colours, or PNG.

use crate::base::html::escape;
use crate::base::text::clean;
use crate::model::locale::{Locale, key};
use crate::report::chart::axis::{Tick, label, time_ticks};
use crate::report::chart::layout::{PLOT, SCALE, SIZE, VIEW_BOX, x_of};
use crate::report::chart::pixel::{LABEL_SIZE, MUTED, Pixels, TEXT, blank, encode};
use crate::report::chart::plot::{self, Frame};
use crate::report::chart::series::{Point, Series};
use crate::report::chart::spec::Line;
use crate::report::chart::unit::AxisUnit;
use anyhow::Result;
use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

/// A single chart.
pub struct Single<'a> {
    /// Title.
    pub title: String,
    /// Line below the title: the host and the span.
    pub subtitle: String,
    /// Metric with labels, and its points.
    pub lines: Vec<(String, Cow<'a, [Point]>)>,
    /// Begin and end, Unix time in seconds.
    pub time: Range<f64>,
    /// Points stand for spans.
    pub has_band: bool,
    /// The series whose gaps are marked.
    pub series: &'a Series,
    /// Language.
    pub locale: Locale,
}

/// Colours of the lines, light and dark, as in the page.
const LIGHT: [&str; 6] = ["#2563eb", "#0d8a5f", "#c2660a", "#b0279f", "#6d28d9", "#6b7280"];
const DARK: [&str; 6] = ["#6ea8fe", "#34d399", "#fbad5c", "#e879f9", "#a78bfa", "#a3adbf"];
/// Largest number of lines.
const LINES_MAX: usize = 6;
/// Height of the title area, in CSS pixels.
const HEAD: u32 = 44;
/// Height of a line of the legend, in CSS pixels.
const ROW: u32 = 18;
/// Height of the title of a PNG, in pixels.
const TITLE_SIZE: f64 = 30.0;
/// Longest line of the legend, in characters.
const LEGEND_MAX: usize = 80;

impl Single<'_> {
    fn unit(&self) -> AxisUnit {
        let units: Vec<AxisUnit> = self
            .lines
            .iter()
            .map(|(metric, _)| AxisUnit::from_metric(metric.split('{').next().unwrap_or("")))
            .collect();
        let first = units.first().copied().unwrap_or(AxisUnit::Number);
        if units.iter().all(|unit| *unit == first) { first } else { AxisUnit::Number }
    }

    fn drawn(&self) -> Vec<Line<'_>> {
        let lines = self.lines.iter().take(LINES_MAX);
        lines.map(|(metric, points)| Line { name: clean(metric, 80), points: Cow::Borrowed(points) }).collect()
    }

    fn frame<'b>(&self, gaps: &'b [(f64, f64)], ticks: &'b [Tick]) -> Frame<'b> {
        Frame {
            time: self.time.clone(),
            gap_seconds: self.series.gap_seconds(),
            unit: self.unit(),
            locale: self.locale,
            has_band: self.has_band,
            is_exact: false,
            gaps,
            ticks,
        }
    }

    /// Lines of the legend: the number of the colour, and name with minimum, mean and maximum; these go to a line of their own
    /// below a long name.
    fn legend(&self) -> Vec<(Option<usize>, String)> {
        let (unit, locale) = (self.unit(), self.locale);
        let row = |line: &Line| {
            let points = || line.points.iter();
            let least = points().map(|point| point.min).fold(f64::INFINITY, f64::min);
            let most = points().map(|point| point.max).fold(f64::NEG_INFINITY, f64::max);
            let mean = points().map(|point| point.avg).sum::<f64>() / line.points.len().max(1) as f64;
            let parts = [(key::CHART_MIN, least), (key::CHART_AVG, mean), (key::CHART_MAX, most)];
            let parts = parts.map(|(name, value)| format!("{} {}", locale.text(name), label(unit, value, locale)));
            (line.name.clone(), parts.join("   "))
        };
        let rows: Vec<(String, String)> = self.drawn().iter().map(row).collect();
        let is_long = |row: &(String, String)| row.0.chars().count() + row.1.chars().count() + 3 > LEGEND_MAX;
        let is_split = rows.iter().any(is_long);
        let rows = rows.into_iter().enumerate().flat_map(|(at, (name, values))| match is_split {
            true => vec![(Some(at), name), (None, values)],
            false => vec![(Some(at), format!("{name}   {values}"))],
        });
        rows.collect()
    }

    /// The chart as an SVG file.
    ///
    /// # Errors
    /// When plotters fails, which is a bug.
    pub fn svg(&self) -> Result<String> {
        let (lines, gaps, ticks) = (self.drawn(), self.series.gaps(), time_ticks(&self.time, self.locale));
        let (drawing, _) = plot::draw(&lines, &self.frame(&gaps, &ticks))?;
        let (legend, (width, height), plot) = (self.legend(), VIEW_BOX, PLOT);
        let (head, row) = (HEAD * 3, ROW * 3);
        let total = head + height + row * legend.len() as u32 + 24;
        let colours = |colours: [&str; 6]| {
            let rules = colours.iter().enumerate().map(|(at, colour)| format!(".s{at}{{--k:{colour}}}"));
            rules.collect::<String>()
        };
        let style = format!(
            "svg{{background:#fff;color:#161b26;--l:#e2e6ee;--q:#566074}}{}path{{fill:none;stroke:var(--k);stroke-linejoin:round;stroke-linecap:round;stroke-width:4.5}}.g{{stroke:var(--l);stroke-width:3}}.b{{fill:var(--k);fill-opacity:.2;stroke-width:1}}.z{{fill:var(--q);fill-opacity:.12;stroke:none}}.w{{stroke-width:3}}.n{{stroke-width:12}}text{{font:33px system-ui,sans-serif;fill:var(--q);dominant-baseline:middle}}.c{{text-anchor:middle}}.l{{text-anchor:end}}.t{{font-size:45px;font-weight:650;fill:currentColor}}.k{{fill:currentColor;white-space:pre}}@media(prefers-color-scheme:dark){{svg{{background:#171b24;color:#e8ebf2;--l:#2a303d;--q:#9aa4b8}}{}}}",
            colours(LIGHT),
            colours(DARK)
        );
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {width} {total}\"><title>{}</title><desc>{}</desc><style>{style}</style>",
            width * 2 / 3,
            total * 2 / 3,
            escape(&self.title),
            escape(&legend.iter().map(|row| row.1.as_str()).collect::<Vec<_>>().join("; "))
        );
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "<text class=\"t\" x=\"36\" y=\"45\">{}</text><text x=\"36\" y=\"99\">{}</text>",
            escape(&self.title),
            escape(&self.subtitle)
        );
        let inside = quoted(&format!("{}{}{}", drawing.axis, drawing.times, drawing.plot));
        let _ = write!(out, "<g transform=\"translate(0 {head})\">{inside}</g>");
        for (at, (line, text)) in legend.iter().enumerate() {
            let y = head + height + row * at as u32 + 24;
            if let Some(line) = line {
                let _ = write!(out, "<path class=\"n s{line}\" d=\"M{} {y}h30\"/>", plot.0);
            }
            let _ = write!(out, "<text class=\"k\" x=\"{}\" y=\"{y}\">{}</text>", plot.0 + 60, escape(text));
        }
        out.push_str("</svg>\n");
        Ok(out)
    }

    fn strips(&self, pixels: &mut Pixels, scale: u32, gaps: &[(f64, f64)]) {
        let (top, height) = (PLOT.1 * scale / SCALE, PLOT.3 * scale / SCALE);
        let at = |time: f64| x_of(time.clamp(self.time.start, self.time.end), &self.time) * scale as i32 / SCALE as i32;
        for (from, to) in gaps {
            pixels.strip(at(*from)..at(*to), top as i32..(top + height) as i32);
        }
    }

    /// The chart as a PNG file, on white.
    ///
    /// # Errors
    /// As [`Single::svg`].
    pub fn png(&self) -> Result<Vec<u8>> {
        let (lines, gaps, legend) = (self.drawn(), self.series.gaps(), self.legend());
        let ticks = time_ticks(&self.time, self.locale);
        let scale = 2;
        let size = (SIZE.0 * scale, (HEAD + SIZE.1 + ROW * legend.len() as u32 + 12) * scale);
        let mut bitmap = blank(size);
        let mut pixels = Pixels::new(&mut bitmap, size, (0, HEAD * scale), (SIZE.0 * scale, SIZE.1 * scale));
        self.strips(&mut pixels, scale, &gaps);
        plot::paint(&mut pixels, scale, &lines, &self.frame(&gaps, &ticks))?;
        // A long title is written in smaller letters.
        let title_size = if Pixels::width(&self.title, TITLE_SIZE) > size.0 - 48 { LABEL_SIZE } else { TITLE_SIZE };
        let scale = scale as i32;
        pixels.write(&self.title, (12 * scale, 6 * scale), title_size, TEXT);
        pixels.write(&self.subtitle, (12 * scale, 25 * scale), LABEL_SIZE, MUTED);
        for (at, (line, text)) in legend.iter().enumerate() {
            let y = (HEAD + SIZE.1 + ROW * at as u32 + 4) as i32 * scale;
            if let Some(line) = line {
                pixels.line(*line, (62 * scale, y + 10), 10 * scale);
            }
            pixels.write(text, (80 * scale, y), LABEL_SIZE, TEXT);
        }
        drop(pixels);
        encode(&bitmap, size)
    }
}

/// Quotes all attributes: HTML may leave the quotes out, an SVG file may not.
fn quoted(svg: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(svg.len() + 1024), svg);
    while let Some((before, after)) = rest.split_once('=') {
        out.push_str(before);
        out.push('=');
        let is_inside = out.rfind('<') > out.rfind('>');
        if let Some(quote) = after.chars().next().filter(|first| is_inside && ['\'', '"'].contains(first)) {
            let end = after.get(1..).and_then(|inner| inner.find(quote)).map_or(after.len(), |end| end + 2);
            let (value, after) = after.split_at(end);
            out.push_str(value);
            rest = after;
        } else if is_inside {
            let end = after.find([' ', '>']).unwrap_or(after.len());
            let (value, after) = after.split_at(end);
            out.push('"');
            out.push_str(value);
            out.push('"');
            rest = after;
        } else {
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_leaves_room_for_its_values_and_a_gap_is_seen_in_both_forms() {
        let at = |time: f64| Point { time, min: 1.0, avg: 2.0, max: 3.0 };
        let mut series = Series::new(0);
        let times = [0.0, 60.0, 120.0, 180.0, 3000.0, 3060.0];
        series.add(crate::model::metric::SeriesKey::parse(super::super::series::ALWAYS), times.map(at).to_vec());
        let name = "network.received_bytes_per_second{interface=\"enp193s0f0np0\"}";
        let single = |gap: bool| Single {
            title: name.to_string(),
            subtitle: String::new(),
            lines: vec![(name.to_string(), vec![at(0.0)].into())],
            time: 0.0..if gap { 3600.0 } else { 60.0 },
            has_band: false,
            series: &series,
            locale: Locale::En,
        };
        let svg = single(true).svg().unwrap();
        assert!(svg.contains("&#34;}</text>") && svg.contains(">min 1 B   avg 2 B   max 3 B</text>"), "{svg}");
        assert!(svg.contains("class=\"z\""));
        let grey = |gap: bool| {
            let gaps = if gap { single(true).series.gaps() } else { Vec::new() };
            let size = (SIZE.0 * 2, SIZE.1 * 2);
            let mut bitmap = blank(size);
            single(gap).strips(&mut Pixels::new(&mut bitmap, size, (0, 0), size), 2, &gaps);
            bitmap.iter().filter(|value| **value < 255).count()
        };
        assert!(grey(true) > grey(false));
        assert!(single(true).png().unwrap().len() > 1000);
    }

    #[test]
    fn every_attribute_gets_quotes() {
        assert_eq!(
            quoted("<path class=g d='M1 2' id='a=b'/><text x=5 y=6 class=l>a=b</text><text class='c h'>x</text>"),
            "<path class=\"g\" d='M1 2' id='a=b'/><text x=\"5\" y=\"6\" class=\"l\">a=b</text><text class='c h'>x</text>"
        );
    }
}
