//! A plotters backend for bitmaps with a built-in font, written as PNG.

use crate::report::chart::font::glyph;
use anyhow::Result;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use plotters_backend::text_anchor::HPos;
use plotters_backend::{BackendColor, BackendCoord, BackendTextStyle, DrawingBackend, DrawingErrorKind};
use std::convert::Infallible;
use std::io::Write;
use std::ops::Range;

type Rgb = [u8; 3];

const WHITE: Rgb = [255, 255, 255];
const LINES: [Rgb; 6] = [[37, 99, 235], [13, 138, 95], [194, 102, 10], [176, 39, 159], [109, 40, 217], [107, 114, 128]];
const BAND: Rgb = [211, 224, 251];
const GRID: Rgb = [226, 230, 238];
const MUTE: Rgb = [86, 96, 116];

/// A bitmap, and the area of it that plotters draws on.
pub struct Pixels {
    size: (u32, u32),
    origin: (i32, i32),
    area: (u32, u32),
    data: Vec<Rgb>,
}

impl Pixels {
    /// A white bitmap; plotters draws on `area` at `origin`.
    pub fn new(size: (u32, u32), origin: (u32, u32), area: (u32, u32)) -> Self {
        let data = vec![WHITE; size.0 as usize * size.1 as usize];
        Self { size, origin: (origin.0 as i32, origin.1 as i32), area, data }
    }

    fn set(&mut self, x: i32, y: i32, colour: Rgb, alpha: f64) {
        let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return };
        if x >= self.size.0 || y >= self.size.1 {
            return;
        }
        if let Some(pixel) = self.data.get_mut((y * self.size.0 + x) as usize) {
            for (known, new) in pixel.iter_mut().zip(colour) {
                *known = (f64::from(*known) * (1.0 - alpha) + f64::from(new) * alpha).round() as u8;
            }
        }
    }

    /// Writes text in letters of 5 by 7 dots of `scale` pixels; `at` is the upper left corner.
    pub fn write(&mut self, text: &str, at: (i32, i32), scale: i32, colour: Rgb) {
        let mut x = at.0;
        for c in text.chars() {
            for (column, bits) in glyph(c).iter().enumerate() {
                for row in (0..8).filter(|row| bits >> row & 1 == 1) {
                    for (dx, dy) in (0..scale).flat_map(|dx| (0..scale).map(move |dy| (dx, dy))) {
                        self.set(x + column as i32 * scale + dx, at.1 + row * scale + dy, colour, 1.0);
                    }
                }
            }
            x += 6 * scale;
        }
    }

    /// Marks a gap with a grey strip in the area.
    pub fn strip(&mut self, x: Range<i32>, y: Range<i32>) {
        let origin = self.origin;
        for (x, y) in x.flat_map(|x| y.clone().map(move |y| (x, y))) {
            self.set(x + origin.0, y + origin.1, MUTE, 0.12);
        }
    }

    /// Draws the colour sample of a line in the legend.
    pub fn line(&mut self, number: usize, at: (i32, i32), length: i32) {
        let colour = LINES.get(number).copied().unwrap_or(MUTE);
        for (x, y) in (0..length).flat_map(|x| (0..5).map(move |y| (x, y))) {
            self.set(at.0 + x, at.1 + y - 2, colour, 1.0);
        }
    }

    /// The bitmap as a PNG file.
    ///
    /// # Errors
    /// When compression fails, which is a bug.
    pub fn png(&self) -> Result<Vec<u8>> {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::new(6));
        for row in self.data.chunks(self.size.0 as usize) {
            // Filter type 0: none.
            packed.write_all(&[0])?;
            packed.write_all(row.as_flattened())?;
        }
        let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
        let header = [&self.size.0.to_be_bytes()[..], &self.size.1.to_be_bytes()[..], &[8, 2, 0, 0, 0]].concat();
        for (kind, content) in [(b"IHDR", header), (b"IDAT", packed.finish()?), (b"IEND", Vec::new())] {
            out.extend((content.len() as u32).to_be_bytes());
            let body = [&kind[..], &content].concat();
            out.extend(&body);
            out.extend(crc32fast::hash(&body).to_be_bytes());
        }
        Ok(out)
    }
}

/// The colour of a class (see `backend::class`).
fn colour(color: BackendColor) -> Rgb {
    match color.rgb.2 {
        number @ 1..=6 => LINES.get(usize::from(number) - 1).copied().unwrap_or(MUTE),
        7 => BAND,
        10 => GRID,
        _ => MUTE,
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
    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Done {
        let origin = self.origin;
        self.set(x + origin.0, y + origin.1, colour(color), color.alpha);
        Ok(())
    }
    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Done {
        let width = text.chars().count() as i32 * 12;
        let x = match style.anchor().h_pos {
            HPos::Left => x,
            HPos::Center => x - width / 2,
            HPos::Right => x - width - 8,
        };
        let y = if matches!(style.anchor().h_pos, HPos::Center) { y + 10 } else { y - 7 };
        let origin = self.origin;
        self.write(text, (x + origin.0, y + origin.1), 2, MUTE);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_parts_a_png_has() {
        let mut pixels = Pixels::new((40, 20), (0, 0), (40, 20));
        pixels.write("Ag", (2, 2), 2, [0, 0, 0]);
        let dark = pixels.data.iter().filter(|pixel| **pixel == [0, 0, 0]).count();
        assert!(dark > 60 && dark.is_multiple_of(4), "{dark}");
        let png = pixels.png().unwrap();
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x28\0\0\0\x14\x08\x02"));
        assert!(png.ends_with(b"IEND\xaeB`\x82"));
    }
}
