//! Real processes that the tests of `end` start in sessions of their own.

pub use nix::sys::signal::{Signal as Sig, kill, killpg};
pub use nix::unistd::{Pid, geteuid};
pub use osmon::base::clock::Now;
pub use osmon::base::subprocess::Finished;
pub use osmon::heal::actuator::{Actuator, DryRun, Enforce};
pub use osmon::heal::case::Case;
pub use osmon::heal::end::End;
pub use osmon::heal::guard::Guard;
pub use osmon::heal::process_owner::{ProcessOwner, owner};
pub use osmon::heal::repair::{Candidate, Repair, Verdict};
pub use osmon::heal::situation::Situation;
pub use osmon::host::Root;
pub use osmon::model::action::{Outcome, Status, Target};
pub use rustix::process::Signal;
pub use std::cell::{Cell, RefCell};
pub use std::fs::{self, Permissions};
pub use std::os::fd::BorrowedFd;
pub use std::os::unix::fs::PermissionsExt;
pub use std::path::{Path, PathBuf};
pub use std::process::{Child, Command, Stdio};
pub use std::time::{Duration, Instant};
pub use tempfile::TempDir;

/// Ignores SIGTERM, and hands that on to the program.
pub const STUBBORN: &str = "trap '' TERM; exec \"$0\" 1000";
pub const PLAIN: &str = "exec \"$0\" 1000";
/// Never sleeps.
pub const BUSY: &str = "exec \"$0\" -c 'while :; do :; done'";

/// A program of this test alone: a copy of `sleep`, or of a shell.
pub struct Program {
    pub directory: TempDir,
    pub path: PathBuf,
}

impl Program {
    pub fn copy_of(original: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        let path = directory.path().canonicalize().unwrap().join("hog");
        // By another process: a program that this one has open for writing cannot be started.
        assert!(Command::new("cp").arg(original).arg(&path).status().unwrap().success());
        Self { directory, path }
    }

    pub fn sleep() -> Self {
        Self::copy_of("/bin/sleep")
    }

    /// Starts it by a shell script as `$0`, through other programs (`setsid`).
    pub fn start(&self, through: &[&str], script: &str) -> Started {
        let mut words = through.to_vec();
        words.extend(["/bin/sh", "-c", script, self.path.to_str().unwrap()]);
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Started { child: command.spawn().unwrap(), leads: through.contains(&"setsid") }
    }

    /// Starts it in a session of its own, and waits until it runs and has loaded what it needs.
    pub fn run(&self, script: &str) -> Started {
        self.run_through(&["setsid"], script)
    }

    pub fn run_through(&self, through: &[&str], script: &str) -> Started {
        let started = self.start(through, script);
        wait_for(|| fs::read_link(format!("/proc/{}/exe", started.pid())).is_ok_and(|exe| exe == self.path));
        let state = |letter: &str| {
            fs::read_to_string(format!("/proc/{}/stat", started.pid())).is_ok_and(|stat| stat.contains(letter))
        };
        wait_for(|| state(") S ") || (script == BUSY && state(") R ")));
        started
    }

    pub fn end(&self, user: &str) -> End {
        let executables = vec![self.path.to_str().unwrap().to_string()];
        End { executables, users: vec![user.to_string()], memory_bytes: 1 }
    }
}

/// A process; killed and waited for at the end of the test, with its group if it leads one.
pub struct Started {
    pub child: Child,
    pub leads: bool,
}

impl Started {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // What was waited for has no number any more, and what did not yet become a leader has no group.
        if self.is_alive() {
            let _ = self.child.kill();
            let group = Pid::from_raw(i32::try_from(self.pid()).unwrap());
            let _ = self.leads.then(|| killpg(group, Sig::SIGKILL));
            let _ = self.child.wait();
        }
    }
}

pub fn wait_for(is_so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < until, "in vain");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends signals and notes them; before the first one something may happen, and they may get lost.
#[derive(Default)]
pub struct Noting<'a> {
    pub sent: RefCell<Vec<Signal>>,
    pub before: Option<&'a dyn Fn()>,
    pub loses: bool,
}

impl Actuator for Noting<'_> {
    fn run(&self, _: &str, _: &[String], _: Vec<u8>, _: Duration) -> std::io::Result<Finished> {
        unreachable!()
    }

    fn signal(&self, process: BorrowedFd<'_>, signal: Signal) -> rustix::io::Result<()> {
        self.sent.borrow_mut().push(signal);
        if let Some(before) = self.before {
            before();
        }
        if self.loses { Ok(()) } else { Enforce.signal(process, signal) }
    }

    fn remove(&self, _: BorrowedFd<'_>, _: &std::ffi::CStr, _: nix::unistd::UnlinkatFlags) -> nix::Result<()> {
        unreachable!()
    }

    fn set_kernel_value(&self, _: &Root, _: &str, _: &str) -> std::io::Result<()> {
        unreachable!()
    }

    fn is_dry(&self) -> bool {
        false
    }
}

pub fn harmed() -> Situation {
    Situation { harm: Some("tasks waited".to_string()), ..Situation::calm(Root::new(None), Now::read()) }
}

pub fn case(metric: &str) -> Case {
    Case { metric: metric.to_string(), ..Case::default() }
}

pub fn candidates(end: &End, metric: &str) -> Vec<Candidate> {
    end.candidates(&case(metric), &harmed())
}

/// The candidate that is a process, and the guards that refuse it.
#[track_caller]
pub fn of(candidates: &[Candidate], pid: u32) -> (Target, Vec<Guard>) {
    let is_it = |it: &&Candidate| it.target.process.as_ref().is_some_and(|process| process.pid == pid);
    let found = candidates.iter().find(is_it).unwrap_or_else(|| panic!("{pid} is not among {candidates:?}"));
    (found.target.clone(), found.refused.iter().map(|refusal| refusal.guard).collect())
}

/// Ends a target; with `seconds` for everything, of which SIGKILL is owed five.
pub fn act(end: &End, target: &Target, actuator: &dyn Actuator, seconds: u64) -> Outcome {
    let until = Instant::now() + Duration::from_secs(seconds);
    end.act(target, &case("memory.used_percent"), &harmed(), actuator, until)
}

pub fn me() -> String {
    geteuid().to_string()
}

/// Tests inside a service or a container: everything that they start belongs to it, and is refused for that.
pub fn is_owned() -> bool {
    let own = Root::new(None).process_facts(std::process::id()).unwrap();
    let is_owned = owner(&own.cgroups) != ProcessOwner::Nobody;
    if is_owned {
        eprintln!("skipped: these tests run in {:?}", own.cgroups);
    }
    is_owned
}
