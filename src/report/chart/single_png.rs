//! A single chart as PNG: drawn at twice its size and reduced, so that lines and letters have smooth edges.

use crate::report::chart::axis::time_ticks;
use crate::report::chart::layout::{PLOT, SCALE, SIZE, x_of};
use crate::report::chart::palette::Palette;
use crate::report::chart::pixel::{Align, FINE, Pixels, encode};
use crate::report::chart::plot;
use crate::report::chart::single::{HEAD, ROW, SAMPLE, Single, TEXT_SIZES};
use anyhow::Result;

/// Left end of title and subtitle, in CSS pixels.
const LEFT: u32 = 12;

impl Single<'_> {
    /// The chart as a PNG file.
    ///
    /// # Errors
    /// When plotters or the encoder fails, which is a bug.
    pub fn png(&self) -> Result<Vec<u8>> {
        let (gaps, ticks) = (self.series.gaps(), time_ticks(&self.time, self.locale));
        let frame = self.frame(&gaps, &ticks);
        let (places, rows) = self.places(&self.value_labels(&frame)?);
        let palette = if self.is_dark { Palette::dark() } else { Palette::light() };
        let mut pixels = Pixels::new((places.size.0 * FINE, places.size.1 * FINE), palette);
        pixels.place((places.gutter * FINE, HEAD * FINE), (SIZE.0 * FINE, SIZE.1 * FINE), self.unit.suffix());
        self.strips(&mut pixels, &gaps);
        plot::paint(&mut pixels, FINE, self.drawn(), &frame)?;
        let at = |x: u32, y: u32| ((x * FINE) as i32, (y * FINE) as i32);
        pixels.write(&self.title, at(LEFT, 16), TEXT_SIZES.0, palette.text, Align::Left);
        pixels.write(&self.subtitle, at(LEFT, 34), TEXT_SIZES.1, palette.muted, Align::Left);
        for (number, row) in rows.iter().enumerate() {
            let y = HEAD + SIZE.1 + ROW * number as u32 + ROW / 2;
            let color = if number == 0 { palette.muted } else { palette.text };
            if let Some(line) = number.checked_sub(1) {
                pixels.sample(line, at(places.legend, y), 10 * FINE as i32);
                pixels.write(&row.name, at(places.legend + SAMPLE, y), TEXT_SIZES.1, color, Align::Left);
            }
            for (cell, end) in row.cells.iter().zip(&places.columns) {
                pixels.write(cell, at(*end, y), TEXT_SIZES.1, color, Align::Right);
            }
        }
        let (bitmap, size) = pixels.halved();
        encode(&bitmap, size)
    }

    /// Marks gaps in grey.
    fn strips(&self, pixels: &mut Pixels, gaps: &[(f64, f64)]) {
        let fine = |units: i32| units * FINE as i32 / SCALE as i32;
        let at = |time: f64| fine(x_of(time.clamp(self.time.start, self.time.end), &self.time));
        let (top, bottom) = (fine(PLOT.1 as i32), fine((PLOT.1 + PLOT.3) as i32));
        for (from, to) in gaps {
            pixels.strip(at(*from)..at(*to), top..bottom);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::locale::Locale;
    use crate::model::metric::SeriesKey;
    use crate::report::chart::palette::{Palette, Rgb};
    use crate::report::chart::series::{ALWAYS, Point, Series};
    use crate::report::chart::single::Single;
    use crate::report::chart::spec::Line;
    use crate::report::chart::unit::AxisUnit;

    /// Width of a picture, and the number of its pixels of each of some colours.
    fn drawn(is_dark: bool, end: f64, highest: f64, colors: &[Rgb]) -> (u32, Vec<usize>) {
        let at = |time: f64| Point { time, min: 1.0, avg: highest / 2.0, max: highest };
        let points: Vec<Point> = [0.0, 60.0, 120.0, 180.0, 3000.0, 3060.0].map(at).to_vec();
        let mut series = Series::new(0);
        series.add(SeriesKey::parse(ALWAYS), points.clone());
        let single = Single {
            title: "Title".to_string(),
            subtitle: "Subtitle".to_string(),
            lines: vec![Line { name: "x".to_string(), points: points.into() }],
            unit: AxisUnit::Number,
            time: 0.0..end,
            has_band: false,
            series: &series,
            locale: Locale::En,
            is_dark,
        };
        let file = single.png().unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size()];
        let width = reader.next_frame(&mut pixels).unwrap().width;
        let count = |color: &Rgb| pixels.chunks(3).filter(|pixel| **pixel == [color.0, color.1, color.2]).count();
        (width, colors.iter().map(count).collect())
    }

    #[test]
    fn it_is_light_or_dark() {
        for (is_dark, palette) in [(false, Palette::light()), (true, Palette::dark())] {
            let (_, counts) = drawn(is_dark, 3600.0, 4.0, &[palette.background, palette.lines[0], palette.text]);
            assert!(counts[0] > 300_000 && counts[1] > 100 && counts[2] > 10, "{counts:?}");
        }
    }

    #[test]
    fn a_gap_is_grey_and_long_labels_make_it_wider() {
        let strip = crate::report::chart::palette::mixed(Palette::light().muted, (255, 255, 255), 0.12);
        let (narrow, gap) = drawn(false, 3600.0, 4.0, &[strip]);
        let (wide, no_gap) = drawn(false, 170.0, 4e12, &[strip]);
        assert!(gap[0] > 1000 && no_gap[0] < 50, "{gap:?} {no_gap:?}");
        assert!(wide > narrow, "{wide} {narrow}");
    }
}
