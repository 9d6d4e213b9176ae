//! Checks the text of a configuration as osmon would.

use crate::config::Request;
use crate::config::load::load_text;
use crate::config::location::Source;
use crate::config::read_others::ALL_SECTIONS;

/// Path and description of every error in the text of a configuration.
pub fn refused(text: &str) -> Vec<(Vec<String>, String)> {
    let request = Request { source: Source::default(), others: Some(ALL_SECTIONS) };
    let issues = load_text(&request, text.to_string()).err().unwrap_or_default();
    issues.into_iter().map(|issue| (issue.path, issue.message)).filter(|(path, _)| !path.is_empty()).collect()
}
