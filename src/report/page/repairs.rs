//! The healing log: a row for each repair.

use crate::base::text::clean;
use crate::model::action::{Mode, Outcome, Status};
use crate::model::locale::key;
use crate::query::actions::Repair;
use crate::report::page::data::PageData;

/// A row of the log.
pub struct Row {
    /// Time as text.
    pub time: String,
    /// Unix time in seconds.
    pub seconds: i64,
    /// Kind of the repair; says so if it was a dry run.
    pub what: String,
    /// The target; empty on a public page.
    pub target: String,
    /// `ok`, `warn`, `bad` or `plain`.
    pub state: &'static str,
    /// The outcome, in a word.
    pub result: String,
    /// The outcome in a sentence; empty on a public page.
    pub details: String,
    /// `ok`, `warn`, `bad` or `plain`.
    pub verified_state: &'static str,
    /// The verdict, in a word; empty for a dry run, which is not verified.
    pub verified: String,
    /// The verdict in a sentence; empty on a public page.
    pub verified_details: String,
}

/// Longest name of a target and longest sentence, in characters.
const NAME_MAX: usize = 60;
const TEXT_MAX: usize = 200;

/// The rows, newest first.
pub fn rows(input: &PageData) -> Vec<Row> {
    input.repairs.iter().map(|repair| row(input, repair)).collect()
}

fn row(input: &PageData, repair: &Repair) -> Row {
    let locale = input.options.locale;
    let is_public = input.options.is_public;
    let action = &repair.action;
    let what = locale.text(repair.what());
    // Results name services, processes, users and paths.
    let said = |outcome: &Option<Outcome>| match outcome {
        Some(outcome) if !is_public => clean(&outcome.text_in(locale), TEXT_MAX),
        _ => String::new(),
    };
    Row {
        time: repair.time().map(|time| locale.moment(time, input.now)).unwrap_or_default(),
        seconds: repair.time().map_or(0, |time| time.timestamp()),
        what: match action.mode {
            Mode::Enforce => what.to_string(),
            _ => format!("{what} ({})", locale.text(key::ACTION_SIMULATED)),
        },
        target: if is_public { String::new() } else { clean(&action.target.name, NAME_MAX) },
        state: state(repair.result.as_ref()),
        result: locale.text(repair.result_word()).to_string(),
        details: said(&repair.result),
        verified_state: state(repair.verified.as_ref()),
        verified: repair.verified_word().map(|word| locale.text(word).to_string()).unwrap_or_default(),
        verified_details: said(&repair.verified),
    }
}

fn state(outcome: Option<&Outcome>) -> &'static str {
    match outcome.map(|outcome| outcome.status) {
        Some(Status::Done) => "ok",
        Some(Status::Failed) => "bad",
        Some(Status::Interrupted) => "warn",
        Some(Status::Simulated) | None => "plain",
    }
}
