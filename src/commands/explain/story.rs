//! The explanation as text, in 80 columns.

use super::explanation::Explanation;
use crate::base::clock::{local_form, local_minute, local_short, parse, zone_name};
use crate::base::text::fit;
use crate::base::units::{bytes, duration, metric_value, short};
use crate::cli::Output;
use crate::cli::output::Style;
use crate::cli::table::{Column, fold_to, head, row};
use crate::config::rule::{Limit, Measure};
use crate::context::Context;
use crate::model::event::is_flag;
use crate::model::evidence::User;
use crate::model::locale::Locale;
use std::time::Duration;

/// Widest line.
const WIDTH: usize = 80;
const USERS: &[Column] = &[
    ("CPU %", 6, true),
    ("Memory", 9, true),
    ("Disk I/O", 11, true),
    ("User", 10, false),
    ("Process", 16, false),
    ("Unit", 18, false),
];

/// The whole text.
pub fn render(out: &Output, explanation: &Explanation, context: &Context) -> String {
    let record = &explanation.record;
    let now = context.now.wall;
    let state = match (&record.open, record.ended) {
        (Some(open), _) if open.recovering => "open, recovering",
        (Some(_), _) => "open",
        (None, Some(_)) => "recovered",
        (None, None) => "end not recorded",
    };
    // The present severity, and the worst one where they differ.
    let (word, worst) = match &record.open {
        Some(open) if open.severity < record.severity => {
            (open.severity.word(), format!(" (was {})", record.severity.word()))
        }
        _ => (record.severity.word(), String::new()),
    };
    let style = if record.open.is_some() { Style::Bad } else { Style::Good };
    let heading = format!("{word} {}: {}{worst}", record.title, out.paint(style, state));
    let mut lines = vec![
        out.fold(&format!("{}  ", out.paint(Style::Bold, &record.id)), &heading),
        format!("since {} ({}), {}", local_minute(record.since), zone_name(record.since), duration(record.lasted)),
    ];
    if let Some(ack) = &explanation.ack {
        lines.push(fit(
            &format!("acknowledged until {} by {}: {}", local_minute(ack.until), ack.by, ack.because),
            WIDTH,
        ));
    }
    if let Some(silence) = explanation.suppressions.silence(&record.rule, &record.metric, now) {
        lines.push(fit(
            &format!("silenced until {} by {}: {}", local_minute(silence.until), silence.by, silence.because),
            WIDTH,
        ));
    }
    let mut section = |title: &str, content: Vec<String>| {
        if !content.is_empty() {
            lines.extend([String::new(), out.paint(Style::Bold, title)]);
            lines.extend(content.iter().map(|line| format!("  {line}")));
        }
    };
    section("Rule", rule(explanation));
    section("Samples", samples(explanation));
    section("Facts when it fired", facts(explanation));
    let (who, units) = (&explanation.consumers.process, &explanation.consumers.unit);
    let word = explanation.consumers.resource.map_or("the host", |resource| resource.word());
    section(&format!("Top consumers of {word} when it fired"), users(who));
    section("Top units", users(units));
    let changes = explanation.changes.iter().map(|mark| {
        let time = parse(&mark.time).map(|time| local_short(time, explanation.fired)).unwrap_or_default();
        fit(&format!("{time}  {:<10}{}", mark.kind.word(), mark.text), WIDTH - 2)
    });
    let changes: Vec<String> = changes.collect();
    let nothing = vec!["none recorded".to_string()];
    section("Changes in the hour before", if changes.is_empty() { nothing } else { changes });
    let events = record.events.iter().flat_map(|event| {
        let time = parse(&event.time).map(|time| local_form(time, "%m-%d %H:%M")).unwrap_or_default();
        let value =
            if is_flag(record.name(), event.limit) { String::new() } else { metric_value(record.name(), event.value) };
        let line = format!("{time}  {:<10}{:<9} {value}", event.kind.word(), event.severity.word());
        // The reason stands whole below its event: it says what to do.
        let reason = event.muted.iter().flat_map(|why| fold_to(&format!("not notified: {why}"), WIDTH - 15));
        std::iter::once(line.trim_end().to_string()).chain(reason.map(|line| format!("{:13}{line}", "")))
    });
    section("Events", events.collect());
    let tried = explanation.repairs.iter().flat_map(|repair| {
        let mut lines = fold_to(&repair.timed(explanation.fired).english(), WIDTH - 4).into_iter();
        let first = lines.next();
        first.into_iter().chain(lines.map(|line| format!("  {line}"))).collect::<Vec<_>>()
    });
    section("Repairs by osmon", tried.collect());
    section("Ends", explanation.ends_when().iter().flat_map(|when| fold_to(when, WIDTH - 2)).collect());
    lines.join("\n")
}

/// The facts that the alert named, such as the failed member of an array.
fn facts(explanation: &Explanation) -> Vec<String> {
    let evidence = explanation.record.fired().and_then(|event| event.evidence.as_ref());
    let facts = evidence.map(|evidence| evidence.facts_in(Locale::En)).unwrap_or_default();
    facts.iter().flat_map(|fact| fold_to(fact, WIDTH - 2)).collect()
}

fn rule(explanation: &Explanation) -> Vec<String> {
    let Some(rule) = &explanation.rule else {
        let is_known = !explanation.settings.is_empty();
        let why = if is_known { "is disabled" } else { "is not in the configuration: built in, or removed since" };
        return vec![format!("{} {why}", explanation.record.rule)];
    };
    let name = explanation.record.name();
    let limit = |word: &str, limit: Option<Limit>| {
        limit.map(|limit| {
            let side = if rule.above { "at or above" } else { "at or below" };
            let span = |span: Duration| format!(" within {}", duration(span.as_secs_f64()));
            let lasting = if limit.hold.is_zero() {
                "immediately".to_string()
            } else {
                format!("for {}", duration(limit.hold.as_secs_f64()))
            };
            let raise = metric_value(name, limit.raise);
            match rule.measure {
                Measure::Reaches(target) => {
                    let (target, within) = (metric_value(name, target), duration(limit.raise));
                    format!("{word} if it reaches {target} within {within}, {lasting}")
                }
                Measure::Total(over) | Measure::Change(over) => {
                    format!("{word} {side} {raise}{}, {lasting}", span(over))
                }
                Measure::Value | Measure::Unusual { .. } => format!("{word} {side} {raise}, {lasting}"),
            }
        })
    };
    let mut lines = vec![fit(&format!("{}: {}", rule.name, explanation.record.metric), WIDTH - 2)];
    if matches!(rule.measure, Measure::Unusual { .. }) {
        let said = explanation.record.fired().and_then(|event| event.message.clone()).unwrap_or_default();
        lines.extend(fold_to(&said, WIDTH - 2));
    } else {
        lines.extend(limit("warning", rule.warning));
        lines.extend(limit("critical", rule.critical));
    }
    let set = explanation.settings.iter().filter(|(_, _, place)| place != "default");
    let set: Vec<String> =
        set.flat_map(|(key, value, place)| fold_to(&format!("{key} = {value} ({place})"), WIDTH - 2)).collect();
    if set.is_empty() {
        lines.push("default (osmon config show --default)".to_string());
    } else {
        lines.extend(set);
        lines.push("all other settings: default".to_string());
    }
    lines
}

fn samples(explanation: &Explanation) -> Vec<String> {
    let name = explanation.record.name();
    let mut was = None;
    let lines = explanation.samples.iter().map(|sample| {
        let breached = explanation.breached(sample.value);
        let word = breached.map(|(word, _)| word);
        let crossing = match (breached, word == was) {
            (Some((word, limit)), false) => format!("← {word} limit {}", metric_value(name, limit)),
            (None, false) if was.is_some() => "← inside the limits".to_string(),
            _ => String::new(),
        };
        was = word;
        let time = parse(&sample.time);
        let fired = if time == Some(explanation.fired) { "← fired" } else { "" };
        let time = time.map(|time| local_form(time, "%H:%M:%S")).unwrap_or_default();
        let mark = if breached.is_some() { "!" } else { " " };
        format!("{time}  {:>10} {mark} {}", metric_value(name, sample.value), format!("{crossing} {fired}").trim())
            .trim_end()
            .to_string()
    });
    lines.collect()
}

fn users(users: &[User]) -> Vec<String> {
    if users.is_empty() {
        return Vec::new();
    }
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_string());
    let rows = users.iter().map(|user| {
        row(
            USERS,
            &[
                or_dash(user.cpu_percent.map(short)),
                or_dash(user.memory_bytes.map(bytes)),
                or_dash(user.io_bytes_per_second.map(|rate| format!("{}/s", bytes(rate)))),
                user.user.clone(),
                user.name.clone(),
                user.unit.clone(),
            ],
        )
    });
    std::iter::once(head(USERS)).chain(rows).collect()
}
