//! A single chart as SVG, with built-in colours.

use crate::base::html::escape;
use crate::report::chart::axis::time_ticks;
use crate::report::chart::frame::Frame;
use crate::report::chart::layout::{SCALE, SIZE};
use crate::report::chart::palette::{Palette, hex};
use crate::report::chart::plot;
use crate::report::chart::single::{HEAD, ROW, SAMPLE, Single};
use anyhow::Result;
use std::fmt::Write;

/// Rules of the drawing besides its colours.
const STYLE: &str = "path{fill:none;stroke:var(--k);stroke-linejoin:round;stroke-linecap:round;stroke-width:4.5}.g{stroke:var(--l);stroke-width:3}.b{fill:var(--k);fill-opacity:.2;stroke-width:1}.z{fill:var(--q);fill-opacity:.12;stroke:none}.w{stroke-width:3}.n,.o{stroke-width:12}text{font:33px system-ui,sans-serif;fill:var(--q);dominant-baseline:middle}.c{text-anchor:middle}.l{text-anchor:end}.t{font-size:45px;font-weight:650;fill:currentColor}.k{fill:currentColor}";

impl Single<'_> {
    /// The chart as an SVG file. Light pages show it light and dark ones dark, unless it is to be dark in any case.
    ///
    /// # Errors
    /// When plotters fails, which is a bug.
    pub fn svg(&self) -> Result<String> {
        let (gaps, ticks) = (self.series.gaps(), time_ticks(&self.time, self.locale));
        let (drawing, _) = plot::draw(self.drawn(), &self.frame(&gaps, &ticks))?;
        let axis = with_suffix(&drawing.axis, self.unit.suffix());
        let (places, rows) = self.places(&labels(&axis));
        let (width, height) = (places.size.0 * SCALE, places.size.1 * SCALE);
        let own = Palette::dark();
        let style = match self.is_dark {
            true => colors(&own),
            false => format!("{}@media(prefers-color-scheme:dark){{{}}}", colors(&Palette::light()), colors(&own)),
        };
        let described = rows.iter().skip(1).map(|row| format!("{}: {}", row.name, row.cells.join(", ")));
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {width} {height}\"><title>{}</title><desc>{}</desc><style>{STYLE}{style}</style><path class=\"bg\" d=\"M0 0h{width}v{height}H0z\"/>",
            width * 2 / 3,
            height * 2 / 3,
            escape(&self.title),
            escape(&described.collect::<Vec<_>>().join("; "))
        );
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "<text class=\"t\" x=\"36\" y=\"48\">{}</text><text x=\"36\" y=\"102\">{}</text>",
            escape(&self.title),
            escape(&self.subtitle)
        );
        let inside = quoted(&format!("{axis}{}{}", drawing.times, drawing.plot));
        let _ = write!(out, "<g transform=\"translate({} {})\">{inside}</g>", places.gutter * SCALE, HEAD * SCALE);
        for (at, row) in rows.iter().enumerate() {
            let y = (HEAD + SIZE.1 + ROW * at as u32 + ROW / 2) * SCALE;
            let x = places.legend * SCALE;
            if let Some(line) = at.checked_sub(1) {
                let _ = write!(out, "<path class=\"n s{line}\" d=\"M{x} {y}h30\"/>");
                let _ = write!(
                    out,
                    "<text class=\"k\" x=\"{}\" y=\"{y}\">{}</text>",
                    x + SAMPLE * SCALE,
                    escape(&row.name)
                );
            }
            let class = if at == 0 { "l" } else { "k l" };
            for (cell, end) in row.cells.iter().zip(&places.columns) {
                let _ = write!(out, "<text class=\"{class}\" x=\"{}\" y=\"{y}\">{}</text>", end * SCALE, escape(cell));
            }
        }
        out.push_str("</svg>\n");
        Ok(out)
    }
}

impl Single<'_> {
    /// The labels of the value axis with their unit.
    ///
    /// # Errors
    /// As [`Single::svg`].
    pub fn value_labels(&self, frame: &Frame) -> Result<Vec<String>> {
        Ok(labels(&with_suffix(&plot::draw(self.drawn(), frame)?.0.axis, self.unit.suffix())))
    }
}

/// The colours as rules.
fn colors(palette: &Palette) -> String {
    let lines = palette.lines.iter().enumerate().map(|(at, color)| format!(".s{at}{{--k:{}}}", hex(*color)));
    let [ground, text, grid, muted] = [palette.background, palette.text, palette.grid, palette.muted].map(hex);
    format!(
        "svg{{background:{ground};color:{text};--l:{grid};--q:{muted}}}.bg{{fill:{ground};stroke:none}}{}",
        lines.collect::<String>()
    )
}

/// The labels of a value axis with the unit behind each.
fn with_suffix(axis: &str, suffix: &str) -> String {
    axis.replace("</text>", &format!("{suffix}</text>"))
}

/// The labels of a value axis.
fn labels(axis: &str) -> Vec<String> {
    axis.split("</text>")
        .filter_map(|part| Some(part.rsplit_once("<text ")?.1.split_once('>')?.1.to_string()))
        .collect()
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
    fn every_attribute_gets_quotes() {
        assert_eq!(
            quoted("<path class=g d='M1 2' id='a=b'/><text x=5 y=6 class=l>a=b</text><text class='c h'>x</text>"),
            "<path class=\"g\" d='M1 2' id='a=b'/><text x=\"5\" y=\"6\" class=\"l\">a=b</text><text class='c h'>x</text>"
        );
    }

    #[test]
    fn labels_are_read_back_with_their_unit() {
        let axis = with_suffix(
            "<path class=g d='M1 2h3'/><text x=1 y=2 class=l>25</text><text x=1 y=9 class=l>50</text>",
            " %",
        );
        assert_eq!(labels(&axis), ["25 %", "50 %"]);
    }
}
