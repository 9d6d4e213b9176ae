//! Ticks of the axes and their labels: full hours, days and months of the local time zone, and round numbers.

use crate::base::clock::{local_form, zone_offset_seconds};
use crate::base::local_time::LocalTime;
use crate::base::units::bits;
use crate::model::locale::Locale;
use crate::report::chart::column::byte_unit;
use crate::report::chart::unit::AxisUnit;
use chrono::{DateTime, Utc};
use std::ops::Range;

/// A tick of the time axis: Unix time in seconds, and its label.
pub type Tick = (f64, String);

/// About five ticks from 0, or from a round number that is not above the lowest value if that is negative, to a round
/// number that is not below the highest value.
pub fn value_ticks(unit: AxisUnit, lowest: f64, highest: f64) -> Vec<f64> {
    let is_below = lowest < 0.0 && lowest.is_finite() && highest.is_finite();
    let (base, least) = match unit {
        _ if is_below => (if matches!(unit, AxisUnit::Bytes | AxisUnit::BytesPerSecond) { 2.0 } else { 10.0 }, 0.0),
        AxisUnit::Full => return vec![0.0, 25.0, 50.0, 75.0, 100.0],
        AxisUnit::Percent => {
            let top = [10.0, 25.0, 50.0].into_iter().find(|top| highest <= *top).unwrap_or(100.0);
            let parts = if top == 10.0 || top == 25.0 { 5 } else { 4 };
            return (0..=parts).map(|tick| f64::from(tick) * top / f64::from(parts)).collect();
        }
        AxisUnit::SmallPercent => (10.0, 4.0),
        AxisUnit::Number
        | AxisUnit::PerSecond
        | AxisUnit::BitsPerSecond
        | AxisUnit::Celsius
        | AxisUnit::Milliseconds => (10.0, 1.0),
        AxisUnit::Bytes | AxisUnit::BytesPerSecond => (2.0, 4096.0),
    };
    let below = if is_below { -lowest } else { 0.0 };
    let wanted =
        if highest.is_finite() { (highest.max(0.0) + below).max(least).max(f64::MIN_POSITIVE) / 4.0 } else { least };
    let power = f64::powf(base, wanted.log(base).floor());
    let factors: &[f64] = if base == 2.0 { &[1.0, 2.0] } else { &[1.0, 2.0, 2.5, 5.0, 10.0] };
    let step = factors.iter().map(|factor| factor * power).find(|step| *step >= wanted * 0.999).unwrap_or(wanted);
    if is_below {
        // From full steps below 0 to full steps above.
        let (first, last) =
            ((-below / step).floor().max(-9.0) as i32, (highest.max(0.0) / step).ceil().min(9.0) as i32);
        return (first..=last).map(|tick| f64::from(tick) * step).collect();
    }
    (0..=4).map(|tick| f64::from(tick) * step).collect()
}

/// Full hours, midnights or first days of months: at most eight.
pub fn time_ticks(time: &Range<f64>, locale: Locale) -> Vec<Tick> {
    let span = time.end - time.start;
    // A label at the very edge would be cut off; on the left the labels of the values leave room.
    let inside = |tick: f64| tick >= time.start + span * 0.01 && tick <= time.end - span * 0.045;
    let steps = [300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0, 14_400.0, 21_600.0];
    let ticks: Vec<Tick> = if let Some(step) = steps.into_iter().find(|step| span / step <= 7.0) {
        let first = (time.start / 300.0).ceil() as i64;
        let last = (time.end / 300.0) as i64;
        let ticks = (first..=last).map(|tick| tick as f64 * 300.0);
        ticks
            .filter(|tick| {
                let local = tick + moment(*tick).map_or(0.0, |time| f64::from(zone_offset_seconds(time)));
                (local / step).fract().abs() < 1e-9
            })
            .map(|tick| match local(tick, "%H:%M") {
                // Where the day begins.
                clock if clock == "00:00" => (tick, date(tick, locale)),
                clock => (tick, clock),
            })
            .collect()
    } else if span <= 8.0 * 86_400.0 {
        midnights(time).map(|tick| (tick, format!("{} {}", locale.weekday(&local(tick, "%u")), day(tick)))).collect()
    } else if span <= 70.0 * 86_400.0 {
        let every = if span > 35.0 * 86_400.0 { 10 } else { 5 };
        let days = midnights(time).enumerate().filter(|(at, _)| at % every == every / 2);
        days.map(|(_, tick)| (tick, date(tick, locale))).collect()
    } else if span > 400.0 * 86_400.0 {
        // Months come again: each with its year.
        let every =
            [3, 6, 12, 24].into_iter().find(|months| span / 86_400.0 / 30.44 / f64::from(*months) <= 7.0).unwrap_or(60);
        firsts(time, every).map(|tick| (tick, year_and_month(tick, locale))).collect()
    } else {
        // The year stands where it begins, or else at the first month.
        let shown: Vec<f64> =
            firsts(time, if span > 200.0 * 86_400.0 { 2 } else { 1 }).filter(|tick| inside(*tick)).collect();
        let is_january = |tick: &f64| local(*tick, "%m") == "01";
        let dated = shown.iter().copied().find(is_january).or(shown.first().copied());
        let text = |tick: f64| match Some(tick) == dated {
            true => year_and_month(tick, locale),
            false => locale.month(&local(tick, "%m")).to_string(),
        };
        shown.into_iter().map(|tick| (tick, text(tick))).collect()
    };
    ticks.into_iter().filter(|(tick, _)| inside(*tick)).collect()
}

/// First days of every so many months, counted from January.
fn firsts(time: &Range<f64>, every: i32) -> impl Iterator<Item = f64> {
    let number = |form: &str, tick: f64| local(tick, form).parse::<i32>().unwrap_or(0);
    let months = move |tick: &f64| (number("%Y", *tick) * 12 + number("%m", *tick) - 1) % every == 0;
    midnights(time).filter(|tick| local(*tick, "%d") == "01").filter(months)
}

fn year_and_month(tick: f64, locale: Locale) -> String {
    format!("{} {}", locale.month(&local(tick, "%m")), local(tick, "%Y"))
}

/// A day and its month.
fn date(tick: f64, locale: Locale) -> String {
    format!("{} {}", day(tick), locale.month(&local(tick, "%m")))
}

/// Begins of the local days of a span.
fn midnights(time: &Range<f64>) -> impl Iterator<Item = f64> {
    let span = moment(time.start).zip(moment(time.end));
    let days = span.map(|(since, until)| LocalTime::days(since, until)).unwrap_or_default();
    days.into_iter().map(|day| day.0.timestamp() as f64)
}

fn day(tick: f64) -> String {
    local(tick, "%d").trim_start_matches('0').to_string()
}

fn moment(seconds: f64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds as i64, 0)
}

/// A Unix time in the local time zone, formatted as by strftime(3).
pub fn local(seconds: f64, form: &str) -> String {
    moment(seconds).map(|time| local_form(time, form)).unwrap_or_default()
}

/// A value on an axis that reaches `top`: bytes in the unit of the whole axis ([`byte_unit`]), which is not written.
pub fn axis_label(unit: AxisUnit, value: f64, top: f64, locale: Locale) -> String {
    match unit {
        AxisUnit::Bytes | AxisUnit::BytesPerSecond => locale.short(value / byte_unit(top).0),
        AxisUnit::Number | AxisUnit::PerSecond if top >= 1e5 => format!("{}k", locale.short(value / 1e3)),
        _ => locale.short(value),
    }
}

/// The unit of an axis of bytes that reaches `top`; `None` for other axes.
pub fn axis_unit(unit: AxisUnit, top: f64, locale: Locale) -> Option<String> {
    let per = match unit {
        AxisUnit::Bytes => "",
        AxisUnit::BytesPerSecond => "/s",
        _ => return None,
    };
    Some(locale.figures(&format!("{}{per}", byte_unit(top).1)))
}

/// A value with its unit, where it stands alone.
pub fn label(unit: AxisUnit, value: f64, locale: Locale) -> String {
    match unit {
        AxisUnit::Bytes | AxisUnit::BytesPerSecond => locale.bytes(value),
        AxisUnit::BitsPerSecond => locale.figures(&bits(value)),
        _ => locale.short(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_round_ticks() {
        assert_eq!(value_ticks(AxisUnit::Number, 0.0, 3.1), [0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!(value_ticks(AxisUnit::Number, 0.0, 0.0).last(), Some(&1.0));
        assert_eq!(value_ticks(AxisUnit::Percent, 0.0, 12.0).last(), Some(&25.0));
        assert_eq!(value_ticks(AxisUnit::BytesPerSecond, 0.0, 5000.0).last(), Some(&8192.0));
        assert_eq!(value_ticks(AxisUnit::Celsius, -12.0, 5.0), [-15.0, -10.0, -5.0, 0.0, 5.0]);
        assert_eq!(value_ticks(AxisUnit::Number, -8.0, -1.0), [-8.0, -6.0, -4.0, -2.0, 0.0]);
        for (low, high) in [(-1e-9, 0.0), (-1e12, 3.0), (-3.0, 1e12), (-0.5, 100.0), (-7.3, -7.1)] {
            for unit in [AxisUnit::Number, AxisUnit::Bytes, AxisUnit::Percent, AxisUnit::Full] {
                let ticks = value_ticks(unit, low, high);
                assert!((2..=10).contains(&ticks.len()) && ticks.is_sorted() && ticks.contains(&0.0), "{ticks:?}");
                assert!(ticks[0] <= low && *ticks.last().unwrap() >= high, "{low} to {high}: {ticks:?}");
            }
        }
        assert!(value_ticks(AxisUnit::Number, 0.0, f64::INFINITY).iter().all(|tick| tick.is_finite()));
    }

    #[test]
    fn a_day_begins_with_its_date_and_a_year_with_its_number() {
        let labels = |span: f64| {
            let ticks = time_ticks(&(1_795_210_800.0 - span..1_795_210_800.0), Locale::En);
            ticks.into_iter().map(|tick| tick.1).collect::<Vec<_>>().join(" ")
        };
        // The zone of the tests may be any: a day has a midnight wherever it is.
        let day = labels(86_400.0);
        assert!(day.contains("20 Nov") && !day.contains("00:00"), "{day}");
        let year = labels(365.0 * 86_400.0);
        assert!(year.contains("Jan 2026") && year.matches("20").count() == 1, "{year}");
        let half = labels(150.0 * 86_400.0);
        assert!(half.starts_with("Jul 2026"), "{half}");
    }

    #[test]
    fn an_axis_has_one_unit() {
        let bytes = AxisUnit::BytesPerSecond;
        assert_eq!(axis_label(bytes, 268_435_456.0, 1_073_741_824.0, Locale::Fr), "0,25");
        assert_eq!(axis_unit(bytes, 1_073_741_824.0, Locale::Fr).as_deref(), Some("Gio/s"));
        assert_eq!(axis_unit(AxisUnit::Number, 9.0, Locale::En), None);
        assert_eq!(axis_label(AxisUnit::PerSecond, 250_000.0, 1e6, Locale::En), "250k");
    }

    #[test]
    fn every_span_has_some_ticks_and_not_too_many() {
        let end = 1_795_210_800.0;
        for span in [
            900.0,
            3600.0,
            86_400.0,
            7.0 * 86_400.0,
            30.0 * 86_400.0,
            365.0 * 86_400.0,
            730.0 * 86_400.0,
            3660.0 * 86_400.0,
        ] {
            let ticks = time_ticks(&(end - span..end), Locale::En);
            assert!((2..=8).contains(&ticks.len()), "{span}: {ticks:?}");
            assert!(ticks.is_sorted_by(|a, b| a.0 < b.0));
            let labels: std::collections::HashSet<&str> = ticks.iter().map(|tick| tick.1.as_str()).collect();
            assert_eq!(labels.len(), ticks.len(), "no label twice: {ticks:?}");
        }
    }
}
