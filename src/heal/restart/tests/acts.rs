//! The act and its verdict.

use super::*;

#[test]
fn the_act_looks_again() {
    let host = Host::new(&unit(""));
    let target = host.candidate(&pattern("app*"), FAILED).target;
    for (changes, text) in [
        ("InvocationID=bbbb", "app.service left alone: the unit was started again meanwhile"),
        ("ActiveState=active SubState=running", "app.service left alone: the unit is active"),
        (
            "ActiveState=inactive SubState=dead",
            "app.service left alone: the unit was stopped on purpose: it is inactive/dead, not failed",
        ),
        ("Job=9", "app.service left alone: systemd has a job for the unit: 9"),
    ] {
        host.write("systemctl-show", &unit(changes));
        let done = host.act(&target, Mode::Enforce);
        assert_eq!((done.status, done.text.as_str()), (Status::Failed, text));
    }
    assert_eq!(host.calls(), "");
}

#[test]
fn a_restart_is_one_call_and_a_dry_one_is_none() {
    let host = Host::new(&unit(""));
    let target = host.candidate(&pattern("app*"), FAILED).target;
    let dry = host.act(&target, Mode::DryRun);
    assert_eq!(
        (dry.status, dry.text.as_str(), host.calls().as_str()),
        (Status::Simulated, "app.service would be restarted", "")
    );
    host.write("after", &unit("ActiveState=active SubState=running InvocationID=bbbb"));
    let done = host.act(&target, Mode::Enforce);
    assert_eq!((done.status, done.text.as_str()), (Status::Done, "app.service restarted"));
    assert_eq!(done.run, Some(UnitRun { invocation: "bbbb".to_string(), restarts: 0 }));
    assert_eq!(host.calls(), "--no-ask-password --no-block restart -- app.service\n");
    let refusing = Host::new(&unit(""));
    refusing.write("fails", "");
    let done = refusing.act(&target, Mode::Enforce);
    assert_eq!((done.status, done.text.as_str(), done.run), (Status::Failed, "refused", None));
    fs::remove_file(refusing.0.path().join("bin/systemctl")).unwrap();
    let done = refusing.act(&target, Mode::Enforce);
    assert_eq!(done.text, "a recorded host has no systemctl", "a recording never changes the host that reads it");
}

/// The verdict on a unit: `pending`, or the sentence.
fn verdict(changes: &str, since: f64, run: Option<&str>) -> String {
    let before = UnitTarget {
        unit: "app.service".into(),
        invocation: "aaaa".into(),
        state: "failed/failed".into(),
        start_timeout_seconds: 90.0,
        ..UnitTarget::default()
    };
    let target = Target { name: before.unit.clone(), unit: Some(before), ..Target::default() };
    let run = run.map(|invocation| UnitRun { invocation: invocation.to_string(), restarts: 0 });
    let done = Outcome { run, ..Outcome::plain(Status::Done, String::new()) };
    let host = Host::new(&unit(changes));
    match pattern("app*").verify(&target, &done, since, 60.0, Some(true), &host.1) {
        Verdict::Pending => "pending".to_string(),
        Verdict::Helped(outcome) => format!("+ {}", outcome.text),
        Verdict::Failed(outcome) => format!("- {}", outcome.text),
    }
}

#[test]
fn a_restart_is_judged_by_the_run_that_it_began() {
    let running = "ActiveState=active SubState=running InvocationID=bbbb ActiveEnterTimestampMonotonic=900000000";
    let young = "ActiveState=active SubState=running InvocationID=bbbb ActiveEnterTimestampMonotonic=990000000";
    let more = |changes: &str, more: &str| format!("{changes} {more}");
    let starting = "ActiveState=activating SubState=start InvocationID=bbbb";
    let cases = [
        (running.to_string(), 100.0, "+ app.service has been running for 1 min"),
        (running.to_string(), 59.0, "pending"),
        (young.to_string(), 100.0, "pending"),
        (more(running, "NRestarts=1"), 100.0, "- app.service crashed again: killed by signal 9 (KILL), restarted once"),
        (
            more(running, "InvocationID=cccc"),
            100.0,
            "- app.service was started again within 1 min of its restart, not by osmon",
        ),
        (starting.to_string(), 89.0, "pending"),
        (starting.to_string(), 91.0, "- app.service is not running after 1 min: killed by signal 9 (KILL)"),
        (more(starting, "SubState=auto-restart"), 2.0, "- app.service crashed again: killed by signal 9 (KILL)"),
        ("InvocationID=bbbb".to_string(), 2.0, "- app.service failed again: killed by signal 9 (KILL)"),
        (String::new(), 2.0, "- systemd did not start app.service: killed by signal 9 (KILL)"),
        ("Job=7".to_string(), 89.0, "pending"),
        ("Job=7".to_string(), 91.0, "- app.service is not running after 1 min: killed by signal 9 (KILL)"),
        (
            "ActiveState=inactive SubState=dead Result=success InvocationID=bbbb".to_string(),
            2.0,
            "- app.service no longer runs: killed by signal 9 (KILL)",
        ),
        (
            "ActiveState=active SubState=running".to_string(),
            100.0,
            "- systemd did not start app.service: killed by signal 9 (KILL)",
        ),
    ];
    for (changes, since, expected) in cases {
        assert_eq!(verdict(&changes, since, Some("bbbb")), expected, "{changes} after {since} s");
    }
    assert_eq!(verdict(running, 100.0, None), "+ app.service has been running for 1 min", "its begin was not seen");
    let rebooted = verdict(&more(running, "InvocationID=cccc"), 1500.0, Some("bbbb"));
    assert_eq!(rebooted, "+ app.service has been running for 1 min", "a reboot began another run");
}

#[test]
fn a_unit_named_for_another_incident_must_end_it() {
    let host = Host::new(&unit("ActiveState=active SubState=running InvocationID=bbbb"));
    let target = UnitTarget { unit: "app.service".into(), start_timeout_seconds: 90.0, ..UnitTarget::default() };
    let target = Target { unit: Some(target), ..Target::default() };
    let done = Outcome::plain(Status::Done, String::new());
    let verify = |since, is_open| named("app").verify(&target, &done, since, 60.0, is_open, &host.1);
    assert_eq!(verify(1000.0, None), Verdict::Pending, "the incident has no value");
    assert_eq!(verify(300.0, Some(true)), Verdict::Pending);
    assert!(matches!(verify(300.0, Some(false)), Verdict::Helped(_)));
    assert!(matches!(verify(1000.0, Some(true)), Verdict::Failed(_)));
    fs::remove_file(host.0.path().join("systemctl-show")).unwrap();
    assert_eq!(verify(100.0, Some(false)), Verdict::Pending, "systemd does not answer");
    assert!(matches!(verify(1000.0, Some(false)), Verdict::Failed(_)));
}

#[test]
fn a_restart_without_an_answer_may_have_begun_and_is_verified() {
    let limited = unit("Result=start-limit-hit StartLimitIntervalUSec=1h");
    for (slow, status, reset) in
        [("restart", Status::Interrupted, true), ("reset-failed", Status::Failed, true), ("none", Status::Done, true)]
    {
        let host = Host::new(&limited);
        let target = host.candidate(&pattern("app*"), FAILED).target;
        host.write("slow", slow);
        let case = Case { metric: FAILED.to_string(), ..Case::default() };
        let until = Instant::now() + Duration::from_secs(2);
        let done = pattern("app*").act(&target, &case, &host.1, actuator::of(Mode::Enforce), until);
        assert_eq!((done.status, done.start_limit_reset), (status, reset), "{slow}: {done:?}");
        assert_eq!(done.run, None);
        assert_eq!(host.calls().contains("restart --"), slow != "reset-failed", "{slow}");
    }
    let host = Host::new(&limited);
    host.write("fails", "");
    let refused = host.act(&host.candidate(&pattern("app*"), FAILED).target, Mode::Enforce);
    assert_eq!((refused.status, refused.start_limit_reset), (Status::Failed, false), "it was not reset");
}

#[test]
fn a_unit_is_known_by_its_whole_name() {
    let name = format!("{}.service", "a".repeat(200));
    let host = Host::new(&unit(&format!("Id={name} Names={name}")));
    let metric = format!("service.failed{{service=\"{name}\"}}");
    let candidate = host.candidate(&pattern("a*"), &metric);
    assert_eq!((words(&candidate).as_str(), candidate.target.name.as_str()), ("", name.as_str()));
    let done = host.act(&candidate.target, Mode::Enforce);
    assert_eq!(done.status, Status::Done, "{done:?}");
    assert!(host.calls().ends_with(&format!("restart -- {name}\n")), "{}", host.calls());
}
