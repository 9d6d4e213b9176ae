//! `osmon silence`: mute matching alerts for a while.

use crate::base::clock::{local_form, local_minute, stamp};
use crate::base::error_kind::ErrorKind;
use crate::base::sort::SmallSort;
use crate::base::suggestion::hint;
use crate::base::text::{NAME_MAX, clean};
use crate::cli::table::{Column, head, row};
use crate::cli::{Call, Command, Exit, Group};
use crate::commands::view;
use crate::config::Rule;
use crate::context::Context;
use crate::model::catalogue;
use crate::model::metric::Selector;
use crate::model::suppression::{Silence, Suppressions};
use crate::pipeline::annotations;
use crate::pipeline::silences;
use crate::query::{self, incidents};
use anyhow::Result;
use clap::{Args, FromArgMatches};

/// Longest silence, in days.
const LONGEST_DAYS: i64 = 30;

const COLUMNS: &[Column] = &[("#", 3, true), ("Match", 26, false), ("Until", 16, false), ("Reason", 28, false)];

#[derive(Debug, Args)]
struct Arguments {
    /// A rule, a metric such as 'disk.*{mount="/var*"}' or 'disk.*{mount!="/data*"}' for all others, or '*' for everything
    #[arg(value_name = "MATCH", requires = "because")]
    matcher: Option<String>,
    /// End time: 18:00, "tomorrow 08:00", 2026-11-24, 4h (at most 30 days ahead)
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Duration instead of an end time: 90m, 4h, 2d
    #[arg(long = "for", value_name = "SPAN", conflicts_with = "until")]
    span: Option<String>,
    /// Reason, for your colleagues
    #[arg(long, value_name = "TEXT", requires = "matcher")]
    because: Option<String>,
    /// Do not repair what it matches either
    #[arg(long, requires = "matcher")]
    no_heal: bool,
    /// List silences and acknowledgements (default)
    #[arg(long, conflicts_with_all = ["matcher", "remove", "until", "span"])]
    list: bool,
    /// End a silence or acknowledgement early, by its number in the list
    #[arg(long, value_name = "N", conflicts_with_all = ["matcher", "until", "span"])]
    remove: Option<u32>,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "silence",
    about: "Mute matching alerts for a while, or list silences",
    group: Group::Incidents,
    examples: "  osmon silence cpu --until 18:00 --because \"load test\"\n  osmon silence 'disk.*{mount=\"/backup*\"}' --for 2d --because \"being moved\"\n  osmon silence --list\n  osmon silence --remove 1",
    arguments: Arguments::augment_args,
    shares_system: true,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = Context::open_to_read(call)?;
    if let Some(number) = arguments.remove {
        return remove(call, &context, number);
    }
    let Some(matcher) = arguments.matcher else {
        list(call, &query::silences::read(&context), &context);
        return Ok(Exit::Done);
    };
    let now = context.now.wall;
    let matcher = checked(&matcher, &context.config.rules).or_else(|error| {
        // The short name of an incident, as mails show it: everything about its metric.
        let record = incidents::find(&context, Some(&matcher), "silence").ok().filter(|_| !matcher.is_empty());
        record.map(|record| record.metric).ok_or(ErrorKind::Usage(error))
    })?;
    let because = view::silences::reason(arguments.because.as_deref().unwrap_or_default())?;
    let until = view::silences::end(arguments.until.as_deref(), arguments.span.as_deref(), None, LONGEST_DAYS, now)?;
    let silence = Silence {
        number: 0,
        matcher,
        since: now,
        until,
        because,
        by: annotations::author(),
        no_heal: arguments.no_heal,
    };
    let text = format!("silenced {} until {}: {}", silence.matcher, local_minute(until), silence.because);
    let added = silence.clone();
    let number = silences::change(&context, move |suppressions| {
        suppressions.silences.retain(|known| known.matcher != added.matcher || known.since > now);
        Ok((suppressions.add_silence(added), text))
    })?;
    let silence = Silence { number, ..silence };
    if call.out.json {
        call.out.print(&serde_json::json!({ "schema": 1, "silence": silence }).to_string());
    }
    let end = format!("osmon silence --remove {number} ends it");
    call.out.info(&format!("{} is silenced {}; {end}", silence.matcher, view::silences::until(until, now)));
    Ok(Exit::Done)
}

/// The matcher, if it matches a known rule or metric: a typo would be noticed only when the alert comes through.
fn checked(text: &str, rules: &[Rule]) -> Result<String, String> {
    if text == "*" || rules.iter().any(|rule| rule.name == text) {
        return Ok(text.to_string());
    }
    let names = rules.iter().map(|rule| rule.name.as_str());
    let plain = clean(text, NAME_MAX);
    let selector = Selector::pattern(text)
        .map_err(|_| format!("no rule or metric is named {plain:?}{}", hint(text, names.clone())))?;
    let is_known = catalogue::names().any(|name| Selector::pattern_fits(&selector.name, name));
    let is_watched = rules.iter().any(|rule| rule.metric.name == selector.name);
    if is_known || is_watched {
        Ok(text.to_string())
    } else {
        Err(format!("no rule or metric is named {plain:?}{}", hint(text, names)))
    }
}

fn remove(call: &Call, context: &Context, number: u32) -> Result<Exit> {
    let ended = silences::change(context, |suppressions| {
        let silence = suppressions.silences.iter().find(|silence| silence.number == number);
        let ack = suppressions.acks.iter().find(|ack| ack.number == number);
        let ended = silence.map(|silence| format!("silence of {}", silence.matcher));
        let ended = ended.or_else(|| ack.map(|ack| format!("acknowledgement of {}", ack.incident)));
        let ended = ended.ok_or_else(|| {
            let silences = suppressions.silences.iter().map(|silence| silence.number);
            let mut numbers: Vec<u32> = silences.chain(suppressions.acks.iter().map(|ack| ack.number)).collect();
            numbers.arrange();
            let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            ErrorKind::Usage(match numbers.is_empty() {
                true => format!("no silence {number}; the list is empty"),
                false => format!("no silence {number}; the list has {}", numbers.join(", ")),
            })
        })?;
        suppressions.silences.retain(|silence| silence.number != number);
        suppressions.acks.retain(|ack| ack.number != number);
        Ok((ended.clone(), format!("{ended} ended early")))
    })?;
    if call.out.json {
        call.out.print(&serde_json::json!({ "schema": 1, "removed": ended }).to_string());
    }
    call.out.info(&format!("{ended} ended"));
    Ok(Exit::Done)
}

fn list(call: &Call, suppressions: &Suppressions, context: &Context) {
    if call.out.json {
        call.out.print(&serde_json::json!({ "schema": 1, "time": stamp(context.now.wall), "silence": suppressions.silences, "ack": suppressions.acks }).to_string());
        return;
    }
    let silences = suppressions.silences.iter().map(|silence| {
        let planned = if silence.since > context.now.wall {
            format!(" from {}", local_form(silence.since, "%m-%d %H:%M"))
        } else {
            String::new()
        };
        let planned = if silence.no_heal { format!("{planned}, no repairs") } else { planned };
        let what = format!("{}{planned}", clean(&silence.matcher, NAME_MAX));
        (silence.number, what, silence.until, &silence.because, &silence.by)
    });
    let acks = suppressions.acks.iter();
    let acks = acks.map(|ack| (ack.number, format!("ack {}", ack.incident), ack.until, &ack.because, &ack.by));
    let rows = silences.chain(acks).map(|(number, what, until, because, by)| {
        row(COLUMNS, &[number.to_string(), what, local_minute(until), format!("{because} ({by})")])
    });
    let rows: Vec<String> = rows.collect();
    if rows.is_empty() {
        call.out.print("no silences or acknowledgements");
    } else {
        call.out.print(&format!("{}\n{}", head(COLUMNS), rows.join("\n")));
    }
}
