//! The layers and bans of docs/design.md, held against the source.

use super::harness::repository;
use std::fs;
use std::path::{Path, PathBuf};

const ROOMS_L3: [&str; 6] = ["alert", "archive", "crisis", "probe", "report", "store"];

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// File (relative to src/), its room, and its text without comments and tests.
fn code() -> Vec<(String, String, String)> {
    let top = repository("src");
    let mut files = Vec::new();
    sources(&top, &mut files);
    let rooms = files.into_iter().map(|path| {
        let name = path.strip_prefix(&top).unwrap().to_string_lossy().into_owned();
        let room = name.split('/').next().unwrap().trim_end_matches(".rs").to_string();
        let text = fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap().to_string();
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        (name, room, lines)
    });
    rooms.filter(|(name, _, _)| !name.ends_with("tests.rs") && !name.contains("/tests/")).collect()
}

fn may_import(room: &str, other: &str) -> bool {
    let l3 = ROOMS_L3.contains(&other);
    match room {
        "commands" => l3 || ["cli", "config", "model", "base"].contains(&other),
        "cli" => ["config", "base"].contains(&other),
        "config" => ["model", "base"].contains(&other),
        "model" => other == "base",
        "base" | "lib" => false,
        room if ROOMS_L3.contains(&room) => ["config", "model", "base"].contains(&other),
        _ => panic!("src/{room} is in no layer: add it to docs/design.md and to this test"),
    }
}

/// What follows `crate::` in a text: names of rooms.
fn imports(text: &str) -> Vec<String> {
    let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    text.split("crate::").skip(1).map(|rest| rest.split(ends).next().unwrap_or_default().to_string()).collect()
}

#[test]
fn imports_go_down_only() {
    for (name, room, text) in code() {
        for other in imports(&text).into_iter().filter(|other| *other != room && !other.is_empty()) {
            assert!(may_import(&room, &other), "src/{name} imports {other}");
        }
    }
}

#[test]
fn a_command_knows_no_other_command_but_run_and_its_helpers() {
    // Helpers of several commands are no commands themselves.
    let helpers = [
        "alive",
        "cases",
        "evidence",
        "mutes",
        "replay",
        "here",
        "verdict",
        "skipped",
        "probe_table",
        "top_table",
        "refuge",
        "meter",
        "findings",
        "marks",
        "timeline",
        "upkeep",
        "mod",
    ];
    let commands = [
        "backup",
        "config",
        "ack",
        "alerts",
        "detect_crisis",
        "downtime",
        "explain",
        "incidents",
        "silence",
        "status",
        "graph",
        "history",
        "note",
        "probe",
        "repair",
        "restore",
        "run",
        "send_alert",
        "verify",
    ];
    for (name, _, text) in code().into_iter().filter(|(name, _, _)| name.starts_with("commands/")) {
        let own = name.trim_start_matches("commands/").trim_end_matches(".rs").to_string();
        // The page shows the incidents that detect-crisis keeps: it reads them through that command's file.
        if own == "run" || own == "graph" || helpers.contains(&own.as_str()) {
            continue;
        }
        for other in commands.iter().filter(|other| **other != own) {
            assert!(
                !text.contains(&format!("super::{other}")) && !text.contains(&format!(" {other}::")),
                "src/{name} uses the command {other}"
            );
        }
    }
}

#[test]
fn what_is_banned_stands_in_its_one_place() {
    let bans: [(&str, &[&str]); 9] = [
        ("\"/proc/", &["probe/root.rs"]),
        ("\"/proc\"", &["probe/root.rs"]),
        ("\"/sys/", &["probe/root.rs"]),
        ("\"/sys\"", &["probe/root.rs"]),
        ("Utc::now", &["base/clock.rs"]),
        ("SystemTime", &["base/clock.rs"]),
        ("process::Command", &["base/subprocess.rs"]),
        ("process::exit", &[]),
        ("plotters::", &["report/chart.rs"]),
    ];
    for (name, _, text) in code() {
        for (word, places) in bans {
            assert!(!text.contains(word) || places.contains(&name.as_str()), "src/{name} has {word}");
        }
        assert!(
            !text.contains("Command::new(") || ["base/subprocess.rs", "cli/dispatch.rs"].contains(&name.as_str()),
            "src/{name} starts a program"
        );
    }
}

#[test]
fn files_are_read_in_one_sitting() {
    let mut lengths: Vec<(usize, String)> = code()
        .into_iter()
        .map(|(name, _, _)| (fs::read_to_string(repository("src").join(&name)).unwrap().lines().count(), name))
        .collect();
    lengths.sort();
    assert!(lengths[lengths.len() / 2].0 <= 120, "the median file has {} lines", lengths[lengths.len() / 2].0);
    let long: Vec<_> = lengths.iter().filter(|(length, _)| *length > 300).collect();
    assert!(long.is_empty(), "over 300 lines: {long:?}");
}

#[test]
fn no_system_font_is_needed() {
    let lock = fs::read_to_string(repository("Cargo.lock")).unwrap();
    for font in ["font-kit", "ab_glyph", "freetype"] {
        assert!(!lock.contains(&format!("name = \"{font}")), "{font} is a dependency");
    }
}
