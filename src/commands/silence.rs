//! `osmon silence`: nobody is told of some things for a while.

use crate::base::clock::{local_form, local_minute, stamp};
use crate::base::error_kind::ErrorKind;
use crate::base::suggestion::hint;
use crate::base::text::{NAME_MAX, clean};
use crate::cli::table::{Column, head, row};
use crate::cli::{Call, Command, Exit};
use crate::commands::view;
use crate::config::Rule;
use crate::context::Context;
use crate::model::catalogue;
use crate::model::metric::Selector;
use crate::model::suppression::{Silence, Suppressions};
use crate::pipeline::annotations;
use crate::pipeline::silences::{self};
use crate::query;
use anyhow::Result;
use clap::{Args, FromArgMatches};

/// Longest silence, in days.
const LONGEST_DAYS: i64 = 30;

const COLUMNS: &[Column] = &[("N", 3, true), ("What", 26, false), ("Until", 16, false), ("Why", 28, false)];

#[derive(Debug, Args)]
struct Arguments {
    /// Name of a rule, a metric such as 'disk.*{mount="/var*"}', or '*' for everything
    #[arg(value_name = "MATCH", requires = "because")]
    matcher: Option<String>,
    /// Its end: 4h, 18:00, "tomorrow 08:00", 2026-11-24 (at most 30 days ahead)
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// … or how long: 90m, 4h, 2d
    #[arg(long = "for", value_name = "SPAN", conflicts_with = "until")]
    span: Option<String>,
    /// Why, for the others
    #[arg(long, value_name = "TEXT", requires = "matcher")]
    because: Option<String>,
    /// Show what is silenced and acknowledged, as without anything
    #[arg(long, conflicts_with_all = ["matcher", "remove", "until", "span"])]
    list: bool,
    /// End one early, by its number in the list
    #[arg(long, value_name = "N", conflicts_with_all = ["matcher", "until", "span"])]
    remove: Option<usize>,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "silence",
    about: "Tell nobody of some things for a while; it ends by itself. Alone it lists them",
    examples: "  osmon silence cpu --until 18:00 --because \"load test\"\n  osmon silence 'disk.*{mount=\"/backup*\"}' --for 2d --because \"being moved\"\n  osmon silence --list\n  osmon silence --remove 1",
    arguments: Arguments::augment_args,
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
    let matcher = checked(&matcher, &context.config.rules).map_err(ErrorKind::Usage)?;
    let because = view::silences::reason(arguments.because.as_deref().unwrap_or_default())?;
    let until = view::silences::end(arguments.until.as_deref(), arguments.span.as_deref(), None, LONGEST_DAYS, now)?;
    let silence = Silence { matcher, since: now, until, because, by: annotations::author() };
    let text = format!("silenced {} until {}: {}", silence.matcher, local_minute(until), silence.because);
    let added = silence.clone();
    silences::change(&context, move |mutes| {
        mutes.silences.retain(|known| known.matcher != added.matcher || known.since > now);
        mutes.silences.push(added);
        Ok(((), text))
    })?;
    if call.out.json {
        call.out.print(&serde_json::json!({ "schema": 1, "silence": silence }).to_string());
    }
    call.out.info(&format!("{} is silenced {}", silence.matcher, view::silences::until(until, now)));
    Ok(Exit::Done)
}

/// A silence that means nothing would be found out at the worst time.
fn checked(text: &str, rules: &[Rule]) -> Result<String, String> {
    if text == "*" || rules.iter().any(|rule| rule.name == text) {
        return Ok(text.to_string());
    }
    let names = rules.iter().map(|rule| rule.name.as_str());
    let plain = clean(text, NAME_MAX);
    let selector = Selector::pattern(text)
        .map_err(|_| format!("no rule and no metric is called {plain:?}{}", hint(text, names.clone())))?;
    let is_known = catalogue::names().any(|name| Selector::pattern_fits(&selector.name, name));
    let is_watched = rules.iter().any(|rule| rule.metric.name == selector.name);
    if is_known || is_watched {
        Ok(text.to_string())
    } else {
        Err(format!("no rule and no metric is called {plain:?}{}", hint(text, names)))
    }
}

fn remove(call: &Call, context: &Context, number: usize) -> Result<Exit> {
    let ended = silences::change(context, |mutes| {
        let count = mutes.silences.len() + mutes.acks.len();
        let at = number.checked_sub(1).filter(|at| *at < count).ok_or_else(|| {
            ErrorKind::Usage(format!("there is no number {number}; osmon silence --list shows {count}"))
        })?;
        let ended = if at < mutes.silences.len() {
            format!("silence of {}", mutes.silences.remove(at).matcher)
        } else {
            format!("acknowledgement of {}", mutes.acks.remove(at - mutes.silences.len()).incident)
        };
        Ok((ended.clone(), format!("{ended} ended early")))
    })?;
    if call.out.json {
        call.out.print(&serde_json::json!({ "schema": 1, "removed": ended }).to_string());
    }
    call.out.info(&format!("{ended} ended"));
    Ok(Exit::Done)
}

fn list(call: &Call, mutes: &Suppressions, context: &Context) {
    if call.out.json {
        call.out.print(&serde_json::json!({ "schema": 1, "time": stamp(context.now.wall), "silence": mutes.silences, "ack": mutes.acks }).to_string());
        return;
    }
    let silences = mutes.silences.iter().map(|silence| {
        let planned = if silence.since > context.now.wall {
            format!(" from {}", local_form(silence.since, "%m-%d %H:%M"))
        } else {
            String::new()
        };
        (format!("{}{planned}", clean(&silence.matcher, NAME_MAX)), silence.until, &silence.because, &silence.by)
    });
    let acks = mutes.acks.iter().map(|ack| (format!("ack {}", ack.incident), ack.until, &ack.because, &ack.by));
    let rows = silences.chain(acks).enumerate().map(|(at, (what, until, because, by))| {
        row(COLUMNS, &[(at + 1).to_string(), what, local_minute(until), format!("{because} ({by})")])
    });
    let rows: Vec<String> = rows.collect();
    if rows.is_empty() {
        call.out.print("nothing is silenced or acknowledged");
    } else {
        call.out.print(&format!("{}\n{}", head(COLUMNS), rows.join("\n")));
    }
}
