//! The daily status: a message a day that proves that monitoring and delivery work. When it is missing, they do not.

use super::detect::Detected;
use crate::base::clock::{local_form, stamp};
use crate::base::text::plural;
use crate::context::Context;
use crate::model::event::{Event, EventKind};
use crate::model::incident::Severity;
use crate::query::health::{Doubt, Health, Verdict};
use chrono::{DateTime, Utc};

/// Number of open incidents named in the subject.
const TITLES_MAX: usize = 5;

/// Adds the daily status when it is due and today's was not sent yet. That it was sent is remembered in the state.
pub fn add(context: &Context, detected: &mut Detected) {
    let Some(minute) = context.config.alert.sign_of_life_minute() else { return };
    let now = context.now.wall;
    let today = local_form(now, "%Y-%m-%d");
    if detected.state.signed != today && minute_of_day(now) >= minute {
        let event = event(context, &detected.health(context), &today);
        detected.events.push(event);
        detected.state.signed = today;
    }
}

fn minute_of_day(time: DateTime<Utc>) -> u32 {
    let part = |form| local_form(time, form).parse().unwrap_or(0);
    part("%H") * 60 + part("%M")
}

fn event(context: &Context, health: &Health, today: &str) -> Event {
    let now = stamp(health.now);
    let word = health.verdict.word();
    let summary = match (&health.doubt, health.open.len()) {
        (Some(doubt), _) => doubt.text(health.now),
        (None, 0) => "no open problems".to_string(),
        (None, count) => plural(count, "open problem"),
    };
    let mut titles =
        health.open.iter().take(TITLES_MAX).map(|incident| format!("; {}", incident.title)).collect::<String>();
    titles.push_str(if health.open.len() > TITLES_MAX { "; …" } else { "" });
    let named: Vec<String> = match &health.doubt {
        Some(Doubt::Unmeasured(names)) => names.clone(),
        _ => health.open.iter().map(|incident| incident.title.clone()).collect(),
    };
    Event {
        id: format!("alive-{today}.1"),
        incident: format!("alive-{today}"),
        kind: EventKind::Alive,
        severity: Severity::Warning,
        time: now.clone(),
        host: context.root.host_name(),
        rule: "sign-of-life".to_string(),
        title: format!("{word}: {summary}{titles}"),
        metric: "probe.alive".to_string(),
        value: 1.0,
        limit: 1.0,
        above: true,
        since: now,
        duration_seconds: 0.0,
        // For the localised message: the verdict, and what is open or was not measured, a line each.
        message: Some(named.join("\n")).filter(|named| !named.is_empty()),
        reason: Some(word.to_string()),
        well: health.verdict == Verdict::Healthy,
        muted: None,
        evidence: None,
    }
}
