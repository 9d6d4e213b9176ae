//! `osmon completions`: scripts that the shells accept and that know every command.

use super::harness::{binary, repository, skip, tool};
use osmon::commands::TABLE;
use std::fs;

#[test]
fn every_command_is_completed_in_every_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let script = tool(binary("osmon"), &["completions", shell]).ok().out;
        for command in TABLE {
            assert!(script.contains(command.name), "{shell}: {}", command.name);
        }
        let json = tool(binary("osmon"), &["completions", shell, "--json"]).ok().json();
        assert_eq!(json["script"].as_str().unwrap().trim_end(), script.trim_end());
    }
    assert_eq!(tool(binary("osmon"), &["completions", "tcsh"]).code, 64);
}

#[test]
fn bash_completes_what_was_begun() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("osmon");
    fs::write(&file, tool(binary("osmon"), &["completions", "bash"]).ok().out).unwrap();
    let complete = |words: &str| {
        let script = format!(
            ". {}; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _osmon osmon \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\"; echo \"${{COMPREPLY[@]}}\"",
            file.display()
        );
        tool("bash", &["-c", &script]).ok().out
    };
    assert_eq!(complete("osmon resto").trim(), "restore");
    assert_eq!(complete("osmon verify --data-d").trim(), "--data-dir");
}

/// The man pages of the packages: one of each command, with its examples, as a strict reader accepts them.
#[test]
fn every_command_has_a_man_page() {
    let directory = tempfile::tempdir().unwrap();
    let target = directory.path().to_str().unwrap();
    let manifest = repository("Cargo.toml");
    let cargo = ["run", "--quiet", "--offline", "--example", "manual", "--manifest-path", manifest.to_str().unwrap()];
    let done = tool(env!("CARGO"), &[&cargo[..], &["--", target, "2026-11-20"]].concat());
    assert_eq!(done.code, 0, "{}", done.err);
    let names = TABLE.iter().map(|command| format!("osmon-{}", command.name)).chain(["osmon".to_string()]);
    for name in names {
        let file = directory.path().join(format!("man/man1/{name}.1"));
        let page = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        for heading in ["NAME", "SYNOPSIS", "OPTIONS", "SEE ALSO"] {
            assert!(page.contains(&format!(".SH {heading}")) || page.contains(&format!(".SH \"{heading}\"")), "{page}");
        }
        assert!(name == "osmon" || page.contains(".SH EXAMPLES"), "{page}");
        let lint = tool("mandoc", &["-Tlint", "-Wwarning", file.to_str().unwrap()]);
        match lint.code {
            127 => return skip("man pages", "mandoc is missing (apt-get install mandoc)"),
            code => assert_eq!(code, 0, "{name}: {}", lint.out),
        }
    }
}
