//! `osmon status`: one line and an exit code, from what was judged last. Takes no lock and writes nothing, but for `--alert`.

mod dead_man;
mod html;
mod perfdata;

use super::here::Here;
use super::{cases, mutes, refuge};
use crate::base::clock::{parse, stamp};
use crate::base::text::{clean, plural};
use crate::base::units::{duration, metric_value};
use crate::cli::output::Style;
use crate::cli::{Call, Command, Exit};
use crate::crisis::State;
use crate::model::event::{Event, Kind, is_flag};
use crate::model::incident::{Incident, Severity};
use crate::store::{EVENTS, SNAPSHOTS};
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, FromArgMatches};
use serde::Deserialize;
use serde_json::json;

/// Older data says nothing about the present, in seconds.
const STALE_SECONDS: i64 = 180;
/// Longest title in the line, in characters.
const TITLE_MAX: usize = 120;
/// How many days with events are looked at for the end of the last incident.
const DAYS_MAX: usize = 30;

#[derive(Debug, Args)]
struct Arguments {
    /// As monitoring plugins print it: OSMON OK - … | performance data
    #[arg(long, conflicts_with = "alert")]
    nagios: bool,
    /// A fragment of HTML, to be put into another page
    #[arg(long, conflicts_with_all = ["nagios", "alert"])]
    html: bool,
    /// Tell people once when the data is stale, and when it is fresh again (for a crontab line of its own)
    #[arg(long)]
    alert: bool,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "status",
    aliases: &[],
    about: "How this host is: one line and an exit code; stale data is UNKNOWN",
    examples: "  osmon status                OK web-01: all well for 3 d 2 h, 14 s ago\n  osmon status -q || echo trouble\n  osmon status --nagios       for Nagios, Icinga, Zabbix\n  osmon status --html         for a page of your own\n  osmon status --alert        dead man's switch, see contrib/cron",
    arguments: Arguments::augment_args,
    scheduled: false,
    run,
    exits: &[Exit::Done, Exit::Warning, Exit::Critical, Exit::Unknown],
    failure: Some(Exit::Unknown),
};

/// What is read of a snapshot's header.
#[derive(Debug, Deserialize)]
struct Head {
    time: String,
    host: String,
}

/// How the host is.
struct Status {
    exit: Exit,
    host: String,
    text: String,
    /// Of the newest snapshot.
    taken: Option<DateTime<Utc>>,
    snapshot: Option<String>,
    open: Vec<Incident>,
    /// Nothing can be said, because nothing new was recorded.
    is_stale: bool,
}

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let here = refuge::look(Here::open(call)?);
    let status = judge(&here);
    if arguments.alert {
        dead_man::watch(&here, &status)?;
        // It told people itself; cron need not mail the same line every time.
        call.out.say(&line(&status));
        return Ok(status.exit);
    }
    let text = if call.out.json {
        to_json(&status, &here)
    } else if arguments.html {
        html::fragment(&status, &here.config.report.language, here.now.wall)
    } else if arguments.nagios {
        let text = line(&status).replacen(' ', " - ", 1).replace('|', "/");
        let data =
            status.snapshot.as_deref().filter(|_| !status.is_stale).map(|json| perfdata::of(json, &here.config.rules));
        let data = data.filter(|data| !data.is_empty()).map(|data| format!(" | {data}")).unwrap_or_default();
        format!("OSMON {text}{data}")
    } else {
        std::iter::once(line(&status)).chain(untold(&here)).collect::<Vec<_>>().join("\n")
    };
    call.out.result(&text);
    Ok(status.exit)
}

/// What keeps people from being told, a line each.
fn untold(here: &Here) -> Vec<String> {
    let nobody = here.nobody().map(|advice| here.out.paint(Style::Warn, advice));
    let troubles = here.troubles().into_iter();
    let style = |is_loss: bool| if is_loss { Style::Bad } else { Style::Warn };
    let said = troubles.map(|trouble| here.out.paint(style(trouble.is_loss), &format!("alerts: {}", trouble.text)));
    nobody.into_iter().chain(said).collect()
}

fn word(exit: Exit) -> &'static str {
    match exit {
        Exit::Done => "OK",
        Exit::Warning => "WARNING",
        Exit::Critical => "CRITICAL",
        _ => "UNKNOWN",
    }
}

fn line(status: &Status) -> String {
    format!("{} {}: {}", word(status.exit), status.host, status.text)
}

/// From the newest snapshot and the state; whatever cannot be read is unknown, never well.
fn judge(here: &Here) -> Status {
    let now = here.now.wall;
    let unknown = |host: String, text: String| Status {
        exit: Exit::Unknown,
        host,
        text,
        taken: None,
        snapshot: None,
        open: Vec::new(),
        is_stale: true,
    };
    let snapshot = match here.store.last(SNAPSHOTS, now) {
        Ok(Some(snapshot)) => snapshot,
        Ok(None) => {
            let text = format!("no data in {}; does cron run osmon run?", here.store.directory().display());
            return unknown(here.root.host_name(), text);
        }
        Err(error) => return unknown(here.root.host_name(), clean(&format!("{error:#}"), 300)),
    };
    let head = serde_json::from_str::<Head>(&snapshot).ok();
    let Some((host, taken)) = head.and_then(|head| Some((head.host, parse(&head.time)?))) else {
        return unknown(here.root.host_name(), "the newest snapshot has no header; osmon verify says more".to_string());
    };
    let age = seconds(taken, now);
    let state = cases::state(here);
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
        Some(worst) if worst.severity == Severity::Critical => known(Exit::Critical, trouble(here, &open)),
        Some(_) => known(Exit::Warning, trouble(here, &open)),
        None if !state.unmeasured.is_empty() => {
            known(Exit::Unknown, clean(&format!("not measured: {}", state.unmeasured.join("; ")), 300))
        }
        None => known(Exit::Done, format!("{}, {} ago", well(here, &state), duration(age))),
    }
}

fn seconds(since: DateTime<Utc>, until: DateTime<Utc>) -> f64 {
    ((until - since).num_milliseconds() as f64 / 1e3).max(0.0)
}

/// `File system /var 98.2 % (limit 98 %) since 38 min; 1 warning`.
fn trouble(here: &Here, open: &[Incident]) -> String {
    let Some((worst, rest)) = open.split_first() else { return String::new() };
    let value = |value: f64| metric_value(&worst.metric, value);
    let limit = match is_flag(&worst.metric, worst.limit) {
        true => String::new(),
        false => format!(" {} (limit {})", value(worst.value), value(worst.limit)),
    };
    let lasted = duration(seconds(worst.since, here.now.wall));
    let mut parts = vec![format!("{}{limit} since {lasted}", clean(&worst.title, TITLE_MAX))];
    if worst.recovering {
        parts.push("recovering".to_string());
    }
    if mutes::read(here).ack(&worst.id, None, here.now.wall).is_some() {
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
fn well(here: &Here, state: &State) -> String {
    let pending = match state.pending() {
        0 => String::new(),
        count => format!("; {count} beyond a limit, not yet for long enough"),
    };
    match last_end(here) {
        Some(time) => format!("all well for {}{pending}", duration(seconds(time, here.now.wall))),
        None => format!("all well{pending}"),
    }
}

fn last_end(here: &Here) -> Option<DateTime<Utc>> {
    #[derive(Deserialize)]
    struct Recorded {
        event: Option<Event>,
    }
    let days = here.store.days(EVENTS).ok()?;
    for day in days.iter().rev().take(DAYS_MAX) {
        let begin = crate::store::day::begin(&day.name)?;
        let mut last = None;
        let visit = &mut |line: &str| {
            let event = serde_json::from_str::<Recorded>(line).ok().and_then(|recorded| recorded.event);
            last = event.filter(|event| event.kind == Kind::Recovered).and_then(|event| parse(&event.time)).or(last);
        };
        here.store.read(EVENTS, begin, (begin + TimeDelta::days(1)).min(here.now.wall), visit).ok()?;
        if last.is_some() {
            return last;
        }
    }
    None
}

fn to_json(status: &Status, here: &Here) -> String {
    let open = status.open.iter().map(|incident| {
        json!({
            "id": incident.id, "severity": incident.severity, "title": incident.title, "metric": incident.metric,
            "value": incident.value, "limit": incident.limit, "since": stamp(incident.since), "recovering": incident.recovering,
        })
    });
    json!({
        "schema": 1, "time": stamp(here.now.wall), "host": status.host, "status": word(status.exit).to_lowercase(),
        "exit": status.exit as u8, "untold": untold(here), "text": status.text, "taken": status.taken.map(stamp),
        "age_seconds": status.taken.map(|taken| seconds(taken, here.now.wall)), "stale": status.is_stale, "incident": open.collect::<Vec<_>>(),
    })
    .to_string()
}
