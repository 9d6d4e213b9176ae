//! A real tree that is cleaned: forty days later, everything in it is old unless a test says otherwise.

use super::harness::{skip, tool};
use chrono::{TimeDelta, Utc};
use nix::dir::Dir;
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use osmon::base::clock::Now;
use osmon::heal::actuator::{Actuator, DryRun, Enforce};
use osmon::heal::case::Case;
use osmon::heal::clean::Clean;
use osmon::heal::guard::Guard;
use osmon::heal::repair::Repair;
use osmon::heal::situation::Situation;
use osmon::host::Root;
use osmon::model::action::{Outcome, Target};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, FileTimes};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

pub const DAY: u64 = 86_400;
/// Days from the real present to that of the tests.
const LATER: u64 = 40;

/// A directory `in` that is cleaned, and a directory `out` beside it that must stay as it is.
pub struct Tree {
    directory: TempDir,
    pub clean: Clean,
    pub situation: Situation,
}

/// An age in days, by the clock of the tests; negative: in the future.
pub fn time(days_old: i64) -> SystemTime {
    let seconds = (LATER as i64 - days_old) * DAY as i64;
    let step = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { SystemTime::now() - step } else { SystemTime::now() + step }
}

/// Set in a test that runs in namespaces of its own.
const INSIDE: &str = "OSMON_TEST_INSIDE";
const UNSHARE: [&str; 4] = ["--mount", "--pid", "--fork", "--mount-proc"];

/// A tree; the test goes on with it in pid and mount namespaces of its own, where other processes of this machine, visible
/// or not, and mounts that are left over do no harm.
macro_rules! tree {
    ($what:literal) => {{
        fn here() {}
        match super::heal_clean_tree::goes_on(std::any::type_name_of_val(&here), $what) {
            true => super::heal_clean_tree::Tree::new(),
            false => return,
        }
    }};
}
pub(crate) use tree;

/// Runs the test again in its namespaces, unless this is there. `place`: the path of a function in the test.
pub fn goes_on(place: &str, what: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let possible = tool("unshare", &[&UNSHARE[..], &["true"]].concat());
    if possible.code != 0 {
        skip(what, &possible.err);
        return false;
    }
    let name = place.strip_prefix("suite::").unwrap().strip_suffix("::here").unwrap();
    let own = std::env::current_exe().unwrap();
    let again = [own.to_str().unwrap(), "--exact", name, "--nocapture"];
    let done =
        Command::new("unshare").args(UNSHARE).args(again).env(INSIDE, "1").stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&done.stdout), text(&done.stderr));
    assert!(done.status.success() && out.contains("1 passed"), "{out}\n{err}");
    err.lines().filter_map(|line| line.strip_prefix("skipped: ")).for_each(|line| skip(what, line));
    false
}

impl Tree {
    pub fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("clean").tempdir().unwrap();
        fs::create_dir(directory.path().join("in")).unwrap();
        fs::create_dir(directory.path().join("out")).unwrap();
        fs::write(directory.path().join("out/canary"), "canary").unwrap();
        let now = Now { wall: Utc::now() + TimeDelta::days(LATER as i64), boottime_seconds: 1e6 };
        let clean = Clean {
            directories: vec![directory.path().join("in").to_str().unwrap().to_string()],
            older_than: Duration::from_secs(10 * DAY),
            keep: Vec::new(),
            stop_bytes: 0,
        };
        Self { directory, clean, situation: Situation::calm(Root::new(None), now) }
    }

    pub fn root(&self) -> PathBuf {
        self.directory.path().join("in")
    }
    pub fn path(&self, below: &str) -> PathBuf {
        self.root().join(below)
    }
    pub fn out(&self, below: &str) -> PathBuf {
        self.directory.path().join("out").join(below)
    }

    /// A file of 8 KiB in the cleaned directory, with the directories that lead to it.
    pub fn file(&self, below: &str) -> PathBuf {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, [7_u8; 8192]).unwrap();
        path
    }
    pub fn has(&self, below: &str) -> bool {
        self.path(below).symlink_metadata().is_ok()
    }

    pub fn act(&self, actuator: &dyn Actuator) -> Outcome {
        self.act_in(&self.clean.directories[0], actuator, &Case::default())
    }
    pub fn act_in(&self, directory: &str, actuator: &dyn Actuator, case: &Case) -> Outcome {
        let target = Target { name: directory.to_string(), ..Target::default() };
        let until = Instant::now() + Duration::from_secs(60);
        self.clean.act(&target, case, &self.situation, actuator, until)
    }
    pub fn run(&self) -> Outcome {
        self.act(&Enforce)
    }

    /// Guards that refuse the directory before anything is done.
    pub fn refused(&self) -> Vec<(Guard, String)> {
        let candidates = self.clean.candidates(&Case::default(), &self.situation);
        candidates.into_iter().flat_map(|found| found.refused).map(|why| (why.guard, why.message.english())).collect()
    }

    /// Cleans after a dry run, which must say the same and leave everything as it is, and asserts that exactly these
    /// entries are gone and that what is outside is untouched.
    #[track_caller]
    pub fn loses(&self, gone: &[&str]) -> Outcome {
        let (before, outside) = (listing(&self.root()), listing(&self.out("")));
        let dry = self.act(&DryRun);
        assert_eq!(listing(&self.root()), before, "a dry run changed something");
        let done = self.run();
        let after = listing(&self.root());
        let lost: Vec<&str> = before.keys().map(String::as_str).filter(|name| !after.contains_key(*name)).collect();
        assert_eq!(lost, gone, "{}", done.text);
        assert_eq!(listing(&self.out("")), outside);
        assert_eq!((dry.freed_bytes, dry.removed, &dry.examples), (done.freed_bytes, done.removed, &done.examples));
        done
    }
}

/// Everything about a tree that can be seen: by path, its inode, mode, links, size, and all three times. Leaves no trace.
pub fn listing(root: &Path) -> BTreeMap<String, String> {
    let (mut found, mut waiting) = (BTreeMap::new(), vec![root.to_path_buf()]);
    while let Some(directory) = waiting.pop() {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOATIME;
        for entry in Dir::open(&directory, flags, Mode::empty()).unwrap().iter().flatten() {
            let path = directory.join(OsStr::from_bytes(entry.file_name().to_bytes()));
            if [c".", c".."].contains(&entry.file_name()) {
                continue;
            }
            let meta = path.symlink_metadata().unwrap();
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            let seconds = [meta.atime(), meta.mtime(), meta.ctime()];
            let nanoseconds = [meta.atime_nsec(), meta.mtime_nsec(), meta.ctime_nsec()];
            let facts = (meta.ino(), meta.mode(), meta.nlink(), meta.len(), seconds, nanoseconds);
            found.insert(name, format!("{facts:?}"));
            if meta.is_dir() {
                waiting.push(path);
            }
        }
    }
    found
}

/// Sets access and modification time of a file or directory.
pub fn touch(path: &Path, accessed: SystemTime, modified: SystemTime) {
    let times = FileTimes::new().set_accessed(accessed).set_modified(modified);
    File::open(path).unwrap().set_times(times).unwrap();
}

/// A process that lives until it is dropped.
pub struct Process(Child);

impl Process {
    /// Starts a shell command that ends with `echo` and then waits for its standard input.
    pub fn shell(command: &str, at: &Path) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", &format!("{command}; echo; read line <&0")])
            .current_dir(at)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut byte = [0];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut byte).unwrap();
        Self(child)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
