//! The place that is restored to: its owner, links, mounts, file systems without exchange, and what lies beside it.

use super::archive::{tree, with_history};
use super::harness::{copy, skip, tool};
use super::restore::{Scene, beside, with_faults};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown, symlink};
use std::path::{Path, PathBuf};

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
