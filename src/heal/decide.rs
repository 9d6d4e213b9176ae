//! The decision: for each entry, incident and candidate, whether to act, or every guard that refuses. Pure: no file, no
//! clock, no subprocess.

mod host;
pub mod question;
mod target;

use super::case::Case;
use super::guard::{Guard, Refusal};
use crate::config::HealEntry;
use crate::model::action::{ActionKind, Mode};
use crate::model::message::Arg;
use question::{Decision, Question, Request};

/// Decides about each question, in the same order. At most one action of each kind and mode is chosen, and
/// no more than the host has left.
pub fn decide(request: &Request, questions: &[Question]) -> Vec<Decision> {
    let mut chosen = Vec::new();
    questions.iter().map(|question| decide_one(request, question, &mut chosen)).collect()
}

fn decide_one(request: &Request, question: &Question, chosen: &mut Vec<(ActionKind, Mode)>) -> Decision {
    let Question { entry, mode, case, candidate, .. } = question;
    let (kind, now) = (entry.repair.kind(), &request.situation.now);
    let chosen_before = chosen.iter().filter(|(_, of)| of == mode).count();
    let mut refused = host::refusals(request, kind, *mode, chosen_before);
    refused.extend(of_case(entry, case));
    let (mut attempt, mut left) = (1, [entry.per_hour, entry.per_day]);
    match candidate {
        None if question.is_unasked => {}
        None => refused.push(Refusal::with(Guard::NoTarget, case.title.as_str())),
        Some(candidate) => {
            attempt = target::attempt(request.state, entry, *mode, &candidate.target.name, now);
            left = super::budget::left(request.state, entry, *mode, &candidate.target.name, now);
            refused.extend(target::refusals(request.state, entry, *mode, candidate, now));
            refused.extend(candidate.refused.iter().cloned());
        }
    }
    if let Some(right) = &question.missing_right {
        refused.push(Refusal::with(Guard::NoRight, right.as_str()));
    }
    if question.is_unasked || request.seconds_left < question.least_seconds as f64 {
        refused.push(Refusal::new(Guard::NoTime));
    }
    if refused.is_empty() {
        if chosen.contains(&(kind, *mode)) {
            refused.push(Refusal::new(Guard::OnePerRun));
        } else {
            chosen.push((kind, *mode));
        }
    }
    Decision { refused, attempt, left }
}

/// Guards of the incident.
fn of_case(entry: &HealEntry, case: &Case) -> Vec<Refusal> {
    let mut refused = Vec::new();
    if !case.is_current {
        refused.push(Refusal::new(Guard::NotCurrent));
    }
    if case.open_seconds < entry.after.as_secs_f64() {
        refused.push(Refusal::with(Guard::TooEarly, Arg::from_seconds(case.open_seconds)));
    }
    if let Some(reason) = &case.forbidden {
        refused.push(Refusal::with(Guard::Silenced, reason.as_str()));
    }
    refused
}

#[cfg(test)]
mod tests;
