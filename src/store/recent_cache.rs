//! The file format of [`super::recent`]: binary, because parsing numbers as text would dominate its cost.

use super::block::{Point, group};
use crate::model::metric::SeriesKey;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Length of a step, in milliseconds.
pub(super) const STEP_MS: i64 = 300_000;

/// Points of one series, in order of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct RecentMetric {
    /// Samples of the last hour and of incomplete five-minute steps: time in milliseconds since 1970, and value.
    pub samples: Vec<(i64, f64)>,
    /// The completed five-minute points of the last day.
    pub steps: Vec<Point>,
}

/// Points by series.
pub(super) type RecentMetrics = BTreeMap<SeriesKey, RecentMetric>;

/// The first line of the cache.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Head {
    /// Version of osmon and key of the selection.
    pub key: String,
    /// The cache covers everything up to this moment, in milliseconds since 1970.
    pub until_ms: i64,
    /// All five-minute steps before this moment (milliseconds since 1970) are complete.
    pub steps_until_ms: i64,
    /// Damage met: time, number of lines, and the first position.
    pub damage: Vec<(i64, usize, String)>,
    /// Text form, number of samples and number of steps of each series, in the order of the numbers that follow.
    pub metrics: Vec<(String, usize, usize)>,
}

/// Rounds a point as the rollup of a closed hour stores it.
pub(super) fn as_kept(point: Point) -> Point {
    Point { avg: point.kept_avg(), ..point }
}

impl RecentMetric {
    /// Samples from `since_ms` to before `until_ms`, grouped by five minutes.
    pub fn grouped(&self, since_ms: i64, until_ms: i64) -> Vec<Point> {
        let inside = self.samples.iter().filter(|(time_ms, _)| *time_ms >= since_ms && *time_ms < until_ms);
        let groups = group(inside.map(|(time_ms, value)| Point::sample(*time_ms, *value)), STEP_MS);
        groups.into_iter().map(as_kept).collect()
    }
}

/// Flag of a step whose samples are all equal: only one value follows.
const FLAT: u64 = 1 << 63;
/// Bits that hold the number of a step since 1970.
const STEP_BITS: u32 = 32;

/// The first line as JSON, then all numbers as little-endian words of 64 bits, then the CRC-32 of everything before.
pub(super) fn encode(head: &Head, metrics: &RecentMetrics) -> Vec<u8> {
    let counts = metrics.iter();
    let counts =
        counts.map(|(series, metric)| (series.to_string(), metric.samples.len(), metric.steps.len())).collect();
    let mut bytes = serde_json::to_vec(&Head { metrics: counts, ..head.clone() }).unwrap_or_default();
    bytes.push(b'\n');
    let mut put = |word: u64| bytes.extend_from_slice(&word.to_le_bytes());
    for metric in metrics.values() {
        for (time_ms, value) in &metric.samples {
            put(*time_ms as u64);
            put(value.to_bits());
        }
        for step in &metric.steps {
            let number = (step.time_ms / STEP_MS) as u64 | u64::from(step.count & 0x7fff_ffff) << STEP_BITS;
            let is_flat = step.min == step.max;
            put(if is_flat { number | FLAT } else { number });
            put(step.avg.to_bits());
            if !is_flat {
                put(step.min.to_bits());
                put(step.max.to_bits());
            }
        }
    }
    let crc = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

/// Returns `None` when the cache is damaged or was written by another version.
pub(super) fn decode(bytes: &[u8]) -> Option<(Head, RecentMetrics)> {
    let (content, crc) = bytes.split_last_chunk::<4>()?;
    if crc32fast::hash(content) != u32::from_le_bytes(*crc) {
        return None;
    }
    let end = memchr::memchr(b'\n', content)?;
    let mut head: Head = serde_json::from_slice(content.get(..end)?).ok()?;
    let mut words = content.get(end + 1..)?.chunks_exact(8);
    let mut word = || Some(u64::from_le_bytes(words.next()?.try_into().ok()?));
    let mut metrics = RecentMetrics::new();
    for (series, samples, steps) in std::mem::take(&mut head.metrics) {
        let mut metric = RecentMetric { samples: Vec::new(), steps: Vec::with_capacity(steps.min(1024)) };
        for _ in 0..samples {
            metric.samples.push((word()? as i64, f64::from_bits(word()?)));
        }
        for _ in 0..steps {
            let (number, avg) = (word()?, f64::from_bits(word()?));
            let (min, max) = match number & FLAT {
                0 => (f64::from_bits(word()?), f64::from_bits(word()?)),
                _ => (avg, avg),
            };
            let time_ms = i64::from(number as u32) * STEP_MS;
            let count = ((number & !FLAT) >> STEP_BITS) as u32;
            metric.steps.push(Point { time_ms, min, avg, max, count });
        }
        metrics.insert(SeriesKey::parse(&series), metric);
    }
    Some((head, metrics))
}
