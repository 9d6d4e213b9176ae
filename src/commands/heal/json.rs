//! Output of `osmon heal` as JSON, for programs.

use crate::base::clock::stamp;
use crate::context::Context;
use crate::pipeline::heal::{Considered, Explained, HealReport};
use serde_json::{Value, json};

/// The report of a healing run.
pub fn report(context: &Context, report: &HealReport) -> Value {
    json!({
        "schema": 1, "time": stamp(context.now.wall),
        "considered": report.considered.iter().map(considered).collect::<Vec<_>>(),
        "action": report.records,
    })
}

/// The answer to `--explain`.
pub fn explained(context: &Context, explained: &Explained) -> Value {
    let entries = context.config.heal.entries.iter().zip(&explained.missing_rights).map(|(entry, missing)| {
        json!({
            "name": entry.name, "rule": entry.rule, "match": entry.matches, "action": entry.repair.kind(),
            "mode": entry.mode, "missing_right": missing,
        })
    });
    let targets = explained.state.targets.iter().map(|target| {
        json!({
            "target": target.target, "entry": target.entry, "action": target.kind, "attempts": target.attempts,
            "gave_up": target.gave_up.map(|since| stamp(since.wall)), "verifying": target.verifying.is_some(),
            "repairs_24h": target.repaired.len(),
        })
    });
    json!({
        "schema": 1, "time": stamp(context.now.wall), "disabled_by": explained.suspension.disabled_by, "pause": explained.suspension.pause,
        "entry": entries.collect::<Vec<_>>(), "target": targets.collect::<Vec<_>>(),
        "considered": explained.considered.iter().map(considered).collect::<Vec<_>>(),
    })
}

fn considered(one: &Considered) -> Value {
    let (question, decision) = (&one.question, &one.decision);
    let refused = decision.refused.iter();
    let refused = refused.map(|refusal| json!({ "guard": refusal.guard.word(), "reason": refusal.message.english() }));
    json!({
        "entry": question.entry.name, "action": question.entry.repair.kind(), "mode": question.mode,
        "incident": question.case.incident, "rule": question.case.rule, "metric": question.case.metric,
        "target": question.candidate.as_ref().map(|candidate| &candidate.target),
        "acts": decision.refused.is_empty(), "attempt": decision.attempt, "left": decision.left,
        "refused": refused.collect::<Vec<_>>(),
    })
}
