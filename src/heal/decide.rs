//! The decision: for each entry, incident and candidate, whether to act, or every guard that refuses. Pure: no file, no
//! clock, no subprocess.

mod host;
pub mod question;
mod target;

use super::case::Case;
use super::guard::{Guard, Refusal};
use crate::base::sort::SmallSort;
use crate::config::HealEntry;
use crate::model::action::{ActionKind, Mode};
use crate::model::message::Arg;
use question::{Decision, Question, Request};

/// Largest number of restarts in a run: each only asks systemd. Of everything else one is enough.
const RESTARTS_MAX: usize = 3;

/// Actions chosen so far in a run: kind, mode and target.
type Chosen = Vec<(ActionKind, Mode, String)>;

/// Decides about each question, in the same order. What was tried least comes first: no more is chosen than one run may do,
/// nothing twice, and no more than the host has left.
pub fn decide(request: &Request, questions: &[Question]) -> Vec<Decision> {
    let mut chosen = Chosen::new();
    let mut order: Vec<(u32, usize)> = questions.iter().map(|question| attempt(request, question)).zip(0..).collect();
    order.arrange();
    let by_attempt = order.into_iter().filter_map(|(_, at)| Some((at, questions.get(at)?)));
    let mut decided: Vec<(usize, Decision)> =
        by_attempt.map(|(at, question)| (at, decide_one(request, question, &mut chosen))).collect();
    decided.arrange_by_key(|(at, _)| *at);
    decided.into_iter().map(|(_, decision)| decision).collect()
}

/// Which try an action would be for its target.
fn attempt(request: &Request, question: &Question) -> u32 {
    let Question { entry, mode, candidate, .. } = question;
    let name = candidate.as_ref().map(|candidate| candidate.target.name.as_str());
    name.map_or(1, |name| target::attempt(request.state, entry, *mode, name, &request.situation.now))
}

fn decide_one(request: &Request, question: &Question, chosen: &mut Chosen) -> Decision {
    let Question { entry, mode, case, candidate, .. } = question;
    let (kind, now) = (entry.repair.kind(), &request.situation.now);
    let chosen_before = chosen.iter().filter(|(_, of, _)| of == mode).count();
    let mut refused = host::refusals(request, kind, *mode, chosen_before);
    refused.extend(of_case(entry, case));
    let (attempt, mut left) = (attempt(request, question), [entry.per_hour, entry.per_day]);
    match candidate {
        None if question.is_unasked => {}
        None => refused.push(Refusal::with(Guard::NoTarget, case.title.as_str())),
        Some(candidate) => {
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
        let name = candidate.as_ref().map(|candidate| candidate.target.name.clone()).unwrap_or_default();
        let same: Vec<&String> =
            chosen.iter().filter(|(of, with, _)| (*of, with) == (kind, mode)).map(|(_, _, target)| target).collect();
        let most = if kind == ActionKind::Restart { RESTARTS_MAX } else { 1 };
        if same.len() >= most || same.contains(&&name) {
            refused.push(Refusal::new(Guard::OnePerRun));
        } else {
            chosen.push((kind, *mode, name));
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
