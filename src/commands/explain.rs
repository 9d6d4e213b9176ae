//! `osmon explain`: why an incident fired.

mod explanation;
mod story;

use crate::base::clock::stamp;
use crate::cli::{Call, Command, Exit, Group};
use crate::config::rule::Limit;
use crate::context::Context;
use crate::query::actions::Repair;
use crate::query::incidents;
use anyhow::Result;
use clap::{Args, FromArgMatches};
use explanation::Explanation;
use serde_json::{Value, json};

#[derive(Debug, Args)]
struct Arguments {
    /// The incident: its short name (cpu, disk:/var), its id or a unique prefix of it [default: the worst open one]
    #[arg(value_name = "ID")]
    incident: Option<String>,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "explain",
    about: "Explain an incident: its rule, samples, consumers, changes",
    group: Group::Incidents,
    examples: "  osmon explain               the worst open incident\n  osmon explain disk:/var\n  osmon explain disk --json | jq .process",
    arguments: Arguments::augment_args,
    shares_system: true,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = Context::open_to_read(call)?;
    let explanation = Explanation::of(&context, incidents::find(&context, arguments.incident.as_deref(), "explain")?)?;
    let text = if call.out.json {
        to_json(&explanation, &context).to_string()
    } else {
        story::render(&call.out, &explanation, &context)
    };
    call.out.print(&text);
    Ok(Exit::Done)
}

fn to_json(explanation: &Explanation, context: &Context) -> Value {
    let Explanation { record, rule, suppressions, .. } = explanation;
    let now = context.now.wall;
    let limit = |limit: Option<Limit>| {
        limit.map(|limit| json!({ "raise": limit.raise, "clear": limit.clear, "for_seconds": limit.hold.as_secs() }))
    };
    let settings =
        explanation.settings.iter().map(|(key, value, from)| json!({ "key": key, "value": value, "from": from }));
    let rule_json = rule.as_ref().map(|rule| {
        json!({ "name": rule.name, "when": if rule.above { "above" } else { "below" }, "warning": limit(rule.warning),
            "critical": limit(rule.critical), "clear_for_seconds": rule.clear_for.as_secs(), "setting": settings.collect::<Vec<_>>() })
    });
    let samples = explanation.samples.iter().map(|sample| {
        let breached = explanation.breached(sample.value).map(|(severity, _)| severity);
        json!({ "time": sample.time, "value": sample.value, "beyond": breached })
    });
    json!({
        "schema": 1, "id": record.id, "title": record.title, "metric": record.metric, "severity": record.severity,
        "since": stamp(record.since), "fired": stamp(explanation.fired), "ended": record.ended.map(stamp),
        "open": record.open.is_some(), "duration_seconds": record.lasted, "peak": record.peak, "told": record.notified(context),
        "rule": rule_json, "sample": samples.collect::<Vec<_>>(), "resource": explanation.consumers.resource,
        "process": explanation.consumers.process, "unit": explanation.consumers.unit, "change": explanation.changes,
        "action": explanation.repairs.iter().map(Repair::to_json).collect::<Vec<_>>(), "event": record.events, "waits_for": explanation.ends_when(),
        "ack": explanation.ack, "silence": suppressions.silence(&record.rule, &record.metric, now),
    })
}
