//! Crontabs: `/etc/crontab`, `/etc/cron.d` and the own one of a user.

use super::crontab::{self, Job};
use super::found::{Found, Kind};
use super::host::Host;
use crate::base::error_kind::ErrorKind;
use crate::base::file::{read_at_most, replace};
use crate::base::sort::SmallSort;
use crate::base::text::clean_bytes;
use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use nix::unistd::geteuid;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Largest crontab that is read, in bytes.
const FILE_MAX: u64 = 1024 * 1024;
/// Mode of files in `/etc/cron.d`, which hold no secrets.
const MODE: u32 = 0o644;
/// Directory of crontabs of packages.
const CRON_D: &str = "etc/cron.d";
/// Programs of cron daemons: Debian's, cronie and busybox; and the generator of systemd-cron.
const DAEMONS: &[&str] = &["usr/sbin/cron", "usr/sbin/crond", "sbin/cron", "sbin/crond", "usr/bin/crond"];
const GENERATORS: &[&str] = &[
    "usr/lib/systemd/system-generators/systemd-crontab-generator",
    "lib/systemd/system-generators/systemd-crontab-generator",
];

/// A crontab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tab {
    /// A file whose lines name a user.
    File(PathBuf),
    /// The own one, behind `crontab -l` and `crontab -`.
    Own,
}

/// Returns whether a cron daemon is installed.
pub fn is_installed(host: &Host) -> bool {
    DAEMONS.iter().chain(GENERATORS).any(|file| host.path(file).exists())
}

/// Returns whether the cron daemon is running.
pub fn is_running(host: &Host) -> bool {
    let is_daemon = |name: &String| ["cron", "crond", "busybox-crond"].contains(&name.as_str());
    if !host.has_systemd() || host.programs.is_none() {
        return host.processes.iter().any(is_daemon);
    }
    // A process of that name may belong to a container.
    let units = ["is-active", "cron.service", "crond.service", "cronie.service", "cron.target"];
    let answer = host.attempt("systemctl", &units, "");
    answer.is_ok_and(|answer| answer.stdout.split(|byte| *byte == b'\n').any(|line| line == b"active"))
}

/// Returns whether the daemon is that of busybox, which reads only the crontabs of users.
fn is_busybox(host: &Host) -> bool {
    let real = |file: &&str| fs::read_link(host.path(file)).ok();
    DAEMONS.iter().find_map(real).is_some_and(|target| target.file_name().is_some_and(|name| name == "busybox"))
}

/// The crontab that `osmon schedule` writes to; `name`: `osmon` or `osmon-watch`.
pub fn usual(host: &Host, name: &str) -> Tab {
    if host.user.is_some() || is_busybox(host) { Tab::Own } else { Tab::File(host.path(CRON_D).join(name)) }
}

/// Every crontab of this user: for root those of the host too.
pub fn tabs(host: &Host) -> Vec<Tab> {
    let mut files = vec![host.path("etc/crontab")];
    let entries = fs::read_dir(host.path(CRON_D)).into_iter().flatten().flatten();
    // cron passes over names with a dot.
    let is_read = |path: &PathBuf| path.file_name().is_some_and(|name| !name.to_string_lossy().contains(['.', '~']));
    let mut added: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_read).collect();
    added.arrange();
    files.extend(added);
    let files = files.into_iter().filter(|file| host.user.is_none() && file.is_file()).map(Tab::File);
    files.chain([Tab::Own].into_iter().filter(|_| host.has_own_crontab)).collect()
}

/// The text of a crontab; empty where there is none.
///
/// # Errors
/// When it cannot be read.
pub fn read(host: &Host, tab: &Tab) -> Result<String> {
    match tab {
        Tab::File(file) => match read_at_most(file, FILE_MAX) {
            Ok(content) => Ok(String::from_utf8_lossy(&content).into_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(error).with_context(|| format!("could not read {}", file.display())),
        },
        Tab::Own if host.programs.is_none() => Ok(String::new()),
        Tab::Own => read_own(host),
    }
}

/// The own crontab. An unreadable one is an error: if it looked empty, writing it would lose its lines.
fn read_own(host: &Host) -> Result<String> {
    let Ok(finished) = host.attempt("crontab", &["-l"], "") else { return Ok(String::new()) };
    if finished.code == Some(0) {
        return Ok(String::from_utf8_lossy(&finished.stdout).into_owned());
    }
    let said = clean_bytes(finished.stderr.trim_ascii(), 200);
    // Of Debian and cronie, of busybox, also without a spool directory; and where the administrator allows this user none.
    let has_none = ["no crontab for", "can't open", "No such file or directory", "not allowed"];
    let has_none = has_none.iter().any(|text| said.contains(text));
    if has_none { Ok(String::new()) } else { Err(ErrorKind::BadData(format!("crontab -l: {said}")).into()) }
}

/// Replaces a crontab; one without any job is removed.
///
/// # Errors
/// When it cannot be written.
pub fn write(host: &Host, tab: &Tab, text: &str) -> Result<()> {
    match tab {
        Tab::File(file) if crontab::is_idle(text) => {
            fs::remove_file(file).with_context(|| format!("could not remove {}", file.display()))
        }
        Tab::File(file) => {
            if let Some(parent) = file.parent() {
                fs::create_dir_all(parent).with_context(|| format!("could not create {}", parent.display()))?;
            }
            replace(file, text.as_bytes(), MODE).with_context(|| format!("could not write {}", file.display()))
        }
        Tab::Own if text.trim().is_empty() => host.run("crontab", &["-r"], "").map(drop),
        Tab::Own => host.run("crontab", &["-"], text).map(drop),
    }
}

/// The name of a crontab in messages.
pub fn name(host: &Host, tab: &Tab) -> String {
    match tab {
        Tab::File(file) => host.shown(file),
        Tab::Own => format!("crontab of {}", host.user.as_ref().map_or("root", |user| &user.name)),
    }
}

/// The lines of all crontabs that run osmon.
///
/// # Errors
/// When a crontab cannot be read.
pub fn find(host: &Host) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    let mut running = None;
    for tab in tabs(host) {
        for job in crontab::jobs(&read(host, &tab)?, matches!(tab, Tab::File(_))) {
            let active = *running.get_or_insert_with(|| is_running(host));
            found.push(describe(host, &tab, job, active));
        }
    }
    Ok(found)
}

fn describe(host: &Host, tab: &Tab, job: Job, active: bool) -> Found {
    let trouble = match missing_program(&job.command, &host.base) {
        Some(program) => Some((format!("{program} does not exist; run "), "osmon schedule cron".to_string())),
        None if !is_installed(host) => {
            Some(("no cron daemon is installed; run ".to_string(), "osmon schedule timer".to_string()))
        }
        None if !active => Some(("the cron daemon is not running; start it: ".to_string(), start_command(host))),
        None => None,
    };
    let problem = trouble.as_ref().map(|(fact, remedy)| format!("{fact}{remedy}"));
    let modified = |file: &Path| DateTime::from_timestamp(file.metadata().ok()?.mtime(), 0);
    Found {
        kind: Kind::Cron,
        role: job.role,
        of_host: host.user.is_none(),
        file: name(host, tab),
        line: job.line,
        next: next(&job.when, host.now).filter(|_| problem.is_none()),
        when: job.when,
        command: job.command,
        active,
        problem,
        remedy: trouble.map(|(_, remedy)| remedy),
        since: if let Tab::File(file) = tab { modified(file) } else { None },
        last: None,
    }
}

/// The programs of osmon in a command line that are named by an absolute path.
pub fn own_programs(command: &str) -> impl Iterator<Item = &str> {
    let words = command.split(|c: char| c.is_whitespace() || ";&|'\"(){}".contains(c));
    words.filter(|word| {
        let name = word.rsplit('/').next().unwrap_or_default();
        word.starts_with('/') && (name == "osmon" || name.starts_with("osmon-"))
    })
}

/// The first program of osmon in a command line that does not exist below `base`.
pub fn missing_program(command: &str, base: &Path) -> Option<String> {
    own_programs(command).find(|program| !base.join(program.trim_start_matches('/')).exists()).map(ToString::to_string)
}

/// The command that starts the cron daemon.
fn start_command(host: &Host) -> String {
    let is_there =
        |name: &str| ["usr/sbin", "sbin", "usr/bin"].iter().any(|place| host.path(place).join(name).exists());
    let unit = ["cron", "crond"].into_iter().find(|name| is_there(name)).unwrap_or("cron.target");
    let sudo = if geteuid().is_root() { "" } else { "sudo " };
    if host.has_systemd() {
        format!("{sudo}systemctl enable --now {unit}")
    } else {
        format!("{sudo}service {unit} start")
    }
}

/// The next time of `* * * * *` and `*/N * * * *`.
fn next(when: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let minutes = when.strip_suffix(" * * * *")?;
    let step: i64 = if minutes == "*" { 1 } else { minutes.strip_prefix("*/")?.parse().ok()? };
    let step_seconds = step.checked_mul(60).filter(|seconds| (60..=1800).contains(seconds))?;
    DateTime::from_timestamp((now.timestamp().div_euclid(step_seconds) + 1) * step_seconds, 0)
}
