//! Changes of the schedule on an invented host.

use super::change::{install, remove};
use super::every::Every;
use super::find::find;
use super::found::Kind;
use super::invented::Invented;
use std::fs;
use std::time::Duration;

const BY_CRON: [&str; 2] =
    ["Minute /etc/cron.d/osmon:3 * * * * *", "Watch /etc/systemd/system/osmon-watch.timer *:0/5:40"];
const BY_TIMER: [&str; 2] =
    ["Watch /etc/cron.d/osmon-watch:4 */5 * * * *", "Minute /etc/systemd/system/osmon.timer *:*:00"];

#[test]
fn one_scheduler_replaces_the_other_and_nothing_is_left_at_the_end() {
    let debian = Invented::debian();
    debian.install(None, None);
    assert_eq!(debian.found(), BY_CRON);
    assert!(debian.read("etc/cron.d/osmon").contains("* * * * * root /opt/osmon run\n"));
    debian.assert_settled(Kind::Cron);
    let done = debian.install(Some(Kind::Timer), None);
    assert_eq!(debian.found(), BY_TIMER, "{done:?}");
    debian.assert_settled(Kind::Timer);
    debian.install(Some(Kind::Cron), None);
    assert_eq!(debian.found(), BY_CRON);
    remove(&debian.host, false).unwrap();
    assert_eq!(debian.found(), Vec::<String>::new());
    let left = ["etc/cron.d", "etc/systemd/system", "etc/systemd/system/timers.target.wants"].map(|directory| {
        fs::read_dir(debian.host.path(directory))
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().is_file())
            .count()
    });
    assert_eq!(left, [0, 0, 0]);
    assert_eq!(remove(&debian.host, false).unwrap(), Vec::<String>::new());
}

#[test]
fn an_edited_line_is_recognised_and_not_doubled() {
    let lines = [
        ("etc/cron.d/osmon", "MAILTO=me\n*/2 * * * * root nice -n 5 /opt/osmon run\n"),
        ("etc/crontab", "17 * * * * root run-parts /etc/cron.hourly\n* * * * * root /opt/osmon run >/dev/null\n"),
        ("etc/cron.d/monitoring", "@reboot root /bin/true\n* * * * * root cd /; /opt/osmon --config /etc/o.toml run\n"),
        (
            "etc/cron.d/osmon",
            "* * * * * root /opt/osmon probe; /opt/osmon detect-crisis\n*/5 * * * * root /opt/osmon graph\n",
        ),
    ];
    for (file, text) in lines {
        let debian = Invented::debian();
        debian.write(file, text);
        debian.install(Some(Kind::Cron), None);
        assert_eq!(debian.read(file), text);
        assert_eq!(debian.found().iter().filter(|found| found.starts_with("Minute")).count(), 1, "{file}");
        debian.install(Some(Kind::Cron), Some(300));
        assert_eq!(
            debian.found().iter().filter(|found| found.ends_with("*/5 * * * *")).count(),
            if text.contains("graph") { 2 } else { 1 }
        );
        debian.install(Some(Kind::Timer), None);
        assert!(!debian.read(file).contains("/opt/osmon"), "{}", debian.read(file));
        assert_eq!(debian.read(file).contains("run-parts"), text.contains("run-parts"), "foreign lines stay");
    }
}

#[test]
fn the_former_dead_mans_switch_and_doubles_are_cleared() {
    let debian = Invented::debian();
    debian.write(
        "etc/cron.d/osmon-dead-man",
        "*/5 * * * * root sleep 40; /opt/osmon status --alert -q; /opt/osmon send-alert\n",
    );
    debian.write("etc/cron.d/osmon", "# a\n# b\n* * * * * root /opt/osmon run\n");
    *debian.own.borrow_mut() = "0 1 * * * /bin/true\n* * * * * osmon run\n".to_string();
    debian.install(None, None);
    assert_eq!(debian.found(), BY_CRON);
    assert_eq!(*debian.own.borrow(), "0 1 * * * /bin/true\n");
    debian.write("etc/cron.d/osmon-dead-man", "*/5 * * * * root /opt/osmon status --alert -q\n");
    debian.install(Some(Kind::Timer), None);
    assert_eq!(debian.found(), BY_TIMER);
}

#[test]
fn a_line_whose_program_is_gone_is_written_anew() {
    let debian = Invented::debian();
    debian.write("etc/cron.d/osmon", "# a\n* * * * * root /usr/bin/osmon run\n");
    let problem = find(&debian.host).unwrap()[0].problem.clone();
    assert_eq!(problem.as_deref(), Some("/usr/bin/osmon does not exist; run osmon schedule cron"));
    debian.install(None, None);
    assert_eq!(debian.found(), BY_CRON);
}

#[test]
fn seconds_are_for_timers_and_an_interval_stays_until_another_is_asked_for() {
    let debian = Invented::debian();
    let refused = install(&debian.host, Some(Kind::Cron), Some(Every::new(Duration::from_secs(10)).unwrap()));
    assert!(refused.unwrap_err().to_string().contains("at most once a minute"));
    debian.install(Some(Kind::Timer), Some(10));
    assert!(debian.found()[1].ends_with("*:*:0/10"), "{:?}", debian.found());
    debian.assert_settled(Kind::Timer);
    debian.install(Some(Kind::Timer), Some(60));
    assert_eq!(debian.found(), BY_TIMER);
}

#[test]
fn units_of_a_package_are_enabled_not_written() {
    let debian = Invented::debian();
    for (file, text) in
        [("osmon.service", "[Service]\nExecStart=/opt/osmon run\n"), ("osmon.timer", "[Timer]\nOnCalendar=*:*:00\n")]
    {
        debian.write(&format!("usr/lib/systemd/system/{file}"), text);
    }
    debian.install(Some(Kind::Timer), None);
    assert_eq!(debian.found()[1], "Minute /usr/lib/systemd/system/osmon.timer *:*:00");
    assert!(!debian.host.path("etc/systemd/system/osmon.service").exists());
    remove(&debian.host, true).unwrap();
    assert!(debian.host.path("usr/lib/systemd/system/osmon.service").exists());
}

#[test]
fn an_edited_unit_survives_off_but_not_an_uninstallation() {
    let debian = Invented::debian();
    debian.install(Some(Kind::Timer), None);
    let edited = debian.read("etc/systemd/system/osmon.service") + "Nice=5\n";
    debian.write("etc/systemd/system/osmon.service", &edited);
    debian.assert_settled(Kind::Timer);
    let done = remove(&debian.host, false).unwrap();
    assert!(done.contains(&"kept /etc/systemd/system/osmon.service, which was edited".to_string()), "{done:?}");
    assert_eq!(debian.found(), Vec::<String>::new());
    remove(&debian.host, true).unwrap();
    assert!(!debian.host.path("etc/systemd/system/osmon.service").exists());
}

#[test]
fn each_host_gets_what_it_has() {
    let only_timers = Invented::with(&["bin/systemctl", "run/systemd/system/x"], false);
    only_timers.install(None, None);
    let both =
        ["Watch /etc/systemd/system/osmon-watch.timer *:0/5:40", "Minute /etc/systemd/system/osmon.timer *:*:00"];
    assert_eq!(only_timers.found(), both);
    let only_cron = Invented::with(&["usr/sbin/crond"], false);
    only_cron.install(None, None);
    assert_eq!(
        only_cron.found(),
        ["Minute /etc/cron.d/osmon:3 * * * * *", "Watch /etc/cron.d/osmon-watch:4 */5 * * * *"]
    );
    let neither = Invented::with(&[], false);
    assert!(install(&neither.host, None, None).unwrap_err().to_string().contains("apt install cron"));
    let busybox = Invented::with(&["bin/busybox", "usr/sbin/x"], false);
    std::os::unix::fs::symlink("../../bin/busybox", busybox.host.path("usr/sbin/crond")).unwrap();
    std::fs::create_dir_all(busybox.host.path("etc/cron.d")).unwrap();
    busybox.install(Some(Kind::Cron), None);
    assert!(busybox.own.borrow().contains("* * * * * /opt/osmon run\n"), "{}", busybox.own.borrow());
}

#[test]
fn a_cron_that_does_not_run_is_said() {
    let debian = Invented::debian();
    debian.install(Some(Kind::Cron), None);
    assert!(find(&debian.host).unwrap()[0].active);
    fs::remove_file(debian.host.path("cron-runs")).unwrap();
    let found = &find(&debian.host).unwrap()[0];
    assert!(!found.active && found.problem.as_ref().unwrap().contains("not running"), "{found:?}");
}

#[test]
fn a_cron_daemon_that_does_not_run_is_not_relied_on() {
    let stopped = Invented::with(&["usr/sbin/cron", "usr/bin/systemctl", "run/systemd/system/x"], false);
    stopped.write("etc/cron.d/osmon", "* * * * * root /opt/osmon run\n");
    stopped.install(None, None);
    let both =
        ["Watch /etc/systemd/system/osmon-watch.timer *:0/5:40", "Minute /etc/systemd/system/osmon.timer *:*:00"];
    assert_eq!(stopped.found(), both, "systemd runs both");
    stopped.install(Some(Kind::Cron), None);
    let found = find(&stopped.host).unwrap();
    let minute = found.iter().find(|found| found.kind == Kind::Cron).unwrap();
    assert!(minute.remedy.as_ref().unwrap().ends_with("systemctl enable --now cron"), "as asked: {minute:?}");
    let mut alone = Invented::with(&["usr/sbin/cron"], false);
    alone.host.processes.clear();
    alone.install(None, None);
    let found = find(&alone.host).unwrap();
    assert!(found.iter().all(|found| found.kind == Kind::Cron && found.problem.is_some()), "{found:?}");
}

#[test]
fn an_own_crontab_that_cannot_be_read_is_not_replaced() {
    let debian = Invented::with(&["usr/sbin/cron"], true);
    *debian.own.borrow_mut() = "unreadable".to_string();
    assert!(install(&debian.host, Some(Kind::Cron), None).is_err());
    assert_eq!(*debian.own.borrow(), "unreadable");
    // busybox without a spool directory.
    *debian.own.borrow_mut() = "no spool".to_string();
    install(&debian.host, Some(Kind::Cron), None).unwrap();
}

#[test]
fn a_normal_user_changes_the_own_crontab_only() {
    let debian = Invented::with(&["usr/sbin/cron", "usr/bin/systemctl", "run/systemd/system/x", "cron-runs"], true);
    let of_host = "# a\n* * * * * root /opt/osmon run\n";
    debian.write("etc/cron.d/osmon", of_host);
    let foreign = "MAILTO=ada\n# mine\n0 4 * * * tidy\n";
    *debian.own.borrow_mut() = foreign.to_string();
    debian.install(None, None);
    assert_eq!(*debian.own.borrow(), format!("{foreign}* * * * * /opt/osmon run\n"));
    assert_eq!(debian.found(), ["Minute crontab of ada:4 * * * * *", "Minute /etc/cron.d/osmon:2 * * * * *"]);
    debian.assert_settled(Kind::Cron);
    debian.install(Some(Kind::Timer), Some(30));
    assert_eq!(*debian.own.borrow(), foreign);
    assert!(debian.read("home/ada/.config/systemd/user/osmon.service").contains("ExecStart=/opt/osmon run"));
    assert!(!debian.host.is_lingering());
    remove(&debian.host, false).unwrap();
    assert_eq!(debian.found(), ["Minute /etc/cron.d/osmon:2 * * * * *"]);
    assert_eq!(debian.read("etc/cron.d/osmon"), of_host);
}
