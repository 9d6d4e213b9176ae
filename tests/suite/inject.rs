//! A fault at each system call that changes the data directory, in a run that ends an hour, a day and a month: the process
//! is killed before the call, or the call fails with EIO or ENOSPC. One run for each call and fault.

use super::harness::{Host, copy, skip, tool};
use super::invariant::{self, History};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const CALLS: [&str; 11] = [
    "write",
    "pwrite64",
    "fdatasync",
    "fsync",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "linkat",
    "ftruncate",
];
const FAULTS: [&str; 3] = ["signal=KILL", "error=EIO", "error=ENOSPC"];
/// Number of faults without OSMON_TEST_KILLS, evenly distributed.
const SAMPLE: usize = 240;
const LANES: usize = 4;

/// The n-th call of a kind in its thread that concerns this path, which is relative to the data directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Target {
    call: String,
    path: String,
    nth: usize,
}

/// Every call of a run on the data directory. The run is in a process namespace, so that its process id and temporary
/// names are predictable.
fn traced(host: &Host, log: &Path, rest: &[String]) -> Output {
    let mut command = Command::new("unshare");
    // Not --seccomp-bpf: no signal is delivered there, and its own trial changes the number of the process.
    command.args(["-pf", "--mount-proc", "strace", "-f", "-y", "-s", "0", "-o"]).arg(log).args(rest);
    let run = host.command("osmon", &["run"]);
    command.arg(run.get_program()).args(run.get_args()).env_clear().env("PATH", "/usr/bin:/bin").env("TZ", "UTC");
    command.output().unwrap()
}

/// The calls in a log of strace, each once.
fn targets(log: &str, data: &str) -> Vec<Target> {
    let mut seen: Vec<(String, String, Vec<String>)> = Vec::new();
    let mut found = Vec::new();
    for line in log.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let Some((call, arguments)) = rest.trim_start().split_once('(') else { continue };
        let paths = paths(arguments, data);
        // For rename, strace filters on the first path only.
        let path = if call == "rename" { paths.first() } else { paths.last() };
        let Some(path) = path.filter(|_| CALLS.contains(&call)).cloned() else { continue };
        let same = |(other, kind, paths): &&(String, String, Vec<String>)| {
            other == thread && kind == call && paths.contains(&path)
        };
        let nth = seen.iter().filter(same).count() + 1;
        seen.push((thread.to_string(), call.to_string(), paths));
        found.push(Target { call: call.to_string(), path, nth });
    }
    let mut known = BTreeSet::new();
    found.retain(|target| known.insert(target.clone()));
    found
}

/// Paths below the data directory among the arguments: of descriptors, and as text.
fn paths(arguments: &str, data: &str) -> Vec<String> {
    let arguments = arguments.split(") = ").next().unwrap();
    let parts = arguments.split(['<', '>', '"']);
    parts.filter_map(|part| part.strip_prefix(data)).map(ToString::to_string).collect()
}

/// A host at the end of a month, with an open day of three streams, sealed days, rollups of every tier, and an alert that
/// begins with the next run.
fn prepared() -> Host {
    let mut host = Host::recorded("vm");
    let (mail, program) = (host.path("mail"), host.path("sendmail"));
    fs::write(&program, format!("#!/bin/sh\ncat >> {}\n", mail.display())).unwrap();
    tool("chmod", &["755", program.to_str().unwrap()]).ok();
    host.config = format!(
        "[alert]\nto = [\"ops@example.org\"]\n[alert.sendmail]\nprogram = \"{}\"\n{}",
        program.display(),
        concat!(
            "[rule.cpu]\nwarning = 85\nfor = \"0s\"\nclear_for = \"0s\"\n",
            "[rule.load]\nenabled = false\n[rule.disk]\nenabled = false\n[rule.memory]\nenabled = false\n"
        )
    );
    let moments = [
        ("2026-11-29T22:00:00Z", 10),
        ("2026-11-29T23:30:00Z", 10),
        ("2026-11-30T00:10:00Z", 10),
        ("2026-11-30T22:29:00Z", 10),
        ("2026-11-30T22:30:00Z", 99),
        ("2026-11-30T22:31:00Z", 10),
        ("2026-11-30T23:59:00Z", 10),
    ];
    for (time, busy) in moments {
        let time: DateTime<Utc> = time.parse().unwrap();
        host.advance((time - host.now).num_seconds(), busy);
        host.osmon(&["run"]).ok();
    }
    fs::remove_file(mail).unwrap();
    host.advance(90, 99);
    host
}

/// State with which a lane starts.
struct Lane {
    host: Host,
    pristine: PathBuf,
    clocks: Vec<(&'static str, String)>,
    now: DateTime<Utc>,
    before: History,
}

impl Lane {
    fn new() -> Self {
        let host = prepared();
        let pristine = host.path("pristine");
        copy(&host.data(), &pristine);
        let clocks = ["proc/stat", "proc/uptime"].map(|file| (file, host.read(file))).to_vec();
        let before = invariant::read(&pristine, begin(host.now), host.now);
        assert_eq!((before.snapshots(), before.events.len(), before.damaged), (7, 2, 0));
        Self { now: host.now, host, pristine, clocks, before }
    }

    fn reset(&mut self) {
        fs::remove_dir_all(self.host.data()).unwrap();
        copy(&self.pristine, &self.host.data());
        self.clocks.iter().for_each(|(file, content)| self.host.write(file, content));
        self.host.now = self.now;
        let _ = fs::remove_file(self.host.path("mail"));
    }

    fn mails(&self) -> usize {
        fs::read_to_string(self.host.path("mail")).unwrap_or_default().matches("Subject: CRITICAL").count()
    }

    /// One run with one fault; whether the fault happened.
    fn inject(&mut self, target: &Target, fault: &str) -> bool {
        self.reset();
        let (log, data) = (self.host.path("log"), self.host.data());
        let is_kill = fault == FAULTS[0];
        let options = [
            "-e".to_string(),
            format!("trace={}", target.call),
            "-P".to_string(),
            format!("{}{}", data.display(), target.path),
            "-e".to_string(),
            format!("inject={}:{fault}:when={}", target.call, target.nth),
        ];
        let done = traced(&self.host, &log, &options);
        let log = fs::read_to_string(log).unwrap_or_default();
        if !(log.contains("(INJECTED)") || is_kill && log.contains("killed by SIGKILL")) {
            eprintln!("did not happen: {target:?} {fault}");
            return false;
        }
        let what = format!("{target:?} {fault}");
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        let code = done.status.code();
        assert!(!said.contains("panicked") && !said.contains("inside osmon"), "{what}: {said}");
        assert!(is_kill || code.is_some_and(|code| [0, 73, 74].contains(&code)), "{what}: {code:?} {said}");
        assert!(code != Some(0) || said.is_empty(), "{what}: {said}");
        let (since, now) = (begin(self.now), self.now);
        let seen = invariant::read(&data, since, now);
        seen.keeps(&self.before, since);
        assert_eq!(seen.damaged, 0, "{what}");
        assert!(seen.has(now) || code != Some(0), "{what} ended well and stored nothing");
        invariant::whole(&data);
        invariant::inflates(&data);
        if !is_kill {
            assert_eq!(self.mails(), 1, "{what}: the mail goes out in the same minute: {said}");
            assert_eq!(invariant::leftovers(&data), Vec::<PathBuf>::new(), "{what}");
        }
        invariant::recovers(&mut self.host);
        let all = invariant::read(&data, since, self.host.now);
        let expected = self.before.snapshots() + usize::from(seen.has(now)) + 2;
        assert_eq!((all.snapshots(), all.damaged), (expected, 0), "{what}");
        invariant::rolled_up(&data, &all, since, self.host.now);
        invariant::inflates(&data);
        assert!(self.mails() <= 2, "{what}: told {} times", self.mails());
        let told = invariant::told(&data);
        let lost: Vec<_> = told.iter().filter(|id| !all.events.contains_key(*id)).collect();
        // If not even the state could be written, the end of the incident is unknown.
        assert!(lost.is_empty() && (is_kill || told.len() >= 3), "{what}: {told:?} told, {lost:?} not recorded");
        true
    }
}

fn begin(now: DateTime<Utc>) -> DateTime<Utc> {
    now.duration_trunc(TimeDelta::days(1)).unwrap() - TimeDelta::days(3)
}

#[test]
fn a_fault_at_any_call_loses_nothing_and_the_next_run_is_well() {
    let mut lane = Lane::new();
    let log = lane.host.path("log");
    let trace = ["-e".to_string(), format!("trace={}", CALLS.join(","))];
    let done = traced(&lane.host, &log, &trace);
    if !done.status.success() {
        return skip(
            "faults at each call",
            &format!("no strace in a process namespace: {}", String::from_utf8_lossy(&done.stderr)),
        );
    }
    let targets = targets(&fs::read_to_string(&log).unwrap(), &lane.host.data().display().to_string());
    let all: Vec<(Target, &str)> =
        targets.iter().flat_map(|target| FAULTS.map(|fault| (target.clone(), fault))).collect();
    for call in ["write", "fdatasync", "fsync", "rename", "unlink", "unlinkat", "linkat"] {
        assert!(targets.iter().any(|target| target.call == call), "{call} is in {targets:?}");
    }
    let wanted = if std::env::var_os("OSMON_TEST_KILLS").is_some() { all.len() } else { SAMPLE.min(all.len()) };
    // Blocks of columns and rollups are most of the calls, and all alike: everything else is always tried.
    let (alike, single): (Vec<_>, Vec<_>) = all.iter().partition(|(target, _)| is_block(target));
    let few = wanted.saturating_sub(single.len()).max(1);
    let step = (alike.len() as f64 / few as f64).max(1.0);
    let chosen = (0..few.min(alike.len())).map(|at| alike[(at as f64 * step) as usize]);
    let chosen: Vec<_> = single.into_iter().chain(chosen).collect();
    let missed: usize = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES)
            .map(|number| {
                let part: Vec<_> = chosen.iter().skip(number).step_by(LANES).collect();
                scope.spawn(move || {
                    let mut lane = Lane::new();
                    part.into_iter().filter(|(target, fault)| !lane.inject(target, fault)).count()
                })
            })
            .collect();
        lanes.into_iter().map(|lane| lane.join().unwrap()).sum()
    });
    println!("{} calls, {} of {} faults, {missed} did not happen", targets.len(), chosen.len(), all.len());
    assert!(missed * 50 <= chosen.len(), "{missed} of {} faults did not happen", chosen.len());
    lane.reset();
}

/// Returns whether the target is one of the many files of an open period.
fn is_block(target: &Target) -> bool {
    (target.path.starts_with("/columns/") || target.path.starts_with("/rollups/"))
        && ["write", "unlinkat"].contains(&target.call.as_str())
        && !target.path.contains(".gz.")
        && !target.path.contains("progress")
}
