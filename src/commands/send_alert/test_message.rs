//! `osmon send-alert --test`: a test message through every channel, with the steps of each.

use crate::alert::{Attempt, TestSend, test_send};
use crate::base::error_kind::ErrorKind;
use crate::cli::output::Style;
use crate::cli::{Call, Exit};
use crate::context::Context;
use crate::pipeline::deliver::warn_refused;
use crate::pipeline::test_results::remember;
use anyhow::Result;
use serde_json::{Value, json};
use std::io;

/// Sends the test message. A channel on which no recipient accepted it is an error.
pub fn send(call: &Call, context: &Context) -> Result<Exit> {
    // A person waits for the answer, however often it is the same.
    call.out.print_all_warnings();
    if let Some(advice) = context.nobody() {
        return Err(ErrorKind::Configuration(advice.to_string()).into());
    }
    let (host, full_host) = (context.root.host_name(), context.root.full_name());
    let sends = test_send(&context.config.alert, &host, &full_host, context.now.wall);
    if let Err(error) = remember(context, &sends) {
        context.out.warn(&format!("{error:#}"));
    }
    let mut failures = Vec::new();
    for TestSend { route, to, attempt, .. } in &sends {
        if !call.out.json {
            call.out.print(&to_text(context, route, attempt));
        }
        let is_any_accepted = attempt.results.iter().any(Result::is_ok);
        for (number, result) in attempt.results.iter().enumerate() {
            let Err(failure) = result else { continue };
            let recipient = to.get(number).map_or(String::new(), |to| format!("{to}: "));
            if is_any_accepted {
                warn_refused(context, &[format!("{recipient}{}", failure.reason)]);
            } else if !failures.contains(&failure.reason) {
                failures.push(failure.reason.clone());
            }
        }
    }
    if call.out.json {
        let channels: Vec<Value> = sends.iter().map(to_json).collect();
        call.out.print(&json!({ "schema": 1, "accepted": failures.is_empty(), "way": channels }).to_string());
    }
    if !failures.is_empty() {
        return Err(anyhow::Error::from(io::Error::other(failures.join("; "))).context("test message not accepted"));
    }
    let mut problems = context.problems.iter();
    if let Some(problem) = problems.find(|problem| problem.path.first().is_some_and(|section| section == "alert")) {
        let text = "the test did not use the configuration as written";
        return Err(ErrorKind::Configuration(format!("{text}; fix this first: {problem}")).into());
    }
    Ok(Exit::Done)
}

fn to_text(context: &Context, route: &str, attempt: &Attempt) -> String {
    let mut lines = vec![context.out.paint(Style::Bold, route)];
    lines.extend(attempt.log.steps.iter().map(|step| format!("  {:<10}{}", step.name, step.text)));
    let mut by: Vec<&String> = attempt.results.iter().flatten().collect();
    by.dedup();
    lines.extend(by.iter().map(|by| format!("  test message {}", context.out.paint(Style::Good, by))));
    if by.is_empty() {
        lines.push(format!("  {}", context.out.paint(Style::Bad, "not accepted")));
    }
    lines.join("\n")
}

fn to_json(TestSend { route, to, attempt, .. }: &TestSend) -> Value {
    let steps = attempt.log.steps.iter().map(|step| json!({ "step": step.name, "text": step.text }));
    let results = attempt.results.iter().enumerate().map(|(number, result)| match result {
        Ok(by) => json!({ "to": to.get(number), "accepted": true, "by": by }),
        Err(failure) => json!({ "to": to.get(number), "accepted": false, "why": failure.reason }),
    });
    json!({ "name": route, "step": steps.collect::<Vec<_>>(), "result": results.collect::<Vec<_>>() })
}
