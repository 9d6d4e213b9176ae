//! Ending real processes, which the tests start in sessions of their own.

use nix::sys::signal::{Signal as Sig, kill, killpg};
use nix::unistd::{Pid, geteuid};
use osmon::base::clock::Now;
use osmon::base::subprocess::Finished;
use osmon::heal::actuator::{Actuator, DryRun, Enforce};
use osmon::heal::case::Case;
use osmon::heal::end::End;
use osmon::heal::guard::Guard;
use osmon::heal::process_owner::{ProcessOwner, owner};
use osmon::heal::repair::{Candidate, Repair, Verdict};
use osmon::heal::situation::Situation;
use osmon::host::Root;
use osmon::model::action::{Outcome, Status, Target};
use rustix::process::Signal;
use std::cell::{Cell, RefCell};
use std::fs::{self, Permissions};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Ignores SIGTERM, and hands that on to the program.
const STUBBORN: &str = "trap '' TERM; exec \"$0\" 1000";
const PLAIN: &str = "exec \"$0\" 1000";
/// Never sleeps.
const BUSY: &str = "exec \"$0\" -c 'while :; do :; done'";

/// A program of this test alone: a copy of `sleep`, or of a shell.
struct Program {
    directory: TempDir,
    path: PathBuf,
}

impl Program {
    fn copy_of(original: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        let path = directory.path().canonicalize().unwrap().join("hog");
        // By another process: a program that this one has open for writing cannot be started.
        assert!(Command::new("cp").arg(original).arg(&path).status().unwrap().success());
        Self { directory, path }
    }

    fn sleep() -> Self {
        Self::copy_of("/bin/sleep")
    }

    /// Starts it by a shell script as `$0`, through other programs (`setsid`).
    fn start(&self, through: &[&str], script: &str) -> Started {
        let mut words = through.to_vec();
        words.extend(["/bin/sh", "-c", script, self.path.to_str().unwrap()]);
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Started { child: command.spawn().unwrap(), leads: through.contains(&"setsid") }
    }

    /// Starts it in a session of its own, and waits until it runs and has loaded what it needs.
    fn run(&self, script: &str) -> Started {
        self.run_through(&["setsid"], script)
    }

    fn run_through(&self, through: &[&str], script: &str) -> Started {
        let started = self.start(through, script);
        wait_for(|| fs::read_link(format!("/proc/{}/exe", started.pid())).is_ok_and(|exe| exe == self.path));
        let state = |letter: &str| {
            fs::read_to_string(format!("/proc/{}/stat", started.pid())).is_ok_and(|stat| stat.contains(letter))
        };
        wait_for(|| state(") S ") || (script == BUSY && state(") R ")));
        started
    }

    fn end(&self, user: &str) -> End {
        let executables = vec![self.path.to_str().unwrap().to_string()];
        End { executables, users: vec![user.to_string()], memory_bytes: 1 }
    }
}

/// A process; killed and waited for at the end of the test, with its group if it leads one.
struct Started {
    child: Child,
    leads: bool,
}

impl Started {
    fn pid(&self) -> u32 {
        self.child.id()
    }

    fn is_alive(&mut self) -> bool {
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

fn wait_for(is_so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < until, "in vain");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends signals and notes them; before the first one something may happen, and they may get lost.
#[derive(Default)]
struct Noting<'a> {
    sent: RefCell<Vec<Signal>>,
    before: Option<&'a dyn Fn()>,
    loses: bool,
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

fn harmed() -> Situation {
    Situation { harm: Some("tasks waited".to_string()), ..Situation::calm(Root::new(None), Now::read()) }
}

fn case(metric: &str) -> Case {
    Case { metric: metric.to_string(), ..Case::default() }
}

fn candidates(end: &End, metric: &str) -> Vec<Candidate> {
    end.candidates(&case(metric), &harmed())
}

/// The candidate that is a process, and the guards that refuse it.
#[track_caller]
fn of(candidates: &[Candidate], pid: u32) -> (Target, Vec<Guard>) {
    let is_it = |it: &&Candidate| it.target.process.as_ref().is_some_and(|process| process.pid == pid);
    let found = candidates.iter().find(is_it).unwrap_or_else(|| panic!("{pid} is not among {candidates:?}"));
    (found.target.clone(), found.refused.iter().map(|refusal| refusal.guard).collect())
}

/// Ends a target; with `seconds` for everything, of which SIGKILL is owed five.
fn act(end: &End, target: &Target, actuator: &dyn Actuator, seconds: u64) -> Outcome {
    let until = Instant::now() + Duration::from_secs(seconds);
    end.act(target, &case("memory.used_percent"), &harmed(), actuator, until)
}

fn me() -> String {
    geteuid().to_string()
}

/// Tests inside a service or a container: everything that they start belongs to it, and is refused for that.
fn is_owned() -> bool {
    let own = Root::new(None).process_facts(std::process::id()).unwrap();
    let is_owned = owner(&own.cgroups) != ProcessOwner::Nobody;
    if is_owned {
        eprintln!("skipped: these tests run in {:?}", own.cgroups);
    }
    is_owned
}

#[test]
fn a_hog_is_ended_and_its_neighbour_of_another_user_is_not() {
    if is_owned() {
        return;
    }
    let program = Program::sleep();
    let mut hog = program.run(PLAIN);
    let as_nobody = ["setsid", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let mut neighbour = geteuid().is_root().then(|| program.run_through(&as_nobody, PLAIN));
    let end = program.end(&me());
    let found = candidates(&end, "memory.used_percent");
    let (target, refused) = of(&found, hog.pid());
    assert_eq!(refused, []);
    assert_eq!(found[0].target, target, "what may be ended comes first");
    let process = target.process.clone().unwrap();
    assert_eq!(found[0].sighting, format!("{} {}", hog.pid(), process.start_ticks));
    assert_eq!((process.exe.as_str(), process.uid), (program.path.to_str().unwrap(), geteuid().as_raw()));
    if let Some(neighbour) = &neighbour {
        let (_, refused) = of(&found, neighbour.pid());
        assert_eq!(refused, [Guard::ProcessNotAllowed]);
    }
    let actuator = Noting::default();
    let outcome = act(&end, &target, &actuator, 20);
    assert_eq!(outcome.status, Status::Done, "{outcome:?}");
    assert!(outcome.text.starts_with("hog (pid ") && outcome.text.ends_with(" ended on SIGTERM"), "{}", outcome.text);
    assert_eq!(*actuator.sent.borrow(), [Signal::TERM], "asked, and no more");
    // Nobody has waited for it yet: a zombie is not there any more.
    let verdict = end.verify(&target, &outcome, 1.0, 60.0, Some(false), &harmed());
    assert!(matches!(verdict, Verdict::Helped(_)));
    assert_eq!(end.verify(&target, &outcome, 1.0, 60.0, Some(true), &harmed()), Verdict::Pending);
    assert!(!hog.is_alive());
    assert!(neighbour.as_mut().is_none_or(Started::is_alive));
    // Also when it is asked for directly, the neighbour is not touched.
    if let Some(neighbour) = &mut neighbour {
        let (other, _) = of(&found, neighbour.pid());
        let outcome = act(&end, &other, &actuator, 20);
        assert!(outcome.status == Status::Failed && outcome.text.contains("not on the allow-list"), "{outcome:?}");
        assert!(neighbour.is_alive());
    }
}

#[test]
fn root_is_only_ended_under_its_own_name() {
    if is_owned() || !geteuid().is_root() {
        return;
    }
    let program = Program::sleep();
    let hog = program.run(PLAIN);
    for (user, refused) in [("nobody", vec![Guard::ProcessNotAllowed]), ("root", vec![]), ("0", vec![])] {
        assert_eq!(of(&candidates(&program.end(user), "swap.used_percent"), hog.pid()).1, refused, "{user}");
    }
}

#[test]
fn who_ignores_sigterm_is_killed_later() {
    if is_owned() {
        return;
    }
    let program = Program::sleep();
    let mut hog = program.run(STUBBORN);
    let end = program.end(&me());
    let (target, _) = of(&candidates(&end, "memory.used_percent"), hog.pid());
    let (actuator, begun) = (Noting::default(), Instant::now());
    let outcome = act(&end, &target, &actuator, 7);
    assert_eq!(outcome.status, Status::Done, "{outcome:?}");
    assert!(outcome.text.contains("was killed: it ignored SIGTERM for 2 s"), "{}", outcome.text);
    assert_eq!(*actuator.sent.borrow(), [Signal::TERM, Signal::KILL]);
    assert!(begun.elapsed() > Duration::from_millis(1900));
    assert!(!outcome.is_final && !hog.is_alive());
}

#[test]
fn without_time_to_kill_nothing_is_begun() {
    if is_owned() {
        return;
    }
    let program = Program::sleep();
    let mut hog = program.run(PLAIN);
    let end = program.end(&me());
    let (target, _) = of(&candidates(&end, "memory.used_percent"), hog.pid());
    let actuator = Noting::default();
    assert_eq!(act(&end, &target, &actuator, 3).status, Status::Failed);
    assert!(actuator.sent.borrow().is_empty() && hog.is_alive());
    assert!(end.least_seconds() >= 15);
}

#[test]
fn who_survives_sigkill_is_never_tried_again() {
    if is_owned() {
        return;
    }
    let program = Program::sleep();
    let mut hog = program.run(PLAIN);
    let end = program.end(&me());
    let (target, _) = of(&candidates(&end, "memory.used_percent"), hog.pid());
    // As in uninterruptible sleep, signals have no effect.
    let actuator = Noting { loses: true, ..Noting::default() };
    let outcome = act(&end, &target, &actuator, 6);
    assert_eq!((outcome.status, outcome.is_final), (Status::Failed, true));
    assert!(outcome.text.contains("still there 5 s after SIGKILL"), "{}", outcome.text);
    assert_eq!(*actuator.sent.borrow(), [Signal::TERM, Signal::KILL]);
    assert!(hog.is_alive());
    assert!(matches!(end.verify(&target, &outcome, 1.0, 60.0, Some(false), &harmed()), Verdict::Failed(_)));
    let known = (hog.pid(), target.process.clone().unwrap().start_ticks);
    let situation = |unkillable| Situation { unkillable: vec![unkillable], ..harmed() };
    let again = |known| of(&end.candidates(&case("memory.used_percent"), &situation(known)), hog.pid()).1;
    assert_eq!(again(known), [Guard::ProcessUnkillable]);
    assert_eq!(again((known.0, known.1 + 1)), [], "another process with its number");
}

#[test]
fn a_dry_run_sends_nothing() {
    if is_owned() {
        return;
    }
    let program = Program::sleep();
    let mut hog = program.run(PLAIN);
    let end = program.end(&me());
    let (target, _) = of(&candidates(&end, "memory.used_percent"), hog.pid());
    let outcome = act(&end, &target, &DryRun, 20);
    assert_eq!(outcome.status, Status::Simulated);
    assert!(outcome.text.starts_with("would end hog (pid "), "{}", outcome.text);
    std::thread::sleep(Duration::from_millis(100));
    assert!(hog.is_alive());
}

#[test]
fn a_process_that_is_not_the_one_decided_on_is_not_touched() {
    if is_owned() {
        return;
    }
    let program = Program::sleep();
    let mut hog = program.run(PLAIN);
    let end = program.end(&me());
    let (target, _) = of(&candidates(&end, "memory.used_percent"), hog.pid());
    let changes: [fn(&mut Target); 4] = [
        |it| it.process.as_mut().unwrap().start_ticks += 1,
        |it| it.process.as_mut().unwrap().exe = "/bin/sleep".to_string(),
        |it| it.process.as_mut().unwrap().uid += 1,
        |it| it.process = None,
    ];
    for change in changes {
        let mut other = target.clone();
        change(&mut other);
        let actuator = Noting::default();
        let outcome = act(&end, &other, &actuator, 20);
        assert_eq!(outcome.status, Status::Failed);
        assert!(outcome.text.contains("the process has ended, or another one has its number"), "{}", outcome.text);
        assert!(actuator.sent.borrow().is_empty() && hog.is_alive());
    }
    // It was taken off the list meanwhile.
    let actuator = Noting::default();
    assert_eq!(act(&Program::sleep().end(&me()), &target, &actuator, 20).status, Status::Failed);
    assert!(actuator.sent.borrow().is_empty() && hog.is_alive());
}

/// Starts a process with a chosen number, by `ns_last_pid`; `None`: not as this user, or others were always faster.
fn start_as(program: &Program, pid: u32) -> Option<Started> {
    // Later than the last one by more than a tick of 10 ms, the resolution of a process's start.
    std::thread::sleep(Duration::from_millis(30));
    for _ in 0..200 {
        fs::write("/proc/sys/kernel/ns_last_pid", (pid - 1).to_string()).ok()?;
        let started = program.start(&["setsid"], PLAIN);
        if started.pid() == pid {
            wait_for(|| fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == program.path));
            return Some(started);
        }
    }
    None
}

#[test]
fn a_number_used_again_between_decision_and_action_is_not_touched() {
    if is_owned() {
        return;
    }
    let program = Program::sleep();
    let hog = program.run(PLAIN);
    let (end, pid) = (program.end(&me()), hog.pid());
    let (target, _) = of(&candidates(&end, "memory.used_percent"), pid);
    drop(hog);
    let actuator = Noting::default();
    let outcome = act(&end, &target, &actuator, 20);
    assert!(outcome.status == Status::Failed && actuator.sent.borrow().is_empty(), "it has ended by itself");
    let Some(mut heir) = start_as(&program, pid) else { return };
    // The same program of the same user with the same number.
    assert_eq!(of(&candidates(&end, "memory.used_percent"), pid).1, []);
    let outcome = act(&end, &target, &actuator, 20);
    assert!(outcome.text.contains("another one has its number"), "{}", outcome.text);
    assert!(actuator.sent.borrow().is_empty() && heir.is_alive());
}

#[test]
fn a_number_used_again_between_the_last_look_and_the_signal_is_not_touched() {
    if is_owned() {
        return;
    }
    let program = Program::sleep();
    let hog = program.run(PLAIN);
    let (end, pid) = (program.end(&me()), hog.pid());
    let (target, _) = of(&candidates(&end, "memory.used_percent"), pid);
    let (hog, heir) = (Cell::new(Some(hog)), Cell::new(None));
    let swap = || {
        hog.take();
        heir.set(start_as(&program, pid));
    };
    let actuator = Noting { before: Some(&swap), ..Noting::default() };
    let outcome = act(&end, &target, &actuator, 20);
    assert_eq!((outcome.status, actuator.sent.borrow().len()), (Status::Failed, 1));
    assert!(outcome.text.contains("the process has ended"), "{}", outcome.text);
    let Some(mut heir) = heir.take() else { return };
    std::thread::sleep(Duration::from_millis(200));
    assert!(heir.pid() == pid && heir.is_alive(), "the signal went to the descriptor, not to the number");
}

#[test]
fn a_process_that_becomes_another_program_is_not_killed() {
    if is_owned() {
        return;
    }
    let program = Program::copy_of("/bin/sh");
    let script = "exec \"$0\" -c 'trap \"exec /bin/sleep 1000\" TERM; while :; do sleep 0.1; done'";
    let mut hog = program.run(script);
    // Its trap is set soon after it began.
    std::thread::sleep(Duration::from_millis(300));
    let end = program.end(&me());
    let (target, _) = of(&candidates(&end, "memory.used_percent"), hog.pid());
    let actuator = Noting::default();
    let outcome = act(&end, &target, &actuator, 6);
    assert!(outcome.text.contains("and was not killed: the process has ended, or another one"), "{}", outcome.text);
    assert_eq!(*actuator.sent.borrow(), [Signal::TERM]);
    assert!(outcome.status == Status::Failed && hog.is_alive());
}

#[test]
fn what_is_never_ended_although_the_list_names_it() {
    if is_owned() {
        return;
    }
    let program = Program::sleep();
    let end = program.end(&me());
    let refused = |pid: u32| of(&candidates(&end, "memory.used_percent"), pid).1;
    let of_own_session = program.run_through(&["env"], PLAIN);
    assert_eq!(refused(of_own_session.pid()), [Guard::ProcessOfSession]);
    let stopped = program.run(PLAIN);
    let pid = Pid::from_raw(i32::try_from(stopped.pid()).unwrap());
    kill(pid, Sig::SIGSTOP).unwrap();
    wait_for(|| fs::read_to_string(format!("/proc/{pid}/stat")).unwrap().contains(") T "));
    assert_eq!(refused(stopped.pid()), [Guard::ProcessState]);
    kill(pid, Sig::SIGKILL).unwrap();
    wait_for(|| fs::read_to_string(format!("/proc/{pid}/stat")).unwrap().contains(") Z "));
    // A zombie executes nothing.
    assert!(candidates(&end, "x").iter().all(|it| it.target.process.as_ref().is_none_or(|it| it.pid != stopped.pid())));
    if fs::write(format!("/proc/{}/oom_score_adj", of_own_session.pid()), "-900").is_ok() {
        assert_eq!(refused(of_own_session.pid()), [Guard::ProcessProtected, Guard::ProcessOfSession]);
    }
    let calm = Situation { harm: None, ..harmed() };
    let free = program.run(PLAIN);
    assert_eq!(refused(free.pid()), []);
    assert_eq!(of(&end.candidates(&case("memory.used_percent"), &calm), free.pid()).1, [Guard::NoHarm]);
    let small = End { memory_bytes: 1 << 40, ..program.end(&me()) };
    assert_eq!(of(&candidates(&small, "memory.used_percent"), free.pid()).1, [Guard::ProcessTooSmall]);
    let unset = End { memory_bytes: 0, ..program.end(&me()) };
    assert_eq!(of(&candidates(&unset, "memory.used_percent"), free.pid()).1, [Guard::ProcessTooSmall], "of 5 %");
    fs::remove_file(&program.path).unwrap();
    assert_eq!(refused(free.pid()), [Guard::ProcessNotAllowed], "its file was deleted");
    // Another file by the same path: not what the list meant when this process began.
    assert!(Command::new("cp").arg("/bin/sleep").arg(&program.path).status().unwrap().success());
    assert_eq!(refused(free.pid()), [Guard::ProcessNotAllowed]);
}

#[test]
fn containers_are_left_alone() {
    if is_owned() || !geteuid().is_root() {
        return;
    }
    let program = Program::sleep();
    let other = program.directory.path().join("other");
    assert!(Command::new("cp").args(["/bin/sleep"]).arg(&other).status().unwrap().success());
    let end = program.end("root");
    // Another file is mounted over the path, as in the image of a container.
    let mount = format!("mount --bind {} \"$0\" && exec \"$0\" 1000", other.display());
    let hidden = program.run_through(&["setsid", "unshare", "--mount"], &mount);
    assert_eq!(of(&candidates(&end, "memory.used_percent"), hidden.pid()).1, [Guard::ProcessNotAllowed]);
    let _outer = program.start(&["setsid", "unshare", "--pid", "--fork", "--kill-child"], PLAIN);
    let is_inside = |it: &Candidate| it.refused.iter().any(|refusal| refusal.guard == Guard::ProcessNamespace);
    wait_for(|| candidates(&end, "memory.used_percent").iter().any(is_inside));
}

#[test]
fn who_uses_the_cpu_now_comes_first() {
    if is_owned() {
        return;
    }
    let program = Program::copy_of("/bin/sh");
    let idle = program.run("exec \"$0\" -c 'sleep 1000; :'");
    let busy = program.run(BUSY);
    let end = program.end(&me());
    // On a host that is busy with other things, its share may be small for a moment.
    wait_for(|| candidates(&end, "cpu.busy_percent")[0].refused.is_empty());
    let found = candidates(&end, "cpu.busy_percent");
    assert_eq!(found[0].target.process.as_ref().unwrap().pid, busy.pid());
    assert_eq!(of(&found, idle.pid()).1, [Guard::ProcessTooSmall]);
}

#[test]
fn a_link_on_the_list_is_pointed_out() {
    let program = Program::sleep();
    let link = program.directory.path().canonicalize().unwrap().join("link");
    std::os::unix::fs::symlink(&program.path, &link).unwrap();
    let named = |path: &Path| End { executables: vec![path.to_str().unwrap().to_string()], ..program.end(&me()) };
    let text = |end: End| {
        let found = candidates(&end, "memory.used_percent");
        assert_eq!((found.len(), found[0].refused[0].guard), (1, Guard::NoTarget));
        found[0].refused[0].message.english()
    };
    let (path, target) = (link.display(), program.path.display());
    assert_eq!(text(named(&link)), format!("nothing to act on: {path} is a link: name {target} instead"));
    assert_eq!(text(named(&program.path)), format!("nothing to act on: no process executes {target}"));
}
