//! The ranges of time that the page shows.

/// A range of time that ends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Identifier in the configuration and in the URL fragment of the page.
    pub id: &'static str,
    /// Title, in English.
    pub title: &'static str,
    /// Length in seconds.
    pub seconds: u32,
    /// Seconds that a point stands for; 0: a point is a single sample.
    pub step_seconds: u32,
}

impl Range {
    /// Charts for troubleshooting are drawn: in ranges of at most a day.
    pub fn is_detailed(&self) -> bool {
        self.step_seconds <= 300
    }
}

/// All ranges, shortest first.
pub const RANGES: [Range; 5] = [
    Range { id: "1h", title: "1 hour", seconds: 3600, step_seconds: 0 },
    Range { id: "24h", title: "24 hours", seconds: 86_400, step_seconds: 300 },
    Range { id: "7d", title: "7 days", seconds: 604_800, step_seconds: 3600 },
    Range { id: "30d", title: "30 days", seconds: 2_592_000, step_seconds: 10_800 },
    Range { id: "1y", title: "1 year", seconds: 31_536_000, step_seconds: 86_400 },
];

/// The wanted ranges that show more than the next shorter one. `age_seconds` is the age of the oldest record.
pub fn shown(wanted: &[String], age_seconds: f64) -> Vec<Range> {
    let wanted: Vec<Range> = RANGES.into_iter().filter(|range| wanted.iter().any(|id| id == range.id)).collect();
    let mut shown: Vec<Range> = Vec::new();
    for range in wanted {
        if shown.last().is_none_or(|shorter| age_seconds > f64::from(shorter.seconds) * 1.05) {
            shown.push(range);
        }
    }
    shown
}

/// A history younger than this, in seconds, would fill only the last eighth of a chart of a day.
const YOUNG: f64 = 3.0 * 3600.0;

/// The range selected first: a day, or else the shortest. A young history opens at the shortest.
pub fn first(shown: &[Range], age_seconds: f64) -> &'static str {
    let day = shown.iter().find(|range| range.id == "24h").filter(|_| age_seconds >= YOUNG);
    day.or(shown.first()).map_or("24h", |range| range.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_young_host_shows_what_it_has() {
        let all: Vec<String> = RANGES.iter().map(|range| range.id.to_string()).collect();
        let ids = |age: f64| shown(&all, age).iter().map(|range| range.id).collect::<Vec<_>>().join(" ");
        assert_eq!(ids(0.0), "1h");
        assert_eq!(ids(7200.0), "1h 24h");
        assert_eq!(ids(2.0 * 86_400.0), "1h 24h 7d");
        assert_eq!(ids(400.0 * 86_400.0), "1h 24h 7d 30d 1y");
        assert_eq!(first(&shown(&all, 60.0), 60.0), "1h");
        assert_eq!(first(&shown(&all, 1e9), 1e9), "24h");
        assert_eq!(first(&shown(&all, 7200.0), 7200.0), "1h", "two hours in a day would be a strip at its right");
        assert_eq!(first(&shown(&all, 10_800.0), 10_800.0), "24h");
        assert_eq!(first(&shown(&["1y".to_string()], 60.0), 60.0), "1y");
    }
}
