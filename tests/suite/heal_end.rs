//! Ending real processes, which the tests start in sessions of their own.

use super::ended_process::*;

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
