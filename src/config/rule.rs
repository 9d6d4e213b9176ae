//! Rules: the conditions for incidents.

use super::window::Window;
use crate::base::text::clean;
use crate::model::condition::Condition;
use crate::model::metric::{Label, Selector};
use std::time::Duration;

/// Longest title, in characters.
const TITLE_MAX: usize = 160;

/// A limit that raises a severity, and the one that clears it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Reaching it is a breach.
    pub raise: f64,
    /// The breach ends when the value is strictly inside it.
    pub clear: f64,
    /// How long a breach must last before the rule fires.
    pub hold: Duration,
}

/// `[rule.NAME]`, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name in the configuration.
    pub name: String,
    /// Title for people; `{label}` stands for a label's value.
    pub title: String,
    /// The metrics it watches.
    pub metric: Selector,
    /// The limits are ceilings, otherwise floors.
    pub above: bool,
    /// Limit for a warning.
    pub warning: Option<Limit>,
    /// Limit for critical.
    pub critical: Option<Limit>,
    /// Only while this holds is a value a breach. Unknown counts as holding.
    pub only_if: Option<Condition>,
    /// The same for critical.
    pub critical_only_if: Option<Condition>,
    /// Number of breaches that fire it, instead of one that lasts.
    pub samples: Option<Samples>,
    /// How long it must be without a breach to recover.
    pub clear_for: Duration,
    /// The quantity that is compared with the limits.
    pub measure: Measure,
    /// Time after a boot during which it does not fire.
    pub boot_grace: Duration,
    /// Text of a message; empty: value and limit. `{value}`, `{limit}`, `{left}` and labels are filled in.
    pub message: String,
    /// Hours of notification; `None`: always.
    pub window: Option<Window>,
    /// Notify only while this holds, or is unknown.
    pub notify_if: Option<Condition>,
    /// Suppress notifications of what is usual for the hour of the week: everything of a forecast or a rule with
    /// `notify_if`, else warnings of a value.
    pub mutes_usual: bool,
    /// Notify people of its incidents.
    pub notifies: bool,
}

/// `breaches` of the last `of` snapshots: 1 ≤ `breaches` ≤ `of` ≤ 32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Samples {
    /// Number of breaches that fire the rule.
    pub breaches: u32,
    /// Number of snapshots considered; one without a value is no breach.
    pub of: u32,
}

/// The quantity that is compared with the limits of a rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// The value of the metric.
    Value,
    /// Its change within this span.
    Change(Duration),
    /// Seconds until the value reaches this limit at its current trend.
    Reaches(f64),
    /// The sum of its values within this span, for metrics that count since the previous snapshot.
    Total(Duration),
    /// Whether it does something unlike before.
    Unusual {
        /// A difference too small to speak of, in the unit of the metric.
        floor: f64,
        /// Both sides are watched, whatever [`Rule::above`] says.
        either: bool,
    },
}

impl Rule {
    /// Returns whether values above the limits are breaches. A forecast is breached by little time.
    pub fn is_ceiling(&self) -> bool {
        match self.measure {
            Measure::Reaches(_) => false,
            Measure::Value | Measure::Change(_) | Measure::Total(_) | Measure::Unusual { .. } => self.above,
        }
    }

    /// Names of the metrics that its conditions compare.
    pub fn conditions(&self) -> impl Iterator<Item = &str> {
        [&self.only_if, &self.critical_only_if, &self.notify_if].into_iter().flatten().flat_map(Condition::names)
    }

    /// Returns whether it watches what is unusual.
    pub fn is_unusual(&self) -> bool {
        matches!(self.measure, Measure::Unusual { .. })
    }

    /// Returns whether its incidents are information: they say nothing about the health of the host.
    pub fn is_information(&self) -> bool {
        self.is_unusual() && !self.notifies
    }

    /// The title with label values filled in; without placeholders they are appended, to distinguish two disks.
    pub fn title(&self, labels: &[Label]) -> String {
        let filled =
            labels.iter().fold(self.title.clone(), |title, (key, value)| title.replace(&format!("{{{key}}}"), value));
        let values: Vec<&str> = labels.iter().map(|(_, value)| value.as_str()).collect();
        let title =
            if filled == self.title && !values.is_empty() { format!("{filled} {}", values.join(" ")) } else { filled };
        clean(&title, TITLE_MAX)
    }
}

/// Returns whether `value` is at or past `limit` on the bad side.
pub fn beyond(above: bool, value: f64, limit: f64) -> bool {
    if above { value >= limit } else { value <= limit }
}
