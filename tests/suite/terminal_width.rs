//! What people see at a terminal: every command within 80 columns, colours, and one line where a program reads it.

use super::harness::Host;
use super::incidents::minute;
use super::probe_disk::{FULL, ROOMY};
use nix::pty::openpty;
use std::fs::File;
use std::io::Read;
use std::process::Stdio;

/// A mount point that no row of a table has room for.
const LONG: &str = "/srv/data/projects/archive-of-the-years-before-2025/found-later";

/// A host in trouble: a full file system with a long name, an array without a member, processes and a backup missing.
pub fn trouble() -> Host {
    let mut host = Host::recorded("vm");
    host.write(
        "proc/self/mountinfo",
        &format!("20 1 8:1 / / rw - ext4 /dev/sda1 rw\n21 20 8:2 / {LONG} rw - ext4 /dev/sda2 rw\n"),
    );
    host.write("statvfs", &format!("/ {ROOMY}\n{LONG} {FULL}\n"));
    host.write(
        "proc/mdstat",
        "Personalities : [raid1]\nmd0 : active raid1 sdb1[1] sda1[0](F)\n      1046528 blocks super 1.2 [2/1] [_U]\n\nunused devices: <none>\n",
    );
    host.config = "[rule.cpu]\nfor = \"2m\"\ncritical_for = \"2m\"\n\
        [process.queue]\nmatch = \"queue-worker\"\nat_least = 2\n\
        [freshness.backup]\npath = \"/var/backups/db-*.sql.gz\"\nmax_age = \"26h\"\n"
        .to_string();
    (0..8).for_each(|_| minute(&mut host, 97));
    host
}

/// The output at a terminal of 80 columns.
pub fn at_terminal(host: &Host, arguments: &[&str]) -> String {
    let terminal = openpty(None, None).unwrap();
    let screen = File::from(terminal.slave);
    let mut command = host.command("osmon", arguments);
    command.env("TERM", "xterm").stdout(screen.try_clone().unwrap()).stderr(screen).stdin(Stdio::null());
    let mut child = command.spawn().unwrap();
    // The terminal ends with the last process that has it open.
    drop(command);
    let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
    let mut master = File::from(terminal.master);
    while let Ok(length @ 1..) = master.read(&mut buffer) {
        seen.extend_from_slice(&buffer[..length]);
    }
    child.wait().unwrap();
    String::from_utf8(seen).unwrap().replace('\r', "")
}

/// The text without codes of colours.
pub fn plain(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_string();
    first + &parts.filter_map(|part| part.split_once('m')).map(|(_, rest)| rest).collect::<String>()
}

#[test]
fn every_command_stays_within_80_columns() {
    let host = trouble();
    let id = format!("disk:{LONG}");
    let commands: &[&[&str]] = &[
        &["status"],
        &["incidents"],
        &["incidents", "--open"],
        &["explain"],
        &["explain", &id],
        &["explain", "raid"],
        &["explain", "process_missing"],
        &["explain", "freshness"],
        &["probe", "--no-store"],
        &["history"],
        &["history", "cpu.busy_percent"],
        &["history", "cpu", "memory"],
        &["history", "disk"],
        &["alerts"],
        &["silence"],
        &["heal", "--explain"],
        &["detect-crisis"],
        &["run"],
        &["--help"],
    ];
    for command in commands {
        let text = plain(&at_terminal(&host, command));
        assert!(text.len() > 10, "{command:?}: {text}");
        // A path that is copied is not folded.
        let is_path = |line: &str| line.contains(&*host.data().to_string_lossy());
        for line in text.lines().filter(|line| !is_path(line)) {
            assert!(line.chars().count() <= 80, "{command:?}: {}: {line}\n{text}", line.chars().count());
        }
    }
}

#[test]
fn the_status_is_coloured_and_folded_for_people_and_one_line_for_programs() {
    let mut host = trouble();
    let shown = at_terminal(&host, &["status"]);
    assert!(shown.starts_with("\u{1b}[1;31mCRITICAL\u{1b}[0m web-01: "), "{shown}");
    assert!(plain(&shown).split_whitespace().eq(host.osmon(&["status"]).out.split_whitespace()));
    let piped = host.osmon(&["status"]).out;
    let first = piped.lines().next().unwrap();
    assert!(first.contains(&format!("[disk:{LONG}]")) && first.ends_with("4 more critical"), "{piped}");
    assert!(!piped.contains('\u{1b}'));
    let json = host.osmon(&["status", "--json", "--color", "always"]);
    assert!(!json.out.contains("u001b") && json.json()["untold"][0].is_string(), "{}", json.out);
    host = Host::recorded("vm");
    minute(&mut host, 5);
    assert!(
        at_terminal(&host, &["status"])
            .starts_with("\u{1b}[32mOK\u{1b}[0m web-01: no open problems; measured 0 s ago\n")
    );
}
