//! Every way a service goes from one state to another, and what is told of it.

use super::harness::Host;

/// What `systemctl show` prints of a unit in a state; `away`: nothing, it is not loaded.
fn unit(name: &str, state: &str, more: &str) -> String {
    let (load, active, sub, result) = match state {
        "away" => return String::new(),
        "running" => ("loaded", "active", "running", "success"),
        "exited" => ("loaded", "active", "exited", "success"),
        "failed" => ("loaded", "failed", "failed", "exit-code"),
        "stopped" => ("loaded", "inactive", "dead", "success"),
        // In a crash loop; systemctl stop leaves the result.
        "given-up" => ("loaded", "inactive", "dead", "exit-code"),
        "masked" => ("masked", "inactive", "dead", "success"),
        "masked-failed" => ("masked", "failed", "failed", "exit-code"),
        "removed" => ("not-found", "inactive", "dead", "success"),
        "removed-failed" => ("not-found", "failed", "failed", "exit-code"),
        "restarting" => ("loaded", "activating", "auto-restart", "exit-code"),
        "queued" => ("loaded", "activating", "auto-restart-queued", "exit-code"),
        "starting" => ("loaded", "activating", "start", "success"),
        "stopping" => ("loaded", "deactivating", "stop-sigterm", "success"),
        other => panic!("{other}"),
    };
    let more = if more.is_empty() { String::new() } else { format!("\n{more}") };
    format!("Id={name}\nLoadState={load}\nActiveState={active}\nSubState={sub}\nResult={result}{more}\n\n")
}

fn show(host: &Host, text: &str) {
    host.write("systemctl-show", &format!("{}\n{text}", unit("ssh.service", "running", "").trim_end()));
}

fn minute(host: &mut Host) {
    host.advance(60, 5);
    host.small("osmon-probe", &[]).ok();
    host.small("osmon-detect-crisis", &[]);
}

fn boot(host: &mut Host, number: u32) {
    host.advance(120, 5);
    host.write("proc/sys/kernel/random/boot_id", &format!("{number:08}-0000-0000-0000-000000000000\n"));
    host.write("proc/uptime", "1.00 0.00\n");
}

/// The events: kind, severity, title, and why it is over.
fn told(host: &Host) -> Vec<String> {
    let text = |event: &serde_json::Value, key: &str| event[key].as_str().unwrap_or_default().to_string();
    let line = |event: serde_json::Value| {
        let all = ["kind", "severity", "title", "reason"].map(|key| text(&event, key)).join(" ");
        all.replace("Service app.service", "app").trim_end().to_string()
    };
    host.sections("event").into_iter().map(line).collect()
}

const NAMED: &str = "[probe]\nservices = [\"app\"]\n";

/// Runs a service through states, ten minutes each; `boot` is a reboot.
fn through(config: &str, more: &str, states: &str) -> Vec<String> {
    let mut host = Host::recorded("vm");
    host.config = format!("{config}[rule.load]\nenabled = false\n");
    for (number, state) in states.split(' ').enumerate() {
        match state {
            "boot" => boot(&mut host, number as u32),
            _ => {
                show(&host, &unit("app.service", state, more));
                (0..10).for_each(|_| minute(&mut host));
            }
        }
    }
    told(&host)
}

#[test]
fn every_transition_of_a_service() {
    const FAILED: &str = "fired critical app failed";
    const STOPPED: &str = "recovered critical app failed stopped";
    const UNLOADED: &str = "recovered critical app failed unloaded";
    const AGAIN: &str = "recovered critical app failed";
    let cases: [(&str, &[&str]); 20] = [
        ("running stopped", &[]),
        ("running away", &[]),
        ("running masked", &[]),
        ("running starting running", &[]),
        ("running stopping stopped", &[]),
        ("running failed running", &[FAILED, AGAIN]),
        ("running failed starting running", &[FAILED, AGAIN]),
        ("running failed stopped", &[FAILED, STOPPED]),
        ("running failed masked", &[FAILED, STOPPED]),
        ("running failed masked-failed", &[FAILED, STOPPED]),
        ("running failed away", &[FAILED, UNLOADED]),
        ("running failed removed", &[FAILED, UNLOADED]),
        ("running failed removed-failed", &[FAILED, UNLOADED]),
        ("running restarting running", &[FAILED, AGAIN]),
        ("running restarting failed", &[FAILED]),
        ("running queued given-up", &[FAILED, STOPPED]),
        ("running failed boot stopped", &[FAILED, STOPPED]),
        ("running failed boot away", &[FAILED, UNLOADED]),
        ("running failed boot running", &[FAILED, AGAIN]),
        ("running failed boot failed", &[FAILED]),
    ];
    for (states, expected) in cases {
        assert_eq!(through("", "", states), expected, "{states}");
    }
}

#[test]
fn every_transition_of_a_required_service() {
    const STOPPED: &str = "fired critical app is stopped";
    const AGAIN: &str = "recovered critical app is stopped";
    let cases: [(&str, &[&str]); 11] = [
        ("running stopped running", &[STOPPED, AGAIN]),
        ("running given-up", &[STOPPED]),
        ("running stopping stopped", &[STOPPED]),
        ("running masked", &["fired critical app is masked"]),
        ("running removed", &["fired critical app is not installed"]),
        ("running stopped starting running", &[STOPPED, AGAIN]),
        (
            "running starting running",
            &["fired critical app does not finish starting", "recovered critical app does not finish starting"],
        ),
        ("running failed stopped running", &["fired critical app failed", AGAIN]),
        ("running stopped failed running", &[STOPPED, "recovered critical app failed"]),
        ("running stopped boot stopped", &[STOPPED]),
        ("running boot running", &[]),
    ];
    for (states, expected) in cases {
        assert_eq!(through(NAMED, "", states), expected, "{states}");
    }
}

#[test]
fn a_job_is_a_warning_told_once() {
    const FAILED: &str = "fired warning app failed";
    for kind in ["Type=oneshot\nExecMainCode=1\nExecMainStatus=2", "Type=simple\nTriggeredBy=app.timer"] {
        assert_eq!(through("", kind, "stopped failed"), [FAILED], "{kind}");
        assert_eq!(through("", kind, "stopped starting stopped"), [""; 0], "{kind}");
    }
    let run = |states| through("", "Type=oneshot", states);
    assert_eq!(run("failed starting stopped"), [FAILED, "recovered warning app failed"], "the next run succeeded");
    assert_eq!(run("failed boot failed"), [FAILED]);
    assert_eq!(run("failed away"), [FAILED, "recovered warning app failed unloaded"]);
    let reset = through("", "Type=oneshot\nExecMainCode=1\nExecMainStatus=2", "failed stopped");
    assert_eq!(reset, [FAILED, "recovered warning app failed stopped"], "reset-failed keeps the status");
    assert_eq!(through(NAMED, "Type=oneshot", "stopped"), [""; 0], "a required job rests between two runs");
    assert_eq!(through(NAMED, "Type=oneshot", "stopped failed"), ["fired critical app failed"], "somebody requires it");
    let own = "[rule.mine]\ntitle = \"Mine {service}\"\nmetric = \"service.failed\"\ncritical = 1\nfor = \"1m\"\n";
    let events = through(own, "Type=oneshot", "failed");
    assert_eq!(events, ["fired critical Mine app.service", FAILED], "a rule that a person wrote is taken at its word");
    let mut host = Host::recorded("vm");
    host.config =
        "[alert]\nto = [\"a@example.org\"]\n[alert.sendmail]\nprogram = \"/bin/true\"\n[rule.load]\nenabled = false\n"
            .into();
    show(&host, &(unit("app.service", "failed", "Type=oneshot") + &unit("web.service", "failed", "")));
    (0..80).for_each(|_| minute(&mut host));
    let events = told(&host);
    assert_eq!(events[2..], ["reminded critical Service web.service failed"], "{events:?}");
}

#[test]
fn a_process_that_ends_badly_because_it_was_stopped_is_no_failure() {
    let more = |left: u32, ended: u32| {
        format!(
            "ActiveExitTimestampMonotonic={left}\nExecMainExitTimestampMonotonic={ended}\nExecMainCode=1\nExecMainStatus=143"
        )
    };
    assert_eq!(through("", &more(7000, 7500), "running failed"), [""; 0], "systemctl stop of a Java program");
    assert_eq!(through(NAMED, &more(7000, 7500), "running failed"), ["fired critical app is stopped"]);
    assert_eq!(through("", &more(7500, 7000), "running failed"), ["fired critical app failed"]);
}

#[test]
fn a_crash_loop_ends_when_the_service_is_stopped() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.load]\nenabled = false\n[rule.service]\nenabled = false\n".into();
    let restarts = |count: u32| format!("NRestarts={count}");
    for count in 0..8 {
        show(&host, &unit("app.service", "running", &restarts(count)));
        minute(&mut host);
    }
    assert_eq!(told(&host), ["fired warning app crashes in a loop"]);
    show(&host, &unit("app.service", "stopped", ""));
    (0..7).for_each(|_| minute(&mut host));
    assert_eq!(told(&host)[1..], ["recovered warning app crashes in a loop stopped"]);
    show(&host, &unit("app.service", "running", ""));
    (0..7).for_each(|_| minute(&mut host));
    assert_eq!(told(&host).len(), 2, "repaired and started: the crashes before do not count");
}

#[test]
fn a_failure_of_long_ago_is_shown_and_mailed_to_nobody() {
    let config =
        "[alert]\nto = [\"a@example.org\"]\n[alert.sendmail]\nprogram = \"/bin/true\"\n[rule.load]\nenabled = false\n";
    let run = |first: &str, since: &str| {
        let mut host = Host::recorded("vm");
        host.config = config.into();
        show(&host, &unit("app.service", first, &format!("StateChangeTimestamp={since}")));
        minute(&mut host);
        show(&host, &unit("app.service", "failed", &format!("StateChangeTimestamp={since}")));
        (0..70).for_each(|_| minute(&mut host));
        host
    };
    let muted = |host: &Host| -> Vec<String> {
        let muted = |event: serde_json::Value| event["muted"].as_str().unwrap_or("told").to_string();
        host.sections("event").into_iter().map(muted).collect()
    };
    let mut host = run("failed", "Sun 2026-11-15 03:00:04 UTC");
    assert_eq!(muted(&host), ["it failed 5 d 18 h ago, before osmon watched it"], "not reminded of either");
    let status = host.osmon(&["status"]);
    assert!(status.code == 2 && status.out.contains("app.service"), "{}", status.out);
    show(&host, &unit("app.service", "running", ""));
    (0..4).for_each(|_| minute(&mut host));
    show(&host, &unit("app.service", "failed", "StateChangeTimestamp=Sun 2026-11-15 03:00:04 UTC"));
    (0..4).for_each(|_| minute(&mut host));
    assert_eq!(muted(&host)[2..], ["told"], "it failed again");
    for (first, since) in [
        ("failed", "Fri 2026-11-20 03:00:04 UTC"),
        ("failed", "n/a"),
        ("failed", "Thu 2027-11-20 03:00:04 UTC"),
        // osmon saw it run: it failed now, whatever the time says.
        ("running", "Sun 2026-11-15 03:00:04 UTC"),
    ] {
        assert_eq!(muted(&run(first, since))[0], "told", "{first} {since}");
    }
}

#[test]
fn mails_say_how_a_service_ended() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.load]\nenabled = false\n".into();
    let more = "ExecMainCode=1\nExecMainStatus=203\nNRestarts=12";
    show(&host, &unit("app.service", "failed", more));
    (0..3).for_each(|_| minute(&mut host));
    let event = host.sections("event").remove(0);
    assert_eq!(event["message"], "exited with status 203 (EXEC), restarted 12 times");
    assert_eq!(event["localized"]["message"]["key"], "service.list");
}
