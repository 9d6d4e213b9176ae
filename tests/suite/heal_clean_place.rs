//! Which directories may be cleaned, and how much in one run.

use super::harness::{skip, tool};
use super::heal_clean_tree::{DAY, Tree, listing, time, touch, tree};
use osmon::heal::actuator::{DryRun, Enforce};
use osmon::heal::case::Case;
use osmon::heal::guard::Guard;
use osmon::heal::repair::{Repair, Verdict};
use osmon::host::Root;
use osmon::model::action::{Outcome, Status, Target};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};

/// Why the one directory of a tree is refused.
fn refusal(tree: &mut Tree, directory: &str) -> String {
    tree.clean.directories = vec![directory.to_string()];
    let refused = tree.refused();
    assert!(refused.len() == 1 && refused[0].0 == Guard::DirectoryRefused, "{directory}: {refused:?}");
    let done = tree.act(&DryRun);
    assert_eq!((done.status, done.removed, &done.text), (Status::Failed, None, &refused[0].1));
    refused[0].1.clone()
}

#[test]
fn directories_of_the_system_relative_and_missing_ones_are_refused() {
    let mut tree = tree!("refused directories");
    for system in [
        "/",
        "/home",
        "/root",
        "/etc",
        "/usr",
        "/var",
        "/boot",
        "/var/lib",
        "//usr/./share",
        "/lib64",
        "/opt",
        "/srv",
        "/run",
    ] {
        assert!(refusal(&mut tree, system).contains("belongs to the system"), "{system}");
    }
    for relative in ["tmp", "", "/tmp/../etc", "./tmp"] {
        assert!(refusal(&mut tree, relative).contains("not an absolute path"), "{relative}");
    }
    assert!(refusal(&mut tree, "/tmp/osmon is not here").contains("cannot be opened"));
}

#[test]
fn links_files_and_other_owners_on_the_way_are_refused() {
    let mut tree = tree!("the way to a directory");
    let name = |tree: &Tree, below: &str| tree.path(below).to_str().unwrap().to_string();
    fs::create_dir_all(tree.path("a/b")).unwrap();
    symlink(tree.path("a"), tree.path("link")).unwrap();
    for through in ["link", "link/b"] {
        let why = {
            let path = name(&tree, through);
            refusal(&mut tree, &path)
        };
        assert!(why.contains("link"), "{why}");
    }
    let file = tree.file("file").to_str().unwrap().to_string();
    assert!(refusal(&mut tree, &file).contains("a file"));
    let path = name(&tree, "a/b");
    chown(tree.path("a/b"), Some(1), None).unwrap();
    assert!(refusal(&mut tree, &path).contains("not owned by root"));
    chown(tree.path("a/b"), Some(0), None).unwrap();
    chown(tree.path("a"), Some(1), None).unwrap();
    assert!(refusal(&mut tree, &path).contains("not owned by root"));
    chown(tree.path("a"), Some(0), None).unwrap();
    fs::set_permissions(tree.path("a"), Permissions::from_mode(0o777)).unwrap();
    assert!(refusal(&mut tree, &path).contains("written by others"));
    fs::set_permissions(tree.path("a"), Permissions::from_mode(0o1777)).unwrap();
    tree.clean.directories = vec![path];
    assert_eq!(tree.refused()[0].0, Guard::NoTarget);
}

#[test]
fn a_directory_on_another_file_system_than_the_incident_is_refused() {
    let tree = tree!("the file system of an incident");
    tree.file("old");
    let case = |point: &str| Case { metric: format!("disk.used_percent{{mount=\"{point}\"}}"), ..Case::default() };
    let directory = &tree.clean.directories[0];
    let done = tree.act_in(directory, &Enforce, &case("/proc"));
    assert!(done.text.contains("not on the file system of /proc"), "{}", done.text);
    let done = tree.act_in("/somewhere/else", &Enforce, &Case::default());
    assert!(done.text.contains("not named by this entry"), "{}", done.text);
    assert_eq!(tree.act_in(directory, &Enforce, &case(directory)).removed, Some(1));
}

/// Unmounts what a test mounted, also when it fails.
struct Mounted(Vec<String>);

impl Mounted {
    fn try_to(arguments: &[&str]) -> Option<Self> {
        let done = tool("mount", arguments);
        if done.code != 0 {
            skip("mounts below a cleaned directory", &done.err);
            return None;
        }
        Some(Self(vec![arguments.last().unwrap().to_string()]))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        for point in &self.0 {
            tool("umount", &["-l", point]);
        }
    }
}

#[test]
fn no_mount_is_crossed_neither_of_a_device_nor_bound() {
    let mut tree = tree!("mounts");
    for name in ["bound", "bound file's", "own", "source"] {
        fs::create_dir(tree.path(name)).unwrap();
    }
    tree.file("bound file's/file");
    tree.file("source/file");
    let path = |below: &str| tree.path(below).to_str().unwrap().to_string();
    let Some(_bound) = Mounted::try_to(&["--bind", tree.out("").to_str().unwrap(), &path("bound")]) else { return };
    let _file = Mounted::try_to(&["--bind", tree.out("canary").to_str().unwrap(), &path("bound file's/file")]).unwrap();
    let _own = Mounted::try_to(&["-t", "tmpfs", "tmpfs", &path("own")]).unwrap();
    fs::write(tree.path("own/file"), "x").unwrap();
    fs::create_dir(tree.out("elsewhere")).unwrap();
    let source = path("source");
    // What is mounted somewhere else is in use, though no process has it open.
    let _source = Mounted::try_to(&["--bind", &source, tree.out("elsewhere").to_str().unwrap()]).unwrap();
    tree.file("free");
    let done = tree.loses(&["free"]);
    assert!(done.text.contains("3 with mounts in them") && done.text.contains("1 in use"), "{}", done.text);

    // Another name of a directory of the system.
    fs::create_dir(tree.path("etc")).unwrap();
    let etc = tree.path("etc").to_str().unwrap().to_string();
    let _etc = Mounted::try_to(&["--bind", "/etc", &etc]).unwrap();
    assert!(refusal(&mut tree, &etc).contains("belongs to the system"));
}

#[test]
fn a_hidden_process_table_refuses_everything() {
    let mut tree = tree!("hidden processes");
    tree.file("old");
    // A recorded host without a process table.
    tree.situation.root = Root::new(Some(&tree.out("")));
    let below = tree.root().strip_prefix("/").unwrap().to_path_buf();
    fs::create_dir_all(tree.out("").join(&below)).unwrap();
    fs::set_permissions(tree.out("tmp"), Permissions::from_mode(0o1777)).unwrap();
    assert_eq!(tree.refused()[0].0, Guard::OpenFilesUnknown);
    let done = tree.run();
    assert!(done.status == Status::Failed && done.text.contains("cannot be seen"), "{}", done.text);
    assert!(tree.has("old"));
}

#[test]
fn a_run_stops_at_its_target_with_the_oldest_first() {
    let mut tree = tree!("the target of a run");
    for (name, days) in [("c", 39), ("a", 38), ("b", 12)] {
        touch(&tree.file(name), time(days), time(days));
    }
    // The time of change is that of now, forty days ago; newer times order the files.
    touch(&tree.path("c"), time(30), time(30));
    touch(&tree.path("a"), time(20), time(20));
    tree.clean.stop_bytes = 8192 + 1;
    let done = tree.loses(&["a", "c"]);
    assert!(done.text.contains("because enough was freed"), "{}", done.text);
}

#[test]
fn five_gibibytes_are_the_limit_of_a_run() {
    let tree = tree!("the limit of a run");
    for (name, gibibytes) in [("large", 6), ("one", 3), ("two", 3)] {
        let path = tree.file(name);
        let length = format!("{gibibytes}G");
        if tool("fallocate", &["-l", &length, path.to_str().unwrap()]).code != 0 {
            return skip("the limit of a run", "needs 12 GiB on a file system with fallocate(2)");
        }
    }
    let done = tree.run();
    assert_eq!((tree.has("large"), tree.has("one") || tree.has("two"), done.removed), (true, true, Some(1)));
    assert!(done.text.contains("1 larger than the limit") && done.text.contains("for the next run"), "{}", done.text);
}

#[test]
fn a_hundred_thousand_files_go_in_several_runs() {
    let tree = tree!("a hundred thousand files");
    let count = 100_000;
    for number in 0..count {
        fs::File::create(tree.path(&format!("f{number}"))).unwrap();
    }
    for number in 0..=10_000 {
        fs::create_dir_all(tree.path("large")).unwrap();
        fs::File::create(tree.path(&format!("large/{number}"))).unwrap();
    }
    let mut runs = 0;
    loop {
        let done = tree.run();
        if done.removed == Some(0) {
            assert!(done.text.contains("1 larger than the limit of a run"), "{}", done.text);
            break;
        }
        runs += 1;
        assert_eq!(done.removed, Some(10_000), "{}", done.text);
        assert!(done.duration_ms < 20_000 && (runs == 10 || done.text.contains("for the next run")), "{done:?}");
    }
    assert_eq!((runs, listing(&tree.root()).len()), (10, 10_002));
}

#[test]
fn it_helped_when_space_was_freed_or_the_incident_recovers() {
    let tree = tree!("verification");
    let done = |freed| Outcome { freed_bytes: Some(freed), ..Outcome::plain(Status::Done, String::new()) };
    let verify = |freed, since, is_open| {
        tree.clean.verify(&Target::default(), &done(freed), since, 60.0, is_open, &tree.situation)
    };
    assert!(matches!(verify(0, 1.0, Some(false)), Verdict::Helped(_)));
    assert_eq!(verify(1 << 20, 59.0, Some(true)), Verdict::Pending);
    assert!(
        matches!(verify(1 << 20, 60.0, Some(true)), Verdict::Helped(outcome) if outcome.text.contains("1 MiB freed"))
    );
    assert!(
        matches!(verify(0, 60.0, Some(true)), Verdict::Failed(outcome) if outcome.text.contains("nothing old enough"))
    );
    assert_eq!(verify(1 << 20, 600.0, None), Verdict::Pending, "a disk that is gone did not recover");
    assert_eq!(tree.clean.older_than.as_secs(), 10 * DAY);
}
