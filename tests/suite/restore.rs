//! Restoring in place: owners, file systems without exchange, kills and faults at any moment, alerts that wait.

use super::archive::{tree, with_history};
use super::harness::{Done, Host, copy, skip, tool};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Entries beside the data directory that restores made.
fn beside(host: &Host) -> Vec<String> {
    let names = fs::read_dir(host.data().parent().unwrap()).unwrap().flatten();
    let mut names: Vec<String> = names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name.starts_with("data.") || name.starts_with('.'));
    names.sort();
    names
}

/// An archive, and a data directory that has gone on since and holds a waiting alert: the old and the new content.
struct Scene {
    host: Host,
    archive: String,
    keep: PathBuf,
    old: Vec<(String, u32)>,
    new: Vec<(String, u32)>,
    takes: Duration,
}

impl Scene {
    fn new() -> Self {
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

    fn again(&self) {
        tool("bash", &["-ec", &format!("rm -rf {}*", self.host.data().display())]).ok();
        copy(&self.keep, &self.host.data());
    }

    /// After a restore that was cut off, the next command finds the old data or the new, and nothing else is left.
    #[track_caller]
    fn is_old_or_new(&self, what: &str) {
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
fn with_faults(host: &Host, archive: &str, faults: &[String]) -> Done {
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

#[test]
fn what_earlier_versions_left_is_removed_and_previous_data_kept() {
    let (host, archive) = with_history();
    host.osmon(&["backup", &archive]).ok();
    for (name, file) in [("data.restoring-999999999", "x"), ("data.restoring-999999998", "lock")] {
        fs::create_dir(host.path(name)).unwrap();
        fs::write(host.path(name).join(file), "").unwrap();
    }
    let own = format!("data.restoring-{}", std::process::id());
    fs::create_dir(host.path(&own)).unwrap();
    host.osmon(&["restore", &archive]);
    assert_eq!(beside(&host), ["data.before-restore", "data.before-restore-20261120T214300Z", &own]);
}

#[test]
fn a_data_directory_that_is_a_link_is_recovered_where_it_lies() {
    let scene = Scene::new();
    scene.again();
    let (data, real) = (scene.host.data(), scene.host.path("disk/osmon"));
    fs::create_dir(real.parent().unwrap()).unwrap();
    fs::rename(&data, &real).unwrap();
    symlink("disk/osmon", &data).unwrap();
    for rename in 1..8 {
        let faults = [format!("rename:signal=KILL:when={rename}"), "renameat2:error=EINVAL".to_string()];
        let done = with_faults(&scene.host, &scene.archive, &faults);
        let next = scene.host.osmon(&["history", "cpu.busy_percent"]);
        assert_eq!(next.code, 0, "{}", next.err);
        assert!(data.is_symlink() && tree(&data) == if done.code == 0 { scene.new.clone() } else { tree(&data) });
        assert!(data.join("outbox/new/waiting.json").exists(), "{rename}: the alert goes on waiting");
        assert!(!scene.host.path("disk/osmon.restoring").exists());
        if done.code == 0 {
            return;
        }
    }
    panic!("it was never restored");
}

#[test]
fn owners_groups_and_modes_of_the_place_stay() {
    if !nix::unistd::geteuid().is_root() {
        return skip("owners of what root restores", "only root can give files away");
    }
    let (host, archive) = with_history();
    host.osmon(&["backup", &archive]).ok();
    let (user, group) = (Some(65534), Some(33));
    let all = || -> Vec<(PathBuf, u32, u32, u32)> {
        let mut below = vec![host.data()];
        let mut found = Vec::new();
        while let Some(path) = below.pop() {
            let meta = path.symlink_metadata().unwrap();
            if meta.is_dir() {
                below.extend(fs::read_dir(&path).unwrap().flatten().map(|entry| entry.path()));
            }
            let name = path.strip_prefix(host.data()).unwrap().to_path_buf();
            if !["lock", "run.lock", "reserve", "outbox/lock", "outbox"].iter().any(|again| name == Path::new(again)) {
                found.push((name, meta.uid(), meta.gid(), meta.mode() & 0o7777));
            }
        }
        found.sort();
        found
    };
    for (path, ..) in all() {
        lchown(host.data().join(path), user, user).unwrap();
    }
    let set = |name: &str, mode| {
        lchown(host.data().join(name), user, group).unwrap();
        fs::set_permissions(host.data().join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    set("", 0o2755);
    set("report.html", 0o644);
    set("report.json", 0o604);
    set("snapshots", 0o2770);
    set("snapshots/2026-11-20.jsonl", 0o600);
    // A restore that fails locks nobody out.
    for lock in ["lock", "run.lock"] {
        fs::remove_file(host.data().join(lock)).unwrap();
    }
    fs::write(host.path("cut.tar.gz"), &fs::read(&archive).unwrap()[..900]).unwrap();
    assert_ne!(host.osmon(&["restore", host.path("cut.tar.gz").to_str().unwrap()]).code, 0);
    drop(with_faults(&host, &archive, &["renameat2:error=EIO".to_string()]));
    let owned = tool("find", &[host.data().to_str().unwrap(), "-uid", "0", "!", "-name", "reserve"]).ok().out;
    assert_eq!(owned, "", "of root");
    let before = all();
    fs::remove_file(host.data().join("state/crisis.json.1")).unwrap();
    host.osmon(&["restore", &archive]).ok();
    let after = all();
    let changed: Vec<_> = before.iter().filter(|entry| !after.contains(entry)).collect();
    assert!(changed.is_empty(), "{changed:?}");
    let marks = after.iter().find(|(name, ..)| name == Path::new("state/marks.json")).unwrap();
    assert_eq!((marks.1, marks.2), (65534, 65534), "what is new belongs to the owner of its directory");
    // Root's own run leaves the page to the web server.
    host.osmon(&["graph"]).ok();
    let page = host.data().join("report.html").metadata().unwrap();
    assert_eq!((page.uid(), page.gid(), page.mode() & 0o777), (65534, 33, 0o644));
    // Where there was nothing, the owner of the directory above.
    fs::remove_dir_all(host.data()).unwrap();
    lchown(host.data().parent().unwrap(), user, user).unwrap();
    host.osmon(&["restore", &archive]).ok();
    assert!(all().iter().all(|(_, owner, ..)| *owner == 65534));
}

#[test]
fn an_alert_that_was_sent_since_the_backup_is_not_sent_again() {
    let (host, archive) = with_history();
    let alert = |stage: &str| host.data().join("outbox").join(stage).join("a.json");
    for stage in ["new", "sent"] {
        fs::create_dir_all(alert(stage).parent().unwrap()).unwrap();
    }
    fs::write(alert("new"), "{}").unwrap();
    host.osmon(&["backup", &archive]).ok();
    fs::rename(alert("new"), alert("sent")).unwrap();
    host.osmon(&["restore", &archive]).ok();
    assert!(!alert("new").exists());
}

#[test]
fn copies_that_pile_up_are_said() {
    let (mut host, archive) = with_history();
    host.osmon(&["backup", &archive]).ok();
    host.osmon(&["restore", &archive]).ok();
    for copies in 2..4 {
        host.now += chrono::TimeDelta::seconds(1);
        let done = host.osmon(&["restore", &archive]);
        assert!(done.code == 0 && done.err.contains(&format!("{copies} copies of previous data")), "{}", done.err);
        assert_eq!(beside(&host).len(), copies);
    }
}

#[test]
fn a_mount_point_is_refused_with_a_way_out() {
    let (host, archive) = with_history();
    host.osmon(&["backup", &archive]).ok();
    let whole = tree(&host.data());
    for source in ["tmpfs", "bind"] {
        let elsewhere = host.path("elsewhere");
        copy(&host.data(), &elsewhere);
        let data = host.data().display().to_string();
        let mounted = match source {
            "tmpfs" => tool("mount", &["-t", "tmpfs", "tmpfs", &data]),
            _ => tool("mount", &["--bind", elsewhere.to_str().unwrap(), &data]),
        };
        if mounted.code != 0 {
            return skip("a data directory that is a mount point", &mounted.err);
        }
        if source == "tmpfs" {
            copy(&elsewhere, &host.data());
        }
        let done = host.osmon(&["restore", &archive]);
        let renamed = with_faults(&host, &archive, &["renameat2:error=EINVAL".to_string()]);
        let after = tree(&host.data());
        tool("umount", &[&data]).ok();
        assert_eq!((done.code, after), (73, whole.clone()), "{source}: {}", done.err);
        assert!([73, 127].contains(&renamed.code), "{source}, without exchange: {}", renamed.err);
        assert!(done.err.contains("is a mount point") && done.err.contains("--to DIR"), "{source}: {}", done.err);
        assert!(beside(&host).is_empty(), "{:?}", beside(&host));
    }
}

/// A FUSE file system has no exchange.
#[test]
fn on_a_file_system_without_exchange() {
    let (host, archive) = with_history();
    host.osmon(&["backup", &archive]).ok();
    let (below, mount) = (host.path("below"), host.path("mount"));
    fs::create_dir_all(&below).unwrap();
    fs::create_dir_all(&mount).unwrap();
    let mounted = tool("bindfs", &[below.to_str().unwrap(), mount.to_str().unwrap()]);
    if mounted.code != 0 {
        return skip("restoring on FUSE", &mounted.err);
    }
    copy(&host.data(), &mount.join("data"));
    let data = mount.join("data").display().to_string();
    let restore = || {
        let mut command = host.command("osmon", &["restore", &archive]);
        let words: Vec<_> = command.get_args().map(std::ffi::OsStr::to_os_string).collect();
        let given = words.iter().position(|word| word == "--data-dir").unwrap() + 1;
        command = std::process::Command::new(command.get_program());
        command.args(
            words.iter().enumerate().map(|(at, word)| if at == given { data.as_ref() } else { word.as_os_str() }),
        );
        command.env_clear().output().unwrap()
    };
    let output = restore();
    let (after, names) = (tree(&mount.join("data")), fs::read_dir(&mount).unwrap().count());
    tool("umount", &[mount.to_str().unwrap()]).ok();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert_eq!(names, 2, "the data and what was there");
    assert_eq!(after.len(), tree(&host.data()).len() + 1, "and the mark for the next run");
}
