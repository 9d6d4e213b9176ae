//! Reads the keys of `[heal.NAME]` that belong to its action.

use super::heal::RepairSpec;
use super::heal_values::{required, size, span};
use super::key_errors::KeyErrors;
use super::refused_directory::normal_directory;
use super::route_keys::RouteKeys;
use crate::model::action::ActionKind;
use std::path::{Component, Path};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);
/// Longest time that a command may take: a run of osmon is over before the next one begins.
const TIMEOUT_MAX: Duration = Duration::from_secs(40);
/// Least size that the journal is shrunk to, in bytes: one of its files.
const JOURNAL_MIN: u64 = 16 << 20;
/// End of the name of a service.
const SERVICE: &str = ".service";
/// Labels whose values name services.
const SERVICE_LABELS: [&str; 2] = ["service", "unit"];

/// Reads the keys of an action. `label`: that of the metric of its rule, if it is known. `None`: a required key is missing
/// or wrong.
pub fn read(
    kind: ActionKind,
    keys: RouteKeys<'_>,
    matches: &str,
    label: Option<&str>,
    errors: &mut KeyErrors,
) -> Option<RepairSpec> {
    match kind {
        ActionKind::Restart => restart(keys, matches, label, errors),
        ActionKind::End => {
            let executables = required(keys, &["executables"], "paths of the programs that may be ended", errors);
            for path in executables.iter().flatten().filter(|path| !is_plain(path)) {
                errors.add("executables", format!("{path:?} must be an absolute path, without patterns"));
            }
            let users = required(keys, &["users"], "users whose processes may be ended", errors);
            for user in users.iter().flatten().filter(|user| user.is_empty() || user.contains(['*', ' ', ':'])) {
                errors.add("users", format!("{user:?} is not the name of a user; name each one"));
            }
            let memory_bytes = size(keys, "min_memory", 0, 0, errors);
            Some(RepairSpec::End { executables: executables?, users: users?, memory_bytes })
        }
        ActionKind::Clean => {
            let given = required(keys, &["directories"], "absolute paths, such as \"/var/tmp\"", errors)?;
            let mut directories = Vec::new();
            for path in &given {
                match normal_directory(path) {
                    Ok(directory) => directories.push(directory),
                    Err(message) => errors.add("directories", message),
                }
            }
            let older_than = span(keys, "older_than", 240 * HOUR, (HOUR, Duration::MAX), errors);
            let keep = keys.list("keep");
            if keep.iter().any(|pattern| pattern.is_empty() || pattern.contains('/')) {
                errors.add("keep", "patterns of names without \"/\", such as \"*.lock\"");
            }
            let stop_bytes = size(keys, "stop_after", 0, 0, errors);
            Some(RepairSpec::Clean { directories, older_than, keep, stop_bytes })
        }
        ActionKind::VacuumJournal => {
            Some(RepairSpec::VacuumJournal { keep_bytes: size(keys, "keep_size", 500 << 20, JOURNAL_MIN, errors) })
        }
        ActionKind::ClearPackages => Some(RepairSpec::ClearPackages),
        ActionKind::DropCaches => Some(RepairSpec::DropCaches),
        ActionKind::Run => {
            let timeout = span(keys, "timeout", Duration::from_secs(20), (Duration::from_secs(1), TIMEOUT_MAX), errors);
            let command = required(keys, &["command"], "a program and its arguments, each a text of its own", errors)?;
            if let Some(program) = command.first().filter(|program| !is_absolute(program)) {
                errors.add("command", format!("the program {program:?} must be an absolute path; there is no shell"));
            }
            Some(RepairSpec::Run { command, timeout })
        }
    }
}

fn restart(keys: RouteKeys<'_>, matches: &str, label: Option<&str>, errors: &mut KeyErrors) -> Option<RepairSpec> {
    let unit = keys.text("unit");
    if !unit.is_empty() {
        let is_service = unit.strip_suffix(SERVICE).is_some_and(|name| !name.is_empty() && !name.ends_with('@'));
        if !is_service || unit.contains(['*', '/', ' ']) || unit.starts_with('-') {
            errors.add("unit", format!("{unit:?} is not the full name of a service, such as \"nginx.service\""));
        }
        return Some(RepairSpec::Restart { unit: Some(unit) });
    }
    if label.is_some_and(|label| !SERVICE_LABELS.contains(&label)) {
        errors.related("unit", &["unit", "rule"], "is required: the incidents of this rule are not about services");
    } else if !matches.strip_suffix(SERVICE).unwrap_or(matches).contains(|c: char| c.is_alphanumeric()) {
        let message = format!(
            "{matches:?} would restart any service: write which ones may be restarted, such as \"nginx.service\" or \"shop-*.service\""
        );
        errors.related("match", &["match", "rule"], message);
    } else if !matches.ends_with(SERVICE) && !matches.ends_with('*') {
        errors.add("match", format!("{matches:?} fits no service: write \"{matches}.service\""));
    }
    Some(RepairSpec::Restart { unit: None })
}

fn is_absolute(path: &str) -> bool {
    let path = Path::new(path);
    path.is_absolute() && !path.components().any(|part| part == Component::ParentDir)
}

fn is_plain(path: &str) -> bool {
    is_absolute(path) && !path.contains(['*', '?', '['])
}
