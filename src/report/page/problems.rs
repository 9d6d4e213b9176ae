//! The box with problems of osmon itself.

#![expect(clippy::indexing_slicing, reason = "a serde_json::Value is Null where there is nothing, and never panics")]

use crate::base::text::clean;
use crate::model::locale::key;
use crate::report::page::data::PageData;
use serde_json::Value;

/// Largest number of problems, and longest text of one, in characters.
const PROBLEMS_MAX: usize = 20;
const PROBLEM_MAX: usize = 400;

/// Problems of osmon itself, and sources that did not answer.
pub fn problems(input: &PageData, snapshot: &Value) -> Vec<String> {
    let locale = input.options.locale;
    if input.options.is_public && !input.problems.is_empty() {
        // Problems name files and people.
        return vec![locale.text(key::PAGE_OSMON_IN_TROUBLE).to_string()];
    }
    let silent = snapshot["probe"]["failed"].as_object().into_iter().flatten().filter_map(|(name, reason)| {
        let reason = reason.as_str().filter(|reason| reason.contains("did not answer"))?;
        Some(locale.with(key::PAGE_NOT_MEASURED, &format!("{name}: {reason}")))
    });
    let all = input.problems.iter().cloned().chain(silent);
    let mut all: Vec<String> = all.map(|problem| clean(&problem, PROBLEM_MAX)).collect();
    let more = all.len().saturating_sub(PROBLEMS_MAX);
    all.truncate(PROBLEMS_MAX);
    all.extend((more > 0).then(|| locale.with(key::PAGE_AND_MORE, &more.to_string())));
    all
}
