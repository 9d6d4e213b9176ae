//! The last values of an incident as a small chart, in pixels for HTML and in blocks for text, on a true scale.

use super::content::name;
use crate::model::event::{Event, is_flag};
use crate::model::locale::{Locale, key};

/// Height of the chart, in pixels.
const PIXELS: f64 = 40.0;
const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The chart; empty when too few values are known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chart {
    /// A bar for each value, the oldest first.
    pub bars: Vec<Bar>,
    /// The chart as a line of text: `▁▂▇`.
    pub spark: String,
    /// `12 % → 97 %, limit 95 %`.
    pub trend: String,
}

/// One bar. The limit is a line across all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Pixels of the bar above the limit.
    pub above: u32,
    /// Free pixels between bar and limit; `None`: the limit is not on the scale.
    pub gap: Option<u32>,
    /// Pixels of the bar below the limit, or of all of it.
    pub height: u32,
    /// True if the value is beyond the limit.
    pub is_beyond: bool,
}

/// The chart of an event with recorded values.
pub fn of(event: &Event, locale: Locale) -> Chart {
    let values: Vec<f64> =
        event.evidence.iter().flat_map(|evidence| &evidence.value).map(|sample| sample.value).collect();
    let (Some(first), Some(last)) = (values.first(), values.last()) else { return Chart::default() };
    if values.len() < 2 || is_flag(name(event), event.limit) || values.iter().any(|value| !value.is_finite()) {
        return Chart::default();
    }
    let (low, high) = scale(name(event), &values, event.limit);
    let share = |value: f64| if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 };
    let pixels = |value: f64| (share(value) * PIXELS).round() as u32;
    let limit = (low..=high).contains(&event.limit).then(|| pixels(event.limit));
    let bar = |value: &f64| {
        let whole = pixels(*value).max(1);
        Bar {
            above: limit.map_or(0, |limit| whole.saturating_sub(limit)),
            gap: limit.map(|limit| limit.saturating_sub(whole)),
            height: limit.map_or(whole, |limit| whole.min(limit)),
            is_beyond: if event.above { *value >= event.limit } else { *value <= event.limit },
        }
    };
    let block = |value: &f64| STEPS.get((share(*value) * 7.0).round() as usize);
    let value = |value: f64| locale.value(name(event), value);
    let texts = [("first", value(*first)), ("last", value(*last)), ("limit", value(event.limit))];
    let texts: Vec<(&str, &str)> = texts.iter().map(|(key, text)| (*key, text.as_str())).collect();
    Chart {
        bars: values.iter().map(bar).collect(),
        spark: values.iter().filter_map(block).collect(),
        trend: locale.fill(key::MAIL_TREND_LIMIT, &texts),
    }
}

/// The ends of the scale: the whole of a percentage, otherwise from zero to the highest value or the limit.
fn scale(metric: &str, values: &[f64], limit: f64) -> (f64, f64) {
    let (low, high) = values.iter().fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(*value), high.max(*value)));
    let high = if limit.is_finite() { high.max(limit) } else { high };
    if metric.ends_with("_percent") { (low, high.max(100.0)) } else { (low, high) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_true() {
        assert_eq!(scale("disk.used_percent", &[97.9, 98.0], 98.0), (0.0, 100.0));
        assert_eq!(scale("cpu.busy_percent", &[97.9, 250.0], 98.0), (0.0, 250.0), "of several cores");
        assert_eq!(scale("load.one", &[0.5, 1.5], 4.0), (0.0, 4.0));
        assert_eq!(scale("load.one", &[0.5, 6.0], f64::INFINITY), (0.0, 6.0));
        assert_eq!(scale("temperature.celsius", &[-4.0, -2.0], -1.0), (-4.0, 0.0));
    }
}
