//! `osmon send-alert --test`: a message by every way, and each step on it.

use crate::alert::{LEDGER, Ledger, Outbox, Stage, learn, trial};
use crate::base::error_kind::ErrorKind;
use crate::base::net::attempt::Attempt;
use crate::cli::output::Style;
use crate::cli::{Call, Exit};
use crate::context::Context;
use crate::pipeline::deliver::complain_of;
use anyhow::Result;
use std::io;
use std::time::Duration;

/// The test, by every way at once; each step is told, and each way that does not lead to people is an error.
pub fn send(call: &Call, context: &Context) -> Result<Exit> {
    if let Some(advice) = context.nobody() {
        return Err(ErrorKind::Configuration(format!("nobody to send a test to; {advice}")).into());
    }
    let tried = trial(&context.config.alert, &context.root.host_name(), context.now.wall);
    if let Err(error) = remember(context, &tried) {
        context.out.warn(&format!("{error:#}"));
    }
    let mut failures = Vec::new();
    let mut ways = Vec::new();
    for (name, to, attempt) in &tried {
        ways.push(way_json(name, to, attempt));
        if !call.out.json {
            call.out.print(&way_text(context, name, attempt));
        }
        let is_any = attempt.results.iter().any(Result::is_ok);
        for (number, result) in attempt.results.iter().enumerate() {
            let Err(failure) = result else { continue };
            let recipient = to.get(number).map_or(String::new(), |to| format!("{to}: "));
            if is_any {
                complain_of(context, &[format!("{recipient}{}", failure.why)]);
            } else if !failures.contains(&failure.why) {
                failures.push(failure.why.clone());
            }
        }
    }
    if call.out.json {
        let accepted = failures.is_empty();
        call.out.print(&serde_json::json!({ "schema": 1, "accepted": accepted, "way": ways }).to_string());
    }
    let wrong = context.problems.iter().find(|problem| problem.path.first().is_some_and(|section| section == "alert"));
    if let Some(wrong) = wrong.filter(|_| failures.is_empty()) {
        let text = "the test went by another configuration than what is written";
        return Err(ErrorKind::Configuration(format!("{text}; put this right first: {wrong}")).into());
    }
    if failures.is_empty() {
        return Ok(Exit::Done);
    }
    Err(anyhow::Error::from(io::Error::other(failures.join("; "))).context("the test message was not accepted"))
}

/// A way that works again is tried at once, and not called failing any more.
fn remember(context: &Context, tried: &[(String, Vec<String>, Attempt)]) -> Result<()> {
    let outbox = Outbox::new(context.store.directory());
    if context.peek_state::<Ledger>(LEDGER).is_none() {
        return Ok(());
    }
    // Who sends at this moment learns it by himself.
    let Some(_lock) = outbox.lock(Duration::ZERO)? else { return Ok(()) };
    let before: Ledger = context.load_state(LEDGER).unwrap_or_default();
    let mut ledger = before.clone();
    learn(tried, outbox.count(Stage::Waiting) == 0, &mut ledger);
    if ledger == before {
        return Ok(());
    }
    context.store.with_reserve(|| context.store.save_state(LEDGER, &ledger))
}

fn way_text(context: &Context, name: &str, attempt: &Attempt) -> String {
    let mut lines = vec![context.out.paint(Style::Bold, name)];
    lines.extend(attempt.steps.iter().map(|step| format!("  {:<10}{}", step.name, step.text)));
    let mut by: Vec<&String> = attempt.results.iter().flatten().collect();
    by.dedup();
    lines.extend(by.iter().map(|by| format!("  test message {}", context.out.paint(Style::Good, by))));
    if by.is_empty() {
        lines.push(format!("  {}", context.out.paint(Style::Bad, "not accepted")));
    }
    lines.join("\n")
}

fn way_json(name: &str, to: &[String], attempt: &Attempt) -> serde_json::Value {
    let steps = attempt.steps.iter().map(|step| serde_json::json!({ "step": step.name, "text": step.text }));
    let results = attempt.results.iter().enumerate().map(|(number, result)| match result {
        Ok(by) => serde_json::json!({ "to": to.get(number), "accepted": true, "by": by }),
        Err(failure) => serde_json::json!({ "to": to.get(number), "accepted": false, "why": failure.why }),
    });
    serde_json::json!({ "name": name, "step": steps.collect::<Vec<_>>(), "result": results.collect::<Vec<_>>() })
}
