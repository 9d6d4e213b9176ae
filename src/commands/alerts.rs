//! `osmon alerts`: lists the outbox, retries alerts and drops them.

use crate::alert::outbox::{OutboxEntry, StageListing};
use crate::alert::{LEDGER, Ledger, Outbox, Stage, ended};
use crate::base::clock::{local_form, local_minute, parse, stamp};
use crate::base::error_kind::ErrorKind;
use crate::base::text::{clean, plural};
use crate::cli::output::Style;
use crate::cli::table::{Column, fold, fold_to, head, row};
use crate::cli::{Call, Command, Exit, Group};
use crate::context::Context;
use crate::model::event::EventKind;
use crate::model::locale::Locale;
use crate::pipeline::fallback_store;
use anyhow::Result;
use clap::{Args, FromArgMatches, Subcommand};
use serde_json::{Value, json};
use std::time::Duration;

/// How long to wait for a process that is sending.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longest title, in characters.
const TITLE_MAX: usize = 80;
/// Most alerts listed of each stage.
const LISTED_MAX: usize = 20;
const COLUMNS: [Column; 4] = [("State", 7, false), ("Time", 11, false), ("What", WHAT, false), ("ID", ID, false)];
const WHAT: usize = 28;
const ID: usize = 28;
/// Where the column of titles begins.
const INDENT: usize = 22;

#[derive(Debug, Args)]
struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the outbox (default)
    List,
    /// Retry all queued and given-up alerts with the next run
    Retry {
        /// Retry only the given-up alerts with this id or prefix of an id
        id: Option<String>,
    },
    /// Remove an alert without sending it; its event stays in the history
    Drop {
        /// Its id, or a prefix that no other alert has
        id: String,
    },
}

/// The command.
pub const COMMAND: Command = Command {
    name: "alerts",
    about: "Show queued, given-up and sent alerts; why delivery fails",
    group: Group::Incidents,
    examples: "  osmon alerts                queued, given-up and sent alerts\n  osmon alerts list --json    the same for programs\n  osmon alerts retry          retry all of them with the next run\n  osmon alerts drop cpu-3.1   remove one without sending it",
    arguments: Arguments::augment_args,
    shares_system: true,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = fallback_store::look(Context::open(call)?);
    let outbox = Outbox::new(context.store.directory());
    match arguments.action {
        None | Some(Action::List) => list(call, &context, &outbox)?,
        Some(Action::Retry { id }) => retry(call, &context, &outbox, id.as_deref())?,
        Some(Action::Drop { id }) => remove(call, &outbox, &id)?,
    }
    Ok(Exit::Done)
}

fn list(call: &Call, context: &Context, outbox: &Outbox) -> Result<()> {
    let ledger: Ledger = context.peek_state(LEDGER).unwrap_or_default();
    let mut lines = Vec::new();
    let mut all: Vec<Value> = Vec::new();
    for stage in [Stage::Dead, Stage::Queued, Stage::Sent] {
        let StageListing { alerts, unreadable } = outbox.list(stage)?;
        for (file, reason) in &unreadable {
            context.out.warn(&format!("{}: {reason}", file.display()));
        }
        let count = alerts.len();
        all.extend(alerts.iter().map(|alert| to_json(stage, alert, &ledger)));
        lines.extend(alerts.iter().rev().take(LISTED_MAX).map(|alert| line(context, stage, alert)));
        if count > LISTED_MAX {
            lines.push(format!("… and {} more: osmon alerts --json lists them all", count - LISTED_MAX));
        }
    }
    if call.out.json {
        let targets: Vec<Value> = ledger
            .target
            .iter()
            .map(|(name, known)| {
                json!({
                    "name": name, "failing_since": none(&known.failing_since), "attempts": known.attempts,
                    "next": none(&known.next), "error": none(&known.error), "sent_today": known.sent.len() + known.urgent.len(), "held_since": none(&known.held_since),
                })
            })
            .collect();
        call.out.print(
            &json!({ "schema": 1, "time": stamp(context.now.wall), "alert": all, "target": targets, "nobody": context.nobody() })
                .to_string(),
        );
        return Ok(());
    }
    if let Some(advice) = context.nobody() {
        print_folded(call, Style::Warn, advice);
    }
    for problem in context.delivery_problems() {
        let style = if problem.is_loss() { Style::Bad } else { Style::Warn };
        print_folded(call, style, &problem.text(Locale::En));
    }
    for (name, known) in ledger.target.iter().filter(|(_, known)| !known.next.is_empty() && known.attempts > 0) {
        let next = parse(&known.next).map(local_minute).unwrap_or_default();
        let text = format!("{name}: {}, next at {next}", plural(known.attempts as usize, "failed attempt"));
        fold(&text).iter().for_each(|line| call.out.print(line));
    }
    if lines.is_empty() {
        call.out.print("the outbox is empty");
    } else {
        call.out.print(&context.out.paint(Style::Bold, &head(&COLUMNS)));
        call.out.print(&lines.join("\n"));
    }
    Ok(())
}

/// Prints a sentence, folded to the width of a terminal.
fn print_folded(call: &Call, style: Style, text: &str) {
    fold(text).iter().for_each(|line| call.out.print(&call.out.paint(style, line)));
}

fn none(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Queued => "queued",
        Stage::Sent => "sent",
        Stage::Dead => "dead",
    }
}

/// The value of `state` in JSON, which other programs rely on.
fn json_state(stage: Stage) -> &'static str {
    if stage == Stage::Queued { "waits" } else { word(stage) }
}

fn line(context: &Context, stage: Stage, alert: &OutboxEntry) -> String {
    let event = &alert.event;
    let time = parse(&event.time).map(|time| local_form(time, "%m-%d %H:%M")).unwrap_or_default();
    let is_unanswered = alert.note.results.iter().any(|(_, result)| result.unanswered);
    let title = clean(&event.title, TITLE_MAX);
    let what = match is_unanswered {
        true => format!("may not have arrived: {title}"),
        false if event.kind == EventKind::Alive => format!("daily status: {title}"),
        // `recovered: Service nginx.service failed` would say both.
        false if event.kind == EventKind::Recovered => clean(&ended(event, Locale::En), TITLE_MAX),
        false => format!("{} {}: {title}", event.kind.word(), event.severity.word().to_lowercase()),
    };
    let state = if is_unanswered && stage == Stage::Sent { "unknown" } else { word(stage) };
    let mut what = fold_to(&what, WHAT).into_iter();
    let is_long = event.id.chars().count() > ID;
    let id = if is_long { String::new() } else { event.id.clone() };
    let first = row(&COLUMNS, &[state.to_string(), time, what.next().unwrap_or_default(), id]);
    // Ids are never cut: `drop` needs them.
    let rest = what.chain(is_long.then(|| event.id.clone())).map(|line| format!("{:INDENT$}{line}", ""));
    let text = std::iter::once(first).chain(rest).collect::<Vec<_>>().join("\n");
    match stage {
        Stage::Dead => context.out.paint(Style::Bad, &text),
        Stage::Queued => context.out.paint(Style::Warn, &text),
        Stage::Sent => text,
    }
}

fn to_json(stage: Stage, alert: &OutboxEntry, ledger: &Ledger) -> Value {
    let mut results = alert.note.results.clone();
    if let Some(known) = ledger.result.get(&alert.name) {
        results.extend(known);
    }
    let of = |accepted: bool, key: &str| -> Vec<Value> {
        let found = results.iter().filter(|(_, result)| result.accepted == accepted && !result.unanswered);
        found.map(|(to, result)| json!({ "to": to, key: result.by, "time": result.time })).collect()
    };
    let unanswered = results.iter().filter(|(_, result)| result.unanswered);
    let unanswered = unanswered.map(|(to, result)| json!({ "to": to, "why": result.by, "time": result.time }));
    let event = &alert.event;
    json!({
        "state": json_state(stage), "id": event.id, "incident": event.incident, "kind": event.kind, "severity": event.severity,
        "time": event.time, "title": event.title, "note": none(&alert.note.why), "told": of(true, "by"), "refused": of(false, "why"),
        "unanswered": unanswered.collect::<Vec<_>>(),
    })
}

/// Alerts of a stage whose id begins with `id`; only the one with exactly that id if there is one.
fn find(outbox: &Outbox, stage: Stage, id: &str) -> Result<Vec<OutboxEntry>> {
    let mut found = outbox.list(stage)?.alerts;
    found.retain(|alert| alert.event.id.starts_with(id));
    if found.iter().any(|alert| alert.event.id == id) {
        found.retain(|alert| alert.event.id == id);
    }
    Ok(found)
}

fn retry(call: &Call, context: &Context, outbox: &Outbox, id: Option<&str>) -> Result<()> {
    let _lock = outbox.lock(PATIENCE)?.ok_or_else(busy)?;
    let dead = find(outbox, Stage::Dead, id.unwrap_or_default())?;
    let mut unanswered = find(outbox, Stage::Sent, id.unwrap_or_default())?;
    unanswered.retain(|alert| alert.note.results.iter().any(|(_, result)| result.unanswered));
    if let Some(id) = id.filter(|_| dead.is_empty() && unanswered.is_empty())
        && find(outbox, Stage::Queued, id)?.is_empty()
    {
        return Err(ErrorKind::Usage(format!(
            "no queued or given-up alert has an id beginning with {id:?}; osmon alerts lists them"
        ))
        .into());
    }
    for (stage, alerts) in [(Stage::Dead, &dead), (Stage::Sent, &unanswered)] {
        for alert in alerts {
            outbox.note(stage, &alert.name, "again", "", context.now.wall)?;
        }
        outbox.advance(alerts.iter().map(|alert| alert.name.as_str()), stage, Stage::Queued)?;
    }
    if let Some(mut ledger) = context.load_state::<Ledger>(LEDGER) {
        ledger.end_pauses();
        unanswered.iter().for_each(|alert| ledger.retry_unanswered(&alert.note.results));
        context.store.with_reserve(|| context.store.save_state(LEDGER, &ledger))?;
    }
    let waiting = outbox.count(Stage::Queued);
    let revived = match dead.len() + unanswered.len() {
        0 => String::new(),
        count => format!(" ({count} given up before)"),
    };
    let alerts = plural(waiting, "alert");
    call.out.info(&format!("{alerts}{revived} will be sent with the next run; to send now: osmon send-alert"));
    Ok(())
}

fn remove(call: &Call, outbox: &Outbox, id: &str) -> Result<()> {
    let _lock = outbox.lock(PATIENCE)?.ok_or_else(busy)?;
    let mut found: Vec<(Stage, OutboxEntry)> = Vec::new();
    for stage in [Stage::Queued, Stage::Dead] {
        found.extend(find(outbox, stage, id)?.into_iter().map(|alert| (stage, alert)));
    }
    match found.as_slice() {
        [] => Err(ErrorKind::Usage(format!(
            "no queued or given-up alert has an id beginning with {id:?}; osmon alerts lists them"
        ))
        .into()),
        [(stage, alert)] => {
            outbox.remove(*stage, &alert.name)?;
            call.out.info(&format!("{} removed without sending it; its event stays in the history", alert.event.id));
            Ok(())
        }
        several => {
            let ids: Vec<&str> = several.iter().map(|(_, alert)| alert.event.id.as_str()).take(5).collect();
            Err(ErrorKind::Usage(format!("{id:?} matches several alerts: {}; use a longer prefix", ids.join(", ")))
                .into())
        }
    }
}

fn busy() -> anyhow::Error {
    ErrorKind::Busy("another osmon is sending; try again later".to_string()).into()
}
