//! Help, versions, exit codes, typos and external commands: what the documentation says.

use super::harness::{Host, binary, repository, tool};
use osmon::commands::TABLE;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const SMALL: [&str; 6] =
    ["osmon-probe", "osmon-detect-crisis", "osmon-send-alert", "osmon-graph", "osmon-backup", "osmon-restore"];

#[test]
fn every_command_has_help_with_examples_and_its_exit_codes_and_a_page() {
    let pages = fs::read_to_string(repository("docs/commands.md")).unwrap();
    for command in TABLE.iter().map(|command| command.name) {
        for flag in ["-h", "--help"] {
            let done = tool(binary("osmon"), &[command, flag]).ok();
            assert!(done.out.contains("Examples:\n") && done.out.contains("Exit status:\n   0  done"), "{}", done.out);
            for line in done.out.lines() {
                assert!(line.chars().count() <= 80, "{command} {flag}: {line}");
            }
        }
        let long = tool(binary("osmon"), &[command, "--help"]).out;
        assert!(long.contains("--root") && !tool(binary("osmon"), &[command, "-h"]).out.contains("--root"));
        assert!(pages.contains(&format!("## osmon {command}\n")), "docs/commands.md has no page for {command}");
    }
}

/// Every command below `parser` with the words that call it.
fn tree(parser: &clap::Command, words: &str) -> Vec<(String, clap::Command)> {
    let mut all = Vec::new();
    for command in parser.get_subcommands().filter(|command| command.get_name() != "help") {
        let words = format!("{words} {}", command.get_name());
        all.extend(tree(command, &words));
        all.push((words, command.clone()));
    }
    all
}

#[test]
fn every_command_and_action_has_examples_and_exit_codes_in_80_columns() {
    let mut parser = osmon::cli::parser(TABLE);
    parser.build();
    let all = tree(&parser, "osmon");
    for action in ["osmon config check", "osmon alerts retry", "osmon store rebuild", "osmon run"] {
        assert!(all.iter().any(|(words, _)| words == action), "{action} is not in the tree");
    }
    for (words, mut command) in all {
        let help = command.render_long_help().to_string();
        let (_, after) = help.split_once("Examples:\n").unwrap_or_else(|| panic!("{words} has no examples: {help}"));
        let (examples, exits) = after.split_once("\n\nExit status:\n").expect("exit status after the examples");
        let name = words.strip_prefix("osmon ").unwrap();
        assert!(examples.contains(&format!("osmon {name}")), "no example calls {words}: {examples}");
        assert!(exits.starts_with("   0  "), "{words}: {exits}");
        for help in [help.clone(), command.render_help().to_string()] {
            let wide: Vec<&str> = help.lines().filter(|line| line.chars().count() > 80).collect();
            assert!(wide.is_empty(), "{words}: {wide:?}");
        }
    }
}

#[test]
fn the_list_of_commands_is_in_groups_with_one_line_each() {
    let help = tool(binary("osmon"), &["--help"]).ok().out;
    let at = |text: &str| help.find(text).unwrap_or_else(|| panic!("{text:?} is missing: {help}"));
    let groups = [
        "\nEvery day:\n",
        "\nIncidents and alerts:\n",
        "\nThe history as a whole:\n",
        "\nSet-up:\n",
        "\nCommon options:\n",
    ];
    assert!(groups.map(at).is_sorted(), "{help}");
    for command in TABLE {
        let line = format!("\n  {:<15}{}\n", command.name, command.about);
        assert!(at(&line) < at("\nCommon options:"), "{help}");
        assert!(line.trim_end().chars().count() <= 81, "{line}");
    }
    assert!(at("\n  status ") < at("\nIncidents") && at("\n  schedule ") > at("\nSet-up:"));
    assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    assert_eq!(tool(binary("osmon"), &["-h"]).ok().out.matches("Every day:").count(), 1);
}

#[test]
fn a_probe_is_shown_in_a_pipe_and_what_cron_calls_is_silent_there() {
    let host = Host::recorded("vm");
    assert!(host.osmon(&["probe", "--no-store"]).ok().out.contains("CPU"));
    for (program, arguments) in [("osmon-probe", vec![]), ("osmon", vec!["probe", "-q"]), ("osmon", vec!["run"])] {
        assert_eq!(host.small(program, &arguments).ok().out, "", "{program} {arguments:?}");
    }
    assert!(host.small("osmon-probe", &["-v"]).ok().out.contains("CPU"));
    assert!(host.osmon(&["run", "-v"]).out.contains("measured"));
    assert!(tool(binary("osmon"), &["run", "-h"]).ok().out.contains("osmon run -v"));
}

#[test]
fn the_exit_codes_of_the_documentation_are_those_of_the_help() {
    let page = fs::read_to_string(repository("docs/exit-codes.md")).unwrap();
    let codes = |text: &str| -> Vec<String> {
        let lines = text.split("Exit status:\n").nth(1).unwrap_or_default().lines();
        lines
            .filter_map(|line| line.trim().split_once("  "))
            .map(|(code, meaning)| format!("| {code} | {} |", meaning.trim()))
            .collect()
    };
    for command in ["run", "detect-crisis"] {
        for row in codes(&tool(binary("osmon"), &[command, "--help"]).out) {
            assert!(page.contains(&row), "docs/exit-codes.md has no row {row}");
        }
    }
}

#[test]
fn small_binaries_are_the_same_commands() {
    for name in SMALL {
        let version = tool(binary(name), &["--version"]).ok().out;
        assert_eq!(version, format!("{name} {}\n", env!("CARGO_PKG_VERSION")));
        let help = tool(binary(name), &["--help"]).ok().out;
        assert!(help.contains(&format!("Usage: {name}")));
        let same = tool(binary("osmon"), &[&name["osmon-".len()..], "--help"]).ok().out;
        assert_eq!(help.lines().next(), same.lines().next(), "the same sentence as in osmon");
        let own = help.split("Common options:").next().unwrap();
        assert!(own.contains("--no-store") == (name == "osmon-probe"), "its own flags stand before the common ones");
    }
    assert_eq!(tool(binary("osmon"), &["--version"]).ok().out, format!("osmon {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_link_to_osmon_named_after_a_command_is_that_command() {
    let directory = tempfile::tempdir().unwrap();
    for name in SMALL {
        let link = directory.path().join(name);
        std::os::unix::fs::symlink(binary("osmon"), &link).unwrap();
        for flag in ["--version", "--help"] {
            assert_eq!(
                tool(link.to_str().unwrap(), &[flag]).ok().out,
                tool(binary(name), &[flag]).ok().out,
                "{name} {flag}"
            );
        }
    }
    let other = directory.path().join("osmon-nonesuch");
    std::os::unix::fs::symlink(binary("osmon"), &other).unwrap();
    assert_eq!(tool(other.to_str().unwrap(), &["--version"]).ok().out, tool(binary("osmon"), &["--version"]).ok().out);
}

#[test]
fn a_slip_gets_a_suggestion_and_usage_errors_have_their_code() {
    let done = tool(binary("osmon"), &["prboe"]);
    assert_eq!(
        (done.code, done.err.as_str()),
        (64, "osmon: no such command: prboe; did you mean \"probe\"?; osmon --help lists them all\n")
    );
    let done = tool(binary("osmon"), &["probe", "--jsn"]);
    assert_eq!(done.code, 64);
    assert!(done.err.contains("--json"), "{}", done.err);
    assert_eq!(tool(binary("osmon"), &["detect-crisis", "--jsn"]).code, 3);
    assert_eq!(tool(binary("osmon"), &["restore"]).code, 64);
    assert_eq!(tool(binary("osmon"), &[]).code, 64);
}

#[test]
fn an_unknown_word_runs_a_program_of_that_name() {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("osmon-hello");
    fs::write(&program, "#!/bin/sh\necho \"hello $1 $2 $OSMON_DATA_DIR\"; [ -x \"$OSMON\" ] && exit 7\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = std::process::Command::new(binary("osmon"));
    let output = command
        .args(["--data-dir", "/somewhere", "hello", "big", "--world"])
        .env("PATH", format!("{}:/usr/bin:/bin", directory.path().display()))
        .output()
        .unwrap();
    assert_eq!(
        (output.status.code(), String::from_utf8(output.stdout).unwrap().as_str()),
        (Some(7), "hello big --world /somewhere\n")
    );
    assert_eq!(tool(binary("osmon"), &["../../bin/sh"]).code, 64);
}

#[test]
fn colours_and_json_errors_are_as_asked() {
    let mut host = Host::recorded("vm");
    host.osmon(&["probe"]);
    host.advance(60, 1);
    assert!(host.osmon(&["probe", "-v", "--color", "always"]).out.contains("\u{1b}[1m"));
    assert!(!host.osmon(&["probe", "-v"]).out.contains('\u{1b}'));
    let done = host.osmon(&["restore", "--json", "/nonexistent.tar.gz"]);
    assert_eq!((done.code, &done.json()["exit"]), (74, &74.into()));
    assert!(done.json()["error"].as_str().unwrap().contains("could not read /nonexistent.tar.gz"));
}

#[test]
fn a_reader_that_stops_early_is_no_error() {
    let host = Host::recorded("vm");
    let line = format!(
        "{} probe -v --root {} --data-dir {} | true; exit ${{PIPESTATUS[0]}}",
        binary("osmon"),
        host.root().display(),
        host.data().display()
    );
    let done = tool("bash", &["-c", &line]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
}
