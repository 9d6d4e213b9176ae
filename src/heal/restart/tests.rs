//! Restarts on recorded output of `systemctl show`: the guards, each alone.

mod acts;

use super::*;
use crate::base::clock::Now;
use crate::heal::actuator;
use crate::host::Root;
use crate::model::action::{Mode, UnitTarget};
use std::collections::BTreeMap;
use std::fs;
use tempfile::TempDir;

/// A service that was killed (systemd 252).
const KILLED: &str = "Type=simple\nTimeoutStartUSec=1min 30s\nResult=signal\nNRestarts=0\nExecMainCode=2\n\
    ExecMainStatus=9\nExecMainExitTimestampMonotonic=900000000\nId=app.service\nNames=app.service\n\
    Requires=system.slice sysinit.target\nRequisite=\nBindsTo=\nTriggeredBy=\nLoadState=loaded\nActiveState=failed\n\
    SubState=failed\nUnitFileState=enabled\nStateChangeTimestampMonotonic=900001000\n\
    ActiveEnterTimestampMonotonic=100000000\nActiveExitTimestampMonotonic=900000500\nCanStart=yes\nJob=\n\
    RefuseManualStart=no\nRefuseManualStop=no\nStartLimitIntervalUSec=10s\nInvocationID=aaaa";

/// The recorded unit with other values; an empty value removes the property.
fn unit(changes: &str) -> String {
    let read = |text: &str| -> BTreeMap<String, String> {
        text.lines().filter_map(|line| line.split_once('=')).map(|(key, value)| (key.into(), value.into())).collect()
    };
    let mut all = read(KILLED);
    all.extend(read(&changes.replace(' ', "\n").replace('~', " ")));
    all.iter().map(|(key, value)| format!("{key}={value}\n")).collect()
}

/// A recorded host, 1000 s after its boot.
struct Host(TempDir, Situation);

impl Host {
    fn new(shows: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(directory.path().join("bin")).unwrap();
        // Notes its arguments, and starts the unit as systemd would.
        let script = "#!/bin/sh\ncd \"${0%/bin/systemctl}\" || exit 1\necho \"$*\" >>calls\n[ ! -f fails ] || { echo refused >&2; exit 4; }\n[ ! -f slow ] || case \"$*\" in *\"$(cat slow)\"*) exec sleep 30;; esac\n[ ! -f after ] || cp after systemctl-show\n";
        let file = directory.path().join("bin/systemctl");
        fs::write(&file, script).unwrap();
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let now = Now { wall: "2026-11-20T21:40:00Z".parse().unwrap(), boottime_seconds: 1000.0 };
        let host = Self(directory, Situation::calm(Root::new(None), now));
        let root = Root::new(Some(host.0.path()));
        let host = Self(host.0, Situation { root, ..host.1 });
        host.write("systemctl-show", shows);
        host
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    fn calls(&self) -> String {
        fs::read_to_string(self.0.path().join("calls")).unwrap_or_default()
    }

    fn candidate(&self, repair: &Restart, metric: &str) -> Candidate {
        let case = Case { metric: metric.to_string(), ..Case::default() };
        repair.candidates(&case, &self.1).remove(0)
    }

    fn act(&self, target: &Target, mode: Mode) -> Outcome {
        let case = Case { metric: FAILED.to_string(), ..Case::default() };
        let until = Instant::now() + Duration::from_secs(20);
        pattern("app*").act(target, &case, &self.1, actuator::of(mode), until)
    }
}

const FAILED: &str = "service.failed{service=\"app.service\"}";

fn pattern(matches: &str) -> Restart {
    Restart { unit: None, matches: matches.to_string() }
}

fn named(unit: &str) -> Restart {
    Restart { unit: Some(unit.to_string()), matches: "*".to_string() }
}

fn words(candidate: &Candidate) -> String {
    let words: Vec<&str> = candidate.refused.iter().map(|refusal| refusal.guard.word()).collect();
    words.join(" ")
}

fn texts(candidate: &Candidate) -> String {
    let texts: Vec<String> = candidate.refused.iter().map(|refusal| refusal.message.english()).collect();
    texts.join("; ")
}

#[test]
fn each_guard_of_a_unit_refuses_alone() {
    let cases = [
        ("", "", ""),
        ("ActiveState=inactive SubState=dead", "unit-stopped", "it is inactive/dead, not failed"),
        ("ActiveExitTimestampMonotonic=800000000", "unit-stopped", "it is stopped, not failed"),
        ("ActiveState=active SubState=running", "unit-active", "active"),
        ("ActiveState=activating SubState=start", "unit-busy", "activating/start"),
        ("ActiveState=activating SubState=auto-restart", "unit-busy", "activating/auto-restart"),
        ("ActiveState=activating SubState=auto-restart-queued", "unit-busy", "auto-restart-queued"),
        ("ActiveState=inactive SubState=auto-restart", "unit-busy", "auto-restart"),
        ("ActiveState=deactivating SubState=stop-sigterm", "unit-busy", "deactivating/stop-sigterm"),
        ("ActiveState=reloading SubState=reload", "unit-busy", "reloading"),
        ("ActiveState=maintenance SubState=x", "unit-busy", "maintenance"),
        ("ActiveState=later SubState=x", "unit-busy", "later"),
        ("LoadState=masked", "unit-masked", "masked"),
        ("UnitFileState=masked-runtime", "unit-masked", "masked"),
        ("LoadState=not-found", "unit-unknown", "not-found"),
        ("LoadState=bad-setting", "unit-unknown", "bad-setting"),
        ("UnitFileState=bad", "unit-unknown", "bad"),
        ("UnitFileState=disabled", "unit-disabled", "disabled"),
        ("UnitFileState=static", "", ""),
        ("UnitFileState=", "", ""),
        ("Type=oneshot", "unit-one-shot", "Type=oneshot"),
        ("TriggeredBy=app.socket", "", ""),
        ("TriggeredBy=app.path~app.timer", "unit-one-shot", "TriggeredBy=app.timer"),
        ("RefuseManualStart=yes", "unit-refuses-start", "refuses a manual start"),
        ("CanStart=no", "unit-refuses-start", "refuses"),
        ("RefuseManualStop=yes", "", ""),
        ("Job=117", "unit-has-job", "117"),
    ];
    for (changes, guard, text) in cases {
        let candidate = Host::new(&unit(changes)).candidate(&pattern("app*"), FAILED);
        assert_eq!(words(&candidate), guard, "{changes}");
        assert!(texts(&candidate).contains(text), "{changes}: {}", texts(&candidate));
        assert_eq!(candidate.target.name, "app.service");
    }
}

#[test]
fn every_guard_is_named_not_only_the_first() {
    let host =
        Host::new(&unit("ActiveState=inactive SubState=dead Type=oneshot UnitFileState=disabled Job=1 CanStart=no"));
    let candidate = host.candidate(&pattern("app*"), FAILED);
    assert_eq!(words(&candidate), "unit-stopped unit-disabled unit-one-shot unit-refuses-start unit-has-job");
}

#[test]
fn a_unit_that_it_requires_is_repaired_first() {
    let db = |state: &str| format!("\nId=db.service\nNames=db.service postgres.service\nActiveState={state}\n");
    for key in ["Requires", "BindsTo", "Requisite"] {
        let app = unit(&format!("{key}=system.slice~postgres.service"));
        let candidate = Host::new(&(app.clone() + &db("failed"))).candidate(&pattern("app*"), FAILED);
        assert_eq!(words(&candidate), "unit-requirement", "{key}");
        assert!(texts(&candidate).contains("it requires db.service, which has failed"), "{}", texts(&candidate));
        for state in ["active", "inactive", "activating"] {
            let candidate = Host::new(&(app.clone() + &db(state))).candidate(&pattern("app*"), FAILED);
            assert_eq!(words(&candidate), "", "{key} {state}");
        }
    }
    let other = Host::new(&(unit("Wants=db.service") + &db("failed")));
    assert_eq!(words(&other.candidate(&pattern("app*"), FAILED)), "", "what it only wants it can do without");
}

#[test]
fn the_host_keeps_what_it_is_reached_by() {
    let protected = [
        "ssh",
        "sshd",
        "ssh@1",
        "dbus",
        "dbus-broker",
        "systemd-logind",
        "systemd-journald",
        "networking",
        "network",
        "NetworkManager",
        "networkd-dispatcher",
        "wpa_supplicant",
        "cron",
        "crond",
        "getty@tty1",
        "serial-getty@ttyS0",
        "user@1000",
        "polkit",
        "gdm3",
    ];
    for name in protected {
        let host = Host::new(&unit(&format!("Id={name}.service Names={name}.service")));
        let metric = format!("service.failed{{service=\"{name}.service\"}}");
        let words_of = |repair: &Restart| words(&host.candidate(repair, &metric));
        assert_eq!(words_of(&pattern("*.service")), "unit-protected", "{name}");
        assert_eq!(words_of(&pattern(&format!("{name}*"))), "unit-protected", "{name}");
        assert_eq!(words_of(&pattern(&format!("{name}.service"))), "", "{name}");
        assert_eq!(words_of(&named(name)), "", "{name}");
    }
    let alias = Host::new(&unit("Names=app.service~sshd.service"));
    assert_eq!(words(&alias.candidate(&pattern("app*"), FAILED)), "unit-protected", "an alias protects too");
    assert_eq!(words(&Host::new(&unit("Id=sshx.service")).candidate(&named("sshx"), FAILED)), "");
}

#[test]
fn a_start_limit_is_reset_once_an_hour_and_only_while_it_holds() {
    let hit = "Result=start-limit-hit StartLimitIntervalUSec=1h";
    let mut host = Host::new(&unit(hit));
    host.write("after", &unit("ActiveState=active SubState=running InvocationID=bbbb"));
    let candidate = host.candidate(&pattern("app*"), FAILED);
    assert_eq!(words(&candidate), "");
    let done = host.act(&candidate.target, Mode::Enforce);
    assert!(
        done.start_limit_reset && done.text == "app.service restarted, after a reset of its start limit",
        "{done:?}"
    );
    let calls = "--no-ask-password reset-failed -- app.service\n--no-ask-password --no-block restart -- app.service\n";
    assert_eq!(host.calls(), calls);
    host.write("systemctl-show", &unit(hit));
    host.1.start_limit_resets = vec!["app.service".to_string()];
    assert_eq!(words(&host.candidate(&pattern("app*"), FAILED)), "start-limit");
    assert_eq!(host.act(&candidate.target, Mode::Enforce).status, Status::Failed);
    host.write("systemctl-show", &unit("Result=start-limit-hit StartLimitIntervalUSec=10s"));
    let candidate = host.candidate(&pattern("app*"), FAILED);
    assert_eq!(words(&candidate), "", "the interval has passed: no reset is needed");
    assert!(!host.act(&candidate.target, Mode::Enforce).start_limit_reset);
    assert_eq!(host.calls().matches("reset-failed").count(), 1);
}

#[test]
fn a_failed_unit_is_looked_at_once_and_one_that_runs_three_times() {
    let failed = Host::new(&unit("")).candidate(&pattern("app*"), FAILED);
    assert_eq!(failed.sighting, "");
    let running = Host::new(&unit("ActiveState=active SubState=running"));
    let leak = "unit.memory_bytes{unit=\"app.service\"}";
    let candidate = running.candidate(&pattern("app*"), leak);
    assert_eq!((words(&candidate).as_str(), candidate.sighting.as_str()), ("", "aaaa"));
    let elsewhere = running.candidate(&named("app"), "disk.used_percent{mount=\"/\"}");
    assert_eq!((words(&elsewhere).as_str(), elsewhere.sighting.as_str()), ("", "aaaa"));
    assert_eq!(words(&running.candidate(&named("app"), FAILED)), "unit-active");
    let no_stop = Host::new(&unit("ActiveState=active SubState=running RefuseManualStop=yes"));
    assert_eq!(words(&no_stop.candidate(&pattern("app*"), leak)), "unit-refuses-start");
}

#[test]
fn what_is_no_service_is_no_target() {
    let host = Host::new(&unit(""));
    for name in ["app.timer", "app.socket", "getty@.service", "-H.service", "a b.service", "*.service", "../x.service"]
    {
        assert_eq!(words(&host.candidate(&named(name), FAILED)), "no-target", "{name}");
    }
    assert_eq!(words(&host.candidate(&pattern("*"), "cpu.busy_percent")), "no-target", "no label names a unit");
    fs::remove_file(host.0.path().join("systemctl-show")).unwrap();
    let candidate = host.candidate(&named("app"), FAILED);
    assert!(texts(&candidate).contains("does not run systemd"), "{}", texts(&candidate));
    assert_eq!(
        words(&Host::new(&unit("Id=b.service Names=b.service")).candidate(&named("app"), FAILED)),
        "unit-unknown"
    );
}
