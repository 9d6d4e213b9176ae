//! `osmon run`: the whole minute in one process, called by cron.

use crate::alert::DeliveryProblem;
use crate::base::clock::{boottime_seconds, local_minute, zone_name};
use crate::cli::output::Style;
use crate::cli::{Call, Command, Exit, Group, Output};
use crate::commands::view::{heal, health, snapshot};
use crate::context::Context;
use crate::model::locale::Locale;
use crate::pipeline::{Minute, StepReport, run_lock};
use anyhow::Result;
use clap::Args;

#[derive(Debug, Args)]
struct Arguments {}

/// The command.
pub const COMMAND: Command = Command {
    name: "run",
    about: "The whole minute: measure, judge, record, alert, draw (cron)",
    group: Group::EveryDay,
    examples: "  osmon run                   on a terminal: shows each step\n  osmon run -v | less         the same into a pipe, where it is silent without -v\n  * * * * * osmon run         in a crontab: silent unless something fails",
    arguments: Arguments::augment_args,
    scheduled: true,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let started = boottime_seconds();
    let Some(place) = run_lock::acquire(Context::open(call)?)? else { return Ok(Exit::Done) };
    place.context.say_warnings();
    let minute = Minute::run(place);
    let out = &minute.context.out;
    if out.json {
        out.print(&health::to_json(&minute.health(), &[]).to_string());
    }
    let mut lines = lines(&minute);
    lines.push(out.paint(Style::Dim, &line(out, "took", &format!("{:.2} s", boottime_seconds() - started))));
    out.info(&lines.join("\n"));
    Ok(minute.failure.as_ref().map_or(minute.context.exit(), Exit::from_error))
}

/// Host name and time, then the result of each step.
fn lines(minute: &Minute) -> Vec<String> {
    let context = &minute.context;
    let now = context.now.wall;
    let (out, host) = (&context.out, context.root.host_name());
    let mut lines =
        vec![format!("{} · {host} · {} {}", out.paint(Style::Bold, "osmon"), local_minute(now), zone_name(now))];
    lines.extend(minute.reports.iter().flat_map(|report| step_lines(context, report)));
    // A path is not folded, so that it can be copied.
    lines.push(format!("{}{}", head("history"), context.store.directory().display()));
    lines
}

fn step_lines(context: &Context, report: &StepReport) -> Vec<String> {
    let out = &context.out;
    match report {
        StepReport::Measured(measured) => vec![line(out, "measured", &snapshot::one_line(measured))],
        StepReport::Judged(judged) => health::lines(out, judged, &head("verdict")),
        StepReport::Learning(rules) => rules.iter().map(|rule| line(out, "", rule)).collect(),
        StepReport::Healed(report) => heal::lines(report).iter().map(|text| line(out, "repairs", text)).collect(),
        StepReport::Delivered(outcome) => vec![line(out, "alerts", &outcome.sentence())],
        StepReport::Undelivered(problems) => {
            let style = |is_loss: bool| if is_loss { Style::Bad } else { Style::Warn };
            let text = |problem: &DeliveryProblem| out.paint(style(problem.is_loss()), &problem.text(Locale::En));
            problems.iter().map(|problem| line(out, "alerts", &text(problem))).collect()
        }
        StepReport::Rendered(path) => vec![format!("{}{}", head("report"), path.display())],
        StepReport::Failed(step, error) => {
            vec![line(out, step, &format!("{}: {error}", out.paint(Style::Bad, "failed")))]
        }
    }
}

fn line(out: &Output, name: &str, text: &str) -> String {
    out.fold(&head(name), text)
}

/// The name of a step, padded to its column.
fn head(name: &str) -> String {
    let gap = if name.len() < 10 { "" } else { " " };
    format!("  {name:<10}{gap}")
}
