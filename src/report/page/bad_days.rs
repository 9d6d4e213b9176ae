//! The days with problems of the last 90, each with all that was wrong on it.

use crate::report::page::status_bars::row::Row;

/// A day and its problems.
#[derive(Debug, PartialEq, Eq)]
pub struct BadDay {
    /// Such as `20 Nov`.
    pub day: String,
    /// Title, severity and duration of each problem; each once.
    pub problems: Vec<String>,
}

/// The bad days of all rows, in the order of the first row that has them: newest first, for the first row is the host.
/// A problem of a resource is one of the host too.
pub fn bad_days(rows: &[Row]) -> Vec<BadDay> {
    let mut days: Vec<BadDay> = Vec::new();
    for (day, problem) in rows.iter().flat_map(|row| &row.bad).filter_map(|text| text.split_once(':')) {
        let (day, problem) = (day.trim(), without_count(problem.trim()).to_string());
        match days.iter_mut().find(|known| known.day == day) {
            Some(known) if known.problems.contains(&problem) => {}
            Some(known) => known.problems.push(problem),
            None => days.push(BadDay { day: day.to_string(), problems: vec![problem] }),
        }
    }
    days
}

/// The text without ` (+2)`: the others are listed too.
fn without_count(text: &str) -> &str {
    match text.rsplit_once(" (+") {
        Some((before, count)) if count.trim_end_matches(')').chars().all(|c| c.is_ascii_digit()) => before,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_each_problem_once() {
        let row = |name: &str, bad: &[&str]| Row {
            name: name.to_string(),
            bars: String::new(),
            share: String::new(),
            description: String::new(),
            bad: bad.iter().map(ToString::to_string).collect(),
        };
        let rows = [
            row("Host", &["20 Nov: nginx critical, 9 min (+2)", "3 Oct: /var (+x) warning, 2 h"]),
            row("Memory", &["20 Nov: Memory warning, 5 min"]),
            row("Services", &["20 Nov: nginx critical, 9 min (+1)", "1 Sep: nginx critical, 1 min"]),
        ];
        let day = |day: &str, problems: &[&str]| BadDay {
            day: day.to_string(),
            problems: problems.iter().map(ToString::to_string).collect(),
        };
        let expected = [
            day("20 Nov", &["nginx critical, 9 min", "Memory warning, 5 min"]),
            day("3 Oct", &["/var (+x) warning, 2 h"]),
            day("1 Sep", &["nginx critical, 1 min"]),
        ];
        assert_eq!(bad_days(&rows), expected);
    }
}
