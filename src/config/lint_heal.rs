//! Lint of `[heal]`: repairs that do nothing, rarely help, or do more than they seem to.

use super::heal::{HealEntry, RepairSpec};
use super::heal_keys::PlainKeys;
use super::issue::ConfigIssue;
use super::settings::Config;
use crate::model::action::{ActionKind, Mode};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use toml::{Table, Value};

/// Beginnings of the names of programs that run other programs.
const INTERPRETERS: [&str; 12] =
    ["bash", "busybox", "dash", "java", "node", "perl", "php", "python", "ruby", "sh", "wine", "zsh"];
/// Permission bits of a file: to be written by everybody, and to be executed by anybody.
const WRITABLE: u32 = 0o002;
const EXECUTABLE: u32 = 0o111;

/// All warnings, without their locations.
pub fn check(config: &Config, given: &Table) -> Vec<ConfigIssue> {
    let mut issues = idle(given);
    for entry in &config.heal.entries {
        let warnings = of_entry(entry).into_iter();
        issues.extend(warnings.map(|(key, message)| ConfigIssue::at(&["heal", &entry.name, key], message)));
    }
    issues
}

/// Entries that do nothing because their kind is off.
fn idle(given: &Table) -> Vec<ConfigIssue> {
    let section = given.get("heal").and_then(Value::as_table);
    let is_off = |kind: ActionKind| match section.and_then(|section| section.get(kind.word())) {
        None => PlainKeys::default().mode(kind) == Mode::Off,
        Some(mode) => mode.as_str() == Some(Mode::Off.word()),
    };
    let idle = section.into_iter().flatten().filter_map(|(name, entry)| {
        let action = entry.get("action").and_then(Value::as_str)?;
        let kind = ActionKind::ALL.into_iter().find(|kind| kind.word() == action)?;
        let message = format!("does nothing: [heal] {action} is \"off\"");
        let is_idle = entry.get("mode").is_none() && is_off(kind);
        is_idle.then(|| ConfigIssue::at(&["heal", name, "action"], message))
    });
    idle.collect()
}

fn of_entry(entry: &HealEntry) -> Vec<(&'static str, String)> {
    match &entry.repair {
        RepairSpec::DropCaches => {
            let message = "rarely helps: the kernel gives cached pages back itself when memory is needed, and what was \
                           dropped is read from the disk again";
            vec![("action", message.to_string())]
        }
        RepairSpec::End { executables, .. } => {
            let all = executables.iter().filter(|path| is_interpreter(path));
            all.map(|path| ("executables", format!("{path} runs other programs: each of them may be ended"))).collect()
        }
        RepairSpec::Run { command, .. } => {
            command.first().and_then(|program| program_problem(program)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn is_interpreter(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    INTERPRETERS.contains(&name)
}

/// A reason why a program cannot be run, or why anybody can decide what it does.
pub fn program_problem(program: &str) -> Option<(&'static str, String)> {
    let message = match Path::new(program).metadata() {
        Err(error) => format!("{program}: {error}"),
        Ok(meta) if meta.is_dir() || meta.permissions().mode() & EXECUTABLE == 0 => {
            format!("{program} is not executable")
        }
        Ok(meta) if meta.permissions().mode() & WRITABLE != 0 => {
            format!("everybody can change {program}; chmod o-w {program}")
        }
        Ok(_) => return None,
    };
    Some(("command", message))
}
