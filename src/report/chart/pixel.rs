//! A plotters backend for PNG files: maps the colour classes of charts to colours, and writes text in an embedded font.

use anyhow::{Context, Result};
use plotters::prelude::{BitMapBackend, FontStyle, IntoFont, RGBColor, TextStyle};
use plotters::style::register_font;
use plotters_backend::text_anchor::{HPos, Pos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendTextStyle, DrawingBackend, DrawingErrorKind};
use plotters_bitmap::BitMapBackendError;
use std::ops::Range;
use std::sync::Once;

/// DejaVu Sans, reduced to the characters of Latin-1 and some punctuation; licence in `data/fonts`.
const FONT: &[u8] = include_bytes!("../../../data/fonts/DejaVuSans-subset.ttf");
/// Name under which plotters knows the font.
const FAMILY: &str = "chart";

const LINES: [RGBColor; 6] = [
    RGBColor(37, 99, 235),
    RGBColor(13, 138, 95),
    RGBColor(194, 102, 10),
    RGBColor(176, 39, 159),
    RGBColor(109, 40, 217),
    RGBColor(107, 114, 128),
];
const BAND: RGBColor = RGBColor(211, 224, 251);
const GRID: RGBColor = RGBColor(226, 230, 238);
/// Axis labels and gaps.
pub const MUTED: RGBColor = RGBColor(86, 96, 116);
/// Titles and legend.
pub const TEXT: RGBColor = RGBColor(22, 27, 38);
/// Height of axis labels and of the legend, in pixels.
pub const LABEL_SIZE: f64 = 22.0;

/// A bitmap, and the area of it that plotters draws on.
pub struct Pixels<'a> {
    bitmap: BitMapBackend<'a>,
    origin: BackendCoord,
    area: (u32, u32),
}

/// A white bitmap of a size in pixels, 3 bytes each.
pub fn blank(size: (u32, u32)) -> Vec<u8> {
    vec![255; size.0 as usize * size.1 as usize * 3]
}

/// Encodes a bitmap as a PNG file.
///
/// # Errors
/// When the bitmap does not have the size, which is a bug.
pub fn encode(bitmap: &[u8], size: (u32, u32)) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, size.0, size.1);
    encoder.set_color(png::ColorType::Rgb);
    // Flat areas compress best as they are.
    encoder.set_compression(png::Compression::Default);
    encoder.set_filter(png::FilterType::NoFilter);
    let mut writer = encoder.write_header().context("could not write the PNG header")?;
    writer.write_image_data(bitmap).context("could not encode the chart as PNG")?;
    writer.finish().context("could not finish the PNG file")?;
    Ok(out)
}

impl<'a> Pixels<'a> {
    /// Draws on a bitmap from [`blank`]; plotters draws on `area` at `origin`.
    pub fn new(bitmap: &'a mut [u8], size: (u32, u32), origin: (u32, u32), area: (u32, u32)) -> Self {
        static REGISTERED: Once = Once::new();
        REGISTERED.call_once(|| {
            // Text is left out where the font cannot be read; a test sees that it can.
            let _ = register_font(FAMILY, FontStyle::Normal, FONT);
        });
        let bitmap = BitMapBackend::with_buffer(bitmap, size);
        Self { bitmap, origin: (origin.0 as i32, origin.1 as i32), area }
    }

    /// Writes text of a height in pixels; `at` is the upper left corner. Characters that do not fit into the bitmap are cut off.
    pub fn write(&mut self, text: &str, at: BackendCoord, size: f64, color: RGBColor) {
        self.anchored(text, at, size, color, Pos::new(HPos::Left, VPos::Top));
    }

    fn anchored(&mut self, text: &str, at: BackendCoord, size: f64, color: RGBColor, pos: Pos) {
        let style = TextStyle::from((FAMILY, size).into_font()).color(&color).pos(pos);
        // A chart without one of its words is better than none.
        let _ = self.bitmap.draw_text(text, &style, at);
    }

    /// Width of a text of a height in pixels.
    pub fn width(text: &str, size: f64) -> u32 {
        (FAMILY, size).into_font().box_size(text).map_or(0, |size| size.0)
    }

    /// Marks a gap with a grey strip in the area.
    pub fn strip(&mut self, x: Range<i32>, y: Range<i32>) {
        for at in x.flat_map(|x| y.clone().map(move |y| (x, y))) {
            self.set(at, MUTED, 0.12);
        }
    }

    /// Draws the colour sample of a line in the legend.
    pub fn line(&mut self, number: usize, at: BackendCoord, length: i32) {
        let (x, y) = (at.0 - self.origin.0, at.1 - self.origin.1);
        for at in (x..x + length).flat_map(|x| (y - 2..y + 3).map(move |y| (x, y))) {
            self.set(at, LINES.get(number).copied().unwrap_or(MUTED), 1.0);
        }
    }

    fn set(&mut self, (x, y): BackendCoord, RGBColor(red, green, blue): RGBColor, alpha: f64) {
        let color = BackendColor { alpha, rgb: (red, green, blue) };
        // Pixels outside the bitmap are ignored by the bitmap itself.
        let _ = self.bitmap.draw_pixel((x + self.origin.0, y + self.origin.1), color);
    }
}

/// The colour of a class (see `backend::class`).
fn color_of(color: BackendColor) -> RGBColor {
    match color.rgb.2 {
        number @ 1..=6 => LINES.get(usize::from(number) - 1).copied().unwrap_or(MUTED),
        7 => BAND,
        10 => GRID,
        _ => MUTED,
    }
}

type Done = Result<(), DrawingErrorKind<BitMapBackendError>>;

impl DrawingBackend for &mut Pixels<'_> {
    type ErrorType = BitMapBackendError;

    fn get_size(&self) -> (u32, u32) {
        self.area
    }
    fn ensure_prepared(&mut self) -> Done {
        Ok(())
    }
    fn present(&mut self) -> Done {
        Ok(())
    }
    fn draw_pixel(&mut self, at: BackendCoord, color: BackendColor) -> Done {
        self.set(at, color_of(color), color.alpha);
        Ok(())
    }
    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Done {
        let horizontal = style.anchor().h_pos;
        let (x, y, vertical) = match horizontal {
            HPos::Left => (x, y, VPos::Center),
            HPos::Center => (x, y + 10, VPos::Top),
            HPos::Right => (x - 8, y, VPos::Center),
        };
        let at = (x + self.origin.0, y + self.origin.1);
        self.anchored(text, at, LABEL_SIZE, MUTED, Pos::new(horizontal, vertical));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_drawn_with_the_embedded_font_and_encoded() {
        let size = (120, 40);
        let mut bitmap = blank(size);
        Pixels::new(&mut bitmap, size, (0, 0), size).write("Ag é °C", (2, 2), 30.0, RGBColor(0, 0, 0));
        let dark = bitmap.iter().filter(|value| **value < 64).count();
        assert!(dark > 300, "{dark}");
        assert!(Pixels::width("wide text", 30.0) > Pixels::width("text", 30.0));
        let png = encode(&bitmap, size).unwrap();
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x78\0\0\0\x28\x08\x02"));
        assert!(png.ends_with(b"IEND\xaeB`\x82"));
    }
}
