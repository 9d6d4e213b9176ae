//! Restarts a service of systemd.

mod guards;
mod rights;
#[cfg(test)]
mod tests;
mod unit;
mod verdict;

use super::actuator::Actuator;
use super::case::Case;
use super::guard::{Guard, Refusal};
use super::repair::{Candidate, Repair, Verdict};
use super::situation::Situation;
use crate::base::subprocess::Finished;
use crate::base::text::{NAME_MAX, clean, clean_bytes};
use crate::model::action::{Outcome, Status, Target, UnitRun};
use crate::model::locale::key;
use crate::model::message::{Arg, Message};
use nix::unistd::{User, geteuid};
use std::io;
use std::time::{Duration, Instant};
use unit::Unit;

/// Time limit of a call of systemctl, which does not wait for the start.
const CALL_SECONDS: u64 = 10;
/// How long to wait for the run of the unit that a restart begins.
const SEEN: Duration = Duration::from_secs(3);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(200);
/// Time after which a verdict that is due and cannot be reached counts as a failure, in seconds.
const UNKNOWN_SECONDS: f64 = 600.0;

/// The repair with its settings; see [`crate::config::RepairSpec`].
pub struct Restart {
    /// The unit, if not that of the incident.
    pub unit: Option<String>,
    /// Pattern of the entry: a protected unit must be named by it in full.
    pub matches: String,
}

impl Restart {
    /// Name of the unit for an incident.
    fn name(&self, case: &Case) -> Result<String, Refusal> {
        let given = self.unit.clone().or_else(|| case.label("service")).or_else(|| case.label("unit"));
        let Some(name) = given else { return Err(Refusal::with(Guard::NoTarget, case.metric.as_str())) };
        let name = full(&name);
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || ":-_.\\@".contains(letter);
        let is_template = name.ends_with("@.service");
        let is_service = name.ends_with(".service") && name.chars().all(is_name) && !name.starts_with('-');
        if is_service && !is_template { Ok(name) } else { Err(Refusal::with(Guard::NoTarget, clean(&name, NAME_MAX))) }
    }

    fn refusals(&self, unit: &Unit, case: &Case, situation: &Situation) -> Vec<Refusal> {
        let requirements = match unit::requirements(&situation.root, unit) {
            Ok(requirements) => requirements,
            Err(error) => return vec![Refusal::with(Guard::NoTarget, error)],
        };
        let own = case.label("service").is_some_and(|service| unit.is_called(&service));
        let names = self.unit.iter().chain([&self.matches]);
        let check = guards::Check {
            unit,
            requirements: &requirements,
            is_about_state: own && case.metric.starts_with("service."),
            is_named: names.map(|name| full(name)).any(|name| unit.is_called(&name)),
            is_reset_lately: situation.start_limit_resets.contains(&unit.id()),
            boottime_seconds: situation.now.boottime_seconds,
        };
        check.refusals()
    }
}

impl Repair for Restart {
    fn candidates(&self, case: &Case, situation: &Situation) -> Vec<Candidate> {
        let refused = |name: String, refusal| {
            let target = Target { name, ..Target::default() };
            vec![Candidate { target, refused: vec![refusal], sighting: String::new() }]
        };
        let name = match self.name(case) {
            Ok(name) => name,
            Err(refusal) => return refused(self.unit.clone().unwrap_or_default(), refusal),
        };
        let unit = match unit::look(&situation.root, &name) {
            Ok(unit) => unit,
            Err(error) => return refused(name, Refusal::with(Guard::NoTarget, error)),
        };
        let mut refused = self.refusals(&unit, case, situation);
        if refused.is_empty() && rights::way(&situation.root, &unit.id()).is_none() {
            refused.push(Refusal::with(Guard::NoRight, missing()));
        }
        // A failed unit stays so. One that runs is restarted only after the incident was seen with this run three times.
        let sighting = if unit.active() == "failed" { String::new() } else { unit.invocation().to_string() };
        let known = unit.target(situation.now.boottime_seconds);
        let target = Target { name: known.unit.clone(), unit: Some(known), ..Target::default() };
        vec![Candidate { target, refused, sighting }]
    }

    fn act(
        &self,
        target: &Target,
        case: &Case,
        situation: &Situation,
        actuator: &dyn Actuator,
        until: Instant,
    ) -> Outcome {
        let Some(known) = &target.unit else { return Outcome::plain(Status::Failed, String::new()) };
        let unit = match unit::look(&situation.root, &known.unit) {
            Ok(unit) => unit,
            Err(error) => return Outcome::plain(Status::Failed, error),
        };
        let changed = (unit.invocation() != known.invocation).then(|| Refusal::new(Guard::UnitChanged));
        if let Some(refusal) = changed.into_iter().chain(self.refusals(&unit, case, situation)).next() {
            let message = Message::new(key::HEAL_UNIT_LEFT_ALONE).with("unit", known.unit.as_str());
            return Outcome::new(Status::Failed, message.with("reason", refusal.message));
        }
        let Some(way) = rights::way(&situation.root, &known.unit) else {
            return Outcome::new(Status::Failed, missing());
        };
        let Some(systemctl) = situation.root.program("systemctl") else {
            return Outcome::plain(Status::Failed, "a recorded host has no systemctl".to_string());
        };
        let call = |arguments: &[&str]| {
            let limit = until.saturating_duration_since(Instant::now()).min(Duration::from_secs(CALL_SECONDS));
            let (program, arguments) = way.command(&systemctl, arguments);
            problem(actuator.run(&program, &arguments, Vec::new(), limit), limit)
        };
        let resets = unit.is_start_limited(situation.now.boottime_seconds);
        if resets && let Some(problem) = call(&rights::reset(&known.unit)) {
            // Nobody knows whether a call without an answer got as far as the reset: it counts. The restart was not begun.
            let start_limit_reset = problem.status == Status::Interrupted;
            return Outcome { status: Status::Failed, start_limit_reset, ..problem };
        }
        let mut outcome = call(&rights::restart(&known.unit)).unwrap_or_else(|| {
            let (status, key) = match (actuator.is_dry(), resets) {
                (true, _) => (Status::Simulated, key::HEAL_UNIT_WOULD_RESTART),
                (false, true) => (Status::Done, key::HEAL_UNIT_RESTARTED_RESET),
                (false, false) => (Status::Done, key::HEAL_UNIT_RESTARTED),
            };
            Outcome::new(status, Message::new(key).with("unit", known.unit.as_str()))
        });
        outcome.start_limit_reset = resets;
        if outcome.status == Status::Done {
            outcome.run = begun(situation, &known.unit, &known.invocation, until);
        }
        outcome
    }

    fn verify(
        &self,
        target: &Target,
        done: &Outcome,
        since_seconds: f64,
        healthy_seconds: f64,
        is_open: Option<bool>,
        situation: &Situation,
    ) -> Verdict {
        let Some(before) = &target.unit else { return Verdict::Failed(Outcome::plain(Status::Failed, String::new())) };
        let looked = unit::look(&situation.root, &before.unit);
        let unit = looked.as_ref().map_or_else(|_| Unit::default(), Clone::clone);
        // A reboot begins another run of every unit.
        let is_of_this_boot = since_seconds < situation.now.boottime_seconds;
        let judge = verdict::Judge {
            before,
            run: done.run.as_ref().filter(|_| is_of_this_boot),
            unit: &unit,
            since_seconds,
            healthy_seconds,
            is_incident_open: if self.unit.is_some() { is_open } else { Some(false) },
            boottime_seconds: situation.now.boottime_seconds,
        };
        match looked {
            Ok(_) => judge.verdict(),
            Err(_) if since_seconds < judge.grace_seconds() + healthy_seconds + UNKNOWN_SECONDS => Verdict::Pending,
            Err(error) => Verdict::Failed(Outcome::plain(Status::Failed, error)),
        }
    }

    fn least_seconds(&self) -> u64 {
        5
    }

    /// Rights are granted for each unit, so `candidates` checks them.
    fn missing_right(&self, _: &Situation) -> Option<String> {
        None
    }
}

/// `nginx` is `nginx.service`.
fn full(name: &str) -> String {
    if name.contains('.') { name.to_string() } else { format!("{name}.service") }
}

/// The right that is missing, in words.
fn missing() -> Message {
    let user = User::from_uid(geteuid()).ok().flatten().map_or_else(|| geteuid().to_string(), |user| user.name);
    Message::new(key::HEAL_UNIT_RIGHT).with("user", user)
}

/// Waits until the unit has begun another run; `None`: it has not yet.
fn begun(situation: &Situation, name: &str, before: &str, until: Instant) -> Option<UnitRun> {
    let until = until.checked_sub(Duration::from_secs(1))?.min(Instant::now() + SEEN);
    loop {
        let unit = unit::look(&situation.root, name).ok()?;
        if !unit.invocation().is_empty() && unit.invocation() != before {
            return Some(UnitRun { invocation: unit.invocation().to_string(), restarts: unit.restarts() });
        }
        if situation.root.is_recorded() || Instant::now() >= until {
            return None;
        }
        std::thread::sleep(PAUSE);
    }
}

/// The outcome of a call of systemctl that did not succeed; `None`: it did. A call that was killed may have reached systemd: it
/// is interrupted.
fn problem(finished: io::Result<Finished>, limit: Duration) -> Option<Outcome> {
    let failed = |text: String| Some(Outcome::plain(Status::Failed, text));
    match finished {
        Err(error) => failed(format!("systemctl: {error}")),
        Ok(done) if done.timed_out => {
            let seconds = Arg::Duration { seconds: limit.as_secs_f64().round() };
            Some(Outcome::new(Status::Interrupted, Message::new(key::HEAL_UNIT_NO_ANSWER).with("time", seconds)))
        }
        Ok(done) if done.code == Some(0) => None,
        Ok(done) => {
            let status = if done.code.is_some() { Status::Failed } else { Status::Interrupted };
            Some(Outcome::plain(status, clean_bytes(done.stderr.trim_ascii(), 200)))
        }
    }
}
