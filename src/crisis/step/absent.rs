//! Missing values: an incident of its own for a section without data, the end of incidents of things that are gone. A
//! missing value is never a recovery.

use super::service;
use super::time;
use super::transitions::{JITTER_SECONDS, Transitions, close, event};
use crate::base::text::clean;
use crate::config::Rule;
use crate::crisis::eval_context::EvalContext;
use crate::crisis::state::{Alert, Flap, State};
use crate::model::event::EventKind;
use crate::model::incident::{Lifecycle, Severity};
use crate::model::locale::key;
use crate::model::message::{Arg, Message};
use crate::model::metric::{Metric, write_labels};
use crate::model::service::Ending;
use crate::model::title;
use std::collections::{BTreeMap, HashSet};

/// Name of the rule for missing data; no configured rule can have it.
const NO_DATA: &str = "no-data";
/// Longest title, in characters.
const TITLE_MAX: usize = 200;
/// Missing for this long, and in more than one snapshot, a section raises an incident, in seconds; not this soon after a
/// boot.
const NO_DATA_SECONDS: f64 = 300.0;
/// An element missing for this long, and in two snapshots, while others of its kind are present is gone, in seconds.
const GONE_SECONDS: f64 = 1800.0;
/// The same for a service, once every service had the time to start after a boot: the probe shows one that failed even
/// after systemd forgot it.
const SERVICE_GONE_SECONDS: f64 = 300.0;
/// As a multiple of the usual time between snapshots: longer than one.
const MISSED: f64 = 1.5;

/// A value is present again: the time without one does not count.
pub(super) fn is_back(alert: &mut Alert, context: &EvalContext) {
    if alert.nodata_since.is_some() {
        time::leave_out(alert, context.elapsed(alert.nodata_since));
        alert.nodata_since = None;
    }
}

/// Ends the incidents of rules that were removed or switched off.
pub(super) fn retire(rules: &[Rule], next: &mut State, context: &EvalContext, transitions: &mut Transitions) {
    let known: HashSet<&str> = rules.iter().map(|rule| rule.name.as_str()).chain([NO_DATA]).collect();
    for (key, alert) in next.alerts.iter_mut().filter(|(_, alert)| !known.contains(alert.rule.as_str())) {
        end(key, alert, "the rule was removed", context, transitions);
    }
}

/// Notes missing values, ends incidents of things that are gone, raises and ends incidents of missing data.
pub(super) fn look(
    next: &mut State,
    metrics: &[Metric],
    seen: &HashSet<String>,
    context: &EvalContext,
    transitions: &mut Transitions,
) {
    let named = context.sections.iter().map(String::as_str);
    let present: HashSet<&str> = metrics.iter().map(|metric| section(&metric.name)).chain(named).collect();
    let mut missing: BTreeMap<String, Missing> = BTreeMap::new();
    let last_seen = next.last.unwrap_or(context.stamp());
    let missed_seconds = next.spacing.seconds() * MISSED;
    for (key, alert) in &mut next.alerts {
        let is_told = alert.tally.is_none() && alert.notified.is_some();
        let is_at_rest = alert.lifecycle == Lifecycle::Ok && !is_told && !alert.flap.flapping;
        if is_at_rest || alert.rule == NO_DATA || seen.contains(key) {
            continue;
        }
        let since = *alert.nodata_since.get_or_insert(last_seen);
        // Unknown is no breach.
        alert.breaches.add(false, false, u32::BITS);
        let lasted = context.elapsed(Some(since)) + JITTER_SECONDS;
        if alert.metric.contains('{') && present.contains(section(&alert.metric)) {
            if alert.metric.starts_with(service::SECTION) {
                if lasted.min(context.now.boottime_seconds) >= SERVICE_GONE_SECONDS.max(missed_seconds) {
                    end(key, alert, Ending::Unloaded.word(), context, transitions);
                }
            } else if lasted >= GONE_SECONDS.max(missed_seconds) {
                end(key, alert, "gone", context, transitions);
            }
            continue;
        }
        let of = missing.entry(section(&alert.metric).to_string()).or_default();
        let message = title::shipped(&alert.rule, &alert.metric, &alert.title);
        of.titles.push((alert.title.clone(), message));
        of.is_long |= lasted >= NO_DATA_SECONDS.max(missed_seconds);
        if of.since.is_none_or(|other| since.boottime_seconds < other.boottime_seconds) {
            of.since = Some(since);
        }
    }
    raise(next, &missing, context, transitions);
}

/// Missing values of a section.
#[derive(Default)]
struct Missing {
    titles: Vec<(String, Option<Message>)>,
    is_long: bool,
    since: Option<crate::crisis::state::Stamp>,
}

fn raise(next: &mut State, missing: &BTreeMap<String, Missing>, context: &EvalContext, transitions: &mut Transitions) {
    let is_booted = context.now.boottime_seconds >= NO_DATA_SECONDS;
    for (section, missing) in missing.iter().filter(|(_, missing)| missing.is_long && is_booted) {
        let labels = write_labels(&[("section".to_string(), section.clone())]);
        let key = format!("{NO_DATA}{labels}");
        let alert = next.alerts.entry(key.clone()).or_default();
        if alert.lifecycle == Lifecycle::Firing {
            continue;
        }
        close(alert);
        alert.rule = NO_DATA.to_string();
        let title = missing.title(context.failed.get(section));
        alert.title = clean(&title.english(), TITLE_MAX);
        alert.title_localized = Some(title);
        alert.metric = format!("probe.no_data{labels}");
        (alert.value, alert.limit, alert.above) = (1.0, 1.0, true);
        alert.lifecycle = Lifecycle::Firing;
        (alert.severity, alert.worst) = (Some(Severity::Warning), Some(Severity::Warning));
        alert.since = missing.since;
        alert.begin(false);
        alert.flap.mark(true, context.stamp());
        transitions.push((key, event(alert, EventKind::Fired, context)));
    }
    let open = next.alerts.iter_mut().filter(|(_, alert)| alert.rule == NO_DATA && alert.is_open());
    for (key, alert) in open {
        let is_missing = key.split('"').nth(1).is_some_and(|section| missing.contains_key(section));
        if !is_missing {
            alert.clear_since = Some(context.stamp());
            alert.value = 0.0;
            transitions.push((key.clone(), event(alert, EventKind::Recovered, context)));
            alert.flap.mark(false, context.stamp());
            close(alert);
        }
    }
}

impl Missing {
    fn title(&self, reason: Option<&String>) -> Message {
        let first = match self.titles.first() {
            Some((_, Some(message))) => Arg::Message(message.clone()),
            Some((title, None)) => title.as_str().into(),
            None => Message::new(key::CRISIS_SOMETHING).into(),
        };
        let title = match self.titles.len() {
            0 | 1 => first,
            count => Message::new(key::CRISIS_TITLE_AND_MORE).with("title", first).with("count", count - 1).into(),
        };
        match reason {
            Some(reason) => {
                Message::new(key::CRISIS_NO_DATA_REASON).with("title", title).with("reason", reason.as_str())
            }
            None => Message::new(key::CRISIS_NO_DATA).with("title", title),
        }
    }
}

/// Ends an alert in whatever state; of an open incident the title says why.
fn end(key: &str, alert: &mut Alert, reason: &str, context: &EvalContext, transitions: &mut Transitions) {
    let is_open = alert.is_open();
    if is_open {
        alert.clear_since = alert.clear_since.or(alert.nodata_since).or(Some(context.stamp()));
        let mut event = event(alert, EventKind::Recovered, context);
        event.reason = Some(reason.to_string());
        if reason == "gone" {
            let title = event.localized.title.take().map_or_else(|| event.title.as_str().into(), Arg::Message);
            let gone = Message::new(key::CRISIS_GONE).with("title", title);
            event.title = gone.english();
            event.localized.title = Some(gone);
        }
        transitions.push((key.to_string(), event));
    }
    // Elements listed only while they fail vanish whenever they recover: they may still flap. Others do not.
    if reason == "gone" || (reason == Ending::Unloaded.word() && !is_open) {
        alert.flap.mark(false, context.stamp());
        alert.tally = None;
    } else {
        end_flapping(alert);
    }
    close(alert);
}

/// An element that was removed or stopped no longer flaps.
pub(super) fn end_flapping(alert: &mut Alert) {
    alert.flap = Flap { notified: alert.flap.notified, ..Flap::default() };
    alert.tally = None;
}

fn section(metric: &str) -> &str {
    metric.split(['.', '{']).next().unwrap_or_default()
}
