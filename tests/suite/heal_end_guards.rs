//! Processes that are not ended: others than decided on, and those that a guard protects.

use super::ended_process::*;

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
