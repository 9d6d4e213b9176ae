//! Which processes of a recorded host may be ended, in which order.

use osmon::base::clock::Now;
use osmon::heal::actuator::{DryRun, Enforce};
use osmon::heal::case::Case;
use osmon::heal::end::End;
use osmon::heal::guard::Guard;
use osmon::heal::repair::Repair;
use osmon::heal::situation::Situation;
use osmon::host::Root;
use osmon::model::action::Status;
use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const HOG: &str = "/opt/app/hog";

/// One process of the recorded host; an ordinary hog of the user app unless changed.
#[derive(Clone)]
struct Process {
    pid: u32,
    parent: u32,
    session: u32,
    terminal: u32,
    name: &'static str,
    state: char,
    flags: u64,
    exe: &'static str,
    uids: &'static str,
    levels: &'static str,
    cgroup: &'static str,
    adjustment: i32,
    arguments: &'static str,
    pages: u64,
    ticks: u64,
}

const ORDINARY: Process = Process {
    pid: 100,
    parent: 1,
    session: 90,
    terminal: 0,
    name: "hog",
    state: 'S',
    flags: 4_194_560,
    exe: HOG,
    uids: "1001\t1001\t1001\t1001",
    levels: "1",
    cgroup: "0::/user.slice/user-1001.slice/session-4.scope\n",
    adjustment: 0,
    arguments: "hog\0",
    pages: 100_000,
    ticks: 50,
};

struct Recorded(TempDir);

impl Recorded {
    /// A host that booted 1000 s ago, with 4 GiB of memory. osmon is process 50, below cron 40.
    fn new(processes: &[Process]) -> Self {
        let host = Self(tempfile::tempdir().unwrap());
        host.write(
            "etc/passwd",
            b"root:x:0:0::/root:/bin/sh\napp:x:1001:1001::/:/bin/sh\nweb:x:1002:1002::/:/bin/sh\n",
        );
        host.write("proc/uptime", b"1000.00 500.00\n");
        host.write("proc/meminfo", b"MemTotal: 4194304 kB\n");
        let root = |pid, parent, exe| Process { pid, parent, session: pid, exe, uids: "0\t0\t0\t0", ..ORDINARY };
        let own = root(50, 40, "/usr/bin/osmon");
        for process in [&root(1, 0, "/usr/lib/systemd/systemd"), &root(40, 1, "/usr/sbin/cron"), &own] {
            host.add(&process.pid.to_string(), process);
        }
        host.add("self", &own);
        processes.iter().for_each(|process| host.add(&process.pid.to_string(), process));
        host
    }

    fn write(&self, name: &str, content: &[u8]) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn add(&self, directory: &str, it: &Process) {
        let file = |name: &str| format!("proc/{directory}/{name}");
        let stat = format!(
            "{} ({}) {} {} {} {} {} -1 {} 1 0 1 0 {} 0 0 0 20 0 1 0 {} 104857600 {} 1 1 1\n",
            it.pid,
            it.name,
            it.state,
            it.parent,
            it.session,
            it.session,
            it.terminal,
            it.flags,
            it.ticks,
            it.pid * 10,
            it.pages
        );
        self.write(&file("stat"), stat.as_bytes());
        self.write(&file("status"), format!("Name:\t{}\nUid:\t{}\nNSpid:\t{}\n", "x", it.uids, it.levels).as_bytes());
        self.write(&file("cgroup"), it.cgroup.as_bytes());
        self.write(&file("oom_score_adj"), format!("{}\n", it.adjustment).as_bytes());
        self.write(&file("cmdline"), it.arguments.as_bytes());
        symlink(it.exe, self.0.path().join(file("exe"))).unwrap();
    }

    fn situation(&self) -> Situation {
        let now = Now { wall: "2026-11-20T21:40:00Z".parse().unwrap(), boottime_seconds: 1000.0 };
        let harm = Some("tasks waited for memory".to_string());
        Situation { harm, ..Situation::calm(Root::new(Some(self.0.path())), now) }
    }
}

fn end(executables: &[&str]) -> End {
    let executables = executables.iter().map(|path| (*path).to_string()).collect();
    End { executables, users: vec!["app".to_string()], memory_bytes: 0 }
}

/// Candidates as pid and guards.
fn candidates(host: &Recorded, end: &End, metric: &str) -> Vec<(u32, Vec<Guard>)> {
    let case = Case { metric: metric.to_string(), ..Case::default() };
    let found = end.candidates(&case, &host.situation()).into_iter();
    let guards = |refused: Vec<osmon::heal::guard::Refusal>| refused.iter().map(|refusal| refusal.guard).collect();
    found.map(|it| (it.target.process.map_or(0, |process| process.pid), guards(it.refused))).collect()
}

#[test]
fn the_largest_comes_first_and_what_is_small_does_not_matter() {
    let sized = |pid, pages, ticks| Process { pid, pages, ticks, ..ORDINARY };
    // 5 % of 4 GiB are 52 429 pages.
    let host = Recorded::new(&[
        sized(10, 60_000, 90_000),
        sized(20, 200_000, 10),
        sized(30, 52_428, 0),
        sized(31, 52_430, 70_000),
    ]);
    let too_small = vec![Guard::ProcessTooSmall];
    let by_memory = [(20, vec![]), (10, vec![]), (31, vec![]), (30, too_small.clone())];
    for metric in ["memory.used_percent", "swap.used_percent", "pressure.memory.some_avg60_percent"] {
        assert_eq!(candidates(&host, &end(&[HOG]), metric), by_memory);
    }
    let by_cpu = [(10, vec![]), (31, vec![]), (20, too_small.clone()), (30, too_small)];
    for metric in ["cpu.busy_percent", "load.one_per_core", "pressure.cpu.some_avg60_percent"] {
        assert_eq!(candidates(&host, &end(&[HOG]), metric), by_cpu);
    }
}

#[test]
fn a_name_is_worth_nothing() {
    let host = Recorded::new(&[
        // Calls itself hog, and is not.
        Process { pid: 10, exe: "/usr/bin/vim", ..ORDINARY },
        // Is the hog, whatever it calls itself.
        Process { pid: 20, name: "a) S 1 (b\nc", ..ORDINARY },
        Process { pid: 30, uids: "1002\t1002\t1002\t1002", ..ORDINARY },
        Process { pid: 31, uids: "1001\t0\t0\t0", ..ORDINARY },
        Process { pid: 32, uids: "0\t0\t0\t0", ..ORDINARY },
        Process { pid: 33, exe: "/opt/app/hog (deleted)", ..ORDINARY },
    ]);
    let refused = vec![Guard::ProcessNotAllowed];
    let expected = [(20, vec![]), (30, refused.clone()), (31, refused.clone()), (32, refused.clone()), (33, refused)];
    assert_eq!(candidates(&host, &end(&[HOG]), "memory.used_percent"), expected);
    assert_eq!(candidates(&host, &end(&["hog"]), "memory.used_percent"), [(0, vec![Guard::NoTarget])]);
    assert_eq!(candidates(&host, &end(&["/opt/app"]), "memory.used_percent"), [(0, vec![Guard::NoTarget])]);
}

#[test]
fn everything_that_is_never_ended_although_the_list_names_it() {
    let python = "/usr/bin/python3.11";
    let named = [
        HOG,
        python,
        "/usr/lib/systemd/systemd",
        "/usr/sbin/cron",
        "/usr/bin/osmon",
        "/usr/sbin/sshd",
        "/usr/bin/dpkg",
        "/usr/sbin/e2fsck",
        "/usr/bin/bash",
        "/usr/bin/tmux",
        "/usr/bin/dockerd",
        "/usr/bin/borg",
    ];
    let (protected, session) = (Guard::ProcessProtected, Guard::ProcessOfSession);
    let cases: Vec<(Process, Vec<Guard>)> = vec![
        (Process { pid: 2, parent: 0, ..ORDINARY }, vec![protected]),
        (Process { pid: 200, parent: 2, ..ORDINARY }, vec![protected]),
        (Process { pid: 201, flags: 0x0020_8040, ..ORDINARY }, vec![protected]),
        (Process { pid: 202, exe: "/usr/sbin/e2fsck", ..ORDINARY }, vec![protected]),
        (Process { pid: 203, exe: "/usr/bin/dpkg", ..ORDINARY }, vec![protected]),
        (Process { pid: 204, exe: "/usr/bin/dockerd", ..ORDINARY }, vec![protected]),
        (Process { pid: 205, exe: python, arguments: "python3\0/usr/bin/borg\0create\0", ..ORDINARY }, vec![protected]),
        (Process { pid: 206, name: "sshd", ..ORDINARY }, vec![protected]),
        (Process { pid: 207, adjustment: -900, ..ORDINARY }, vec![protected]),
        (Process { pid: 208, session: 50, ..ORDINARY }, vec![session]),
        // A shell at a terminal, and the multiplexer above it.
        (Process { pid: 209, exe: "/usr/bin/tmux", ..ORDINARY }, vec![session]),
        (
            Process { pid: 210, parent: 209, session: 210, terminal: 34816, exe: "/usr/bin/bash", ..ORDINARY },
            vec![session],
        ),
        (Process { pid: 211, cgroup: "0::/system.slice/shop.service\n", ..ORDINARY }, vec![Guard::ProcessOfService]),
        (Process { pid: 212, cgroup: "0::/lxc.payload.web/\n", ..ORDINARY }, vec![Guard::ProcessNamespace]),
        (Process { pid: 213, levels: "213\t7", ..ORDINARY }, vec![Guard::ProcessNamespace]),
        (Process { pid: 214, state: 'D', ..ORDINARY }, vec![Guard::ProcessState]),
        (Process { pid: 215, state: 'Z', ..ORDINARY }, vec![Guard::ProcessState]),
        // Named by itself, what only a name protects may be ended; and what runs at the terminal of somebody.
        (Process { pid: 216, exe: "/usr/bin/borg", ..ORDINARY }, vec![]),
        (Process { pid: 217, parent: 210, session: 210, terminal: 34816, ..ORDINARY }, vec![]),
    ];
    let processes: Vec<Process> = cases.iter().map(|(process, _)| process.clone()).collect();
    let end = End { users: vec!["app".to_string(), "root".to_string()], ..end(&named) };
    let found = candidates(&Recorded::new(&processes), &end, "memory.used_percent");
    for (process, expected) in &cases {
        let guards = found.iter().find(|(pid, _)| *pid == process.pid).map(|(_, guards)| guards);
        assert_eq!(guards, Some(expected), "{}", process.pid);
    }
    // The system, cron and osmon itself.
    for pid in [1, 40, 50] {
        let (_, guards) = found.iter().find(|(other, _)| *other == pid).unwrap();
        assert!(guards.contains(&protected) && guards.contains(&session), "{pid}: {guards:?}");
    }
}

#[test]
fn processes_of_a_recorded_host_get_no_signal() {
    let host = Recorded::new(&[ORDINARY]);
    let (end, case) = (end(&[HOG]), Case { metric: "memory.used_percent".to_string(), ..Case::default() });
    let target = end.candidates(&case, &host.situation())[0].target.clone();
    assert_eq!(target.name, "/opt/app/hog of app");
    let until = Instant::now() + Duration::from_secs(30);
    let dry = end.act(&target, &case, &host.situation(), &DryRun, until);
    assert_eq!(
        (dry.status, dry.text.as_str()),
        (Status::Simulated, "would end hog (pid 100 of app) with 391 MiB of memory")
    );
    let outcome = end.act(&target, &case, &host.situation(), &Enforce, until);
    assert_eq!((outcome.status, outcome.is_final), (Status::Failed, false));
    assert!(outcome.text.ends_with("a recorded host is not changed"), "{}", outcome.text);
}
