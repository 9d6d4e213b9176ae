//! The records of a healing run as text.

use crate::base::clock::local_minute;
use crate::base::text::{NAME_MAX, clean};
use crate::model::action::{Action, Mode, Phase, Status};
use crate::model::locale::Locale;
use crate::pipeline::heal::{HealReport, Suspension};

/// One line for each record of a healing run.
pub fn lines(report: &HealReport) -> Vec<String> {
    if report.is_busy {
        return vec!["another healing run is at work".to_string()];
    }
    report.records.iter().map(line).collect()
}

/// A line for each reason why no repair is made at present.
pub fn suspended(suspension: &Suspension) -> Vec<String> {
    let disabled = suspension.disabled_by.iter().map(|path| format!("repairs are switched off by {path}"));
    let paused = suspension.pause.iter().map(|pause| {
        format!("repairs are paused until {}: {} ({})", local_minute(pause.until), pause.because, pause.by)
    });
    disabled.chain(paused).collect()
}

/// `restart nginx.service: done: …`.
fn line(action: &Action) -> String {
    let outcome = action.outcome.as_ref();
    let text = outcome.map(|outcome| outcome.text_in(Locale::En)).unwrap_or_default();
    let how = match (action.phase, outcome.map(|outcome| outcome.status)) {
        (Phase::Verified, Some(Status::Done)) => "helped",
        (Phase::Verified, _) => "did not help",
        (Phase::Released, _) => "released",
        (_, Some(Status::Done)) => "done",
        (_, Some(Status::Interrupted)) => "interrupted",
        (_, Some(Status::Simulated)) => "dry run",
        (_, Some(Status::Failed) | None) => "failed",
    };
    let mode = if action.mode == Mode::DryRun && how != "dry run" { " (dry run)" } else { "" };
    let text = if text.is_empty() { text } else { format!(": {text}") };
    format!("{} {}{mode}: {how}{text}", action.kind.word(), clean(&action.target.name, NAME_MAX))
}
