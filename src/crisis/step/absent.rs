//! Values that are not there: no data is told by itself, what vanished is over after a while, and absence is never a
//! recovery.

use super::{Happened, JITTER_SECONDS, close, event, time};
use crate::config::Rule;
use crate::crisis::eval_context::EvalContext;
use crate::crisis::state::{Alert, State};
use crate::model::event::EventKind;
use crate::model::incident::{Lifecycle, Severity};
use crate::model::metric::{Metric, write_labels};
use std::collections::{BTreeMap, HashSet};

/// The rule of missing data; no rule of the configuration has this name.
pub(super) const NO_DATA: &str = "no-data";
/// Missing so long it is told, in seconds; so soon after a boot it is not.
const NO_DATA_SECONDS: f64 = 300.0;
/// An element that is missing so long among others of its kind is gone, in seconds.
const GONE_SECONDS: f64 = 1800.0;

/// There is a value again: the time without one counts for nothing.
pub(super) fn is_back(alert: &mut Alert, clock: &EvalContext) {
    if alert.nodata_since.is_some() {
        time::leave_out(alert, clock.elapsed(alert.nodata_since));
        alert.nodata_since = None;
    }
}

/// A rule that was removed or switched off watches nothing any more: what it had raised is over.
pub(super) fn retire(rules: &[Rule], next: &mut State, clock: &EvalContext, happened: &mut Happened) {
    let known: HashSet<&str> = rules.iter().map(|rule| rule.name.as_str()).chain([NO_DATA]).collect();
    for (key, alert) in next.alerts.iter_mut().filter(|(_, alert)| !known.contains(alert.rule.as_str())) {
        end(key, alert, "the rule was removed", clock, happened);
    }
}

/// Notes what is missing, ends what is gone, raises and ends incidents of missing data.
pub(super) fn look(
    next: &mut State,
    metrics: &[Metric],
    seen: &HashSet<String>,
    clock: &EvalContext,
    happened: &mut Happened,
) {
    let named = clock.sections.iter().map(String::as_str);
    let present: HashSet<&str> = metrics.iter().map(|metric| section(&metric.name)).chain(named).collect();
    let mut missing: BTreeMap<String, Missing> = BTreeMap::new();
    let last_seen = next.last.unwrap_or(clock.stamp());
    for (key, alert) in &mut next.alerts {
        let is_at_rest = alert.lifecycle == Lifecycle::Ok && alert.told.is_none() && !alert.flap.flapping;
        if is_at_rest || alert.rule == NO_DATA || seen.contains(key) {
            continue;
        }
        let since = *alert.nodata_since.get_or_insert(last_seen);
        // Not known is not a breach.
        alert.breaches.add(false, false, u32::BITS);
        let lasted = clock.elapsed(Some(since)) + JITTER_SECONDS;
        if alert.metric.contains('{') && present.contains(section(&alert.metric)) {
            if lasted >= GONE_SECONDS {
                end(key, alert, "gone", clock, happened);
            }
            continue;
        }
        let of = missing.entry(section(&alert.metric).to_string()).or_default();
        of.titles.push(alert.title.clone());
        of.is_long |= lasted >= NO_DATA_SECONDS;
        if of.since.is_none_or(|other| since.boottime_seconds < other.boottime_seconds) {
            of.since = Some(since);
        }
    }
    raise(next, &missing, clock, happened);
}

/// What is missing of a section.
#[derive(Default)]
struct Missing {
    titles: Vec<String>,
    is_long: bool,
    since: Option<crate::crisis::state::Stamp>,
}

fn raise(next: &mut State, missing: &BTreeMap<String, Missing>, clock: &EvalContext, happened: &mut Happened) {
    let is_booted = clock.now.boottime_seconds >= NO_DATA_SECONDS;
    for (section, missing) in missing.iter().filter(|(_, missing)| missing.is_long && is_booted) {
        let labels = write_labels(&[("section".to_string(), section.clone())]);
        let key = format!("{NO_DATA}{labels}");
        let alert = next.alerts.entry(key.clone()).or_default();
        if alert.lifecycle == Lifecycle::Firing {
            continue;
        }
        close(alert);
        alert.rule = NO_DATA.to_string();
        alert.title = missing.title(clock.failed.get(section));
        alert.metric = format!("probe.no_data{labels}");
        (alert.value, alert.limit, alert.above) = (1.0, 1.0, true);
        alert.lifecycle = Lifecycle::Firing;
        (alert.severity, alert.worst) = (Some(Severity::Warning), Some(Severity::Warning));
        alert.since = missing.since;
        alert.begin();
        happened.push((key, event(alert, EventKind::Fired, clock)));
    }
    let open = next.alerts.iter_mut().filter(|(_, alert)| alert.rule == NO_DATA && alert.is_open());
    for (key, alert) in open {
        let is_missing = key.split('"').nth(1).is_some_and(|section| missing.contains_key(section));
        if !is_missing {
            alert.clear_since = Some(clock.stamp());
            alert.value = 0.0;
            happened.push((key.clone(), event(alert, EventKind::Recovered, clock)));
            close(alert);
        }
    }
}

impl Missing {
    fn title(&self, reason: Option<&String>) -> String {
        let first = self.titles.first().map_or("something", String::as_str);
        let more = if self.titles.len() > 1 { format!(" and {} more", self.titles.len() - 1) } else { String::new() };
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        crate::base::text::clean(&format!("Not measured any more: {first}{more}{reason}"), 200)
    }
}

/// Ends an alert whatever it was; the title says why when there was an incident.
fn end(key: &str, alert: &mut Alert, reason: &str, clock: &EvalContext, happened: &mut Happened) {
    if alert.is_open() {
        alert.clear_since = alert.clear_since.or(alert.nodata_since).or(Some(clock.stamp()));
        let mut event = event(alert, EventKind::Recovered, clock);
        event.reason = Some(reason.to_string());
        if reason == "gone" {
            event.title = format!("{} is gone", event.title);
        }
        happened.push((key.to_string(), event));
    }
    // Nobody waits for what comes and goes no more.
    alert.flap.flapping = false;
    alert.flap.bits = 0;
    close(alert);
}

fn section(metric: &str) -> &str {
    metric.split(['.', '{']).next().unwrap_or_default()
}
