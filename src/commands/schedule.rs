//! `osmon schedule`: shows or changes what runs osmon.

use crate::base::clock::{local_minute, stamp};
use crate::base::error_kind::ErrorKind;
use crate::base::units::{duration, parse_duration};
use crate::cli::output::Style;
use crate::cli::table::fold_to;
use crate::cli::{Call, Command, Exit};
use crate::commands::view;
use crate::context::Context;
use crate::query::health;
use crate::setup::schedule::{Every, Found, Host, Kind, Role, find, install, remove};
use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::{Args, FromArgMatches, ValueEnum};
use serde_json::json;

/// Width of the explanations, in columns.
const WIDTH: usize = 66;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Wanted {
    /// Keep what runs osmon; else cron where its daemon is running, else a timer
    Auto,
    /// A crontab line, once a minute
    Cron,
    /// A systemd timer
    Timer,
    /// Nothing runs osmon any more
    Off,
}

#[derive(Debug, Args)]
struct Arguments {
    /// What shall run osmon; without it, show what does
    #[arg(value_name = "WHAT", value_enum)]
    wanted: Option<Wanted>,
    /// Interval of the runs: 10s (timer only), 1m, 5m [default: as it is, else 1m]
    #[arg(long, value_name = "SPAN", requires = "wanted", value_parser = every)]
    every: Option<Every>,
}

fn every(text: &str) -> Result<Every, String> {
    Every::new(parse_duration(text)?)
}

/// The command.
pub const COMMAND: Command = Command {
    name: "schedule",
    about: "Show or change what runs osmon: cron or a systemd timer",
    examples: "  osmon schedule                    what runs osmon, and when\n  osmon schedule auto               set it up: cron, else a timer\n  osmon schedule timer --every 10s  a timer, every 10 seconds\n  osmon schedule off                stop it; the history stays",
    arguments: Arguments::augment_args,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let host = view::schedule::host(call);
    if let Some(wanted) = arguments.wanted {
        return change(call, &host, wanted, arguments.every);
    }
    let found = find(&host)?;
    let newest = health::read(&Context::open_to_measure(call)?).health.taken;
    if call.out.json {
        let recorded = newest.map(stamp);
        call.out.print(&json!({ "schema": 1, "schedule": found, "last_record": recorded }).to_string());
    } else {
        call.out.print(&shown(call, &host, &found, newest).join("\n"));
    }
    Ok(Exit::Done)
}

fn change(call: &Call, host: &Host, wanted: Wanted, every: Option<Every>) -> Result<Exit> {
    let done = match wanted {
        Wanted::Auto => install(host, None, every),
        Wanted::Cron => install(host, Some(Kind::Cron), every),
        Wanted::Timer => install(host, Some(Kind::Timer), every),
        Wanted::Off if every.is_some() => Err(ErrorKind::Usage("--every needs a schedule, not off".to_string()).into()),
        Wanted::Off => remove(host, false),
    }?;
    let found = find(host)?;
    let is_own = |found: &&Found| found.of_host == host.user.is_none();
    // Nothing runs osmon until that is mended.
    let is_idle = found.iter().filter(is_own).any(|found| found.role == Role::Minute && found.problem.is_some());
    let exit = if is_idle { Exit::CannotCreate } else { Exit::Done };
    if call.out.json {
        call.out.print(&json!({ "schema": 1, "done": done, "schedule": found }).to_string());
        return Ok(exit);
    }
    let nothing = || vec!["nothing to change".to_string()];
    call.out.info(&if done.is_empty() { nothing() } else { done }.join("\n"));
    for problem in found.iter().filter(is_own).filter_map(|found| found.problem.as_ref()) {
        call.out.warn(problem);
    }
    let is_own_timer = |found: &Found| found.kind == Kind::Timer && !found.of_host;
    if found.iter().any(is_own_timer) && !host.is_lingering() {
        let advice = "your timer stops when you log out; for good: sudo loginctl enable-linger";
        call.out.warn(&format!("{advice} {}", host.user.as_ref().map_or("", |user| &user.name)));
    }
    Ok(exit)
}

/// The schedules as text.
fn shown(call: &Call, host: &Host, found: &[Found], newest: Option<DateTime<Utc>>) -> Vec<String> {
    let mut lines = Vec::new();
    let minutes = found.iter().filter(|found| found.role == Role::Minute);
    let is_twice = |of_host| minutes.clone().filter(|found| found.of_host == of_host).count() > 1;
    if minutes.clone().next().is_none() {
        lines.push(call.out.paint(Style::Warn, "Nothing runs osmon; osmon schedule auto sets it up"));
    }
    for found in found {
        let of = if found.of_host && host.user.is_some() { " (the host's)" } else { "" };
        let what = match found.role {
            Role::Minute => "osmon is run by",
            Role::Step => "A step of it is run by",
            Role::Watch => "Dead man's switch:",
        };
        let kind = if found.kind == Kind::Cron { "cron" } else { "systemd" };
        lines.push(call.out.paint(Style::Bold, &format!("{what} {kind}, {}{of}", found.place())));
        lines.push(row("when", &found.when));
        lines.extend(folded("command", &found.command));
        lines.extend(found.since.map(|time| row("since", &local_minute(time))));
        let own_last = newest.filter(|_| found.role == Role::Minute);
        lines.extend(found.last.or(own_last).map(|time| row("last run", &past(time, host.now))));
        lines.extend(found.next.map(|time| row("next run", &future(time, host.now))));
        let problem = found.problem.iter().flat_map(|problem| folded("problem", problem));
        lines.extend(problem.map(|line| call.out.paint(Style::Bad, &line)));
    }
    if is_twice(true) || is_twice(false) {
        lines.push(call.out.paint(Style::Bad, "It is run twice; osmon schedule auto keeps one"));
    }
    lines
}

fn past(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!("{}, {} ago", local_minute(time), duration((now - time).as_seconds_f64()))
}

fn future(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!("{}, in {}", local_minute(time), duration((time - now).as_seconds_f64()))
}

fn row(name: &str, text: &str) -> String {
    format!("  {name:<10}{text}")
}

fn folded(name: &str, text: &str) -> Vec<String> {
    let lines = fold_to(text, WIDTH).into_iter().enumerate();
    lines.map(|(at, text)| row(if at == 0 { name } else { "" }, &text)).collect()
}
