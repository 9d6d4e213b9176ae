//! A drawing backend of our own for plotters: paths with classes instead of colours, so that the page's style sheet
//! decides about light and dark, and coordinates finer than a pixel.

use plotters_backend::text_anchor::HPos;
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};
use std::convert::Infallible;
use std::fmt::Write;

/// The backend's own units per unit of the page: lines are placed to a third of a pixel.
pub const SCALE: u32 = 3;

/// Distance of a label from its axis, in the backend's units.
const LABEL_GAP: i32 = 12;

/// Colours are not colours: the blue part is the number of a class.
pub fn class(color: BackendColor) -> &'static str {
    match color.rgb.2 {
        1 => "s0",
        2 => "s1",
        3 => "s2",
        4 => "s3",
        5 => "s4",
        10 => "g",
        12 => "m",
        _ => "x",
    }
}

/// Collects SVG.
pub struct Svg<'a> {
    out: &'a mut String,
    size: (u32, u32),
}

impl<'a> Svg<'a> {
    /// A drawing of so many units of the page; the `<svg>` element around it is the template's.
    pub fn new(out: &'a mut String, (width, height): (u32, u32)) -> Self {
        Self { out, size: (width * SCALE, height * SCALE) }
    }

    fn path(&mut self, class_name: &str, points: impl IntoIterator<Item = BackendCoord>, close: bool) {
        let mut points = points.into_iter();
        let Some((mut x, mut y)) = points.next() else { return };
        // Writing to a String cannot fail.
        let _ = write!(self.out, "<path class=\"{class_name}\" d=\"M{x} {y}");
        let start = self.out.len();
        for (next_x, next_y) in points {
            let _ = match (next_x - x, next_y - y) {
                (0, 0) => Ok(()),
                (dx, 0) => write!(self.out, "h{dx}"),
                (0, dy) => write!(self.out, "v{dy}"),
                (dx, dy) => write!(self.out, "l{dx} {dy}"),
            };
            (x, y) = (next_x, next_y);
        }
        // A path of one point is a dot, which round line ends show.
        let is_dot = self.out.len() == start;
        self.out.push_str(match (is_dot, close) {
            (true, _) => "h0\" stroke-width=\"14\"/>",
            (false, true) => "z\"/>",
            (false, false) => "\"/>",
        });
    }
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for Svg<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }
    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }
    fn present(&mut self) -> Drawn {
        Ok(())
    }
    fn draw_pixel(&mut self, _: BackendCoord, _: BackendColor) -> Drawn {
        Ok(())
    }
    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.path(class(style.color()), [from, to], false);
        Ok(())
    }
    fn draw_rect<S: BackendStyle>(&mut self, _: BackendCoord, _: BackendCoord, _: &S, _: bool) -> Drawn {
        Ok(())
    }
    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, points: I, style: &S) -> Drawn {
        self.path(class(style.color()), points, false);
        Ok(())
    }
    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, points: I, style: &S) -> Drawn {
        let name = format!("a {}", class(style.color()));
        self.path(&name, points, true);
        Ok(())
    }
    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Drawn {
        // Labels stand a little off the axis they belong to.
        let (anchor, x, y) = match style.anchor().h_pos {
            HPos::Left => ("", x, y),
            HPos::Center => (" class=\"c\"", x, y + LABEL_GAP * 2),
            HPos::Right => (" class=\"r\"", x - LABEL_GAP, y),
        };
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let _ = write!(self.out, "<text x=\"{x}\" y=\"{y}\"{anchor}>{escaped}</text>");
        Ok(())
    }
}
