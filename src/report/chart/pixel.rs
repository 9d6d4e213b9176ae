//! A plotters backend for PNG files: maps the colour classes of charts to colours, and writes text in an embedded font.

use crate::report::chart::palette::{Palette, Rgb, mixed};
use anyhow::{Context, Result};
use plotters::prelude::{FontStyle, IntoFont, RGBColor, TextStyle};
use plotters::style::register_font;
use plotters_backend::text_anchor::{HPos, Pos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendTextStyle, DrawingBackend, DrawingErrorKind};
use std::convert::Infallible;
use std::ops::Range;
use std::sync::Once;

/// DejaVu Sans, reduced to the characters of Latin-1 and some punctuation; licence in `data/fonts`.
const FONT: &[u8] = include_bytes!("../../../data/fonts/DejaVuSans-subset.ttf");
/// Name under which plotters knows the font.
const FAMILY: &str = "chart";
/// Pixels of the drawing per CSS pixel.
pub const FINE: u32 = 4;
/// Height of the labels of the axes, in CSS pixels.
const LABEL_SIZE: f64 = 11.0;
/// Distance from the middle of the box of a line of text to that of its letters, as a share of its height.
const MIDDLE: f64 = 0.16;
/// Distance of a label from its axis, in pixels of the drawing.
const LABEL_GAP: i32 = 4 * FINE as i32;

/// The end of a text that is at a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Its left end.
    Left,
    /// Its right end.
    Right,
}

/// A bitmap, and the area of it that plotters draws on.
pub struct Pixels {
    bitmap: Vec<u8>,
    size: (u32, u32),
    palette: Palette,
    origin: BackendCoord,
    area: (u32, u32),
    suffix: &'static str,
}

/// Encodes a bitmap of 3 bytes a pixel as a PNG file.
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

/// Width of a text of a height, both in CSS pixels.
pub fn width(text: &str, size: f64) -> u32 {
    register();
    let fine = (FAMILY, size * f64::from(FINE)).into_font().box_size(text).map_or(0, |size| size.0);
    fine.div_ceil(FINE)
}

fn register() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // Text is left out where the font cannot be read; a test sees that it can.
        let _ = register_font(FAMILY, FontStyle::Normal, FONT);
    });
}

impl Pixels {
    /// An empty bitmap of a size in pixels of the drawing.
    pub fn new(size: (u32, u32), palette: Palette) -> Self {
        register();
        let (red, green, blue) = palette.background;
        let bitmap = [red, green, blue].repeat(size.0 as usize * size.1 as usize);
        Self { bitmap, size, palette, origin: (0, 0), area: size, suffix: "" }
    }

    /// Places the area that plotters draws on; `suffix` is written behind the labels of its value axis.
    pub fn place(&mut self, origin: (u32, u32), area: (u32, u32), suffix: &'static str) {
        (self.origin, self.area, self.suffix) = ((origin.0 as i32, origin.1 as i32), area, suffix);
    }

    /// Writes text of a height in CSS pixels, one end of it at the left or right of `at`, and in the middle of its height.
    /// What does not fit into the bitmap is cut off.
    pub fn write(&mut self, text: &str, at: BackendCoord, size: f64, color: Rgb, align: Align) {
        let horizontal = if align == Align::Left { HPos::Left } else { HPos::Right };
        self.anchored(text, at, size, color, horizontal);
    }

    fn anchored(&mut self, text: &str, at: BackendCoord, size: f64, (red, green, blue): Rgb, horizontal: HPos) {
        let size = size * f64::from(FINE);
        let color = RGBColor(red, green, blue);
        let style = TextStyle::from((FAMILY, size).into_font()).color(&color);
        let style = style.pos(Pos::new(horizontal, VPos::Center));
        let at = (at.0, at.1 + (size * MIDDLE) as i32);
        // A chart without one of its words is better than none.
        let _ = Ink(self).draw_text(text, &style, at);
    }

    /// Marks a gap with a grey strip in the area.
    pub fn strip(&mut self, x: Range<i32>, y: Range<i32>) {
        let muted = self.palette.muted;
        for (x, y) in x.flat_map(|x| y.clone().map(move |y| (x, y))) {
            self.set((x + self.origin.0, y + self.origin.1), muted, 0.12);
        }
    }

    /// Draws the colour of a line in the legend, from a position to the right.
    pub fn sample(&mut self, number: usize, at: BackendCoord, length: i32) {
        let color = self.palette.line(number);
        let ((x, y), half) = (at, FINE as i32);
        for at in (x..x + length).flat_map(|x| (y - half..y + half).map(move |y| (x, y))) {
            self.set(at, color, 1.0);
        }
    }

    /// The bitmap at half its width and height, and that size.
    pub fn halved(&self) -> (Vec<u8>, (u32, u32)) {
        let (width, height) = (self.size.0 / 2, self.size.1 / 2);
        let row = self.size.0 as usize * 3;
        let mut out = Vec::with_capacity(width as usize * height as usize * 3);
        for pair in self.bitmap.chunks_exact(row * 2) {
            let (upper, lower) = pair.split_at(row);
            for (upper, lower) in upper.chunks_exact(6).zip(lower.chunks_exact(6)) {
                if let ([a, b, c, d, e, f], [g, h, i, j, k, l]) = (upper, lower) {
                    let mean = |values: [&u8; 4]| (values.map(|value| u16::from(*value)).iter().sum::<u16>() / 4) as u8;
                    out.extend([mean([a, d, g, j]), mean([b, e, h, k]), mean([c, f, i, l])]);
                }
            }
        }
        (out, (width, height))
    }

    /// Draws over a pixel; what is outside of the bitmap is ignored.
    fn set(&mut self, (x, y): BackendCoord, color: Rgb, alpha: f64) {
        let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return };
        if x >= self.size.0 || y >= self.size.1 {
            return;
        }
        let at = (y as usize * self.size.0 as usize + x as usize) * 3;
        if let Some([red, green, blue]) = self.bitmap.get_mut(at..at + 3) {
            (*red, *green, *blue) = if alpha >= 1.0 { color } else { mixed(color, (*red, *green, *blue), alpha) };
        }
    }

    /// The colour of a class (see `backend::class`).
    fn color_of(&self, color: BackendColor) -> Rgb {
        match color.rgb.2 {
            number @ 1..=6 => self.palette.line(usize::from(number) - 1),
            7 => self.palette.band(),
            10 => self.palette.grid,
            _ => self.palette.muted,
        }
    }
}

type Done = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for &mut Pixels {
    type ErrorType = Infallible;

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
        let drawn = self.color_of(color);
        let (x, y) = (at.0 + self.origin.0, at.1 + self.origin.1);
        self.set((x, y), drawn, color.alpha);
        if drawn == self.palette.grid {
            // Grid lines are a pixel of the picture wide.
            [(x + 1, y), (x, y + 1), (x + 1, y + 1)].into_iter().for_each(|at| self.set(at, drawn, color.alpha));
        }
        Ok(())
    }
    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Done {
        let horizontal = style.anchor().h_pos;
        let (text, x, y) = match horizontal {
            HPos::Left => (text.to_string(), x, y),
            HPos::Center => (text.to_string(), x, y + 9 * FINE as i32),
            HPos::Right => (format!("{text}{}", self.suffix), x - LABEL_GAP, y),
        };
        let muted = self.palette.muted;
        self.anchored(&text, (x + self.origin.0, y + self.origin.1), LABEL_SIZE, muted, horizontal);
        Ok(())
    }
}

/// Draws letters in their own colour, instead of that of a class.
struct Ink<'a>(&'a mut Pixels);

impl DrawingBackend for Ink<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.0.size
    }
    fn ensure_prepared(&mut self) -> Done {
        Ok(())
    }
    fn present(&mut self) -> Done {
        Ok(())
    }
    fn draw_pixel(&mut self, at: BackendCoord, color: BackendColor) -> Done {
        self.0.set(at, color.rgb, color.alpha);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_drawn_with_the_embedded_font_and_encoded() {
        let mut pixels = Pixels::new((480, 160), Palette::light());
        pixels.write("Ag é °C", (8, 80), 15.0, (0, 0, 0), Align::Left);
        let (bitmap, size) = pixels.halved();
        assert_eq!((size, bitmap.len()), ((240, 80), 240 * 80 * 3));
        let dark = bitmap.iter().filter(|value| **value < 64).count();
        assert!(dark > 300, "{dark}");
        let between = bitmap.iter().filter(|value| (64..192).contains(*value)).count();
        assert!(between > 100, "edges of letters are smooth: {between}");
        assert!(width("wide text", 30.0) > width("text", 30.0));
        let png = encode(&bitmap, size).unwrap();
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\xf0\0\0\0\x50\x08\x02"));
        assert!(png.ends_with(b"IEND\xaeB`\x82"));
    }
}
