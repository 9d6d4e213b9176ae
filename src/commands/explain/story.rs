//! The explanation as people read it, in 80 columns.

use super::{Explained, breached};
use crate::base::clock::{local_form, local_minute, local_short, parse, zone_name};
use crate::base::text::fit;
use crate::base::units::{bytes, duration, metric_value, short};
use crate::cli::Output;
use crate::cli::output::Style;
use crate::cli::table::{Column, head, row};
use crate::config::Rule;
use crate::config::rule::Limit;
use crate::context::Context;
use crate::model::event::is_flag;
use crate::model::evidence::User;
use crate::query::incidents::STALE;

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

/// All of it.
pub fn tell(out: &Output, explained: &Explained, context: &Context) -> String {
    let case = &explained.case;
    let now = context.now.wall;
    let state = match (&case.open, case.ended) {
        (Some(open), _) if open.recovering => "open, recovering",
        (Some(_), _) => "open",
        (None, Some(_)) => "over",
        (None, None) => "its end was not recorded",
    };
    // The word of now; how bad it was is said besides.
    let (word, worst) = match &case.open {
        Some(open) if open.severity < case.severity => {
            (open.severity.word(), format!(" (was {})", case.severity.word()))
        }
        _ => (case.severity.word(), String::new()),
    };
    let style = if case.open.is_some() { Style::Bad } else { Style::Good };
    let mut lines = vec![
        format!("{}  {word} {}: {}{worst}", out.paint(Style::Bold, &case.id), case.title, out.paint(style, state)),
        format!("since {} ({}), {}", local_minute(case.since), zone_name(case.since), duration(case.lasted)),
    ];
    if let Some(ack) = explained.mutes.ack(&case.id, None, now) {
        lines.push(fit(
            &format!("acknowledged until {} by {}: {}", local_minute(ack.until), ack.by, ack.because),
            WIDTH,
        ));
    }
    if let Some(silence) = explained.mutes.silence(&case.rule, &case.metric, now) {
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
    section("Rule", rule(explained));
    section("Samples", samples(explained));
    let (who, units) = (&explained.who.process, &explained.who.unit);
    let word = explained.who.resource.map_or("the host", |resource| resource.word());
    section(&format!("Who used {word} when it fired"), users(who));
    section("By unit", users(units));
    let changes = explained.changes.iter().map(|mark| {
        let time = parse(&mark.time).map(|time| local_short(time, explained.fired)).unwrap_or_default();
        fit(&format!("{time}  {:<10}{}", mark.kind.word(), mark.text), WIDTH - 2)
    });
    let changes: Vec<String> = changes.collect();
    let nothing = vec!["nothing that osmon knows of".to_string()];
    section("What changed in the hour before", if changes.is_empty() { nothing } else { changes });
    let events = case.events.iter().map(|event| {
        let time = parse(&event.time).map(|time| local_form(time, "%m-%d %H:%M")).unwrap_or_default();
        let value =
            if is_flag(case.name(), event.limit) { String::new() } else { metric_value(case.name(), event.value) };
        let muted = event.muted.as_ref().map(|why| format!("not told: {why}")).unwrap_or_default();
        let line = format!("{time}  {:<10}{:<9} {value:<10} {muted}", event.kind.word(), event.severity.word());
        fit(line.trim_end(), WIDTH - 2)
    });
    section("Events", events.collect());
    section("Ends", waits_for(explained).into_iter().collect());
    lines.join("\n")
}

fn rule(explained: &Explained) -> Vec<String> {
    let Some(rule) = &explained.rule else {
        let is_known = !explained.settings.is_empty();
        let why =
            if is_known { "is switched off" } else { "is no rule of the configuration: built in, or removed since" };
        return vec![format!("{} {why}", explained.case.rule)];
    };
    let name = explained.case.name();
    let limit = |word: &str, limit: Option<Limit>| {
        limit.map(|limit| {
            let side = if rule.above { "at or above" } else { "at or below" };
            let lasting = if limit.hold.is_zero() {
                "at once".to_string()
            } else {
                format!("for {}", duration(limit.hold.as_secs_f64()))
            };
            format!("{word} {side} {}, {lasting}", metric_value(name, limit.raise))
        })
    };
    let mut lines = vec![fit(&format!("{}: {}", rule.name, explained.case.metric), WIDTH - 2)];
    lines.extend(limit("warning", rule.warning));
    lines.extend(limit("critical", rule.critical));
    let set = explained.settings.iter().filter(|(_, _, place)| place != "default");
    let set: Vec<String> = set.map(|(key, value, place)| format!("{key} = {value}  ({place})")).collect();
    if set.is_empty() {
        lines.push("default (osmon config show --default)".to_string());
    } else {
        lines.extend(set);
        lines.push("the rest is default".to_string());
    }
    lines
}

fn samples(explained: &Explained) -> Vec<String> {
    let name = explained.case.name();
    let mut was = None;
    let lines = explained.samples.iter().map(|sample| {
        let breached = breached(explained.rule.as_ref(), sample.value);
        let word = breached.map(|(word, _)| word);
        let crossing = match (breached, word == was) {
            (Some((word, limit)), false) => format!("← {word} limit {}", metric_value(name, limit)),
            (None, false) if was.is_some() => "← inside the limits".to_string(),
            _ => String::new(),
        };
        was = word;
        let time = parse(&sample.time);
        let fired = if time == Some(explained.fired) { "← fired" } else { "" };
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

/// What must be so for it to end; `None`: it is over.
pub fn waits_for(explained: &Explained) -> Option<String> {
    let case = &explained.case;
    let open = case.open.as_ref()?;
    let Some(rule) = &explained.rule else {
        let is_stale = case.rule == STALE;
        let when = if is_stale {
            "when something is recorded again"
        } else {
            "with the next run: its rule watches nothing any more"
        };
        return Some(when.to_string());
    };
    let clear = clears_at(rule)?;
    let side = if rule.above { "below" } else { "above" };
    let now = metric_value(case.name(), open.value);
    let lasting = duration(rule.clear_for.as_secs_f64());
    Some(if is_flag(case.name(), case.limit) {
        format!("when it has not been so for {lasting}")
    } else if open.recovering {
        format!("when it has stayed {side} {} for {lasting}; it is now ({now})", metric_value(case.name(), clear))
    } else {
        format!("when it is {side} {} for {lasting}; it is {now} now", metric_value(case.name(), clear))
    })
}

/// The limit that clears the mildest severity there is.
fn clears_at(rule: &Rule) -> Option<f64> {
    rule.warning.or(rule.critical).map(|limit| limit.clear)
}
