//! What happens to a tree while it is cleaned, and who uses it.

use super::heal_clean_tree::{Tree, listing, time, touch, tree};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, RenameFlags, renameat2};
use nix::unistd::UnlinkatFlags;
use osmon::base::subprocess::Finished;
use osmon::heal::actuator::{Actuator, Enforce};
use osmon::host::Root;
use osmon::model::action::Status;
use rustix::process::Signal;
use std::cell::RefCell;
use std::ffi::CStr;
use std::fs::{self, File};
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Does something, or fails, when a name is about to be removed.
struct Meanwhile<'a>(&'a dyn Fn(&str) -> nix::Result<()>);

impl Actuator for Meanwhile<'_> {
    fn run(&self, _: &str, _: &[String], _: Vec<u8>, _: Duration) -> io::Result<Finished> {
        panic!("nothing is run");
    }
    fn signal(&self, _: BorrowedFd<'_>, _: Signal) -> rustix::io::Result<()> {
        panic!("nothing is signalled");
    }
    fn remove(&self, directory: BorrowedFd<'_>, name: &CStr, flags: UnlinkatFlags) -> nix::Result<()> {
        (self.0)(name.to_str().unwrap())?;
        Enforce.remove(directory, name, flags)
    }
    fn set_kernel_value(&self, _: &Root, _: &str, _: &str) -> io::Result<()> {
        panic!("nothing is set");
    }
    fn is_dry(&self) -> bool {
        false
    }
}

fn exchange(one: &Path, other: &Path) {
    let _ = renameat2(nix::fcntl::AT_FDCWD, one, nix::fcntl::AT_FDCWD, other, RenameFlags::RENAME_EXCHANGE);
}

#[test]
fn nothing_outside_is_touched_while_links_and_directories_change_places() {
    let tree = tree!("changing places");
    fs::create_dir_all(tree.out("deep/a")).unwrap();
    fs::write(tree.out("deep/a/file"), "canary").unwrap();
    fs::write(tree.out("deep/file"), "canary").unwrap();
    let outside = listing(&tree.out(""));
    // Names that are there on both sides, so that a removal through the link would find them.
    let places = [("tree", "tree link", "deep"), ("tree/a", "tree/a link", "deep/a"), ("top", "top link", "")];
    let (is_done, building) = (AtomicBool::new(false), Mutex::new(()));
    let (mut removed, begin) = (0, Instant::now());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                let _wait = building.lock();
                for (directory, link, _) in places {
                    exchange(&tree.path(directory), &tree.path(link));
                }
            }
        });
        // The other thread ends even if this one fails.
        let _done = Done(&is_done);
        while begin.elapsed() < Duration::from_secs(3) {
            {
                let _wait = building.lock();
                for (directory, link, target) in places {
                    build(&tree, directory, link, target);
                }
            }
            removed += tree.run().removed.unwrap_or(0);
        }
    });
    assert!(removed > 10, "only {removed} removed: the test proves nothing");
    assert_eq!(listing(&tree.out("")), outside);
}

/// Tells another thread to end.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A directory with files, and a link beside it that leads outside.
fn build(tree: &Tree, directory: &str, link: &str, target: &str) {
    let (directory, link) = (tree.path(directory), tree.path(link));
    if directory.is_symlink() && fs::rename(&directory, &link).is_err() {
        exchange(&directory, &link);
    }
    // The link was removed while the directory had its name.
    if link.is_dir() && !link.is_symlink() {
        fs::remove_dir_all(&link).unwrap();
    }
    if !link.is_symlink() {
        symlink(tree.out(target), &link).unwrap();
    }
    fs::create_dir_all(&directory).unwrap();
    for name in ["file", "canary", "other"] {
        fs::write(directory.join(name), "x").unwrap();
    }
}

#[test]
fn what_changes_between_decision_and_removal_stays() {
    type Change = fn(&Tree);
    let held: RefCell<Option<Flock<File>>> = RefCell::new(None);
    let changes: [(&str, Change); 6] = [
        ("written to", |tree| fs::write(tree.path("unit/b"), "new").unwrap()),
        ("replaced by a file", |tree| fs::rename(tree.file("other"), tree.path("unit/b")).unwrap()),
        ("replaced by a link", |tree| {
            fs::remove_file(tree.path("unit/b")).unwrap();
            symlink(tree.out("canary"), tree.path("unit/b")).unwrap();
        }),
        ("replaced by a directory", |tree| {
            fs::remove_file(tree.path("unit/b")).unwrap();
            fs::create_dir(tree.path("unit/b")).unwrap();
        }),
        ("read", |tree| {
            touch(&tree.path("unit/b"), time(2), fs::metadata(tree.path("unit/b")).unwrap().modified().unwrap());
        }),
        ("linked", |tree| fs::hard_link(tree.path("unit/b"), tree.out("b")).unwrap()),
    ];
    for (what, change) in changes {
        let tree = tree!("changes meanwhile");
        tree.file("unit/a");
        tree.file("unit/b");
        let meanwhile = |name: &str| {
            if name == "a" {
                change(&tree);
            }
            Ok(())
        };
        let done = tree.act(&Meanwhile(&meanwhile));
        assert!(tree.has("unit/b") && !tree.has("unit/a"), "{what}: {}", done.text);
        assert!(done.text.contains("1 changed meanwhile"), "{what}: {}", done.text);
    }
    let tree = tree!("a lock meanwhile");
    tree.file("unit/a");
    tree.file("unit/b");
    let lock = |name: &str| {
        if name == "a" {
            let file = File::open(tree.path("unit/b")).unwrap();
            *held.borrow_mut() = Some(Flock::lock(file, FlockArg::LockExclusive).unwrap());
        }
        Ok(())
    };
    let done = tree.act(&Meanwhile(&lock));
    assert!(tree.has("unit/b") && done.text.contains("1 locked"), "{}", done.text);
}

#[test]
fn a_directory_that_changes_places_meanwhile_is_not_entered() {
    let tree = tree!("a directory that changes places");
    for name in ["unit/a", "unit/b/canary"] {
        tree.file(name);
    }
    let swap = |name: &str| {
        if name == "a" {
            fs::rename(tree.path("unit/b"), tree.path("moved")).unwrap();
            symlink(tree.out(""), tree.path("unit/b")).unwrap();
        }
        Ok(())
    };
    let done = tree.act(&Meanwhile(&swap));
    assert!(tree.out("canary").exists() && tree.has("unit/b") && tree.has("moved/canary"), "{}", done.text);
}

#[test]
fn what_appears_or_goes_meanwhile_is_no_error() {
    let tree = tree!("what appears and goes");
    tree.file("unit/a");
    tree.file("unit/b");
    tree.file("zzz");
    let appear = |name: &str| {
        if name == "b" {
            fs::write(tree.path("unit/new"), "new").unwrap();
        }
        Ok(())
    };
    let done = tree.act(&Meanwhile(&appear));
    assert!(tree.has("unit/new") && !tree.has("zzz") && done.text.contains("1 busy"), "{}", done.text);

    let tree = tree!("what goes");
    tree.file("unit/a");
    tree.file("zzz");
    let vanish =
        |name: &str| if name == "a" { fs::remove_file(tree.path("unit/a")).map_err(|_| Errno::EIO) } else { Ok(()) };
    let done = tree.act(&Meanwhile(&vanish));
    // What somebody else removed is not counted.
    assert_eq!((done.status, done.removed, tree.has("unit"), tree.has("zzz")), (Status::Done, Some(2), false, false));
}

#[test]
fn an_error_of_the_file_system_costs_one_entry() {
    for error in [Errno::ESTALE, Errno::EIO, Errno::EPERM, Errno::EROFS, Errno::EBUSY, Errno::ENOTEMPTY] {
        let tree = tree!("errors of the file system");
        for name in ["a", "b", "c"] {
            tree.file(name);
        }
        let done = tree.act(&Meanwhile(&|name| if name == "b" { Err(error) } else { Ok(()) }));
        assert_eq!((done.status, done.removed, tree.has("b")), (Status::Done, Some(2), true), "{error}: {}", done.text);
        assert!(done.text.contains("1 that could not be removed") || done.text.contains("1 busy"), "{}", done.text);
    }
}

#[test]
fn the_removal_of_a_unit_ends_in_time() {
    let tree = tree!("the time limit");
    for number in 0..50 {
        tree.file(&format!("unit/{number:02}"));
    }
    let target = osmon::model::action::Target { name: tree.clean.directories[0].clone(), ..Default::default() };
    let slow = |_: &str| {
        std::thread::sleep(Duration::from_millis(100));
        Ok(())
    };
    let (begin, limit) = (Instant::now(), Duration::from_secs(2));
    let repair: &dyn osmon::heal::repair::Repair = &tree.clean;
    let done = repair.act(&target, &Default::default(), &tree.situation, &Meanwhile(&slow), begin + limit);
    assert!(begin.elapsed() < limit + Duration::from_secs(1), "{:?}", begin.elapsed());
    assert!(done.removed > Some(0) && tree.has("unit/49") && done.text.contains("time was up"), "{}", done.text);
}

#[test]
fn a_directory_whose_name_is_taken_over_meanwhile_leaves_the_new_one() {
    let tree = tree!("a name taken over");
    tree.file("unit/b/file");
    let swap = |name: &str| {
        if name == "file" {
            fs::rename(tree.path("unit/b"), tree.path("moved")).unwrap();
            fs::create_dir(tree.path("unit/b")).unwrap();
        }
        Ok(())
    };
    let done = tree.act(&Meanwhile(&swap));
    assert!(tree.has("unit/b") && done.text.contains("1 changed meanwhile"), "{}", done.text);
}

#[test]
fn a_tree_that_is_moved_away_meanwhile_is_left_alone() {
    for moved in ["unit", "unit/sub", ""] {
        let tree = tree!("a tree moved away");
        for name in ["a", "b", "c"] {
            tree.file(&format!("unit/sub/{name}"));
        }
        let rescue = tree.out("rescue");
        let rename = |name: &str| {
            if name == "a" {
                fs::rename(tree.path(moved), &rescue).unwrap();
            }
            Ok(())
        };
        let done = tree.act(&Meanwhile(&rename));
        let sub = rescue.join(Path::new("unit/sub").strip_prefix(moved).unwrap());
        assert!(sub.join("b").exists() && sub.join("c").exists(), "{moved}: {}", done.text);
        assert!(done.text.contains("1 changed meanwhile"), "{moved}: {}", done.text);
    }
}

/// A recorded host with files `a` and `b` to clean, without anything in use.
fn recorded(tree: &mut Tree) -> (PathBuf, fs::Metadata) {
    let base = tree.out("host");
    fs::create_dir_all(base.join("proc/7/fd")).unwrap();
    fs::create_dir_all(base.join("srv/in")).unwrap();
    for name in ["a", "b"] {
        fs::write(base.join("srv/in").join(name), [7; 100]).unwrap();
    }
    tree.situation.root = Root::new(Some(&base));
    tree.clean.directories = vec!["/srv/in".to_string()];
    let meta = fs::metadata(base.join("srv/in/a")).unwrap();
    (base, meta)
}

#[test]
fn each_source_of_what_is_in_use_keeps_a_file_alone() {
    type Say = fn(&Path, u64, u64, u64);
    fn write(base: &Path, file: &str, text: &str) {
        let path = base.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let sources: [(&str, Say); 5] = [
        ("1 locked", |base, major, minor, inode| {
            write(base, "proc/locks", &format!("1: POSIX  ADVISORY  READ 4 {major:02x}:{minor:02x}:{inode} 0 EOF\n"));
        }),
        ("1 in use", |base, major, minor, inode| {
            let line = format!("7f01-7f02 r--s 00000000 {major:02x}:{minor:02x} {inode} /x y\n");
            write(base, "proc/7/maps", &line);
        }),
        ("1 in use", |base, major, minor, inode| {
            symlink("anon_inode:inotify", base.join("proc/7/fd/3")).unwrap();
            let device = major << 20 | minor;
            write(base, "proc/7/fdinfo/3", &format!("pos:\t0\ninotify wd:1 ino:{inode:x} sdev:{device:x} mask:2\n"));
        }),
        ("1 in use", |base, _, _, _| write(base, "proc/swaps", "Filename Type\n/srv/in/a file 1 0 -2\n")),
        ("1 in use", |base, _, _, _| write(base, "sys/block/loop0/loop/backing_file", "/srv/in/a\n")),
    ];
    for (what, say) in sources {
        let mut tree = tree!("what is in use");
        let (base, meta) = recorded(&mut tree);
        let (major, minor) = (nix::sys::stat::major(meta.dev()), nix::sys::stat::minor(meta.dev()));
        say(&base, major, minor, meta.ino());
        let done = tree.run();
        assert_eq!((done.removed, base.join("srv/in/a").exists()), (Some(1), true), "{}", done.text);
        assert!(done.text.contains(what), "{}", done.text);
    }
}

#[test]
fn a_lock_that_the_kernel_does_not_list_keeps_the_whole_tree() {
    let mut tree = tree!("locks without a list");
    let (base, _) = recorded(&mut tree);
    fs::create_dir(base.join("srv/in/unit")).unwrap();
    for name in ["a", "b"] {
        fs::rename(base.join("srv/in").join(name), base.join("srv/in/unit").join(name)).unwrap();
    }
    let _lock = Flock::lock(File::open(base.join("srv/in/unit/b")).unwrap(), FlockArg::LockShared).unwrap();
    let done = tree.run();
    assert!(done.removed == Some(0) && done.text.contains("1 locked"), "{}", done.text);
}
