//! The box with problems of osmon itself.

#![expect(clippy::indexing_slicing, reason = "a serde_json::Value is Null where there is nothing, and never panics")]

use crate::alert::DeliveryProblem;
use crate::base::sort::SmallSort;
use crate::base::text::clean;
use crate::model::locale::key;
use crate::report::page::answers::Answer;
use crate::report::page::data::PageData;
use serde_json::Value;

/// Largest number of problems, and longest text of one, in characters.
const PROBLEMS_MAX: usize = 20;
const PROBLEM_MAX: usize = 400;

/// A problem.
pub struct Problem {
    /// `warn`, or `bad` when an alert of something critical waits.
    pub state: &'static str,
    /// One line.
    pub text: String,
}

impl Problem {
    fn warning(text: &str) -> Self {
        Self { state: "warn", text: clean(text, PROBLEM_MAX) }
    }
}

/// Problems of osmon itself and of the delivery, and sources that did not answer. A delivery problem that answers who was
/// notified stands there.
pub fn problems(input: &PageData, snapshot: &Value, answers: &[Answer]) -> Vec<Problem> {
    let locale = input.options.locale;
    if input.options.is_public && !(input.problems.is_empty() && input.delivery.is_empty()) {
        // Problems name files and people.
        return vec![Problem::warning(locale.text(key::PAGE_OSMON_IN_TROUBLE))];
    }
    let silent = snapshot["probe"]["failed"].as_object().into_iter().flatten().filter_map(|(name, reason)| {
        let reason = reason.as_str().filter(|reason| reason.contains("did not answer"))?;
        Some(Problem::warning(&locale.with(key::PAGE_NOT_MEASURED, &format!("{name}: {reason}"))))
    });
    let delivery = input.delivery.iter().filter_map(|problem| {
        let text = problem.text(locale);
        let is_answered = answers.iter().any(|answer| answer.text.contains(&text));
        let is_urgent = input.notified.critical_waits && matches!(problem, DeliveryProblem::Failing { .. });
        let state = if is_urgent { "bad" } else { "warn" };
        (!is_answered).then(|| Problem { state, text: clean(&text, PROBLEM_MAX) })
    });
    let own = input.problems.iter().map(|problem| Problem::warning(problem));
    let mut all: Vec<Problem> = own.chain(delivery).chain(silent).collect();
    all.arrange_by_key(|problem| problem.state);
    let more = all.len().saturating_sub(PROBLEMS_MAX);
    all.truncate(PROBLEMS_MAX);
    all.extend((more > 0).then(|| Problem::warning(&locale.with(key::PAGE_AND_MORE, &more.to_string()))));
    all
}
