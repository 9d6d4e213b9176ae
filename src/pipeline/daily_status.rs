//! The daily sign of life: who gets none knows that nobody watches.

use super::detect::Detected;
use crate::base::clock::{local_form, stamp};
use crate::base::text::plural;
use crate::context::Context;
use crate::model::event::{Event, EventKind};
use crate::model::incident::Severity;
use crate::query::health;
use chrono::{DateTime, Utc};

/// Adds the sign of life of today where it is due and was not given yet. It is remembered with the judgement.
pub fn add(context: &Context, detected: &mut Detected) {
    let Some(minute) = context.config.alert.sign_of_life_minute() else { return };
    let now = context.now.wall;
    let today = local_form(now, "%Y-%m-%d");
    if detected.state.signed != today && minute_of_day(now) >= minute {
        detected.events.push(sign(context, detected, &today));
        detected.state.signed = today;
    }
}

fn minute_of_day(time: DateTime<Utc>) -> u32 {
    let part = |form| local_form(time, form).parse().unwrap_or(0);
    part("%H") * 60 + part("%M")
}

fn sign(context: &Context, detected: &Detected, today: &str) -> Event {
    let now = stamp(context.now.wall);
    let open = detected.state.open();
    let (word, _) = health::word(&detected.state);
    let how = match open.len() {
        0 if !detected.state.unmeasured.is_empty() => format!("not measured: {}", detected.state.unmeasured.join("; ")),
        0 => "no open problems".to_string(),
        count => plural(count, "open problem"),
    };
    let mut titles = open.iter().take(5).map(|incident| format!("; {}", incident.title)).collect::<String>();
    titles.push_str(if open.len() > 5 { "; …" } else { "" });
    let named: Vec<String> = match open.len() {
        0 => detected.state.unmeasured.clone(),
        _ => open.iter().map(|incident| incident.title.clone()).collect(),
    };
    Event {
        id: format!("alive-{today}.1"),
        incident: format!("alive-{today}"),
        kind: EventKind::Alive,
        severity: Severity::Warning,
        time: now.clone(),
        host: context.root.host_name(),
        rule: "sign-of-life".to_string(),
        title: format!("{word}: {how}{titles}"),
        metric: "probe.alive".to_string(),
        value: 1.0,
        limit: 1.0,
        above: true,
        since: now,
        duration_seconds: 0.0,
        // For the message in the language of people: the verdict, and what is open, a line each.
        message: Some(named.join("\n")).filter(|named| !named.is_empty()),
        reason: Some(word.to_string()),
        well: named.is_empty(),
        muted: None,
        evidence: None,
    }
}
