//! The layers, circular imports and banned patterns of docs/design.md, checked against the source.

use super::harness::repository;
use super::imports::{Source, cycles, sources};
use std::fs;

/// Top to bottom; a module imports only from rows below its own.
const LAYERS: [&[&str]; 11] = [
    &["commands", "serve"],
    &["pipeline"],
    &["report"],
    &["query"],
    &["context"],
    &["advisory", "alert", "archive", "check", "collect", "crisis", "heal", "probe", "push", "setup"],
    &["store"],
    &["host"],
    &["cli", "config"],
    &["model"],
    &["base"],
];

fn layer(module: &str) -> usize {
    let row = LAYERS.iter().position(|row| row.contains(&module));
    row.unwrap_or_else(|| panic!("src/{module} is in no layer: add it to docs/design.md and to this test"))
}

/// Imports that do not go down, one line each.
fn upward(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.path != ["lib"]) {
        for import in source.imports(sources) {
            let (from, to) = (&source.path[0], &import[0]);
            if from != to && layer(to) <= layer(from) {
                found.push(format!("src/{}: {from} imports {}", source.name, import.join("::")));
            }
        }
    }
    found
}

/// Commands that import another command, one line each.
fn between_commands(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.path[0] == "commands" && source.path.len() > 1) {
        for import in source.imports(sources).into_iter().filter(|import| import[0] == "commands") {
            let is_own = import.get(1) == source.path.get(1);
            if !is_own && import.get(1).is_some_and(|other| other != "view") {
                found.push(format!("src/{} imports {}", source.name, import.join("::")));
            }
        }
    }
    found
}

fn source(name: &str, text: &str) -> Source {
    Source::new(name, text)
}

#[test]
fn imports_go_down_only() {
    assert_eq!(upward(&sources()), Vec::<String>::new());
}

#[test]
fn an_upward_import_is_found() {
    let planted = [
        source("store/mod.rs", "pub mod line;"),
        source("store/line.rs", "use crate::{base::clock, report::page};"),
        source("report/page.rs", ""),
        source("base/clock.rs", "fn now() { super::super::store::line::read() }"),
    ];
    let found = upward(&planted);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("store imports report::page") && found[1].contains("base imports store::line"));
}

#[test]
fn no_command_imports_another() {
    assert_eq!(between_commands(&sources()), Vec::<String>::new());
    let planted =
        [source("commands/ack.rs", "use super::{silence::list, view::table};"), source("commands/silence.rs", "")];
    assert_eq!(between_commands(&planted), ["src/commands/ack.rs imports commands::silence"]);
}

#[test]
fn no_files_import_each_other() {
    assert_eq!(cycles(&sources()), Vec::<Vec<String>>::new());
}

#[test]
fn a_circle_is_found() {
    let planted = [
        source("alert/mod.rs", "mod a;\nmod b;\nmod c;\npub use a::send;"),
        source("alert/a.rs", "use super::b::{self, Content};"),
        source("alert/b.rs", "use crate::alert::c::C;"),
        source("alert/c.rs", "fn f() { crate::alert::a::send() }"),
    ];
    assert_eq!(cycles(&planted), [["alert/a.rs", "alert/b.rs", "alert/c.rs"]]);
    let through_the_parent = [
        source("alert/mod.rs", "mod a;\npub struct Sent;\nfn f() { a::g() }"),
        source("alert/a.rs", "use super::Sent;"),
    ];
    assert_eq!(cycles(&through_the_parent), [["alert/mod.rs", "alert/a.rs"]]);
}

#[test]
fn what_is_banned_stands_in_its_one_place() {
    let bans: [(&str, &[&str]); 10] = [
        ("\"/proc/", &["host/", "base/system_directories.rs"]),
        ("\"/proc\"", &["host/", "base/system_directories.rs"]),
        ("\"/sys/", &["host/", "base/system_directories.rs"]),
        ("\"/sys\"", &["host/", "base/system_directories.rs"]),
        ("Utc::now", &["base/clock.rs"]),
        ("SystemTime", &["base/clock.rs"]),
        ("process::Command", &["base/subprocess.rs"]),
        ("Command::new(", &["base/subprocess.rs", "cli/parser.rs"]),
        ("process::exit", &[]),
        ("plotters::", &["report/chart/"]),
    ];
    for source in sources() {
        for (word, places) in bans {
            let is_allowed = places.iter().any(|place| source.name.starts_with(place));
            assert!(is_allowed || !source.code.contains(word), "src/{} has {word}", source.name);
        }
    }
}

#[test]
fn files_are_read_in_one_sitting() {
    let mut lengths: Vec<(usize, String)> =
        sources().into_iter().map(|source| (source.text.lines().count(), source.name)).collect();
    lengths.sort();
    assert!(lengths[lengths.len() / 2].0 <= 120, "the median file has {} lines", lengths[lengths.len() / 2].0);
    let long: Vec<_> = lengths.iter().filter(|(length, _)| *length > 300).collect();
    assert!(long.is_empty(), "over 300 lines: {long:?}");
}

/// The sort of the standard library is compiled anew, 6 KB, for each type and comparison: `base::sort` is one for all.
#[test]
fn lists_are_sorted_by_one_sort() {
    for source in sources().iter().filter(|source| !source.name.ends_with("base/sort.rs")) {
        let code = source.text.split("#[cfg(test)]").next().unwrap();
        let own = [".sort()", ".sort_by", ".sort_unstable"].into_iter().find(|call| code.contains(call));
        assert!(own.is_none() || source.name.ends_with("tests.rs"), "{}: {}", source.name, own.unwrap());
    }
}

#[test]
fn no_system_font_is_needed() {
    let lock = fs::read_to_string(repository("Cargo.lock")).unwrap();
    for font in ["font-kit", "freetype"] {
        assert!(!lock.contains(&format!("name = \"{font}")), "{font} is a dependency");
    }
}
