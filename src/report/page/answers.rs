//! The first lines of a page with open problems: who uses the host, what changed before, and who was notified.

use crate::alert::DeliveryProblem;
use crate::base::clock::parse;
use crate::base::text::clean;
use crate::model::annotation::AnnotationKind;
use crate::model::consumers::{Consumers, Program, Usage, ranked};
use crate::model::evidence::Resource;
use crate::model::incident::Severity;
use crate::model::locale::key;
use crate::query::suppression::SuppressionKind;
use crate::report::chart::range::RANGES;
use crate::report::page::data::PageData;
use crate::report::page::timeline::{self, Happened};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;

/// A line.
pub struct Answer {
    /// The question, in a word or two.
    pub label: String,
    /// The answer.
    pub text: String,
    /// `plain`, or `warn` or `bad` when nobody was notified.
    pub state: &'static str,
}

/// Consumers of a resource and changes that are named, at most.
const CONSUMERS_MAX: usize = 3;
const CHANGES_MAX: usize = 3;
/// Longest name, change and answer, in characters.
const NAME_MAX: usize = 40;
const CHANGE_MAX: usize = 110;
const TEXT_MAX: usize = 400;
/// Changes so long before an incident may be its cause, in minutes.
const BEFORE_MINUTES: i64 = 60;
/// Events are read from so many days.
const READ_DAYS: i64 = 7;

/// The answers about the open problems; none without one.
pub fn answers(input: &PageData) -> Vec<Answer> {
    if input.health.open.is_empty() {
        return Vec::new();
    }
    [who(input), changed(input), notified(input)].into_iter().flatten().collect()
}

/// The largest consumers of the last hour: of the resources that open problems are about, or else of CPU time.
fn who(input: &PageData) -> Option<Answer> {
    let locale = input.options.locale;
    let first = input.who.first().filter(|_| !input.options.is_public && input.options.has("who"))?;
    let mut resources: Vec<Resource> = Vec::new();
    for resource in input.health.open.iter().filter_map(|incident| Resource::of(&incident.metric)) {
        if !resources.contains(&resource) {
            resources.push(resource);
        }
    }
    if resources.is_empty() {
        resources.push(Resource::Cpu);
    }
    let parts: Vec<String> =
        resources.iter().filter_map(|resource| of_resource(&first.consumers, *resource, input)).collect();
    let range = RANGES.iter().find(|range| range.id == first.range).map_or("", |range| locale.label(range.title));
    let label = format!("{}, {range}", locale.text(key::CONSUMERS_TITLE));
    (!parts.is_empty()).then(|| Answer { label, text: parts.join(" · "), state: "plain" })
}

/// `CPU time: java (shop.service) 2 h 22 min, postgres 20 min`: without those below a tenth of the first.
fn of_resource(consumers: &Consumers, resource: Resource, input: &PageData) -> Option<String> {
    let locale = input.options.locale;
    let programs = ranked(&consumers.programs, resource);
    let least = programs.first().map(|(_, usage)| usage.amount(resource)).filter(|most| *most > 0.0)? / 10.0;
    let describe = |(program, usage): (&Program, &Usage)| {
        let amount = match resource {
            Resource::Cpu => locale.duration(usage.cpu_seconds),
            Resource::Memory | Resource::Io => locale.bytes(usage.amount(resource)),
        };
        let unit =
            if program.unit.is_empty() { String::new() } else { format!(" ({})", clean(&program.unit, NAME_MAX)) };
        format!("{}{unit} {amount}", clean(&program.name, NAME_MAX))
    };
    let named = programs.into_iter().take(CONSUMERS_MAX).filter(|(_, usage)| usage.amount(resource) >= least);
    let label = match resource {
        Resource::Cpu => key::CONSUMERS_CPU_TIME,
        Resource::Memory => key::CONSUMERS_MEMORY,
        Resource::Io => key::CONSUMERS_IO,
    };
    let named: Vec<String> = named.map(describe).collect();
    Some(format!("{}{}{}", locale.text(label), locale.text(key::MAIL_COLON), named.join(", ")))
}

/// What changed in the hour before one of the open problems began, the newest first.
fn changed(input: &PageData) -> Option<Answer> {
    let locale = input.options.locale;
    let begins: Vec<DateTime<Utc>> = input.health.open.iter().map(|incident| incident.since).collect();
    let newest = begins.iter().max()?;
    // Nothing is known of what was before the events that were read.
    if input.now - *newest > TimeDelta::days(READ_DAYS) - TimeDelta::minutes(BEFORE_MINUTES) {
        return None;
    }
    let is_before = |time: DateTime<Utc>| {
        begins.iter().any(|begin| (*begin - TimeDelta::minutes(BEFORE_MINUTES)..=*begin).contains(&time))
    };
    let is_change = |kind: AnnotationKind| !matches!(kind, AnnotationKind::Expired | AnnotationKind::Dropped);
    let marks = input.marks.iter().filter(|mark| is_change(mark.kind) && timeline::is_shown(input, mark));
    let changes = marks.filter_map(|mark| Some((parse(&mark.time).filter(|time| is_before(*time))?, mark)));
    let changes: Vec<Happened> = changes.map(|(time, mark)| timeline::of_mark(input, mark, time)).collect();
    let line = |change: &Happened| {
        format!(
            "{} {} {}{}{}",
            change.day,
            change.time,
            change.word,
            locale.text(key::MAIL_COLON),
            clean(&change.text, CHANGE_MAX)
        )
    };
    let mut lines: Vec<String> = changes.iter().take(CHANGES_MAX).map(line).collect();
    let more = changes.len().saturating_sub(CHANGES_MAX);
    lines.extend((more > 0).then(|| locale.with(key::PAGE_AND_MORE, &more.to_string())));
    if lines.is_empty() {
        lines.push(locale.text(key::PAGE_NO_CHANGES_BEFORE).to_string());
    }
    Some(Answer { label: locale.text(key::MAIL_CHANGED).to_string(), text: lines.join(" · "), state: "plain" })
}

/// The recipients notified, or the reason why there are none, and the person at work on it. A public page names nobody.
fn notified(input: &PageData) -> Option<Answer> {
    let locale = input.options.locale;
    let told = &input.notified;
    let is_lost = told.count == 0 && (told.waiting > 0 || input.health.untold.is_some());
    let is_critical = input.health.worst().is_some_and(|worst| worst.severity == Severity::Critical);
    let state = match (is_lost, told.critical_waits) {
        (true, _) if is_critical => "bad",
        (true, _) | (_, true) => "warn",
        _ => "plain",
    };
    let mut parts: Vec<String> = Vec::new();
    if input.options.is_public {
        parts.extend(is_lost.then(|| locale.text(key::DELIVERY_NOBODY_AT_ALL).to_string()));
    } else {
        if is_lost {
            parts.push(nobody(input));
        } else if input.no_recipient {
            parts.push(locale.text(key::PAGE_NO_RECIPIENT).to_string());
        } else if let Some(last) = told.last {
            let list = clean(&told.channels.join(", "), TEXT_MAX);
            let values = [("list", &*list), ("time", &*locale.moment(last, input.now))];
            parts.push(locale.fill(key::PAGE_NOTIFIED_LAST, &values));
        }
        parts.extend((told.count > 0 && told.waiting > 0).then(|| locale.count(key::DELIVERY_QUEUED, told.waiting)));
        parts.extend(acknowledged(input));
    }
    let state = if input.no_recipient && !is_lost { "warn" } else { state };
    let text = clean(&parts.join(" · "), TEXT_MAX);
    (!parts.is_empty()).then(|| Answer { label: locale.text(key::PAGE_NOTIFIED).to_string(), text, state })
}

/// Why nobody was notified yet.
fn nobody(input: &PageData) -> String {
    let locale = input.options.locale;
    let failing = input.delivery.iter().find(|problem| matches!(problem, DeliveryProblem::Failing { .. }));
    let why = failing.map(|problem| problem.text(locale));
    let why = why.or_else(|| input.health.untold.as_ref().map(|untold| untold.text(locale)));
    let yet = locale.text(key::PAGE_NOBODY_YET);
    why.map_or_else(|| yet.to_string(), |why| format!("{yet}{}{why}", locale.text(key::MAIL_COLON)))
}

/// Those who acknowledged open problems.
fn acknowledged(input: &PageData) -> Option<String> {
    let all = input.health.suppressed.values().filter(|it| it.kind == SuppressionKind::Acknowledged);
    let names: BTreeSet<String> = all.map(|it| clean(&it.by, NAME_MAX)).collect();
    let names: Vec<String> = names.into_iter().collect();
    (!names.is_empty()).then(|| input.options.locale.with(key::PAGE_ACKNOWLEDGED_BY, &names.join(", ")))
}
