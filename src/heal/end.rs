//! Ends a process: one that the allow-list names by executable and user, and that no guard keeps.

use super::actuator::Actuator;
use super::allow_list::AllowList;
use super::by_incident;
use super::case::Case;
use super::ending::{self, KILL_WAIT, TERM_WAIT};
use super::guard::{Guard, Refusal};
use super::process_guards::Surroundings;
use super::process_load::{self, Load};
use super::repair::{Candidate, Repair, Verdict};
use super::situation::Situation;
use crate::base::pidfd;
use crate::host::process_facts::ProcessFacts;
use crate::host::rights::Capability;
use crate::model::action::{Outcome, ProcessTarget, Status, Target};
use crate::model::locale::key;
use crate::model::message::Message;
use rustix::io::Errno;
use rustix::process::Signal;
use std::time::Instant;

/// Ticks per second in `/proc`: fixed to 100 for user space on every Linux (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;
/// Most candidates that are named, of those that may be ended and of those that may not.
const NAMED: usize = 20;

/// The repair with its settings; see [`crate::config::RepairSpec`].
pub struct End {
    /// Executables that may be ended.
    pub executables: Vec<String>,
    /// Users whose processes may be ended.
    pub users: Vec<String>,
    /// Least resident memory, in bytes.
    pub memory_bytes: u64,
}

impl End {
    /// The guards that refuse a process, except those of what it uses and whether that matters.
    fn refusals(&self, allowed: &AllowList, around: &Surroundings, process: &ProcessFacts) -> Vec<Refusal> {
        let not_allowed = allowed.objection(process).map(|detail| Refusal::with(Guard::ProcessNotAllowed, detail));
        not_allowed.into_iter().chain(around.refusals(process)).collect()
    }

    fn candidate(&self, process: &ProcessFacts, allowed: &AllowList, refused: Vec<Refusal>) -> Candidate {
        let target = target(process, allowed);
        let sighting = target.process.as_ref().map(|it| format!("{} {}", it.pid, it.start_ticks)).unwrap_or_default();
        Candidate { target, refused, sighting }
    }

    /// The candidate that says why there is nothing to end.
    fn nothing(&self, situation: &Situation) -> Candidate {
        let link = |path: &String| {
            let target = situation.root.resolved_program(path)?;
            Some(Message::new(key::REPAIR_LINKED_PROGRAM).with("path", path.as_str()).with("target", target))
        };
        let nothing = || Message::new(key::REPAIR_NO_PROCESS).with("path", self.executables.join(", "));
        let detail = self.executables.iter().find_map(link).unwrap_or_else(nothing);
        let target = Target { name: self.executables.join(", "), ..Target::default() };
        Candidate { target, refused: vec![Refusal::with(Guard::NoTarget, detail)], sighting: String::new() }
    }

    /// The reasons why ending a process would not help, or is not possible.
    fn objections(&self, load: &Load, situation: &Situation) -> Vec<Refusal> {
        let process = &load.process;
        let mut refused = Vec::new();
        refused.extend(load.smallness(self.memory_bytes).map(|detail| Refusal::with(Guard::ProcessTooSmall, detail)));
        if situation.harm.is_none() {
            refused.push(Refusal::new(Guard::NoHarm));
        }
        if situation.unkillable.contains(&(process.pid, process.stat.start_ticks)) {
            refused.push(Refusal::new(Guard::ProcessUnkillable));
        }
        if !situation.root.is_recorded() && pidfd::may_signal(process.pid) == Err(Errno::PERM) {
            refused.push(Refusal::with(Guard::NoRight, "CAP_KILL"));
        }
        refused
    }
}

impl Repair for End {
    fn candidates(&self, case: &Case, situation: &Situation) -> Vec<Candidate> {
        let root = &situation.root;
        let allowed = AllowList::new(root, &self.executables, &self.users);
        let named = root.pids().into_iter().filter(|pid| root.executable(*pid).is_some_and(|exe| allowed.names(&exe)));
        let named: Vec<ProcessFacts> = named.filter_map(|pid| root.process_facts(pid)).collect();
        if named.is_empty() {
            return vec![self.nothing(situation)];
        }
        let around = Surroundings::of(root);
        let (mut free, mut kept) = (Vec::new(), Vec::new());
        for load in process_load::ranked(case, situation, named) {
            let mut refused = self.refusals(&allowed, &around, &load.process);
            refused.extend(self.objections(&load, situation));
            let list = if refused.is_empty() { &mut free } else { &mut kept };
            list.push(self.candidate(&load.process, &allowed, refused));
        }
        free.truncate(NAMED);
        kept.truncate(NAMED);
        free.into_iter().chain(kept).collect()
    }

    fn act(
        &self,
        target: &Target,
        _: &Case,
        situation: &Situation,
        actuator: &dyn Actuator,
        until: Instant,
    ) -> Outcome {
        let Some(process) = &target.process else {
            return ending::untouched(&target.name, Message::new(Guard::ProcessChanged.key()));
        };
        let root = &situation.root;
        // Looked at anew, now that the descriptor is open: what is read is of the process behind it, or refused.
        let check = |signal: Signal| -> Result<(), Message> {
            let changed = || Message::new(Guard::ProcessChanged.key());
            let facts = root.process_facts(process.pid).ok_or_else(changed)?;
            let exe = facts.exe.as_ref().map(|exe| exe.path.as_slice()).unwrap_or_default();
            let is_same = facts.stat.start_ticks == process.start_ticks
                && exe == process.exe.as_bytes()
                && facts.uids.iter().all(|uid| *uid == process.uid);
            if !is_same {
                return Err(changed());
            }
            let allowed = AllowList::new(root, &self.executables, &self.users);
            let mut refused = self.refusals(&allowed, &Surroundings::of(root), &facts);
            // That it sleeps is no reason to spare a process that was asked to end.
            refused.retain(|refusal| signal == Signal::TERM || refusal.guard != Guard::ProcessState);
            refused.into_iter().next().map_or(Ok(()), |refusal| Err(refusal.message))
        };
        ending::end(process, root, actuator, until, &check)
    }

    fn verify(
        &self,
        target: &Target,
        _: &Outcome,
        since_seconds: f64,
        healthy_seconds: f64,
        is_open: Option<bool>,
        situation: &Situation,
    ) -> Verdict {
        let Some(process) = &target.process else {
            return by_incident::verdict(since_seconds, healthy_seconds, is_open);
        };
        let now = situation.root.process_stat(&process.pid.to_string());
        if now.is_some_and(|stat| stat.start_ticks == process.start_ticks && !matches!(stat.state, b'Z' | b'X')) {
            let message = Message::new(key::REPAIR_PROCESS_STILL_THERE).with("process", ending::called(process));
            return Verdict::Failed(Outcome::new(Status::Failed, message));
        }
        by_incident::verdict(since_seconds, healthy_seconds, is_open)
    }

    fn least_seconds(&self) -> u64 {
        TERM_WAIT.as_secs() + KILL_WAIT.as_secs() + 1
    }

    fn missing_right(&self, situation: &Situation) -> Option<String> {
        let root = &situation.root;
        if root.is_recorded() {
            return None;
        }
        let users = root.users();
        if self.users.iter().all(|user| users.uid(user) == Some(root.own_uid())) && root.own_uid() != 0 {
            return None;
        }
        let needed = [(Capability::Kill, "CAP_KILL"), (Capability::SysPtrace, "CAP_SYS_PTRACE")];
        let missing: Vec<&str> =
            needed.into_iter().filter(|(right, _)| !root.has_capability(*right)).map(|(_, name)| name).collect();
        (!missing.is_empty()).then(|| missing.join(", "))
    }
}

fn target(process: &ProcessFacts, allowed: &AllowList) -> Target {
    let path = process.exe.as_ref().map(|exe| String::from_utf8_lossy(&exe.path).into_owned()).unwrap_or_default();
    let [uid, ..] = process.uids;
    let user = allowed.user_name(uid);
    Target {
        name: format!("{path} of {user}"),
        process: Some(ProcessTarget {
            exe: path,
            name: process.stat.name.clone(),
            pid: process.pid,
            start_ticks: process.stat.start_ticks,
            parent: process.stat.parent,
            uid,
            user,
            cgroup: process.cgroups.first().cloned().unwrap_or_default(),
            memory_bytes: process.memory_bytes,
            cpu_seconds: process.stat.cpu_ticks as f64 / TICKS_PER_SECOND,
        }),
        ..Target::default()
    }
}
