//! Limits the size of the page so that it can be mailed: the least important charts are left out and named.

use crate::base::sort::SmallSort;
use crate::model::locale::{Locale, key};
use std::borrow::Cow;

/// Largest size of the page in bytes, as far as charts can be left out.
pub const PAGE_MAX: usize = 320_000;
/// Begin of a chart in the HTML of a range.
const BEGIN: &str = "<section class='b c'";
/// Largest number of left-out charts named for a range.
const NAMED_MAX: usize = 8;
/// Bytes reserved in each range for naming them.
const SAYING: usize = 800;
/// Ranges in the order in which they lose a chart that several of them have.
const ORDER: [&str; 5] = ["30d", "1y", "7d", "1h", "24h"];

/// The charts of a range.
pub struct Charts<'a> {
    /// Identifier of the range.
    pub id: &'a str,
    /// The charts as HTML, one after the other.
    pub html: Cow<'a, str>,
    /// Titles of the left-out charts as HTML, in the order of the page.
    pub left: Vec<String>,
}

impl Charts<'_> {
    /// The note about left-out charts as HTML; empty: none.
    pub fn left_out(&self, locale: &Locale) -> String {
        if self.left.is_empty() {
            return String::new();
        }
        let named = self.left.iter().take(NAMED_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = self.left.len().saturating_sub(NAMED_MAX);
        let more =
            if more > 0 { format!(", {}", locale.with(key::PAGE_AND_MORE, &more.to_string())) } else { String::new() };
        locale.with(key::PAGE_LEFT_OUT, &format!("{named}{more}"))
    }
}

/// Leaves out charts of at least `excess` bytes, the last ones of the page first.
pub fn fold<'r, 'a: 'r>(ranges: impl Iterator<Item = &'r mut Charts<'a>>, excess: usize) {
    let mut ranges: Vec<&mut Charts> = ranges.collect();
    let excess = excess + SAYING * ranges.len();
    let mut split: Vec<Vec<Option<&str>>> = Vec::new();
    let sources: Vec<String> = ranges.iter().map(|range| range.html.to_string()).collect();
    for source in &sources {
        split.push(pieces(source).map(Some).collect());
    }
    // From the end: the last chart of the range with the most charts, the same chart in the other ranges, and so on.
    let mut names: Vec<&str> = Vec::new();
    for piece in split.iter().flatten().flatten() {
        let name = key(piece);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.arrange_by_key(|name| rank(name, &split));
    let mut removed = 0;
    let mut left: Vec<Vec<&str>> = vec![Vec::new(); ranges.len()];
    'all: for name in names.iter().rev() {
        for id in ORDER {
            let Some(at) = ranges.iter().position(|range| range.id == id) else { continue };
            let (Some(pieces), Some(left)) = (split.get_mut(at), left.get_mut(at)) else { continue };
            let found = pieces.iter_mut().find(|piece| piece.is_some_and(|piece| key(piece) == *name));
            if let Some(piece) = found.and_then(Option::take) {
                removed += piece.len();
                left.push(title(piece));
            }
            if removed >= excess {
                break 'all;
            }
        }
    }
    for ((range, pieces), left) in ranges.iter_mut().zip(&split).zip(left) {
        if !left.is_empty() {
            range.html = Cow::Owned(pieces.iter().flatten().copied().collect());
            range.left.splice(0..0, left.into_iter().rev().map(str::to_string));
        }
    }
}

/// The charts in the HTML of a range.
fn pieces(html: &str) -> impl Iterator<Item = &str> {
    let begins: Vec<usize> = html.match_indices(BEGIN).map(|(at, _)| at).collect();
    let ends: Vec<usize> = begins.iter().skip(1).copied().chain([html.len()]).collect();
    begins.into_iter().zip(ends).filter_map(|(begin, end)| html.get(begin..end))
}

/// The key that identifies a chart.
fn key(piece: &str) -> &str {
    piece.split_once("data-k='").and_then(|(_, rest)| rest.split_once('\'')).map_or("", |(key, _)| key)
}

/// Its title, as escaped in the HTML.
fn title(piece: &str) -> &str {
    piece.split_once("<h3>").and_then(|(_, rest)| rest.split_once('<')).map_or("", |(title, _)| title.trim())
}

/// The lowest position of a chart in any range.
fn rank(name: &str, split: &[Vec<Option<&str>>]) -> Option<usize> {
    let place = |pieces: &Vec<Option<&str>>| pieces.iter().flatten().position(|piece| key(piece) == name);
    split.iter().filter_map(place).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(names: &[&str]) -> String {
        let chart = |name: &&str| {
            format!("{BEGIN} data-k='{name}' data-f=p><h3>{name} <span>%</span></h3>{}</section>\n", "x".repeat(1000))
        };
        names.iter().map(chart).collect()
    }

    #[test]
    fn what_stands_last_goes_first_and_the_day_last() {
        let (day, month) = (html(&["CPU", "Memory", "Processes", "plugin.x"]), html(&["CPU", "Processes", "plugin.x"]));
        let fold_by = |excess: usize| {
            let charts = |id, html: &'static str| Charts { id, html: Cow::Borrowed(html), left: Vec::new() };
            let mut ranges = [charts("24h", day.clone().leak()), charts("30d", month.clone().leak())];
            fold(ranges.iter_mut(), excess);
            ranges.map(|range| {
                (
                    pieces(&range.html).map(|piece| key(piece).to_string()).collect::<Vec<_>>().join(" "),
                    range.left_out(&Locale::En),
                )
            })
        };
        // Each range has room for saying what is left out.
        let saying = 2 * SAYING as isize;
        let by = |bytes: isize| fold_by((bytes - saying).max(0) as usize);
        let [day, month] = by(1601);
        assert_eq!(
            (day.0.as_str(), day.1.as_str()),
            ("CPU Memory Processes", "Left out to keep the page below 320 KB: plugin.x")
        );
        assert_eq!(month.0, "CPU Processes");
        let [day, month] = by(2500);
        assert_eq!((day.0.as_str(), month.0.as_str()), ("CPU Memory Processes", "CPU"));
        assert_eq!(month.1, "Left out to keep the page below 320 KB: Processes, plugin.x");
    }
}
