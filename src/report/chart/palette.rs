//! Colours of pictures: those of the style sheets of the page, light and dark.

/// Red, green and blue.
pub type Rgb = (u8, u8, u8);

const LIGHT: &str = include_str!("../../../templates/report/style/colours.css");
const DARK: &str = include_str!("../../../templates/report/style/dark.css");

/// The colours of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    /// Background.
    pub background: Rgb,
    /// Title and names.
    pub text: Rgb,
    /// Labels of the axes and gaps.
    pub muted: Rgb,
    /// Grid lines.
    pub grid: Rgb,
    /// The lines, in the order of their classes.
    pub lines: [Rgb; 6],
}

impl Palette {
    /// For paper and light pages.
    pub fn light() -> Self {
        Self::from_sheet(LIGHT)
    }

    /// For dark pages and chats.
    pub fn dark() -> Self {
        Self::from_sheet(DARK)
    }

    /// Reads the variables of a style sheet. A colour that is missing is grey.
    fn from_sheet(sheet: &str) -> Self {
        let color = |name: &str| color(sheet, name).unwrap_or((128, 128, 128));
        Self {
            background: color("card"),
            text: color("text"),
            muted: color("mute"),
            grid: color("line"),
            lines: ["s0", "s1", "s2", "s3", "s4", "s5"].map(color),
        }
    }

    /// The band between minimum and maximum of the first line: its colour at a fifth over the background.
    pub fn band(&self) -> Rgb {
        let [line, ..] = self.lines;
        mixed(line, self.background, 0.2)
    }

    /// The colour of a line; those behind the sixth have that of the sixth.
    pub fn line(&self, number: usize) -> Rgb {
        self.lines.get(number).or(self.lines.last()).copied().unwrap_or(self.muted)
    }
}

/// The first value of a variable: `--s0:#2563eb` or `--card:#fff`.
fn color(sheet: &str, name: &str) -> Option<Rgb> {
    let (_, rest) = sheet.split_once(&format!("--{name}:#"))?;
    let end = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
    let digits: Vec<u8> = rest.get(..end)?.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    match digits.as_slice() {
        [red, green, blue] => Some((red * 17, green * 17, blue * 17)),
        [r, ed, g, reen, b, lue] => Some((r * 16 + ed, g * 16 + reen, b * 16 + lue)),
        _ => None,
    }
}

/// A colour over another, with an opacity from 0 to 1.
pub fn mixed(above: Rgb, below: Rgb, opacity: f64) -> Rgb {
    let part = |above: u8, below: u8| (f64::from(above) * opacity + f64::from(below) * (1.0 - opacity)).round() as u8;
    (part(above.0, below.0), part(above.1, below.1), part(above.2, below.2))
}

/// The notation of style sheets: `#2563eb`.
pub fn hex((red, green, blue): Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheets_name_every_colour() {
        for sheet in [LIGHT, DARK] {
            for name in ["card", "text", "mute", "line", "s0", "s1", "s2", "s3", "s4", "s5"] {
                assert!(color(sheet, name).is_some(), "no --{name} in {sheet}");
            }
        }
        let sum = |color: Rgb| u32::from(color.0) + u32::from(color.1) + u32::from(color.2);
        for (palette, is_dark) in [(Palette::light(), false), (Palette::dark(), true)] {
            assert_eq!(sum(palette.background) < sum(palette.text), is_dark);
        }
    }

    #[test]
    fn colours_are_read_and_written() {
        assert_eq!(color("--a:#fff;--b:#2563eb}", "a"), Some((255, 255, 255)));
        assert_eq!(color("--a:#fff;--b:#2563eb}", "b"), Some((37, 99, 235)));
        assert_eq!((color("--a:red", "a"), color("", "a")), (None, None));
        assert_eq!(hex((37, 99, 235)), "#2563eb");
        assert_eq!(mixed((255, 0, 0), (0, 0, 100), 0.2), (51, 0, 80));
    }
}
