//! Checks the schedule, the age of the newest record, and the dead man's switch.

use super::check::Check;
use crate::base::units::duration;
use crate::context::Context;
use crate::query::health::seconds_between;
use crate::setup::schedule::{Found, Kind, Role};
use anyhow::Result;
use chrono::{DateTime, Utc};
use nix::unistd::geteuid;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

const SET_UP: &str = "osmon schedule auto";

/// Schedule, last run and dead man's switch. `taken`: time of the newest record; `stale`: age above which it is too old,
/// in seconds.
pub fn checks(
    context: &Context,
    found: &Result<Vec<Found>>,
    whose: Whose,
    taken: Option<DateTime<Utc>>,
    stale: f64,
) -> Vec<Check> {
    let alert = &context.config.alert;
    let signs = [
        (!alert.ping_url.is_empty()).then_some("ping_url"),
        (!alert.sign_of_life.is_empty()).then_some("the daily status"),
    ];
    let signs: Vec<&str> = signs.into_iter().flatten().collect();
    let age = taken.map(|taken| seconds_between(taken, context.now.wall));
    match found {
        Ok(found) => {
            let (judged, others): (Vec<_>, Vec<_>) = found.iter().cloned().partition(|found| whose.is_judged(found));
            vec![minute(&judged, &others), last_run(age, stale), dead_man(&judged, &signs, whose)]
        }
        Err(error) => {
            vec![
                Check::warn("schedule", format!("could not be read: {error:#}"), "sudo osmon doctor"),
                last_run(age, stale),
            ]
        }
    }
}

/// The schedule that records into the data directory of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// That of the host, which runs as root.
    Host,
    /// That of the user who calls.
    User,
}

impl Whose {
    /// That of the owner of the data directory; a normal user who has none yet would make it.
    pub fn of(directory: &Path) -> Self {
        let is_of_others = || directory.metadata().is_ok_and(|meta| meta.uid() != geteuid().as_raw());
        if geteuid().is_root() || is_of_others() { Self::Host } else { Self::User }
    }

    fn is_judged(self, found: &Found) -> bool {
        found.of_host == (self == Self::Host)
    }
}

fn named(found: &Found) -> String {
    format!("{} ({})", if found.kind == Kind::Cron { "cron" } else { "systemd timer" }, found.place())
}

fn minute(found: &[Found], others: &[Found]) -> Check {
    let all: Vec<&Found> = found.iter().filter(|found| found.role == Role::Minute).collect();
    let Some(first) = all.first() else {
        return match others.iter().find(|other| other.role == Role::Minute) {
            // A user's own schedule records elsewhere than that of the host.
            Some(other) => {
                let text = format!("none records here; {} records in another directory", named(other));
                Check::warn("schedule", text, SET_UP)
            }
            None => Check::fail("schedule", "nothing runs osmon", SET_UP),
        };
    };
    if all.len() > 1 {
        let places: Vec<String> = all.iter().map(|found| named(found)).collect();
        return Check::warn("schedule", format!("osmon is run by {}", places.join(" and by ")), SET_UP);
    }
    let text = format!("{}, {}", named(first), first.when);
    match &first.problem {
        Some(problem) => {
            let remedy = first.remedy.clone().unwrap_or_else(|| SET_UP.to_string());
            Check::fail("schedule", format!("{text}: {problem}"), remedy)
        }
        None if !first.active => Check::fail("schedule", format!("{text}: not started"), SET_UP),
        None => Check::ok("schedule", text),
    }
}

fn last_run(age: Option<f64>, stale: f64) -> Check {
    match age {
        None => Check::fail("last-run", "nothing was recorded yet", "osmon run -v"),
        Some(age) if age > stale => {
            Check::fail("last-run", format!("{} ago", duration(age)), "osmon run -v; journalctl -n 20 -t CRON -t osmon")
        }
        Some(age) => Check::ok("last-run", format!("{} ago", duration(age))),
    }
}

fn dead_man(found: &[Found], signs: &[&str], whose: Whose) -> Check {
    let watch = found.iter().find(|found| found.role == Role::Watch && found.active && found.problem.is_none());
    let all: Vec<String> = watch.map(named).into_iter().chain(signs.iter().map(ToString::to_string)).collect();
    match (all.is_empty(), whose) {
        (true, Whose::User) => Check::warn(
            "dead-man",
            "nobody would notice if osmon stopped: there is no ping_url and no daily status",
            "osmon init --daily-status 08:00 (or --ping-url URL)",
        ),
        (true, Whose::Host) => Check::warn(
            "dead-man",
            "nobody would notice if osmon stopped: there is no dead man's switch, no ping_url and no daily status",
            "osmon schedule auto (or set ping_url under [alert])",
        ),
        (false, _) => Check::ok("dead-man", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;

    fn found(kind: Kind, role: Role, active: bool, problem: Option<&str>) -> Found {
        Found {
            kind,
            role,
            of_host: true,
            file: "/etc/cron.d/osmon".to_string(),
            line: 3,
            when: "* * * * *".to_string(),
            command: "/usr/bin/osmon run".to_string(),
            active,
            problem: problem.map(ToString::to_string),
            remedy: problem.map(|problem| format!("mend {problem}")),
            since: None,
            last: None,
            next: None,
        }
    }

    #[test]
    fn exactly_one_schedule_that_is_started_is_well() {
        let cron = || found(Kind::Cron, Role::Minute, true, None);
        let cases = [
            (vec![], State::Fail, "nothing runs osmon"),
            (vec![cron()], State::Ok, "cron (/etc/cron.d/osmon:3), * * * * *"),
            (vec![cron(), found(Kind::Timer, Role::Minute, true, None)], State::Warn, "and by systemd timer"),
            (vec![found(Kind::Cron, Role::Minute, false, None)], State::Fail, "not started"),
            (vec![found(Kind::Cron, Role::Minute, true, Some("no newline at its end"))], State::Fail, "no newline"),
            (vec![found(Kind::Cron, Role::Watch, true, None)], State::Fail, "nothing runs osmon"),
        ];
        for (found, state, text) in cases {
            let check = minute(&found, &[]);
            assert!(check.state == state && check.text.contains(text), "{check:?} for {text}");
            assert_eq!(check.fix.is_some(), state != State::Ok);
        }
        let own = Found { of_host: false, ..cron() };
        assert_eq!(minute(&[own], &[cron()]).state, State::Ok, "a user's and the host's");
        let check = minute(&[], &[cron()]);
        assert!(check.state == State::Warn && check.text.contains("in another directory"), "{check:?}");
        let stopped = minute(&[found(Kind::Cron, Role::Minute, false, Some("it"))], &[]);
        assert_eq!(stopped.fix.as_deref(), Some("mend it"));
    }

    #[test]
    fn one_way_to_notice_a_dead_cron_is_enough() {
        let watch = |active, problem| found(Kind::Timer, Role::Watch, active, problem);
        assert_eq!(dead_man(&[], &[], Whose::Host).state, State::Warn);
        assert_eq!(dead_man(&[watch(true, None)], &[], Whose::Host).state, State::Ok);
        assert_eq!(dead_man(&[watch(false, None), watch(true, Some("x"))], &[], Whose::Host).state, State::Warn);
        assert_eq!(dead_man(&[], &["ping_url"], Whose::Host).state, State::Ok);
    }

    #[test]
    fn the_last_run_is_lately() {
        assert_eq!(last_run(None, 180.0).state, State::Fail);
        assert_eq!(last_run(Some(180.0), 180.0).state, State::Ok);
        assert_eq!(last_run(Some(181.0), 180.0).state, State::Fail);
    }
}
