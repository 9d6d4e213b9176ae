//! Restoring in place: kills and faults at any moment, and what runs beside it.

use super::archive::{tree, with_history};
use super::harness::{Done, Host, copy, skip, tool};
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Entries beside the data directory that restores made.
pub fn beside(host: &Host) -> Vec<String> {
    let names = fs::read_dir(host.data().parent().unwrap()).unwrap().flatten();
    let mut names: Vec<String> = names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name.starts_with("data.") || name.starts_with('.'));
    names.sort();
    names
}

/// An archive, and a data directory that has gone on since and holds a waiting alert: the old and the new content.
pub struct Scene {
    pub host: Host,
    pub archive: String,
    pub keep: PathBuf,
    pub old: Vec<(String, u32)>,
    pub new: Vec<(String, u32)>,
    takes: Duration,
}

impl Scene {
    pub fn new() -> Self {
        let (mut host, archive) = with_history();
        host.osmon(&["backup", &archive]).ok();
        host.advance(3600, 10);
        host.osmon(&["run"]).ok();
        fs::create_dir_all(host.data().join("outbox/new")).unwrap();
        fs::write(host.data().join("outbox/new/waiting.json"), "{}").unwrap();
        let keep = host.path("keep");
        copy(&host.data(), &keep);
        let (old, started) = (tree(&host.data()), Instant::now());
        host.osmon(&["restore", &archive]).ok();
        let (takes, new) = (started.elapsed(), tree(&host.data()));
        assert!(old != new && new.iter().any(|(name, _)| name == "outbox/new/waiting.json"));
        Self { host, archive, keep, old, new, takes }
    }

    pub fn again(&self) {
        tool("bash", &["-ec", &format!("rm -rf {}*", self.host.data().display())]).ok();
        copy(&self.keep, &self.host.data());
    }

    /// After a restore that was cut off, the next command finds the old data or the new, and nothing else is left.
    #[track_caller]
    pub fn is_old_or_new(&self, what: &str) {
        let next = self.host.osmon(&["history", "cpu.busy_percent"]);
        assert_eq!(next.code, 0, "{what}: {}", next.err);
        assert!(next.err.lines().count() <= 1, "{what}: {}", next.err);
        let now = tree(&self.host.data());
        assert!(now == self.old || now == self.new, "{what}: neither old nor new: {}", next.err);
        let beside = beside(&self.host);
        let copies: &[&str] = if now == self.new { &["data.before-restore-20261120T224300Z"] } else { &[] };
        assert_eq!(beside, copies, "{what}: {}", next.err);
        if let Some(aside) = copies.first() {
            assert_eq!(tree(&self.host.path(aside)), self.old, "{what}: what was there is kept");
        }
        self.host.osmon(&["history", "cpu.busy_percent"]).ok();
    }
}

/// `OSMON_TEST_RESTORE_KILLS=200 cargo test restore::` for a long one; `TMPDIR` decides on the file system.
#[test]
fn kill_9_at_any_moment_leaves_the_old_or_the_new() {
    let rounds: u32 = std::env::var("OSMON_TEST_RESTORE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(24);
    let scene = Scene::new();
    let (mut killed, mut new, mut takes) = (0, 0, scene.takes);
    for round in 0..rounds {
        scene.again();
        let mut command = scene.host.command("osmon", &["restore", &scene.archive]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Every second one near the end, where the directories are exchanged.
        let (begin, width) = if round % 2 == 0 { (0.0, 1.0) } else { (0.7, 0.35) };
        std::thread::sleep(takes.mul_f64(begin + width * f64::from(round * 7919 % 1000) / 1000.0));
        // It may have ended.
        let _ = child.kill();
        let is_killed = child.wait().unwrap().code().is_none();
        killed += u32::from(is_killed);
        // About one of four is to end by itself, however busy the machine is.
        takes = takes.mul_f64(if is_killed { 1.02 } else { 0.94 });
        scene.is_old_or_new(&format!("round {round}"));
        new += u32::from(tree(&scene.host.data()) == scene.new);
    }
    println!("{rounds} restores, {killed} killed, {new} of all new");
    assert!(killed > rounds / 4, "{killed} of {rounds} were killed");
}

/// A restore under strace with these faults.
pub fn with_faults(host: &Host, archive: &str, faults: &[String]) -> Done {
    let command = host.command("osmon", &["restore", archive]);
    let program = command.get_program().to_string_lossy().into_owned();
    let words: Vec<String> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
    let mut all = vec!["-f".to_string(), "-qq".into(), "-o".into(), "/dev/null".into()];
    all.extend(faults.iter().flat_map(|fault| ["-e".to_string(), format!("inject={fault}")]));
    all.push(program);
    all.extend(words);
    tool("strace", &all.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_fault_at_any_call_leaves_the_old_or_the_new() {
    if tool("strace", &["-V"]).code != 0 {
        return skip("faults while restoring", "there is no strace");
    }
    let scene = Scene::new();
    for exchange in ["", "renameat2:error=EINVAL", "renameat2:error=ENOSYS", "renameat2:error=EOPNOTSUPP"] {
        for fault in ["signal=KILL", "error=EIO"] {
            let calls: &[(&str, usize)] = if exchange.ends_with("EINVAL") || exchange.is_empty() {
                &[
                    ("rename", 1),
                    ("mkdir", 1),
                    ("unlink", 1),
                    ("rmdir", 1),
                    ("fsync", 9),
                    ("unlinkat", 9),
                    ("renameat2", 1),
                ]
            } else {
                &[("rename", 1)]
            };
            for (call, step) in calls.iter().filter(|(call, _)| exchange.is_empty() || *call != "renameat2") {
                for nth in (1..200).step_by(*step) {
                    scene.again();
                    let mut faults = vec![format!("{call}:{fault}:when={nth}")];
                    faults.extend(Some(exchange.to_string()).filter(|exchange| !exchange.is_empty()));
                    let done = with_faults(&scene.host, &scene.archive, &faults);
                    scene.is_old_or_new(&faults.join(" "));
                    if done.code == 0 {
                        break;
                    }
                    if !fault.contains("KILL") {
                        assert!(done.err.contains("Input/output error"), "{faults:?}: {}", done.err);
                    }
                }
            }
        }
    }
}

/// While there is no data directory nobody begins a new one, not even when nobody can complete the restore.
#[test]
fn no_new_history_begins_beside_an_interrupted_restore() {
    let scene = Scene::new();
    scene.again();
    let (data, work) = (scene.host.data(), scene.host.path("data.restoring"));
    fs::create_dir(&work).unwrap();
    fs::rename(&data, scene.host.path("data.before-restore-20261120T224300Z")).unwrap();
    fs::write(work.join("ready"), "data.before-restore-20261120T224300Z").unwrap();
    let held = std::fs::File::create(work.join("lock")).unwrap();
    held.lock().unwrap();
    let run = scene.host.osmon(&["run"]);
    assert!(!data.exists() && run.code != 0 && run.err.contains("restore is not finished"), "{}", run.err);
    drop(held);
    scene.is_old_or_new("the copy is gone");
    assert_eq!(tree(&data), scene.old);
    // An osmon of an earlier version knows nothing of restores.
    fs::rename(&data, scene.host.path("data.before-restore-20261120T224300Z")).unwrap();
    fs::create_dir_all(work.join("data")).unwrap();
    fs::create_dir(&data).unwrap();
    fs::write(work.join("ready"), "data.before-restore-20261120T224300Z").unwrap();
    let next = scene.host.osmon(&["restore", "--check", &scene.archive]);
    assert!(next.err.contains("what was there before is in") && !work.exists(), "{}", next.err);
    fs::remove_dir(&data).unwrap();
    fs::rename(scene.host.path("data.before-restore-20261120T224300Z"), &data).unwrap();
    // The snapshots recorded in the fallback directory are moved here.
    assert_eq!(scene.host.osmon(&["run"]).code, 0);
}

/// The first restore of a host, killed anywhere: there is nothing, or all of it.
#[test]
fn where_there_was_no_data() {
    if tool("strace", &["-V"]).code != 0 {
        return skip("faults while restoring", "there is no strace");
    }
    let (host, archive) = with_history();
    host.osmon(&["backup", &archive]).ok();
    let clear = || tool("bash", &["-ec", &format!("rm -rf {}*", host.data().display())]).ok();
    clear();
    host.osmon(&["restore", &archive]).ok();
    let whole = tree(&host.data());
    for call in ["mkdir", "rename", "renameat2", "fsync", "unlinkat"] {
        for nth in (1..200).step_by(if call == "fsync" { 6 } else { 1 }) {
            clear();
            let done = with_faults(&host, &archive, &[format!("{call}:signal=KILL:when={nth}")]);
            let next = host.osmon(&["restore", "--check", &archive]);
            assert!(next.code == 0 && next.err.lines().count() <= 1, "{call} {nth}: {}", next.err);
            assert!(!host.data().exists() || tree(&host.data()) == whole, "{call} {nth}");
            assert!(beside(&host).is_empty(), "{call} {nth}: {:?}", beside(&host));
            if done.code == 0 {
                break;
            }
        }
    }
}

/// Runs beside restores that have no exchange: none begins a history of its own.
#[test]
fn runs_beside_a_restore_wait_for_it() {
    if tool("strace", &["-V"]).code != 0 {
        return skip("runs beside a restore", "there is no strace");
    }
    let (mut host, archive) = with_history();
    host.osmon(&["backup", &archive]).ok();
    let faults = ["renameat2:error=EINVAL", "rename:delay_enter=150000"].map(ToString::to_string);
    for _ in 0..3 {
        host.advance(60, 10);
        let done = std::thread::scope(|scope| {
            let restore = scope.spawn(|| with_faults(&host, &archive, &faults));
            let runs: Vec<_> = (0..8)
                .map(|at| {
                    let host = &host;
                    scope.spawn(move || {
                        std::thread::sleep(Duration::from_millis(120 * at));
                        host.osmon(&["run"])
                    })
                })
                .collect();
            for run in runs {
                let run = run.join().unwrap();
                assert!(run.code == 0 || run.err.contains("not finished"), "{}: {}", run.code, run.err);
            }
            restore.join().unwrap()
        });
        assert_eq!(done.code, 0, "{}", done.err);
        host.advance(60, 10);
        assert_eq!(host.osmon(&["run"]).code, 0);
        assert!(host.snapshots().len() >= 4, "the restored ones and a new one: {}", host.snapshots().len());
        assert!(!beside(&host).iter().any(|name| name.contains("restoring")), "{:?}", beside(&host));
    }
}
