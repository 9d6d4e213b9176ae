//! Blocks: the points of one series over a span of time as one line. Columns and rollups consist of them.

pub use crate::model::point::{Point, group};

use super::{line, scan};
use crate::base::clock::{parse, stamp};
use crate::model::metric::SeriesKey;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;

/// A block of samples.
#[derive(Debug, Serialize, Deserialize)]
struct Samples<'a> {
    #[serde(borrow)]
    metric: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
    /// Milliseconds from `time` to each sample.
    offset_ms: Vec<u32>,
    value: Vec<Number>,
}

/// A block of rolled-up points, one for each step from `time` on.
#[derive(Debug, Serialize, Deserialize)]
struct Rolled<'a> {
    #[serde(borrow)]
    metric: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
    step_seconds: u32,
    /// `null` where there is no sample; likewise `avg` and `max`.
    min: Vec<Option<Number>>,
    avg: Vec<Option<Number>>,
    max: Vec<Option<Number>>,
    count: Vec<u32>,
}

/// A number that is written without `.0` when it is integral.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(transparent)]
struct Number(f64);

/// Up to this magnitude every integer is a double.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.fract() == 0.0 && self.0.abs() < WHOLE_MAX {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

/// The block of the samples of a series. They must lie within 49 days from `begin`.
pub fn write_samples(series: &SeriesKey, begin: DateTime<Utc>, points: &[Point]) -> String {
    let begin_ms = begin.timestamp_millis();
    let block = Samples {
        metric: series.to_string().into(),
        time: stamp(begin).into(),
        offset_ms: points.iter().map(|point| u32::try_from(point.time_ms - begin_ms).unwrap_or(0)).collect(),
        value: points.iter().map(|point| Number(point.avg)).collect(),
    };
    sealed(&block)
}

/// The block of the rolled-up points of a series: `steps` slots from `begin` on.
pub fn write_rolled(
    series: &SeriesKey,
    begin: DateTime<Utc>,
    step_seconds: u32,
    steps: usize,
    points: &[Point],
) -> String {
    let step_ms = i64::from(step_seconds) * 1000;
    let slots: Vec<Option<&Point>> = (0..steps as i64)
        .map(|step| {
            let time_ms = begin.timestamp_millis() + step * step_ms;
            points.binary_search_by_key(&time_ms, |point| point.time_ms).ok().and_then(|at| points.get(at))
        })
        .collect();
    let column = |of: fn(&Point) -> f64| slots.iter().map(|slot| slot.map(|point| Number(of(point)))).collect();
    let block = Rolled {
        metric: series.to_string().into(),
        time: stamp(begin).into(),
        step_seconds,
        min: column(|point| point.min),
        avg: column(Point::kept_avg),
        max: column(|point| point.max),
        count: slots.iter().map(|slot| slot.map_or(0, |point| point.count)).collect(),
    };
    sealed(&block)
}

/// The block as a line with its checksum. Numbers and text can always be represented as JSON.
fn sealed(block: &impl Serialize) -> String {
    serde_json::to_string(block).map(|json| line::seal(&json)).unwrap_or_default()
}

/// Series and begin of a block.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    metric: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
}

/// The series of a block in text form and its begin in milliseconds since 1970; `None` when the text is no block.
pub fn head(text: &str) -> Option<(Cow<'_, str>, i64)> {
    let head: Head = serde_json::from_str(text).ok()?;
    Some((head.metric, parse(&head.time)?.timestamp_millis()))
}

/// Number of samples a block is made of.
pub fn samples(text: &str) -> u64 {
    read(text).map_or(0, |(_, points)| points.iter().map(|point| u64::from(point.count)).sum())
}

/// The series of a block in text form and its points; `None` when the text is no block.
pub fn read(text: &str) -> Option<(Cow<'_, str>, Vec<Point>)> {
    scan::read(text).or_else(|| read_any(text))
}

/// Like [`read`], for blocks formatted differently from those osmon writes.
fn read_any(text: &str) -> Option<(Cow<'_, str>, Vec<Point>)> {
    if text.contains("\"offset_ms\":") {
        let block: Samples = serde_json::from_str(text).ok()?;
        let begin = parse(&block.time)?.timestamp_millis();
        let points = block.offset_ms.iter().zip(&block.value);
        return Some((
            block.metric,
            points.map(|(offset, value)| Point::sample(begin + i64::from(*offset), value.0)).collect(),
        ));
    }
    let block: Rolled = serde_json::from_str(text).ok()?;
    let begin = parse(&block.time)?.timestamp_millis();
    let step_ms = i64::from(block.step_seconds) * 1000;
    let columns = block.min.iter().zip(&block.avg).zip(&block.max).zip(&block.count);
    let points = columns.enumerate().filter_map(|(step, (((min, avg), max), count))| {
        let time_ms = begin + step_ms * step as i64;
        Some(Point { time_ms, min: (*min)?.0, avg: (*avg)?.0, max: (*max)?.0, count: *count })
    });
    let points = points.filter(|point| point.count > 0).collect();
    Some((block.metric, points))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn begin() -> DateTime<Utc> {
        parse("2026-11-20T21:00:00Z").unwrap()
    }

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            (-1_000_000_000_i64..1_000_000_000, 0..7)
                .prop_map(|(value, digits)| value as f64 / f64::powi(10.0, digits)),
            any::<f64>().prop_filter("JSON has no others", |value| value.is_finite()),
            Just(0.0),
        ]
    }

    proptest! {
        #[test]
        fn the_scanner_agrees_with_serde(values in proptest::collection::vec(value(), 0..40), label in ".{0,12}") {
            let begin = parse("2026-11-20T21:00:00Z").unwrap();
            let points: Vec<Point> = values.iter().enumerate().map(|(at, value)| {
                Point { time_ms: begin.timestamp_millis() + at as i64 * 600_000, min: *value, avg: *value, max: *value, count: 3 }
            }).collect();
            let name = format!("disk.used_percent{{mount=\"{}\"}}", label.replace(['\\', '"'], ""));
            let key = SeriesKey::parse(&name);
            for text in [write_samples(&key, begin, &points), write_rolled(&key, begin, 300, 80, &points)] {
                let (fast, slow) = (scan::read(text.trim_end()), read_any(text.trim_end()).unwrap());
                if let Some(fast) = fast {
                    prop_assert_eq!(&fast.0, &slow.0);
                    prop_assert_eq!(fast.1.len(), slow.1.len());
                    for (a, b) in fast.1.iter().zip(&slow.1) {
                        prop_assert_eq!((a.time_ms, a.count), (b.time_ms, b.count));
                        // serde_json may be off by the last bit.
                        let near = |a: f64, b: f64| a == b || (a - b).abs() <= b.abs() * 4.5e-16 + 1e-300;
                        prop_assert!(near(a.min, b.min) && near(a.avg, b.avg) && near(a.max, b.max), "{a:?} {b:?}");
                    }
                    for (point, value) in fast.1.iter().zip(&values) {
                        prop_assert_eq!(point.min, *value);
                    }
                } else {
                    prop_assert!(label.chars().any(|c| c.is_control() || !c.is_ascii()), "left to serde: {}", text);
                }
            }
        }

        #[test]
        fn the_scanner_accepts_nothing_that_serde_rejects(text in "\\{\"metric\":\"[a\"\\\\]{0,3}\",\"time\":\"2026-11-20T21:00:00.000Z\",\"(offset_ms\":|step_seconds\":300,\"min\":)\\[[0-9,.eE+\\-nul\\]]{0,12}(,\"value\":\\[|,\"avg\":\\[)?[0-9,.\\]]{0,6}") {
            if let Some((_, points)) = scan::read(&text) {
                let slow = read_any(&text).map(|slow| slow.1.len());
                prop_assert!(slow.is_none_or(|slow| slow == points.len()));
            }
        }

        #[test]
        fn blocks_survive_writing_and_reading(values in proptest::collection::vec((0_i64..3_600_000, -1_000_000_000_000_i64..1_000_000_000_000), 1..80)) {
            let mut points: Vec<Point> =
                values.iter().map(|(offset, value)| Point::sample(begin().timestamp_millis() + offset, *value as f64 / 1e3)).collect();
            points.sort_by_key(|point| point.time_ms);
            let name = "disk.used_percent{mount=\"/\\\"\u{e9}\"}";
            let key = SeriesKey::parse(name);
            let text = write_samples(&key, begin(), &points);
            let line = line::check(text.trim_end().as_bytes()).unwrap();
            prop_assert_eq!(read(line), Some((name.into(), points.clone())));

            let groups = group(points.clone(), 300_000);
            prop_assert_eq!(groups.iter().map(|group| group.count as usize).sum::<usize>(), points.len());
            let text = write_rolled(&key, begin(), 300, 12, &groups);
            let (metric, found) = read(text.trim_end()).unwrap();
            prop_assert_eq!(metric, name);
            prop_assert_eq!(found.len(), groups.len());
            for (found, group) in found.iter().zip(&groups) {
                prop_assert_eq!((found.time_ms, found.min, found.max, found.count), (group.time_ms, group.min, group.max, group.count));
                prop_assert!((found.avg - group.avg).abs() <= 0.001 && found.min <= found.avg && found.avg <= found.max);
            }
            prop_assert_eq!(head(text.trim_end()).unwrap().1, begin().timestamp_millis());
        }
    }
}
