//! The explanation as text, at most 80 columns.

use crate::base::text::{NAME_MAX, clean};
use crate::base::units::duration;
use crate::cli::output::Style;
use crate::cli::table::{WIDTH, fold_to};
use crate::commands::view;
use crate::context::Context;
use crate::heal::target_state::TargetState;
use crate::model::incident::short_id;
use crate::pipeline::heal::{Considered, Explained};

/// The message when there is no entry: nothing is ever repaired.
const NOTHING: &str = "no repairs are configured: [heal] in osmon.toml, docs/heal.md";

/// The message while the configuration is invalid: the fallback sends alerts.
const INVALID: &str = "the configuration is invalid, so nothing is repaired: osmon config check";

/// Why nothing is repaired.
pub fn nothing(context: &Context) -> &'static str {
    if context.problems.is_empty() { NOTHING } else { INVALID }
}

/// Everything: what stops healing as a whole, the entries, what was given up, and each possible action.
pub fn lines(context: &Context, explained: &Explained) -> Vec<String> {
    if context.config.heal.entries.is_empty() {
        return vec![nothing(context).to_string()];
    }
    let mut lines = Vec::new();
    if !context.problems.is_empty() {
        lines.push(context.out.paint(Style::Warn, INVALID));
    }
    let suspended = view::heal::suspended(&explained.suspension).into_iter().flat_map(|text| folded(&text, 0));
    lines.extend(suspended.map(|line| context.out.paint(Style::Warn, &line)));
    lines.push(context.out.paint(Style::Bold, "Entries"));
    lines.extend(entries(context, explained));
    let open: Vec<String> = explained.state.targets.iter().filter_map(|target| remembered(context, target)).collect();
    if !open.is_empty() {
        lines.push(context.out.paint(Style::Bold, "Targets"));
        lines.extend(open.iter().flat_map(|text| folded(text, 2)));
    }
    lines.push(context.out.paint(Style::Bold, "Now"));
    match explained.considered.is_empty() {
        true => lines.push("  no open incident that an entry repairs".to_string()),
        false => lines.extend(explained.considered.iter().flat_map(|one| decision(context, one))),
    }
    lines
}

/// Each entry with its action, mode and incidents, and the right that is missing.
pub fn entries(context: &Context, explained: &Explained) -> Vec<String> {
    let missing = explained.missing_rights.iter();
    let lines = context.config.heal.entries.iter().zip(missing).flat_map(|(entry, missing)| {
        let what = format!("{} {}", entry.rule, entry.matches);
        let kind = entry.repair.kind().word();
        let mut lines = folded(&format!("{}: {kind} ({}) for {what}", entry.name, entry.mode.word()), 2);
        lines.extend(missing.iter().flat_map(|right| folded(&format!("a right is missing: {right}"), 4)));
        lines
    });
    lines.collect()
}

/// The rights that are missing, one line for each entry.
pub fn rights(context: &Context, explained: &Explained) -> Vec<String> {
    let missing = context.config.heal.entries.iter().zip(&explained.missing_rights);
    let missing = missing.filter_map(|(entry, missing)| Some((entry, missing.as_ref()?)));
    missing
        .flat_map(|(entry, right)| folded(&format!("{} ({}): {right}", entry.name, entry.repair.kind().word()), 0))
        .collect()
}

/// One line for each action that was refused.
pub fn refusals(considered: &[Considered]) -> Vec<String> {
    let refused = considered.iter().filter(|one| !one.decision.refused.is_empty());
    let lines = refused.flat_map(|one| {
        let reasons: Vec<String> = one.decision.refused.iter().map(|refusal| refusal.message.english()).collect();
        folded(&format!("{}: not done: {}", what(one), reasons.join("; ")), 0)
    });
    lines.collect()
}

/// `web: restart nginx.service for service:nginx.service`.
fn what(one: &Considered) -> String {
    let question = &one.question;
    let target = question.candidate.as_ref().map(|candidate| format!(" {}", clean(&candidate.target.name, NAME_MAX)));
    let incident = short_id(&question.case.rule, &question.case.metric);
    format!(
        "{}: {}{} for {incident}",
        question.entry.name,
        question.entry.repair.kind().word(),
        target.unwrap_or_default()
    )
}

fn decision(context: &Context, one: &Considered) -> Vec<String> {
    let mut lines = folded(&what(one), 2);
    if one.decision.refused.is_empty() {
        let [hour, day] = one.decision.left;
        let mode = one.question.mode.word();
        let text = format!(
            "would act now ({mode}): attempt {}, {hour} left within an hour, {day} within a day",
            one.decision.attempt
        );
        lines.extend(folded(&text, 4).iter().map(|line| context.out.paint(Style::Good, line)));
        return lines;
    }
    for refusal in &one.decision.refused {
        let text = format!("{}: {}", refusal.guard.word(), refusal.message.english());
        lines.extend(folded(&text, 4));
    }
    lines
}

/// A line about a target that was acted on; `None` when there is nothing to say about it.
fn remembered(context: &Context, target: &TargetState) -> Option<String> {
    let ago = |moment: crate::heal::moment::Moment| duration(moment.age_seconds(&context.now));
    let how = if let Some(since) = target.gave_up {
        format!("given up {} ago; osmon heal --release {} tries again", ago(since), target.target)
    } else if let Some(verifying) = &target.verifying {
        format!("{} {} ago, being verified", target.kind.word(), ago(verifying.since))
    } else if target.attempts > 0 {
        format!("{} failed so far", crate::base::text::plural(target.attempts as usize, "attempt"))
    } else if !target.repaired.is_empty() {
        format!("repaired {} within 24 h", crate::base::text::plural(target.repaired.len(), "time"))
    } else {
        return None;
    };
    Some(format!("{}: {how}", clean(&target.target, NAME_MAX)))
}

/// A text folded to the width of a terminal, indented.
fn folded(text: &str, indent: usize) -> Vec<String> {
    let lines = fold_to(text, WIDTH - indent);
    lines.into_iter().map(|line| format!("{}{line}", " ".repeat(indent))).collect()
}
