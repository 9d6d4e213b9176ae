//! Timers of systemd, or of a user's systemd.

use super::cron::missing_program;
use super::every::Every;
use super::found::{Found, Kind};
use super::host::Host;
use super::role::Role;
use super::unit_text;
use crate::base::error_kind::ErrorKind;
use crate::base::file::{read_at_most, replace};
use crate::base::sort::SmallSort;
use anyhow::{Context as _, Result};
use chrono::{DateTime, Local, NaiveDateTime, TimeZone, Utc};
use std::fs;
use std::path::{Path, PathBuf};

/// Largest unit that is read, in bytes.
const FILE_MAX: u64 = 256 * 1024;
/// Mode of units, which hold no secrets.
const MODE: u32 = 0o644;
/// Directory for units of the administrator.
const ETC: &str = "etc/systemd/system";
/// Directories for units of packages.
const PACKAGES: &[&str] = &["usr/local/lib/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"];
/// Directory of the links to enabled timers.
const WANTS: &str = "timers.target.wants";

/// The directory that units are written to.
fn own_directory(host: &Host) -> PathBuf {
    host.user.as_ref().map_or_else(|| host.path(ETC), |user| user.units.clone())
}

/// Directories of units, the one that wins first.
fn directories(host: &Host) -> Vec<PathBuf> {
    let packages = PACKAGES.iter().map(|directory| host.path(directory));
    let packages = packages.filter(|_| host.user.is_none());
    [own_directory(host)].into_iter().chain(packages).collect()
}

fn read(path: &Path) -> Option<String> {
    Some(String::from_utf8_lossy(&read_at_most(path, FILE_MAX).ok()?).into_owned())
}

/// The unit of that name: its file and text.
fn unit(host: &Host, name: &str) -> Option<(PathBuf, String)> {
    let files = directories(host).into_iter().map(|directory| directory.join(name));
    files.map(|file| (read(&file), file)).find_map(|(text, file)| Some((file, text?)))
}

/// The values of a key, in the order of the file; an empty one resets the list.
fn values(text: &str, key: &str) -> Vec<String> {
    let mut values = Vec::new();
    for line in text.lines() {
        match line.trim().strip_prefix(key).and_then(|rest| rest.trim_start().strip_prefix('=')) {
            Some(value) if value.trim().is_empty() => values.clear(),
            Some(value) => values.push(value.trim().to_string()),
            None => {}
        }
    }
    values
}

/// `systemctl` of the host or the user.
pub fn systemctl(host: &Host, arguments: &[&str]) -> Result<String> {
    let of_user = ["--user"].into_iter().filter(|_| host.user.is_some());
    host.run("systemctl", &of_user.chain(arguments.iter().copied()).collect::<Vec<_>>(), "")
}

/// Enabled timers that run osmon.
pub fn find(host: &Host) -> Vec<Found> {
    let wants = own_directory(host).join(WANTS);
    let mut names: Vec<String> = fs::read_dir(wants)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".timer"))
        .collect();
    names.arrange();
    names.iter().filter_map(|name| describe(host, name)).collect()
}

fn describe(host: &Host, name: &str) -> Option<Found> {
    let (file, mut text) = unit(host, name)?;
    let stem = name.strip_suffix(".timer")?;
    let service = values(&text, "Unit").pop().unwrap_or_else(|| format!("{stem}.service"));
    let (_, service) = unit(host, &service)?;
    let starts = values(&service, "ExecStart").into_iter();
    let command = starts
        .map(|line| line.trim_start_matches(['-', '@', ':', '+', '!']).to_string())
        .collect::<Vec<_>>()
        .join("; ");
    let role = Role::of(&command)?;
    let drop_ins = fs::read_dir(own_directory(host).join(format!("{name}.d"))).into_iter().flatten().flatten();
    let mut drop_ins: Vec<PathBuf> = drop_ins.map(|entry| entry.path()).collect();
    drop_ins.arrange();
    drop_ins.iter().filter_map(|file| read(file)).for_each(|more| text.push_str(&format!("\n{more}")));
    let state = state(host, name);
    let value = |key: &str| state.iter().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    let active = value("ActiveState") == Some("active");
    let of_user = if host.user.is_some() { " --user" } else { "" };
    let trouble = match missing_program(&command, &host.base) {
        Some(program) => Some((format!("{program} does not exist"), "osmon schedule timer".to_string())),
        None if !active => Some(("the timer is not active".to_string(), format!("systemctl{of_user} start {name}"))),
        None => None,
    };
    let problem = trouble.as_ref().map(|(fact, remedy)| format!("{fact}; run {remedy}"));
    Some(Found {
        kind: Kind::Timer,
        role,
        of_host: host.user.is_none(),
        file: host.shown(&file),
        line: 0,
        when: values(&text, "OnCalendar").join(", "),
        command,
        active,
        problem,
        remedy: trouble.map(|(_, remedy)| remedy),
        since: value("ActiveEnterTimestamp").and_then(time),
        last: value("LastTriggerUSec").and_then(time),
        next: value("NextElapseUSecRealtime").and_then(time),
    })
}

/// Lines `PROPERTY=VALUE` of systemd about a timer; empty where systemd does not run.
fn state(host: &Host, name: &str) -> Vec<String> {
    if host.programs.is_none() || !host.has_systemd() {
        return Vec::new();
    }
    let properties = "--property=ActiveState,ActiveEnterTimestamp,LastTriggerUSec,NextElapseUSecRealtime";
    let text = systemctl(host, &["show", properties, name]).unwrap_or_default();
    text.lines().map(ToString::to_string).collect()
}

/// A time as systemctl prints it: `Fri 2026-11-27 04:41:00 UTC`, in the zone of the host.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let mut words = text.split(' ').skip(1);
    let day_and_time = format!("{} {}", words.next()?, words.next()?);
    let naive = NaiveDateTime::parse_from_str(&day_and_time, "%Y-%m-%d %H:%M:%S").ok()?;
    match words.next() {
        Some("UTC") => Some(naive.and_utc()),
        _ => Local.from_local_datetime(&naive).earliest().map(|time| time.to_utc()),
    }
}

/// Enables a timer, from the package's units where they start this program, else from units written here. The interval
/// stays as it is without `every`. Returns what was done.
///
/// # Errors
/// When a unit cannot be written, or systemd refuses.
pub fn install(host: &Host, name: &str, every: Option<Every>) -> Result<Vec<String>> {
    let program = host.plain_program(Kind::Timer)?;
    let of_user = host.user.is_some();
    let mut done = Vec::new();
    let starts = unit(host, &format!("{name}.service")).map(|(_, text)| values(&text, "ExecStart").join(" "));
    let starts_this = starts.is_some_and(|line| line.split(' ').any(|word| word.trim_start_matches('-') == program));
    let has_timer = unit(host, &format!("{name}.timer")).is_some();
    if !starts_this || !has_timer {
        for suffix in ["service", "timer"] {
            let file = own_directory(host).join(format!("{name}.{suffix}"));
            put(&file, &unit_text::unit(name, suffix, of_user, program))?;
            done.push(format!("wrote {}", host.shown(&file)));
        }
    }
    if let Some(every) = every {
        let drop_in = own_directory(host).join(format!("{name}.timer.d/every.conf"));
        let text = unit_text::interval(&every.calendar());
        let known = read(&drop_in);
        if every == Every::MINUTE && known.is_some() {
            remove_file(&drop_in)?;
            done.push(format!("removed {}", host.shown(&drop_in)));
        } else if every != Every::MINUTE && known.as_ref() != Some(&text) {
            put(&drop_in, &text)?;
            done.push(format!("wrote {}", host.shown(&drop_in)));
        }
    }
    let timer = format!("{name}.timer");
    let is_enabled = own_directory(host).join(WANTS).join(&timer).is_symlink();
    let is_running = host.has_systemd();
    if is_enabled && done.is_empty() && (!is_running || state(host, &timer).contains(&"ActiveState=active".to_string()))
    {
        return Ok(done);
    }
    if is_running {
        systemctl(host, &["daemon-reload"])?;
    }
    systemctl(host, &["enable", "--quiet", &timer])?;
    if is_running {
        systemctl(host, &["restart", &timer])?;
    }
    done.push(format!("enabled {timer}"));
    Ok(done)
}

/// Disables a timer and removes the units that osmon wrote. Edited ones stay unless `everything` is to go. Returns what was
/// done.
///
/// # Errors
/// When systemd refuses, or a file cannot be removed.
pub fn remove(host: &Host, name: &str, everything: bool) -> Result<Vec<String>> {
    let timer = format!("{name}.timer");
    let mut done = Vec::new();
    let link = own_directory(host).join(WANTS).join(&timer);
    let was_enabled = link.is_symlink();
    if was_enabled {
        let now = ["--now"].into_iter().filter(|_| host.has_systemd());
        let words: Vec<&str> = ["disable", "--quiet"].into_iter().chain(now).chain([timer.as_str()]).collect();
        match systemctl(host, &words) {
            // A user's systemd runs while the user is logged in; without it only the link is there.
            Err(_) if host.user.is_some() && !has_user_systemd(host) => remove_file(&link)?,
            answer => answer.map(drop)?,
        }
        done.push(format!("disabled {timer}"));
    }
    let directory = own_directory(host);
    let mut removed = Vec::new();
    for suffix in ["service", "timer"] {
        let file = directory.join(format!("{name}.{suffix}"));
        let Some(text) = read(&file) else { continue };
        if everything || unit_text::is_shipped(&text, name, suffix, host.user.is_some()) {
            removed.push(file);
        } else if was_enabled {
            done.push(format!("kept {}, which was edited", host.shown(&file)));
        }
    }
    let drop_ins = directory.join(format!("{timer}.d"));
    removed.extend([drop_ins.join("every.conf")].into_iter().filter(|file| file.exists()));
    for file in &removed {
        remove_file(file)?;
        done.push(format!("removed {}", host.shown(file)));
    }
    // It stays where somebody has a drop-in of their own.
    let _ = fs::remove_dir(drop_ins);
    if !removed.is_empty() && host.has_systemd() && (host.user.is_none() || has_user_systemd(host)) {
        systemctl(host, &["daemon-reload"])?;
    }
    Ok(done)
}

/// Checks that timers are possible: systemd is installed, or that of the user runs.
///
/// # Errors
/// They are not; the message has advice.
pub fn check_possible(host: &Host) -> Result<()> {
    let refuse = |text: &str| Err(ErrorKind::CannotCreate(text.to_string()).into());
    if host.user.is_some() {
        let advice =
            "no systemd of yours is running; log in, or let root run loginctl enable-linger for you, or use cron";
        return if has_user_systemd(host) { Ok(()) } else { refuse(advice) };
    }
    let installed = ["usr/bin/systemctl", "bin/systemctl"].iter().any(|file| host.path(file).exists());
    if installed { Ok(()) } else { refuse("this host has no systemd; install cron (apt install cron)") }
}

/// Returns whether the systemd of a normal user answers.
fn has_user_systemd(host: &Host) -> bool {
    host.has_systemd() && systemctl(host, &["show", "--property=Version"]).is_ok()
}

fn put(file: &Path, text: &str) -> Result<()> {
    let parent = file.parent().unwrap_or(file);
    fs::create_dir_all(parent).with_context(|| format!("could not create {}", parent.display()))?;
    replace(file, text.as_bytes(), MODE).with_context(|| format!("could not write {}", file.display()))
}

fn remove_file(file: &Path) -> Result<()> {
    fs::remove_file(file).with_context(|| format!("could not remove {}", file.display()))
}
