//! The style sheet of the page: its own, that of the host's owner behind it, and the line at the foot of each sheet of
//! paper.

use std::fmt::Write;

const STYLE: &str = include_str!("../../../templates/report.css");
/// What a style sheet of one's own says when it knows of dark.
const KNOWS_DARK: [&str; 3] = ["prefers-color-scheme", "light-dark(", "color-scheme"];

/// `own`: of `[report] style_file`. `foot`: what stands below each printed page.
pub fn of(own: &str, foot: &str) -> String {
    // Colours for light only would lie between those for dark: the page is then light for everybody.
    let has_colours = ["--", "color", "background"].iter().any(|word| own.contains(word));
    let is_light = has_colours && !KNOWS_DARK.iter().any(|word| own.contains(word));
    let is_kept = |line: &&str| !is_light || !line.contains("prefers-color-scheme:dark");
    let mut out = STYLE.trim_end().lines().filter(is_kept).collect::<Vec<_>>().join("\n");
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

/// As a string of CSS: everything but letters and digits as its number.
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
