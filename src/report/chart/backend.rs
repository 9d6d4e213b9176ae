//! A plotters backend for SVG: paths have classes instead of colours, so that the style sheet of the page decides about
//! light and dark, and coordinates are finer than a pixel.

use crate::base::html::escape;
use crate::report::chart::layout::{FINE, PLOT, SCALE};
use plotters_backend::text_anchor::HPos;
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};
use std::convert::Infallible;
use std::fmt::Write;

/// Heights above the axis, in fine units, below which values are drawn in steps of one and of ten fine units: to within
/// 0.3 % of the value.
const EXACT: [(i32, i32); 2] = [(1670, 1), (16_700, 10)];

/// End of a path.
const END: &str = "'/>";

/// Distance of a label from its axis, in units of the backend.
const LABEL_GAP: i32 = 12;

/// The CSS class of a colour: its blue part is the number of the class.
pub fn class(color: BackendColor) -> &'static str {
    match color.rgb.2 {
        1 => "s0",
        2 => "s1",
        3 => "s2",
        4 => "s3",
        5 => "s4",
        6 => "s5",
        7 => "b s0",
        10 => "g",
        _ => "x",
    }
}

/// Parts of a chart as SVG.
#[derive(Debug, Default, Clone)]
pub struct SvgParts {
    /// Grid lines and labels of the value axis.
    pub axis: String,
    /// Labels of the time axis: the same in every chart of a range.
    pub times: String,
    /// Band and lines.
    pub plot: String,
    /// Class of the last path in [`SvgParts::plot`] while it is still open.
    open: Option<&'static str>,
    /// Number of labels of the time axis so far.
    labels: usize,
    /// Values can be read back to 0.3 % of themselves instead of 0.3 % of the height of the chart.
    pub is_exact: bool,
}

impl SvgParts {
    /// Closes the open path.
    pub fn close(&mut self) {
        if self.open.take().is_some() {
            self.plot.push_str(END);
        }
    }

    /// Adds a line to the path of its class: relative coordinates, separated by the minus sign where there is one. Vertical
    /// coordinates are `fine` times as fine.
    fn path(
        &mut self,
        class_name: &'static str,
        points: impl IntoIterator<Item = BackendCoord>,
        fine: i32,
        is_closed: bool,
    ) {
        let is_grid = class_name == "g";
        let is_exact = self.is_exact && !is_closed && !is_grid;
        let mut points = points.into_iter().map(|(x, y)| (x, rounded(y * (FINE as i32 / fine.max(1)), is_exact)));
        let Some((mut x, mut y)) = points.next() else { return };
        if !is_grid && self.open != Some(class_name) {
            self.close();
            // Writing to a String cannot fail.
            let quote = if class_name.contains(' ') { "'" } else { "" };
            let _ = write!(self.plot, "<path class={quote}{class_name}{quote} d='");
            self.open = Some(class_name);
        }
        let out = if is_grid { &mut self.axis } else { &mut self.plot };
        if is_grid {
            // Consecutive lines share a path.
            match out.strip_suffix(END).map(str::len) {
                Some(length) => out.truncate(length),
                None => out.push_str("<path class=g d='"),
            }
        }
        let _ = write!(out, "M{x} ");
        number(out, y);
        out.push('l');
        let start = out.len();
        for (next_x, next_y) in points {
            if (next_x, next_y) == (x, y) {
                continue;
            }
            pair(out, next_x - x, next_y - y, start);
            (x, y) = (next_x, next_y);
        }
        if out.len() == start {
            // A path of one point is a dot, which round line ends show.
            out.push_str("0 0");
        }
        if is_closed {
            out.push('z');
        }
        if is_grid {
            out.push_str(END);
        }
    }
}

/// Rounds to whole units, or for exact lines as finely as small values need.
fn rounded(y: i32, is_exact: bool) -> i32 {
    let height = (PLOT.1 + PLOT.3) as i32 * FINE as i32 - y;
    let step = EXACT.iter().find(|(below, _)| is_exact && height < *below).map_or(FINE as i32, |(_, step)| *step);
    (y + step / 2).div_euclid(step) * step
}

/// Adds a corner to a path by its distance from the one before: whole units across, fine ones down. `start` is where the
/// corners begin.
pub fn pair(out: &mut String, dx: i32, dy: i32, start: usize) {
    if dx >= 0 && out.len() > start {
        out.push(' ');
    }
    let _ = write!(out, "{dx}");
    if dy >= 0 {
        out.push(' ');
    }
    number(out, dy);
}

/// Writes a number of fine units as short as possible: `12`, `-.3`, `4.05`.
fn number(out: &mut String, fine: i32) {
    let (whole, part) = (fine / FINE as i32, fine.abs() % FINE as i32);
    if fine < 0 && whole == 0 && part != 0 {
        out.push('-');
    }
    if whole != 0 || part == 0 {
        let _ = write!(out, "{whole}");
    }
    if part != 0 {
        let _ = if part % 10 == 0 { write!(out, ".{}", part / 10) } else { write!(out, ".{part:02}") };
    }
}

/// The backend: collects SVG.
pub struct Svg<'a> {
    out: &'a mut SvgParts,
    size: (u32, u32),
    fine: u32,
}

impl<'a> Svg<'a> {
    /// A drawing of `width` by `height` CSS pixels whose vertical coordinates are `fine` (1 or [`FINE`]) times as fine. The
    /// enclosing `<svg>` element is part of the template.
    pub fn new(out: &'a mut SvgParts, (width, height): (u32, u32), fine: u32) -> Self {
        Self { out, size: (width * SCALE, height * SCALE * fine), fine }
    }
}

type Done = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for Svg<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }
    fn ensure_prepared(&mut self) -> Done {
        Ok(())
    }
    fn present(&mut self) -> Done {
        Ok(())
    }
    fn draw_pixel(&mut self, _: BackendCoord, _: BackendColor) -> Done {
        Ok(())
    }
    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Done {
        self.out.path(class(style.color()), [from, to], self.fine as i32, false);
        Ok(())
    }
    fn draw_rect<S: BackendStyle>(&mut self, _: BackendCoord, _: BackendCoord, _: &S, _: bool) -> Done {
        Ok(())
    }
    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, points: I, style: &S) -> Done {
        self.out.path(class(style.color()), points, self.fine as i32, false);
        Ok(())
    }
    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, points: I, style: &S) -> Done {
        self.out.path(class(style.color()), points, self.fine as i32, true);
        Ok(())
    }
    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Done {
        // Every second label of the time axis has a class of its own, by which narrow screens hide it.
        let is_time = matches!(style.anchor().h_pos, HPos::Center);
        let (anchor, x, y) = match style.anchor().h_pos {
            HPos::Left => ("", x, y),
            HPos::Center => {
                self.out.labels += 1;
                (if self.out.labels.is_multiple_of(2) { " class='c h'" } else { " class=c" }, x, y + LABEL_GAP * 2)
            }
            HPos::Right => (" class=l", x - LABEL_GAP, y),
        };
        let escaped = escape(text);
        let out = if is_time { &mut self.out.times } else { &mut self.out.axis };
        let _ = write!(out, "<text x={x} y={y}{anchor}>{escaped}</text>");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_fine_as_its_values_are_small() {
        let written = |fine: i32| {
            let mut out = String::new();
            number(&mut out, fine);
            out
        };
        assert_eq!(
            [0, 100, -100, 5, -5, 30, -30, 1205, -1250].map(written),
            ["0", "1", "-1", ".05", "-.05", ".3", "-.3", "12.05", "-12.5"]
        );
        let base = (PLOT.1 + PLOT.3) as i32 * 100;
        for height in 167..46_800 {
            let error = (base - rounded(base - height, true) - height).abs();
            assert!(f64::from(error) <= f64::from(height) * 0.003, "{height} is drawn {error} off");
        }
        assert_eq!(rounded(base - 149, false), base - 100);
    }
}
