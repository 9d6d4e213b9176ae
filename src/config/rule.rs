//! `[rule.NAME]`: what counts as a crisis.

mod written;

pub(super) use written::{Written, forget_derived, keys};

use super::window::Window;
use crate::base::text::clean;
use crate::model::metric::{Label, Selector};
use std::time::Duration;

/// Longest title, in characters.
const TITLE_MAX: usize = 160;

/// A limit at which something is raised, and the one at which it is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Reaching it is a breach.
    pub raise: f64,
    /// Being strictly inside it is well again.
    pub clear: f64,
    /// How long a breach must last before anybody is told.
    pub hold: Duration,
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name in the configuration.
    pub name: String,
    /// What people call it; `{label}` stands for a label's value.
    pub title: String,
    /// Which metrics it watches.
    pub metric: Selector,
    /// The limits are ceilings (else floors).
    pub above: bool,
    /// Limit for a warning.
    pub warning: Option<Limit>,
    /// Limit for critical.
    pub critical: Option<Limit>,
    /// So many breaches of the last snapshots raise it, instead of one that lasts.
    pub samples: Option<Samples>,
    /// How long it must be well again before it is over.
    pub clear_for: Duration,
    /// What is held against the limits.
    pub measure: Measure,
    /// So soon after a boot it does not fire.
    pub boot_grace: Duration,
    /// What a message says of it; empty: value and limit. `{value}`, `{limit}`, `{left}` and labels are put in.
    pub message: String,
    /// When people want to be told; `None`: always.
    pub window: Option<Window>,
    /// What is usual for this hour of the week is not told: of a value its warnings, of a forecast all.
    pub mutes_usual: bool,
}

/// `breaches` of the last `of` snapshots: 1 ≤ `breaches` ≤ `of` ≤ 32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Samples {
    /// So many beyond the limit raise it.
    pub breaches: u32,
    /// So many snapshots count; one without a value is no breach.
    pub of: u32,
}

/// What of a metric is held against the limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// Its value.
    Value,
    /// How much it changed within this span.
    Change(Duration),
    /// In how many seconds it reaches this value at its present pace: the limits are seconds.
    Reaches(f64),
    /// The sum of its values within this span: of what is counted anew by each snapshot.
    Total(Duration),
    /// How many spreads it is outside of what is usual for this hour of the week: the limit is a number of spreads.
    Unusual,
}

impl Rule {
    /// Whether what is judged is bad above its limits: of a forecast, little time is bad; of a band, to be far outside.
    pub fn is_ceiling(&self) -> bool {
        match self.measure {
            Measure::Reaches(_) => false,
            Measure::Unusual => true,
            Measure::Value | Measure::Change(_) | Measure::Total(_) => self.above,
        }
    }

    /// The title with labels put in. Where it names none of them they stand behind it: two disks must not look the same.
    pub fn title(&self, labels: &[Label]) -> String {
        let filled =
            labels.iter().fold(self.title.clone(), |title, (key, value)| title.replace(&format!("{{{key}}}"), value));
        let values: Vec<&str> = labels.iter().map(|(_, value)| value.as_str()).collect();
        let title =
            if filled == self.title && !values.is_empty() { format!("{filled} {}", values.join(" ")) } else { filled };
        clean(&title, TITLE_MAX)
    }
}

/// Whether `value` is at or past `limit` on the bad side.
pub fn beyond(above: bool, value: f64, limit: f64) -> bool {
    if above { value >= limit } else { value <= limit }
}
