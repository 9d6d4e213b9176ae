//! The style sheet of the page, followed by the custom one, and the footer of printed pages.

use std::fmt::Write;

/// One part of the style sheet.
macro_rules! part {
    ($name:literal) => {
        include_str!(concat!("../../../templates/report/style/", $name, ".css"))
    };
}

/// The colours of dark mode; left out of a page that is always light.
const DARK: &str = part!("dark");
/// The parts before and after the colours of dark mode. Those for a medium come last: they override.
const COLOURS: &str = part!("colours");
const PARTS: [&str; 14] = [
    part!("page"),
    part!("header"),
    part!("tiles"),
    part!("attention"),
    part!("events"),
    part!("days"),
    part!("ranges"),
    part!("charts"),
    part!("tables"),
    part!("tooltip"),
    part!("tablet"),
    part!("phone"),
    part!("contrast"),
    part!("print"),
];
/// A custom style sheet with any of these supports dark mode.
const KNOWS_DARK: [&str; 3] = ["prefers-color-scheme", "light-dark(", "color-scheme"];

/// The whole style sheet. `own` is that of `[report] style_file`, `foot` the footer of printed pages.
pub fn of(own: &str, foot: &str) -> String {
    // Colours for light mode only would mix with those for dark mode: the page then stays light.
    let has_colours = ["--", "color", "background"].iter().any(|word| own.contains(word));
    let is_light = has_colours && !KNOWS_DARK.iter().any(|word| own.contains(word));
    let dark = if is_light { "" } else { DARK };
    // Indentation and line breaks only serve readers of the source.
    let lines = [COLOURS, dark].into_iter().chain(PARTS).flat_map(str::lines);
    let mut out: String = lines.map(str::trim).collect();
    let foot = quoted(foot);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "\n@page{{@bottom-left{{content:\"{foot}\";font:9px sans-serif}}@bottom-right{{content:counter(page) \" / \" counter(pages);font:9px sans-serif}}}}"
    );
    if is_light {
        out.push_str(":root{color-scheme:light}");
    }
    out + own
}

/// The content of a CSS string: everything but ASCII letters, digits and spaces is escaped.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c == ' ' {
            out.push(c);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\{:x} ", c as u32);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_for_light_only_make_the_page_light_and_a_name_ends_no_string() {
        let dark = "prefers-color-scheme:dark";
        assert!(of("", "x").contains(dark) && of("body{margin:0}", "x").contains(dark));
        let light = of(":root{--bg:#fed}", "x");
        assert!(!light.contains(dark) && light.ends_with(":root{color-scheme:light}:root{--bg:#fed}"));
        assert!(!of("body{background:#fed}", "x").contains(dark));
        assert!(of(":root{--bg:light-dark(#fed,#321)}", "x").contains(dark));
        assert_eq!(quoted("a\"}</style>"), "a\\22 \\7d \\3c \\2f style\\3e ");
    }
}
