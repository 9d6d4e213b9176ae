//! Guards that keep a process from being ended, whatever the allow-list says.

use super::guard::{Guard, Refusal};
use super::process_owner::{ProcessOwner, owner};
use super::protected::protected_as;
use crate::base::pidfd;
use crate::host::Root;
use crate::host::process_facts::ProcessFacts;
use crate::host::process_stat::IdentityStat;
use crate::model::locale::key;
use crate::model::message::Message;
use std::collections::{BTreeMap, HashSet};

/// With this `oom_score_adj` or a lower one, somebody wants the kernel to end nearly everything else first.
const ADJUSTMENT_PROTECTED: i64 = -900;

/// Facts about the processes around a candidate, which may depend on it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Surroundings {
    /// osmon and all its ancestors.
    own: HashSet<u32>,
    /// Session of osmon; `None`: unknown; 0: its leader is outside this PID namespace, and so is each process of session 0.
    own_session: Option<u32>,
    /// First processes of the sessions of terminals, and all their ancestors.
    logins: HashSet<u32>,
    /// `/proc` numbers processes as osmon would signal them.
    is_own_namespace: bool,
    /// The kernel has process file descriptors.
    has_pidfd: bool,
}

impl Surroundings {
    /// The processes of a host.
    pub fn of(root: &Root) -> Self {
        let all: BTreeMap<u32, IdentityStat> =
            root.pids().into_iter().filter_map(|pid| Some((pid, root.process_stat(&pid.to_string())?))).collect();
        let own = root.process_stat("self");
        Self {
            is_own_namespace: root.own_namespace_depth() == 1,
            has_pidfd: root.is_recorded() || pidfd::open(std::process::id()).is_ok(),
            ..Self::among(&all, own.as_ref())
        }
    }

    fn among(all: &BTreeMap<u32, IdentityStat>, own: Option<&IdentityStat>) -> Self {
        let mut around = Self { own_session: own.map(|own| own.session), ..Self::default() };
        if let Some(own) = own {
            around.own = ancestors(all, own.pid);
        }
        for leader in all.values().filter(|stat| stat.pid == stat.session && stat.terminal != 0) {
            around.logins.extend(ancestors(all, leader.pid));
        }
        around
    }

    /// Every guard that refuses a process.
    pub fn refusals(&self, process: &ProcessFacts) -> Vec<Refusal> {
        let protected = |detail: Message| Refusal::with(Guard::ProcessProtected, detail);
        let of_session = |detail: Message| Refusal::with(Guard::ProcessOfSession, detail);
        let stat = &process.stat;
        let mut refused = Vec::new();
        if process.pid <= 2 {
            refused.push(Refusal::with(Guard::ProcessProtected, format!("pid {}", process.pid)));
        }
        if stat.is_kernel_thread || stat.parent == 2 || process.exe.is_none() {
            refused.push(protected(Message::new(key::REPAIR_KERNEL_THREAD)));
        }
        if let Some(name) = protected_as(&program(process), &stat.name, &process.script) {
            refused.push(Refusal::with(Guard::ProcessProtected, name));
        }
        if process.oom_score_adj <= ADJUSTMENT_PROTECTED {
            let detail = format!("oom_score_adj {}", process.oom_score_adj);
            refused.push(Refusal::with(Guard::ProcessProtected, detail));
        }
        if self.own.contains(&process.pid) {
            refused.push(of_session(Message::new(key::REPAIR_OWN_PROCESS)));
        } else if self.own_session == Some(stat.session) {
            refused.push(of_session(Message::new(key::REPAIR_OWN_SESSION)));
        }
        if self.logins.contains(&process.pid) {
            refused.push(of_session(Message::new(key::REPAIR_LOGIN)));
        }
        match owner(&process.cgroups) {
            ProcessOwner::Unit(unit) => refused.push(Refusal::with(Guard::ProcessOfService, unit)),
            ProcessOwner::Container => refused.push(Refusal::new(Guard::ProcessNamespace)),
            ProcessOwner::Nobody if process.namespace_depth != 1 || !self.is_own_namespace => {
                refused.push(Refusal::new(Guard::ProcessNamespace));
            }
            ProcessOwner::Nobody => {}
        }
        let state = match stat.state {
            b'R' | b'S' | b'I' => None,
            b'D' => Some(key::REPAIR_STATE_UNINTERRUPTIBLE),
            b'T' | b't' => Some(key::REPAIR_STATE_STOPPED),
            _ => Some(key::REPAIR_STATE_ENDED),
        };
        refused.extend(state.map(|key| Refusal::with(Guard::ProcessState, Message::new(key))));
        if !self.has_pidfd {
            refused.push(Refusal::new(Guard::NoPidfd));
        }
        refused
    }
}

/// Base name of the program of a process.
fn program(process: &ProcessFacts) -> String {
    let path = process.exe.as_ref().map(|exe| String::from_utf8_lossy(&exe.path).into_owned()).unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default().to_string()
}

/// A process and all its ancestors.
fn ancestors(all: &BTreeMap<u32, IdentityStat>, pid: u32) -> HashSet<u32> {
    let mut found = HashSet::new();
    let mut next = pid;
    // The parent of pid 1 is 0. A number used twice while this was read could make a circle.
    while next != 0 && found.insert(next) {
        next = all.get(&next).map_or(0, |stat| stat.parent);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::process_facts::Executable;

    fn stat(pid: u32, parent: u32, session: u32, terminal: i64) -> IdentityStat {
        IdentityStat {
            pid,
            name: "hog".to_string(),
            state: b'S',
            parent,
            session,
            terminal,
            is_kernel_thread: false,
            cpu_ticks: 0,
            start_ticks: 900,
            resident_pages: 1,
        }
    }

    fn hog() -> ProcessFacts {
        ProcessFacts {
            pid: 700,
            stat: stat(700, 1, 650, 0),
            exe: Some(Executable { path: b"/usr/bin/hog".to_vec(), is_deleted: false, file: None }),
            uids: [1000; 4],
            namespace_depth: 1,
            cgroups: vec!["/user.slice/user-1000.slice/session-3.scope".to_string()],
            oom_score_adj: 0,
            script: String::new(),
            memory_bytes: 1 << 30,
        }
    }

    /// osmon 50 below cron 40, in its own session; a shell 61 of a terminal below sshd 60; a terminal multiplexer 700 with a
    /// shell 62, unless `hog` is something else.
    fn around(is_multiplexer: bool) -> Surroundings {
        let mut all: Vec<IdentityStat> = vec![
            stat(1, 0, 1, 0),
            stat(40, 1, 40, 0),
            stat(50, 40, 45, 0),
            stat(60, 1, 60, 0),
            stat(61, 60, 61, 34816),
            stat(700, 1, 650, 0),
        ];
        if is_multiplexer {
            all.push(stat(62, 700, 62, 34817));
        }
        let all = all.into_iter().map(|stat| (stat.pid, stat)).collect();
        let among = Surroundings::among(&all, Some(&stat(50, 40, 45, 0)));
        Surroundings { is_own_namespace: true, has_pidfd: true, ..among }
    }

    fn guards(process: &ProcessFacts, around: &Surroundings) -> Vec<Guard> {
        around.refusals(process).into_iter().map(|refusal| refusal.guard).collect()
    }

    #[test]
    fn each_guard_refuses_alone() {
        type Change = fn(&mut ProcessFacts);
        let cases: [(&str, Guard, Change); 22] = [
            ("kthreadd", Guard::ProcessProtected, |it| it.pid = 2),
            ("thread of the kernel by its flag", Guard::ProcessProtected, |it| it.stat.is_kernel_thread = true),
            ("thread of the kernel by its parent", Guard::ProcessProtected, |it| it.stat.parent = 2),
            ("no executable", Guard::ProcessProtected, |it| it.exe = None),
            ("protected name", Guard::ProcessProtected, |it| it.stat.name = "sshd".to_string()),
            ("protected script", Guard::ProcessProtected, |it| {
                it.exe = Some(Executable { path: b"/usr/bin/python3.11".to_vec(), is_deleted: false, file: None });
                it.script = "dnf".to_string();
            }),
            ("protected executable", Guard::ProcessProtected, |it| {
                it.exe = Some(Executable { path: b"/usr/sbin/cron".to_vec(), is_deleted: false, file: None });
            }),
            ("adjustment -1000", Guard::ProcessProtected, |it| it.oom_score_adj = -1000),
            ("adjustment -900", Guard::ProcessProtected, |it| it.oom_score_adj = -900),
            ("osmon", Guard::ProcessOfSession, |it| it.pid = 50),
            ("its parent", Guard::ProcessOfSession, |it| it.pid = 40),
            ("its session", Guard::ProcessOfSession, |it| it.stat.session = 45),
            ("a login", Guard::ProcessOfSession, |it| it.pid = 60),
            ("the shell of a login", Guard::ProcessOfSession, |it| it.pid = 61),
            ("a service", Guard::ProcessOfService, |it| it.cgroups = vec!["/system.slice/a.service".to_string()]),
            ("a container", Guard::ProcessNamespace, |it| it.cgroups = vec!["/lxc.payload.web".to_string()]),
            ("another pid namespace", Guard::ProcessNamespace, |it| it.namespace_depth = 2),
            ("an unknown pid namespace", Guard::ProcessNamespace, |it| it.namespace_depth = 0),
            ("uninterruptible", Guard::ProcessState, |it| it.stat.state = b'D'),
            ("zombie", Guard::ProcessState, |it| it.stat.state = b'Z'),
            ("stopped", Guard::ProcessState, |it| it.stat.state = b'T'),
            ("traced", Guard::ProcessState, |it| it.stat.state = b't'),
        ];
        let around = around(false);
        assert_eq!(guards(&hog(), &around), [], "the process itself may be ended");
        for (name, guard, change) in cases {
            let mut process = hog();
            change(&mut process);
            assert_eq!(guards(&process, &around), [guard], "{name}");
        }
    }

    #[test]
    fn a_session_whose_leader_is_outside_the_pid_namespace_is_its_own_session_too() {
        let all = [(50, stat(50, 40, 0, 0))].into_iter().collect();
        let around = Surroundings::among(&all, Some(&stat(50, 40, 0, 0)));
        let around = Surroundings { is_own_namespace: true, has_pidfd: true, ..around };
        let mut process = hog();
        assert_eq!(guards(&process, &around), []);
        process.stat.session = 0;
        assert_eq!(guards(&process, &around), [Guard::ProcessOfSession]);
    }

    #[test]
    fn the_first_processes_are_protected_also_where_nothing_else_is_known() {
        let alone = Surroundings { is_own_namespace: true, has_pidfd: true, ..Surroundings::default() };
        for pid in [1, 2] {
            assert_eq!(guards(&ProcessFacts { pid, ..hog() }, &alone), [Guard::ProcessProtected]);
        }
    }

    #[test]
    fn guards_of_the_whole_host() {
        assert_eq!(guards(&hog(), &around(true)), [Guard::ProcessOfSession], "a shell of a terminal lives in it");
        let foreign = Surroundings { is_own_namespace: false, ..around(false) };
        assert_eq!(guards(&hog(), &foreign), [Guard::ProcessNamespace]);
        let old = Surroundings { has_pidfd: false, ..around(false) };
        assert_eq!(guards(&hog(), &old), [Guard::NoPidfd]);
    }

    #[test]
    fn the_adjustment_of_an_ordinary_service_is_no_protection() {
        assert_eq!(guards(&ProcessFacts { oom_score_adj: -899, ..hog() }, &around(false)), []);
    }

    #[test]
    fn a_circle_of_parents_ends() {
        let all = [stat(5, 6, 5, 0), stat(6, 5, 6, 0)].map(|stat| (stat.pid, stat)).into();
        assert_eq!(ancestors(&all, 5), HashSet::from([5, 6]));
    }
}
