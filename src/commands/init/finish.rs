//! Writes the configuration, has osmon run each minute, and runs the first minute.

use super::arguments::{Arguments, Scheduler};
use super::present::Present;
use super::report::Report;
use super::trial::Tried;
use crate::cli::{Call, Exit};
use crate::commands::view::{self, health};
use crate::context::Context;
use crate::pipeline::render;
use crate::pipeline::run_lock::{self, Place};
use crate::pipeline::test_results::remember;
use crate::pipeline::{Minute, StepReport};
use crate::query;
use crate::query::health::Health;
use crate::setup::answers::Answers;
use crate::setup::config_file::{Draft, Written, write};
use crate::setup::page_directory;
use crate::setup::schedule::{Kind, Role, find, install};
use anyhow::Result;
use nix::sys::signal::{SigSet, Signal};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// Further attempts while another run is at work, and the pause before each.
const ATTEMPTS: usize = 2;
const PAUSE: Duration = Duration::from_millis(700);

/// Notes on the names that strangers can read on a page below a web root.
const NAMES_SHOWN: &str = "anyone who can reach the web server sees names of processes and users: leave them out \
    (osmon init --yes --public yes), or restrict access (docs/install.md, Web server)";
const NAMES_LEFT_OUT: &str = "left out of the page, because anyone who can reach the web server sees it ([report] public = \
    true); where access is restricted (docs/install.md, Web server): osmon init --yes --public no";

/// Carries out what was answered. `tried`: the test message, `None` if none was sent.
///
/// # Errors
/// The configuration cannot be written.
pub fn apply(
    arguments: &Arguments,
    present: &Present,
    draft: &Draft,
    answers: &Answers,
    tried: Option<&Tried>,
    mut report: Report,
) -> Result<Exit> {
    // From here to the schedule all is done or nothing: Ctrl-C waits.
    let mut interrupt = SigSet::empty();
    interrupt.add(Signal::SIGINT);
    let is_held = interrupt.thread_block().is_ok();
    let written = write(draft, &present.path)?;
    tell_written(&mut report, present, draft, &written);
    if !answers.page.is_empty() && (arguments.web.is_some() || arguments.public.is_some()) {
        report.step("names", if answers.public { NAMES_LEFT_OUT } else { NAMES_SHOWN });
        report.keep("public", json!(answers.public));
    }
    tell_services(&report, &present.config.probe.services, &answers.watch);
    if !answers.page.is_empty()
        && let Err(error) = page_directory::prepare(Path::new(&answers.page))
    {
        report.fail(format!("{error:#}"), Exit::from_error(&error));
    }
    schedule(arguments, present, &mut report);
    if is_held {
        // A waiting Ctrl-C ends the process here.
        let _ = interrupt.thread_unblock();
    }
    first_minute(present, tried, &mut report)?;
    Ok(report.end())
}

fn tell_written(report: &mut Report, present: &Present, draft: &Draft, written: &Written) {
    let path = present.path.display();
    let state = match &written.backup {
        _ if !draft.is_changed => " (unchanged)".to_string(),
        Some(backup) => format!(" (before: {})", backup.display()),
        None => String::new(),
    };
    report.step("settings", &format!("{path}{state}"));
    let secrets: Vec<String> = written.secrets.iter().map(|path| path.display().to_string()).collect();
    if !secrets.is_empty() {
        report.step("secrets", &format!("{} (mode 600)", secrets.join(", ")));
    }
    let backup = written.backup.as_ref().map(|path| path.display().to_string());
    report.keep(
        "settings",
        json!({ "file": path.to_string(), "changed": draft.is_changed, "before": backup, "secret": secrets }),
    );
}

/// Tells which services are watched from now on, where that changes.
fn tell_services(report: &Report, before: &[String], now: &[String]) {
    let gone: Vec<&str> = before.iter().filter(|name| !now.contains(name)).map(String::as_str).collect();
    let left_out = if gone.is_empty() { String::new() } else { format!("; no longer: {}", gone.join(", ")) };
    if before != now {
        let now = if now.is_empty() { "none".to_string() } else { now.join(", ") };
        report.step("services", &format!("{now}{left_out}"));
    }
}

/// Has cron or a timer run osmon.
fn schedule(arguments: &Arguments, present: &Present, report: &mut Report) {
    let kind = match arguments.schedule {
        Scheduler::Auto => None,
        Scheduler::Cron => Some(Kind::Cron),
        Scheduler::Timer => Some(Kind::Timer),
        Scheduler::None => return report.step("schedule", "not changed"),
    };
    if report.call.common.root.is_some() {
        return report.step("schedule", "not changed: this is a recorded host");
    }
    if present.path != present.request.source.usual_file() {
        let line = format!("* * * * * osmon run --config {}", present.path.display());
        return report.step("schedule", &format!("not changed; for this configuration add to a crontab: {line}"));
    }
    let host = view::schedule::host(report.call);
    let result = install(&host, kind, None).and_then(|done| Ok((done, find(&host)?)));
    match result {
        Ok((done, found)) => {
            let minute = found.iter().find(|found| found.role == Role::Minute);
            let by = minute.map_or_else(|| done.join("; "), |found| format!("{} ({})", found.place(), found.when));
            let problem = minute.and_then(|found| found.problem.clone());
            let but = problem.as_ref().map(|problem| format!(", but {problem}")).unwrap_or_default();
            report.step("schedule", &format!("{by}{but}"));
            if let Some(problem) = problem {
                report.fail(format!("schedule: {problem}"), Exit::CannotCreate);
            }
            report.keep("schedule", json!({ "done": done, "found": found }));
        }
        Err(error) => {
            report.step("schedule", &format!("failed: {error:#}"));
            report.fail(format!("schedule: {error:#}"), Exit::from_error(&error));
        }
    }
}

/// Runs the first minute.
fn first_minute(present: &Present, tried: Option<&Tried>, report: &mut Report) -> Result<()> {
    // As cron will run it: without the environment of this call.
    let context = Context::open_with(report.call, &present.request)?;
    context.say_warnings();
    if let Some(tried) = tried {
        let sends: Vec<_> = tried.sends.iter().map(|send| send.under(&context.config.alert)).collect();
        if let Err(error) = remember(&context, &sends) {
            context.out.warn(&format!("{error:#}"));
        }
    }
    if context.config.alert.routes.is_empty() {
        report.fail(
            "nobody is notified: no recipient is configured; osmon init --to ADDRESS".to_string(),
            Exit::Configuration,
        );
    }
    let Some(place) = acquire(report.call, present, &context)? else {
        // Another run is at work.
        tell_health(&context, &query::health::read(&context).health, report);
        // It may know nothing of a new place of the page.
        if !is_same(&former(present, &context), &context.report_path()) {
            match render::write(&context, None) {
                Ok(path) => remove_former(present, &context, &path, report),
                Err(error) => report.fail(format!("{error:#}"), Exit::from_error(&error)),
            }
        }
        tell_page(&context.report_path(), report);
        tell_next(present, report);
        return Ok(());
    };
    let minute = Minute::run(place);
    tell_health(&minute.context, &minute.health(), report);
    for step in &minute.reports {
        if let StepReport::Rendered(path) = step {
            remove_former(present, &minute.context, path, report);
            tell_page(path, report);
            tell_next(present, report);
        }
    }
    // A recipient who is refused fails each run; that was told with the test.
    let failed = minute.reports.iter().find_map(|step| match step {
        StepReport::Failed("send", _) if report.is_somebody_reached => None,
        StepReport::Failed(name, why) => Some(format!("{name}: {why}")),
        StepReport::Delivered(outcome) if outcome.is_failing() && !report.is_somebody_reached => {
            Some(outcome.sentence())
        }
        _ => None,
    });
    if let (Some(failed), Some(failure)) = (failed, &minute.failure) {
        report.fail(format!("first run: {failed}"), Exit::from_error(failure));
    }
    Ok(())
}

/// Takes the locks of a run. One that ended a moment ago knew nothing of the new answers: this one follows it.
fn acquire(call: &Call, present: &Present, context: &Context) -> Result<Option<Place>> {
    let mut place = run_lock::acquire(context.clone())?;
    for _ in 0..ATTEMPTS {
        if place.is_some() || context.root.is_recorded() {
            break;
        }
        thread::sleep(PAUSE);
        place = run_lock::acquire(Context::open_with(call, &present.request)?)?;
    }
    Ok(place)
}

fn tell_health(context: &Context, judged: &Health, report: &mut Report) {
    if let Some(first) = health::lines(&context.out, judged, "").first() {
        report.step("first run", first);
    }
    report.keep("run", health::to_json(judged, &[]));
}

fn tell_page(path: &Path, report: &mut Report) {
    report.step("report", &path.display().to_string());
    report.keep("report", json!(path.display().to_string()));
}

/// Removes the page that stood elsewhere before: it would go stale.
fn remove_former(present: &Present, context: &Context, page: &Path, report: &mut Report) {
    let former = former(present, context);
    let removed = if is_same(&former, page) { Vec::new() } else { render::remove(&former) };
    let removed: Vec<String> = removed.iter().map(|path| path.display().to_string()).collect();
    if !removed.is_empty() {
        report.step("removed", &removed.join(", "));
        report.keep("removed", json!(removed));
    }
}

fn former(present: &Present, context: &Context) -> PathBuf {
    match present.config.report.path.as_str() {
        "" => context.store.directory().join("report.html"),
        path => Path::new(path).to_path_buf(),
    }
}

fn is_same(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    real(a) == real(b)
}

/// Tells the commands that come next, for this very configuration.
fn tell_next(present: &Present, report: &Report) {
    if present.path == present.request.source.usual_file() {
        return report.step("next", "osmon status; osmon doctor");
    }
    let path = present.path.display();
    report.step("next", &format!("osmon status --config {path}"));
    report.step("", &format!("osmon doctor --config {path}"));
}
