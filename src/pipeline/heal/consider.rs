//! Gathers everything that a decision needs, and decides.

use super::{Considered, HealRequest, Run, cases, mode, newest, situation};
use crate::config::HealEntry;
use crate::heal;
use crate::heal::case::Case;
use crate::heal::decide::decide;
use crate::heal::decide::question::{Question, Request};
use crate::heal::situation::Situation;
use crate::heal::state::HealState;
use std::collections::BTreeSet;
use std::time::Instant;

impl Run<'_> {
    /// Every possible action with the decision about it. Asks the host only when there is an incident to repair.
    pub(super) fn consider(&mut self, request: &HealRequest) -> Vec<Considered> {
        let cases = cases::find(self.context, &self.crisis);
        if cases.is_empty() {
            self.see(request, &BTreeSet::new());
            return Vec::new();
        }
        let snapshot = request.snapshot.clone().or_else(|| newest(self.context));
        let situation = situation::gather(self.context, &self.state, &self.crisis, snapshot.as_deref());
        let mut questions = Vec::new();
        for (entry, case) in cases {
            let until = request.until;
            questions.extend(self.ask(&entry, &case, &situation, request.dry_run, until));
        }
        let sightings = questions.iter().filter_map(|question| question.candidate.as_ref());
        let sightings = sightings.map(|candidate| candidate.sighting.clone()).filter(|sighting| !sighting.is_empty());
        let request = HealRequest { snapshot, ..request.clone() };
        self.see(&request, &sightings.collect());
        let situation = Situation { snapshots_since_gap: self.state.streak, ..situation };
        let left = request.until.saturating_duration_since(Instant::now());
        let asked = Request {
            situation: &situation,
            state: &self.state,
            actions_per_hour: self.context.config.heal.actions_per_hour,
            seconds_left: left.as_secs_f64(),
        };
        let decisions = decide(&asked, &questions);
        let answered = questions.into_iter().zip(decisions);
        answered.map(|(question, decision)| Considered { question, decision }).collect()
    }

    /// The questions about one incident: one for each candidate.
    fn ask(
        &self,
        entry: &HealEntry,
        case: &Case,
        situation: &Situation,
        dry_run: bool,
        until: Instant,
    ) -> Vec<Question> {
        let repair = heal::repair(entry);
        let mode = mode(self.context, entry.mode, dry_run);
        let question = Question {
            entry: entry.clone(),
            mode,
            case: case.clone(),
            candidate: None,
            is_unasked: is_late(until, repair.least_seconds()),
            missing_right: None,
            least_seconds: repair.least_seconds(),
        };
        if question.is_unasked {
            return vec![question];
        }
        let question = Question { missing_right: repair.missing_right(situation), ..question };
        let candidates = repair.candidates(case, situation);
        if candidates.is_empty() {
            return vec![question];
        }
        let with = |candidate| Question { candidate: Some(candidate), ..question.clone() };
        candidates.into_iter().map(with).collect()
    }

    /// Counts what was seen with the newest snapshot.
    fn see(&mut self, request: &HealRequest, seen: &BTreeSet<String>) {
        let Some(judged) = self.crisis.last.filter(|_| self.crisis.boot_id == self.state.boot_id) else { return };
        // Without an incident the snapshot is not read: the time of the last judgement says as much.
        let follows = match &request.snapshot {
            Some(snapshot) => snapshot.interval_seconds,
            None => self.state.snapshot.map(|last| judged.boottime_seconds - last).filter(|seconds| *seconds > 0.0),
        };
        let follows = follows.filter(|seconds| *seconds <= self.crisis.spacing.stale_seconds());
        self.state.see(seen, judged.boottime_seconds, follows);
    }

    /// Notes the incidents about which nothing will be done for now: people are told of them.
    pub(super) fn note_stuck(&mut self, considered: &[Considered]) {
        let key = |one: &Considered| HealState::case_key(&one.question.entry.name, &one.question.case.metric);
        let hopeful: BTreeSet<String> = considered.iter().filter(|one| one.decision.is_hopeful()).map(key).collect();
        self.state.stuck = considered.iter().map(key).filter(|key| !hopeful.contains(key)).collect();
    }
}

/// Returns whether so little time is left that the action could not begin: then looking for its targets, which may ask
/// systemd and walk directories, is left out, too.
fn is_late(until: Instant, least_seconds: u64) -> bool {
    until.saturating_duration_since(Instant::now()).as_secs() < least_seconds
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn targets_are_looked_for_only_while_the_action_could_begin() {
        let until = Instant::now();
        assert!(is_late(until, 1), "the time is over");
        assert!(is_late(until + Duration::from_secs(4), 5));
        assert!(!is_late(until + Duration::from_secs(60), 5));
    }
}
