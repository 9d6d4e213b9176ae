//! Changes of the schedule. Each returns one sentence per change that was made; none when there was nothing to do.

use super::cron::{self, Tab};
use super::crontab;
use super::every::Every;
use super::find::find_own;
use super::found::{Found, Kind};
use super::host::Host;
use super::role::Role;
use super::{timer, unit_text};
use crate::base::error_kind::ErrorKind;
use anyhow::Result;

/// Names of the schedules: the minute and the dead man's switch.
const MINUTE: &str = "osmon";
const WATCH: &str = "osmon-watch";

/// Runs osmon by cron or by a timer, by the better one without `kind`, and never by both. A schedule of the same kind stays
/// as it is, also one that was edited, except for its interval where `every` is given. On a whole host the dead man's switch
/// is installed too, under the other scheduler where there is one.
///
/// # Errors
/// The scheduler is missing or cannot keep the interval, or a file cannot be written.
pub fn install(host: &Host, kind: Option<Kind>, every: Option<Every>) -> Result<Vec<String>> {
    host.live_programs()?;
    let found = find_own(host)?;
    let kind = kind.unwrap_or_else(|| choose(host, &found));
    let mut done = match kind {
        Kind::Cron => install_cron(host, &found, every)?,
        Kind::Timer => {
            timer::check_possible(host)?;
            let others = timers(&found, Role::Minute).into_iter().filter(|name| name != MINUTE).collect::<Vec<_>>();
            if others.is_empty() { timer::install(host, MINUTE, every)? } else { Vec::new() }
        }
    };
    let watch = watch_kind(host, kind);
    if watch == Some(Kind::Timer) {
        done.extend(timer::install(host, WATCH, None)?);
    }
    if watch == Some(Kind::Cron) && !found.iter().any(|found| is_usual_watch(host, found)) {
        done.extend(add_line(host, WATCH)?);
    }
    done.extend(clear_crontabs(host, |tab, job| match job.role {
        Role::Watch => {
            watch != Some(Kind::Cron) || cron::name(host, tab) != cron::name(host, &cron::usual(host, WATCH))
        }
        Role::Minute | Role::Step => kind != Kind::Cron,
    })?);
    if kind == Kind::Cron {
        done.extend(stop_timers(host, &found, Role::Minute, false)?);
    }
    if watch != Some(Kind::Timer) {
        done.extend(stop_timers(host, &found, Role::Watch, false)?);
    }
    Ok(done)
}

/// Removes every schedule of osmon; with `everything` also units that were edited.
///
/// # Errors
/// A file cannot be removed.
pub fn remove(host: &Host, everything: bool) -> Result<Vec<String>> {
    host.live_programs()?;
    let found = find_own(host)?;
    let mut done = clear_crontabs(host, |_, _| true)?;
    for role in [Role::Minute, Role::Step, Role::Watch] {
        done.extend(stop_timers(host, &found, role, everything)?);
    }
    Ok(done)
}

/// The kind that runs osmon already, else cron where its daemon is running, else the timer where systemd is, else cron
/// where it is installed.
fn choose(host: &Host, found: &[Found]) -> Kind {
    let works = |found: &&Found| found.role == Role::Minute && found.problem.is_none();
    let kept = found.iter().find(works).map(|found| found.kind);
    let can_time = || host.has_systemd() && timer::check_possible(host).is_ok();
    kept.unwrap_or_else(|| match cron::is_installed(host) {
        true if cron::is_running(host) || !can_time() => Kind::Cron,
        _ => Kind::Timer,
    })
}

/// The scheduler of the dead man's switch: where there are two, the one that does not run the minute. `None` for a user.
fn watch_kind(host: &Host, minute: Kind) -> Option<Kind> {
    if host.user.is_some() {
        return None;
    }
    let other = match minute {
        Kind::Cron if host.has_systemd() => Kind::Timer,
        Kind::Timer if cron::is_installed(host) && cron::is_running(host) => Kind::Cron,
        same => same,
    };
    Some(other)
}

fn is_usual_watch(host: &Host, found: &Found) -> bool {
    found.role == Role::Watch && found.file == cron::name(host, &cron::usual(host, WATCH))
}

fn install_cron(host: &Host, found: &[Found], every: Option<Every>) -> Result<Vec<String>> {
    if !cron::is_installed(host) {
        let text = "no cron daemon is installed; install one (apt install cron), or run osmon schedule timer";
        return Err(ErrorKind::CannotCreate(text.to_string()).into());
    }
    let too_often = || ErrorKind::Usage("cron runs at most once a minute; osmon schedule timer does more".to_string());
    let when = every.map(|every| every.cron().ok_or_else(too_often)).transpose()?;
    let is_good = |found: &Found| cron::missing_program(&found.command, &host.base).is_none();
    let minutes: Vec<&Found> =
        found.iter().filter(|found| found.kind == Kind::Cron && found.role == Role::Minute).collect();
    let kept = minutes.iter().find(|found| is_good(found)).map(|found| found.place());
    let mut done = clear_crontabs(host, |tab, job| {
        job.role == Role::Minute && kept.as_ref() != Some(&format!("{}:{}", cron::name(host, tab), job.line))
    })?;
    if kept.is_none() {
        done.extend(add_line(host, MINUTE)?);
    }
    if let Some(when) = when {
        done.extend(retime(host, &when)?);
    }
    Ok(done)
}

/// Adds the shipped line, or writes the shipped file where there is none.
fn add_line(host: &Host, name: &str) -> Result<Vec<String>> {
    let program = host.plain_program(Kind::Cron)?;
    let tab = cron::usual(host, name);
    let shipped = unit_text::cron_file(name, program);
    let text = cron::read(host, &tab)?;
    let is_file = matches!(tab, Tab::File(_));
    let text = if is_file && crontab::is_idle(&text) {
        shipped
    } else {
        let line = shipped.lines().find(|line| !line.starts_with('#')).unwrap_or_default();
        crontab::with(&text, if is_file { line.to_string() } else { line.replacen(" root ", " ", 1) }.as_str())
    };
    cron::write(host, &tab, &text)?;
    Ok(vec![format!("wrote {}", cron::name(host, &tab))])
}

/// Gives the line that measures other time fields.
fn retime(host: &Host, when: &str) -> Result<Vec<String>> {
    for tab in cron::tabs(host) {
        let text = cron::read(host, &tab)?;
        let jobs = crontab::jobs(&text, matches!(tab, Tab::File(_)));
        if let Some(job) = jobs.iter().find(|job| job.role == Role::Minute && job.when != when) {
            cron::write(host, &tab, &crontab::retimed(&text, job.line, when))?;
            return Ok(vec![format!("changed {} from {} to {when}", cron::name(host, &tab), job.when)]);
        }
    }
    Ok(Vec::new())
}

/// Takes lines that run osmon out of the crontabs.
fn clear_crontabs(host: &Host, is_unwanted: impl Fn(&Tab, &crontab::Job) -> bool) -> Result<Vec<String>> {
    let mut done = Vec::new();
    for tab in cron::tabs(host) {
        let text = cron::read(host, &tab)?;
        let jobs = crontab::jobs(&text, matches!(tab, Tab::File(_)));
        let unwanted: Vec<&crontab::Job> = jobs.iter().filter(|job| is_unwanted(&tab, job)).collect();
        if unwanted.is_empty() {
            continue;
        }
        let lines: Vec<usize> = unwanted.iter().map(|job| job.line).collect();
        cron::write(host, &tab, &crontab::without(&text, &lines))?;
        let removed =
            unwanted.iter().map(|job| format!("removed from {}: {} {}", cron::name(host, &tab), job.when, job.command));
        done.extend(removed);
    }
    Ok(done)
}

/// Names of enabled timers with a role, without the suffix.
fn timers(found: &[Found], role: Role) -> Vec<String> {
    let timers = found.iter().filter(|found| found.kind == Kind::Timer && found.role == role);
    let name = |found: &Found| Some(found.file.rsplit('/').next()?.strip_suffix(".timer")?.to_string());
    timers.filter_map(name).collect()
}

/// Disables timers with a role, and removes the units that osmon wrote for it.
fn stop_timers(host: &Host, found: &[Found], role: Role, everything: bool) -> Result<Vec<String>> {
    let mut names = timers(found, role);
    let own = match role {
        Role::Minute => Some(MINUTE),
        Role::Watch => Some(WATCH),
        Role::Step => None,
    };
    names.extend(own.map(ToString::to_string).filter(|own| !names.contains(own)));
    let mut done = Vec::new();
    for name in names {
        done.extend(timer::remove(host, &name, everything && own == Some(&name))?);
    }
    Ok(done)
}
