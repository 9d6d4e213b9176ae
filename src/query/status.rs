//! How the host is, from what was judged last.

use crate::base::clock::parse;
use crate::base::text::{clean, plural};
use crate::base::units::{duration, metric_value};
use crate::cli::Exit;
use crate::context::Context;
use crate::crisis::State;
use crate::model::event::{Event, EventKind, is_flag};
use crate::model::incident::{Incident, Severity};
use crate::query::incidents;
use crate::query::silences;
use crate::store::{EVENTS, SNAPSHOTS};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

/// Older data says nothing about the present, in seconds.
pub const STALE_SECONDS: i64 = 180;
/// Longest title in the line, in characters.
const TITLE_MAX: usize = 120;
/// How many days with events are looked at for the end of the last incident.
const DAYS_MAX: usize = 30;

/// What is read of a snapshot's header.
#[derive(Debug, Deserialize)]
struct Head {
    time: String,
    host: String,
}

/// How the host is.
pub struct Status {
    pub exit: Exit,
    pub host: String,
    pub text: String,
    /// Of the newest snapshot.
    pub taken: Option<DateTime<Utc>>,
    pub snapshot: Option<String>,
    pub open: Vec<Incident>,
    /// Nothing can be said, because nothing new was recorded.
    pub is_stale: bool,
}

pub fn word(exit: Exit) -> &'static str {
    match exit {
        Exit::Done => "OK",
        Exit::Warning => "WARNING",
        Exit::Critical => "CRITICAL",
        _ => "UNKNOWN",
    }
}

/// From the newest snapshot and the state; whatever cannot be read is unknown, never well.
pub fn judge(context: &Context) -> Status {
    let now = context.now.wall;
    let unknown = |host: String, text: String| Status {
        exit: Exit::Unknown,
        host,
        text,
        taken: None,
        snapshot: None,
        open: Vec::new(),
        is_stale: true,
    };
    let snapshot = match context.store.last(SNAPSHOTS, now) {
        Ok(Some(snapshot)) => snapshot,
        Ok(None) => {
            let text = format!("no data in {}; does cron run osmon run?", context.store.directory().display());
            return unknown(context.root.host_name(), text);
        }
        Err(error) => return unknown(context.root.host_name(), clean(&format!("{error:#}"), 300)),
    };
    let head = serde_json::from_str::<Head>(&snapshot).ok();
    let Some((host, taken)) = head.and_then(|head| Some((head.host, parse(&head.time)?))) else {
        return unknown(
            context.root.host_name(),
            "the newest snapshot has no header; osmon verify says more".to_string(),
        );
    };
    let age = seconds(taken, now);
    let state = incidents::state(context);
    let open = state.open();
    if age > STALE_SECONDS as f64 {
        let text = format!("no data for {}; does cron run osmon run?", duration(age));
        return Status { taken: Some(taken), snapshot: Some(snapshot), ..unknown(clean(&host, 80), text) };
    }
    let known = |exit: Exit, text: String| Status {
        exit,
        host: clean(&host, 80),
        text,
        taken: Some(taken),
        snapshot: Some(snapshot.clone()),
        open: open.clone(),
        is_stale: false,
    };
    let unjudged = state.last.map_or(f64::INFINITY, |last| seconds(last.wall, taken));
    if unjudged > STALE_SECONDS as f64 {
        let since =
            state.last.map_or_else(|| "never".to_string(), |last| format!("{} ago", duration(seconds(last.wall, now))));
        return known(Exit::Unknown, format!("the rules were last judged {since}; does cron run osmon detect-crisis?"));
    }
    match open.first() {
        Some(worst) if worst.severity == Severity::Critical => known(Exit::Critical, trouble(context, &open)),
        Some(_) => known(Exit::Warning, trouble(context, &open)),
        None if !state.unmeasured.is_empty() => {
            known(Exit::Unknown, clean(&format!("not measured: {}", state.unmeasured.join("; ")), 300))
        }
        None => known(Exit::Done, format!("{}, {} ago", well(context, &state), duration(age))),
    }
}

pub fn seconds(since: DateTime<Utc>, until: DateTime<Utc>) -> f64 {
    ((until - since).num_milliseconds() as f64 / 1e3).max(0.0)
}

/// `File system /var 98.2 % (limit 98 %) since 38 min; 1 warning`.
fn trouble(context: &Context, open: &[Incident]) -> String {
    let Some((worst, rest)) = open.split_first() else { return String::new() };
    let value = |value: f64| metric_value(&worst.metric, value);
    let limit = match is_flag(&worst.metric, worst.limit) {
        true => String::new(),
        false => format!(" {} (limit {})", value(worst.value), value(worst.limit)),
    };
    let lasted = duration(seconds(worst.since, context.now.wall));
    let mut parts = vec![format!("{}{limit} since {lasted}", clean(&worst.title, TITLE_MAX))];
    if worst.recovering {
        parts.push("recovering".to_string());
    }
    if silences::read(context).ack(&worst.id, None, context.now.wall).is_some() {
        parts.push("acknowledged".to_string());
    }
    for (severity, word) in [(Severity::Critical, "more critical"), (Severity::Warning, "warning")] {
        match rest.iter().filter(|incident| incident.severity == severity).count() {
            0 => {}
            count if severity == Severity::Critical => parts.push(format!("{count} {word}")),
            count => parts.push(plural(count, word)),
        }
    }
    parts.join("; ")
}

/// For how long nothing has been wrong: since the last incident ended.
fn well(context: &Context, state: &State) -> String {
    let pending = match state.pending() {
        0 => String::new(),
        count => format!("; {count} beyond a limit, not yet for long enough"),
    };
    match last_end(context) {
        Some(time) => format!("all well for {}{pending}", duration(seconds(time, context.now.wall))),
        None => format!("all well{pending}"),
    }
}

fn last_end(context: &Context) -> Option<DateTime<Utc>> {
    #[derive(Deserialize)]
    struct Recorded {
        event: Option<Event>,
    }
    let days = context.store.days(EVENTS).ok()?;
    for day in days.iter().rev().take(DAYS_MAX) {
        let begin = crate::store::day::begin(&day.name)?;
        let mut last = None;
        let visit = &mut |line: &str| {
            let event = serde_json::from_str::<Recorded>(line).ok().and_then(|recorded| recorded.event);
            last =
                event.filter(|event| event.kind == EventKind::Recovered).and_then(|event| parse(&event.time)).or(last);
        };
        context.store.read(EVENTS, begin, (begin + TimeDelta::days(1)).min(context.now.wall), visit).ok()?;
        if last.is_some() {
            return last;
        }
    }
    None
}
