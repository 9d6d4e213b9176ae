//! The output of `osmon uninstall`.

use crate::cli::Call;
use crate::cli::output::Style;
use crate::setup::removal::Plan;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Shows what there is to remove.
pub fn plan(call: &Call, plan: &Plan) {
    if call.out.json {
        call.out.print(&record(plan, true, &plan.data.kept, &[]).to_string());
        return;
    }
    section(call, "Schedule", plan.schedule.iter().map(|found| format!("{}  {}", found.place(), found.command)));
    let files = &plan.installed.files;
    let more = files.len().checked_sub(1).filter(|more| *more > 0);
    let program = files.last().map(|program| match more {
        Some(more) => format!("{} and {more} files beside and below it", program.display()),
        None => program.display().to_string(),
    });
    section(call, "Programs, man pages, completions", program.into_iter());
    let account = plan.has_account.then(|| "the user and the group osmon".to_string());
    section(call, "Data: history, page, configuration", shown(&plan.data.removed).chain(account));
    section(call, "In memory", shown(plan.memory.as_slice()));
    section(call, "Stays", plan.foreign_program.iter().chain(&plan.data.kept).cloned());
}

/// Says what was removed.
pub fn done(call: &Call, plan: &Plan, with_data: bool, failed: &[String]) {
    if call.out.json {
        let kept = if with_data { plan.data.kept.clone() } else { shown(&plan.data.removed).collect() };
        call.out.print(&record(plan, with_data, &kept, failed).to_string());
        return;
    }
    let data = if with_data { " with its data" } else { "" };
    call.out.print(&match (plan.foreign_program.is_some(), plan.parts(with_data)) {
        (false, _) => format!("osmon was removed{data}"),
        (true, parts) if parts.is_empty() => "nothing of osmon here is yours to remove".to_string(),
        (true, parts) => format!("removed: {parts}"),
    });
    let kept = || shown(&plan.data.removed).filter(|_| !with_data);
    for kept in plan.foreign_program.iter().cloned().chain(kept()).chain(plan.data.kept.iter().cloned()) {
        call.out.print(&format!("  stays: {kept}"));
    }
}

/// The plan as JSON, with `with_data` saying whether data and account are a part of it.
fn record(plan: &Plan, with_data: bool, kept: &[String], failed: &[String]) -> Value {
    let paths = |paths: &[PathBuf]| shown(paths).collect::<Vec<_>>();
    json!({
        "schema": 1,
        "schedule": plan.schedule,
        "program": paths(&plan.installed.files),
        "data": if with_data { paths(&plan.data.removed) } else { Vec::new() },
        "memory": plan.memory.as_deref().map(Path::display).map(|path| path.to_string()),
        "account": with_data && plan.has_account,
        "kept": kept,
        "failed": failed,
    })
}

fn shown(paths: &[PathBuf]) -> impl Iterator<Item = String> {
    paths.iter().map(|path| path.display().to_string())
}

fn section(call: &Call, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        call.out.print(&call.out.paint(Style::Bold, title));
        lines.iter().for_each(|line| call.out.print(&format!("  {line}")));
    }
}
