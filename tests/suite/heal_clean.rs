//! What a cleaning run removes, and everything that it never removes.

use super::harness::{skip, tool};
use super::heal_clean_tree::{Process, time, touch, tree};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use osmon::heal::guard::Guard;
use osmon::model::action::Status;
use osmon::model::locale::Locale;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

#[test]
fn old_files_and_trees_go_and_what_they_took_is_counted() {
    let tree = tree!("cleaning");
    tree.file("single");
    tree.file("tree/a/b");
    symlink(tree.out("canary"), tree.path("link")).unwrap();
    symlink(tree.out(""), tree.path("tree/a/way out")).unwrap();
    let done = tree.loses(&["link", "single", "tree", "tree/a", "tree/a/b", "tree/a/way out"]);
    assert_eq!((done.status, done.removed), (Status::Done, Some(6)));
    assert!((16384..65536).contains(&done.freed_bytes.unwrap()), "{done:?}");
    assert_eq!(done.examples.len(), 3);
    assert!(done.text.contains("6 files and directories removed"), "{}", done.text);
    assert!(done.text_in(Locale::Fr).contains("6 fichiers et répertoires supprimés"));
}

#[test]
fn each_of_the_three_times_keeps_a_file_and_the_future_does_too() {
    let tree = tree!("the three times");
    touch(&tree.file("read"), time(1), time(30));
    touch(&tree.file("written"), time(30), time(1));
    touch(&tree.file("at the limit"), time(9), time(9));
    touch(&tree.file("future"), time(-3), time(30));
    touch(&tree.file("old"), time(30), time(30));
    let done = tree.loses(&["old"]);
    assert!(done.text.contains("3 too recent") && done.text.contains("1 dated in the future"), "{}", done.text);

    // Set back by touch(1), but changed only now.
    let mut tree = tree!("the time of change");
    touch(&tree.file("changed"), time(90), time(90));
    tree.situation.now.wall -= chrono::TimeDelta::days(35);
    let done = tree.loses(&[]);
    assert_eq!((done.status, done.removed), (Status::Failed, Some(0)));
    assert!(done.text.starts_with("nothing old enough"), "{}", done.text);
}

#[test]
fn nothing_younger_than_an_hour_goes_whatever_is_configured() {
    let mut tree = tree!("the least age");
    tree.clean.older_than = Duration::ZERO;
    touch(&tree.file("young"), time(0), time(0));
    tree.situation.now.wall += chrono::TimeDelta::minutes(59);
    tree.loses(&[]);
    tree.situation.now.wall += chrono::TimeDelta::minutes(2);
    tree.loses(&["young"]);
}

#[test]
fn a_tree_goes_whole_or_not_at_all() {
    let tree = tree!("whole trees");
    for name in ["a", "b/c", "d"] {
        tree.file(&format!("kept/{name}"));
        tree.file(&format!("gone/{name}"));
    }
    touch(&tree.path("kept/b/c"), time(30), time(3));
    fs::create_dir(tree.path("young")).unwrap();
    touch(&tree.path("young"), time(30), time(3));
    tree.loses(&["gone", "gone/a", "gone/b", "gone/b/c", "gone/d"]);
}

#[test]
fn what_is_open_mapped_or_a_working_directory_stays() {
    let tree = tree!("files in use");
    let (open, _, _) = (tree.file("open"), tree.file("work/directory/file"), tree.file("free"));
    fs::create_dir(tree.path("listed")).unwrap();
    fs::copy("/bin/sleep", tree.path("program")).unwrap();
    let _open = Process::shell(&format!("exec 3<'{}'", open.display()), Path::new("/"));
    let _listed = Process::shell(&format!("exec 3<'{}'", tree.path("listed").display()), Path::new("/"));
    let _inside = Process::shell("true", &tree.path("work/directory"));
    let _program = Process::shell(&format!("'{}' 60 & sleep 0.2", tree.path("program").display()), Path::new("/"));
    let done = tree.loses(&["free"]);
    assert!(done.text.contains("4 in use"), "{}", done.text);
}

#[test]
fn what_is_mapped_but_closed_stays() {
    let tree = tree!("mapped files");
    if tool("python3", &["--version"]).code != 0 {
        return skip("mapped files", "needs python3");
    }
    let mapped = tree.file("mapped");
    let map = format!(
        "import mmap; f = open('{}', 'r+b'); m = mmap.mmap(f.fileno(), 0); f.close(); print(flush=True); input()",
        mapped.display()
    );
    let script = tree.out("map.py");
    fs::write(&script, map).unwrap();
    let _process = Process::shell(&format!("exec python3 '{}'", script.display()), Path::new("/"));
    let done = tree.loses(&[]);
    assert!(done.text.contains("1 in use"), "{}", done.text);
}

#[test]
fn what_is_locked_stays() {
    let tree = tree!("locked files");
    let (file, _, _) = (tree.file("file"), tree.file("directory/file"), tree.file("free"));
    let locked =
        |path: &Path| nix::fcntl::Flock::lock(File::open(path).unwrap(), nix::fcntl::FlockArg::LockShared).unwrap();
    // By this process, whose open files do not count: only the lock speaks.
    let locks = (locked(&file), locked(&tree.path("directory")));
    let done = tree.loses(&["free"]);
    assert!(done.text.contains("2 locked"), "{}", done.text);
    drop(locks);
    tree.loses(&["directory", "directory/file", "file"]);
}

#[test]
fn a_lock_on_the_directory_itself_stops_the_run() {
    let tree = tree!("a locked directory");
    tree.file("old");
    let file = File::open(tree.root()).unwrap();
    let _lock = nix::fcntl::Flock::lock(file, nix::fcntl::FlockArg::LockShared).unwrap();
    tree.loses(&[]);
    assert_eq!(tree.refused()[0].0, Guard::DirectoryRefused);
}

#[test]
fn sockets_fifos_devices_and_sticky_files_stay() {
    let tree = tree!("special files");
    tree.file("with a socket/file");
    let _socket = UnixListener::bind(tree.path("with a socket/s")).unwrap();
    mkfifo(&tree.path("fifo"), Mode::S_IRWXU).unwrap();
    assert_eq!(tool("mknod", &[tree.path("device").to_str().unwrap(), "c", "1", "3"]).code, 0);
    fs::set_permissions(tree.file("sticky"), Permissions::from_mode(0o1644)).unwrap();
    tree.file("free");
    let done = tree.loses(&["free"]);
    assert!(done.text.contains("3 with sockets") && done.text.contains("1 with the sticky bit"), "{}", done.text);
}

#[test]
fn hard_links_elsewhere_keep_a_file_and_those_within_a_tree_count_once() {
    let tree = tree!("hard links");
    fs::hard_link(tree.out("canary"), tree.path("outside")).unwrap();
    let file = tree.file("tree/one");
    fs::hard_link(&file, tree.path("tree/two")).unwrap();
    fs::hard_link(tree.file("half/one"), tree.path("other half")).unwrap();
    let done = tree.loses(&["tree", "tree/one", "tree/two"]);
    assert!(done.freed_bytes.unwrap() < 16384 && done.text.contains("3 with hard links elsewhere"), "{done:?}");
}

#[test]
fn protected_names_stay_at_any_depth() {
    let mut tree = tree!("protected names");
    tree.clean.keep = vec!["*.iso".to_string(), tree.path("named/*").to_str().unwrap().to_string()];
    for name in [
        ".X11-unix",
        ".ICE-unix",
        ".font-unix",
        "systemd-private-1",
        "tmux-0",
        "ssh-XX",
        "snap-private-tmp",
        "lost+found",
        "a.lock",
        "a.pid",
        "a.sock",
        "deep/er/a.lock",
        "a.iso",
        "named/file",
    ] {
        tree.file(name);
    }
    tree.file("free");
    let done = tree.loses(&["free"]);
    assert!(done.text.contains("14 with a protected name"), "{}", done.text);
}

#[test]
fn what_belongs_to_osmon_stays_wherever_it_is() {
    let mut tree = tree!("osmon's own files");
    tree.file("data/store/file");
    tree.file("web/osmon.html");
    tree.situation.own_paths = vec![tree.path("data"), tree.path("web/osmon.html"), tree.path("missing")];
    let done = tree.loses(&[]);
    assert!(done.text.contains("2 of osmon itself"), "{}", done.text);
    tree.situation.own_paths = vec![tree.root()];
    let refused = tree.refused();
    assert!(refused[0].0 == Guard::DirectoryRefused && refused[0].1.contains("belongs to osmon"), "{refused:?}");
}

#[test]
fn immutable_files_and_too_deep_trees_stay() {
    let tree = tree!("immutable files");
    tree.file(&format!("{}file", "d/".repeat(80)));
    let file = tree.file("immutable");
    let name = file.to_str().unwrap();
    if tool("chattr", &["+i", name]).code != 0 {
        skip("immutable files", "this file system has none");
        fs::remove_file(&file).unwrap();
    }
    let done = tree.run();
    tool("chattr", &["-i", name]);
    assert_eq!((done.removed, tree.has("d")), (Some(0), true), "{}", done.text);
    assert!(done.text.contains("1 nested too deeply"), "{}", done.text);
    assert!(!file.exists() || done.text.contains("1 immutable"), "{}", done.text);
}
