//! The daily status: a message a day that proves that monitoring and delivery work.

mod values;

use super::clock;
use super::detect::Detected;
use crate::base::clock::{local_form, stamp};
use crate::context::Context;
use crate::model::event::{Event, EventKind, Localized};
use crate::model::evidence::Evidence;
use crate::model::incident::{Incident, Severity};
use crate::model::locale::{Locale, key};
use crate::model::message::{Arg, Message};
use crate::query::actions;
use crate::query::health::{Doubt, Health, Verdict};
use chrono::{DateTime, TimeDelta, Utc};

/// Number of open incidents named in the subject.
const TITLES_MAX: usize = 5;

/// Adds the daily status when it is due and today's was not sent yet, and records it in the state.
pub fn add(context: &Context, detected: &mut Detected) {
    let Some(minute) = context.config.alert.sign_of_life_minute() else { return };
    let now = context.now.wall;
    let today = local_form(now, "%Y-%m-%d");
    if detected.state.daily_status != today && minute_of_day(now) >= minute && clock::trust(context).is_steady() {
        let event = event(context, &detected.health(context), &today);
        detected.events.push(event);
        detected.state.daily_status = today;
    }
}

fn minute_of_day(time: DateTime<Utc>) -> u32 {
    let part = |form| local_form(time, form).parse().unwrap_or(0);
    part("%H") * 60 + part("%M")
}

fn event(context: &Context, health: &Health, today: &str) -> Event {
    let now = stamp(health.now);
    let word = Locale::En.text(health.verdict.key());
    let named: Vec<Arg> = match &health.doubt {
        Some(Doubt::Unmeasured(names)) => names.iter().map(|name| name.as_str().into()).collect(),
        _ => health.open.iter().map(title).collect(),
    };
    let status = with_unusual(message(health.verdict, &named, !health.open.is_empty()), health);
    let title = with_repaired(context, status);
    let facts = values::of(context);
    Event {
        id: format!("alive-{today}.1"),
        incident: format!("alive-{today}"),
        kind: EventKind::Alive,
        severity: Severity::Warning,
        time: now.clone(),
        host: context.root.host_name(),
        rule: "sign-of-life".to_string(),
        title: title.english(),
        metric: "probe.alive".to_string(),
        value: 1.0,
        limit: 1.0,
        above: true,
        since: now,
        duration_seconds: 0.0,
        message: None,
        reason: Some(word.to_string()),
        well: health.verdict == Verdict::Healthy,
        muted: None,
        information: false,
        localized: Localized { title: Some(title), ..Localized::default() },
        evidence: Some(Evidence {
            fact: facts.iter().map(Message::english).collect(),
            fact_localized: facts,
            ..Evidence::default()
        }),
    }
}

/// The title of an open incident as an argument.
fn title(incident: &Incident) -> Arg {
    incident.title_localized.clone().map_or_else(|| incident.title.as_str().into(), Arg::Message)
}

/// Adds what is unusual: `OK: no open problems; unusual: CPU unusually busy`.
fn with_unusual(status: Message, health: &Health) -> Message {
    if health.unusual.is_empty() {
        return status;
    }
    let list: Vec<Arg> = health.unusual.iter().take(TITLES_MAX).map(title).collect();
    Message::new(key::DAILY_STATUS_UNUSUAL).with("status", status).with("titles", Arg::List { list })
}

/// Adds what was repaired within a day: `OK: no open problems; repaired: nginx.service restarted once`.
fn with_repaired(context: &Context, status: Message) -> Message {
    let now = context.now.wall;
    let repairs = actions::read(context, now - TimeDelta::days(1), now, usize::MAX, &|_| true).unwrap_or_default();
    let list: Vec<Arg> = actions::repaired(&repairs, TITLES_MAX).into_iter().map(Arg::Message).collect();
    if list.is_empty() {
        return status;
    }
    Message::new(key::DAILY_STATUS_REPAIRED).with("status", status).with("titles", Arg::List { list })
}

/// `Warning, 2 open problems: CPU, Memory`.
fn message(verdict: Verdict, named: &[Arg], is_open: bool) -> Message {
    let how = match verdict {
        Verdict::Critical => key::VERDICT_CRITICAL,
        Verdict::Degraded => key::VERDICT_DEGRADED,
        Verdict::Unknown => key::VERDICT_UNKNOWN,
        Verdict::Healthy => key::VERDICT_HEALTHY,
    };
    let mut list: Vec<Arg> = named.iter().take(TITLES_MAX).cloned().collect();
    list.extend((named.len() > TITLES_MAX).then(|| "…".into()));
    let message = match (named.is_empty(), is_open) {
        (true, _) => Message::new(key::DAILY_STATUS_HEALTHY),
        (false, true) => Message::named("daily_status.problems").with("count", named.len()),
        (false, false) => Message::new(key::DAILY_STATUS_NOT_MEASURED),
    };
    let message = message.with("how", Message::new(how));
    if list.is_empty() { message } else { message.with("titles", Arg::List { list }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daily_status_names_what_is_open_in_both_languages() {
        let cpu: Arg = Message::new(key::RULE_CPU).into();
        let six: Vec<Arg> = std::iter::once(cpu.clone()).chain(["a", "b", "c", "d", "e"].map(Arg::from)).collect();
        let cases: [(Verdict, &[Arg], bool, &str, &str); 5] = [
            (Verdict::Healthy, &[], false, "OK: no open problems", "OK\u{a0}: aucun problème en cours"),
            (
                Verdict::Degraded,
                std::slice::from_ref(&cpu),
                true,
                "Warning, 1 open problem: CPU",
                "Avertissement, 1 problème en cours\u{a0}: Processeur",
            ),
            (
                Verdict::Critical,
                &[cpu.clone(), "Mine".into()],
                true,
                "Critical, 2 open problems: CPU, Mine",
                "Critique, 2 problèmes en cours\u{a0}: Processeur, Mine",
            ),
            (
                Verdict::Unknown,
                &["cpu: x".into()],
                false,
                "Unknown, not measured: cpu: x",
                "Inconnu, non mesuré\u{a0}: cpu: x",
            ),
            (
                Verdict::Critical,
                &six,
                true,
                "Critical, 6 open problems: CPU, a, b, c, d, …",
                "Critique, 6 problèmes en cours\u{a0}: Processeur, a, b, c, d, …",
            ),
        ];
        for (verdict, named, is_open, english, french) in cases {
            let message = message(verdict, named, is_open);
            assert_eq!((message.english().as_str(), message.render(Locale::Fr).as_deref()), (english, Some(french)));
        }
    }
}
