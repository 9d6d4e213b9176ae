//! The body of the fuzz target for files of the kernel, of systemd and of login records, each read from a recorded host.

#![allow(dead_code, missing_docs)]

use osmon::base::clock::Now;
use osmon::config::Probe;
use osmon::host::Root;
use osmon::probe::{PreviousCounters, ProbeRequest, ProbeResult, Scope, probe};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// What is read of a host, and the parsers behind it: everything that can be of any form.
pub const FILES: [&str; 27] = [
    "proc/stat",
    "proc/loadavg",
    "proc/meminfo",
    "proc/vmstat",
    "proc/diskstats",
    "proc/mdstat",
    "proc/net/dev",
    "proc/net/snmp",
    "proc/net/netstat",
    "proc/net/sockstat",
    "proc/net/sockstat6",
    "proc/net/softnet_stat",
    "proc/pressure/cpu",
    "proc/pressure/io",
    "proc/self/mountinfo",
    "proc/self/mountstats",
    "proc/sys/fs/file-nr",
    "proc/spl/kstat/zfs/arcstats",
    "proc/1204/stat",
    "proc/1204/io",
    "proc/1204/cgroup",
    "sys/fs/cgroup/system.slice/nginx.service/io.stat",
    "sys/fs/cgroup/system.slice/nginx.service/cpu.stat",
    "run/systemd/sessions/1",
    "run/utmp",
    "systemctl-show",
    "statvfs",
];

/// Files in which a line that no kernel writes must not change any value.
const BY_LINE: [&str; 5] = ["proc/stat", "proc/meminfo", "proc/vmstat", "proc/net/sockstat", "proc/pressure/cpu"];
const STRANGE: &[u8] = b"~";

/// Sections that say how the run went, not how the host is.
const ABOUT_THE_RUN: [&str; 1] = ["probe"];

/// A recorded host with a first snapshot.
pub struct Recorded {
    _directory: tempfile::TempDir,
    base: PathBuf,
    before: PreviousCounters,
    usual: Value,
}

impl Recorded {
    pub fn new() -> Self {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|top| top.join("tests/fixtures/root/vm"));
        let fixture = fixture.into_iter().find(|path| path.is_dir()).unwrap();
        let memory = Path::new("/dev/shm");
        let directory = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        let base = directory.path().join("root");
        copy(&fixture, &base);
        let before = run(&base, 0.0, None).counters;
        let usual = sections(&run(&base, 60.0, Some(before.clone())));
        Self { _directory: directory, base, before, usual }
    }

    /// The content that the recording has; empty when it has none.
    pub fn content(&self, file: &str) -> Vec<u8> {
        fs::read(self.base.join(file)).unwrap_or_default()
    }

    /// Reads a host whose `file` has this content: whatever it is, no parser stops, and numbers are finite.
    pub fn with(&self, file: &str, data: &[u8]) -> Value {
        let path = self.base.join(file);
        let kept = fs::read(&path).ok();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, data).unwrap();
        let result = run(&self.base, 60.0, Some(self.before.clone()));
        match kept {
            Some(kept) => fs::write(&path, kept).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        for (name, reason) in &result.failed {
            assert!(!reason.contains("please report"), "{file}: {name}: {reason}");
        }
        // JSON has neither infinity nor NaN: serde_json writes null for them.
        let text = result.snapshot.to_json().unwrap() + &result.processes.to_json().unwrap();
        assert!(!text.contains(":null"), "{file}: {text}");
        sections(&result)
    }

    /// One input: any content, and the usual content with a line of it that nobody knows.
    pub fn fuzz(&self, file: &str, data: &[u8]) {
        self.with(file, data);
        if !BY_LINE.contains(&file) || data.contains(&b'\n') {
            return;
        }
        let usual = self.content(file);
        let lines: Vec<&[u8]> = usual.split_inclusive(|byte| *byte == b'\n').collect();
        let at = data.len() % (lines.len() + 1);
        let strange = [STRANGE, data, b"\n"].concat();
        let content = [&lines[..at], &[&strange], &lines[at..]].concat().concat();
        let found = self.with(file, &content);
        for (name, usual) in self.usual.as_object().unwrap() {
            assert_eq!(found.get(name), Some(usual), "{file}: line {at}: {}", strange.escape_ascii());
        }
    }
}

/// One input of the target. `OSMON_FUZZ_FILE` chooses the file, else the first byte.
pub fn kernel(data: &[u8]) {
    thread_local!(static HOST: Recorded = Recorded::new());
    let chosen = std::env::var("OSMON_FUZZ_FILE").ok();
    let (file, data) = match (&chosen, data) {
        (Some(file), data) => (file.as_str(), data),
        (None, [first, rest @ ..]) => (FILES[usize::from(*first) % FILES.len()], rest),
        (None, []) => return,
    };
    HOST.with(|host| host.fuzz(file, data));
}

fn run(base: &Path, later: f64, previous: Option<PreviousCounters>) -> ProbeResult {
    let wall = chrono::DateTime::from_timestamp(1_795_210_800 + later as i64, 0).unwrap();
    let now = Now { wall, boottime_seconds: 500_000.0 + later };
    let request = ProbeRequest { scope: Scope::All, skipped_runs: 0 };
    probe(&Root::new(Some(base)), &Probe::default(), now, previous, &request)
}

fn sections(result: &ProbeResult) -> Value {
    let mut snapshot: Value = serde_json::from_str(&result.snapshot.to_json().unwrap()).unwrap();
    let sections = snapshot.as_object_mut().unwrap();
    sections.retain(|name, _| !ABOUT_THE_RUN.contains(&name.as_str()));
    snapshot
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
