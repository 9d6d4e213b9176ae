//! The health in one line.

use crate::base::clock::parse;
use crate::base::text::{clean, plural};
use crate::base::units::duration;
use crate::commands::view::health::{pending, states, value_and_limit};
use crate::context::Context;
use crate::model::incident::Severity;
use crate::query::health::{Health, Recorded, seconds_between};
use crate::query::timeline;

/// Longest title, in characters.
const TITLE_MAX: usize = 120;
/// Longest reason why nothing can be said, in characters.
const REASON_MAX: usize = 300;
/// Longest host name, in characters.
const HOST_MAX: usize = 80;

/// `OK web-01: all well for 3 d 2 h, 14 s ago`.
pub fn line(recorded: &Recorded, text: &str) -> String {
    format!("{} {}: {text}", recorded.health.verdict.status_word(), clean(&recorded.host, HOST_MAX))
}

/// The line without verdict and host.
pub fn text(context: &Context, health: &Health) -> String {
    match &health.doubt {
        Some(doubt) => clean(&doubt.text(health.now), REASON_MAX),
        None if health.open.is_empty() => all_well(context, health),
        None => worst(health),
    }
}

/// `File system /var 98.2 % (limit 98 %) since 38 min; 1 warning`.
fn worst(health: &Health) -> String {
    let Some((worst, others)) = health.open.split_first() else { return String::new() };
    let lasted = duration(seconds_between(worst.since, health.now));
    let mut parts = vec![format!("{}{} since {lasted}", clean(&worst.title, TITLE_MAX), value_and_limit(worst))];
    parts.extend(states(health, worst).into_iter().map(ToString::to_string));
    let count = |severity| others.iter().filter(|incident| incident.severity == severity).count();
    let (critical, warnings) = (count(Severity::Critical), count(Severity::Warning));
    parts.extend((critical > 0).then(|| format!("{critical} more critical")));
    parts.extend((warnings > 0).then(|| plural(warnings, "warning")));
    parts.join("; ")
}

/// `all well for 3 d 2 h, 14 s ago`: since the last incident ended, and the age of the data.
fn all_well(context: &Context, health: &Health) -> String {
    let last = timeline::last_recovery(context).and_then(|event| parse(&event.time));
    let lasted = last.map(|last| format!(" for {}", duration(seconds_between(last, health.now)))).unwrap_or_default();
    let age = health.taken.map_or(0.0, |taken| seconds_between(taken, health.now));
    format!("all well{lasted}{}, {} ago", pending(health), duration(age))
}
