//! Data directories on disks that fill up or turn read-only.

use super::damage::minute;
use super::harness::{Host, skip, tool};
use std::fs;

#[test]
fn a_disk_that_went_read_only_is_told_once_and_its_history_comes_home() {
    let mut host = Host::recorded("vm");
    let Some(disk) = SmallDisk::new(&host, "4m") else {
        return skip("a read-only disk", "a tmpfs cannot be mounted here");
    };
    let (mail, program) = (host.path("mail"), host.path("sendmail"));
    fs::write(&program, format!("#!/bin/sh\ncat >> {}\n", mail.display())).unwrap();
    tool("chmod", &["755", program.to_str().unwrap()]).ok();
    host.config = format!(
        "[alert]\nto = [\"ops@example.org\"]\n[alert.sendmail]\nprogram = \"{}\"\n[rule.memory]\nwarning = 50\nfor = \"3m\"\n",
        program.display()
    );
    minute(&mut host).ok();
    tool("mount", &["-o", "remount,ro", &disk.0]).ok();
    let complaints: Vec<String> = (0..6).map(|_| minute(&mut host).err).collect();
    assert!(complaints[0].contains("cannot be written") && complaints[0].contains("history is kept in /run/osmon/"));
    assert_eq!(complaints[1..].concat(), "", "said once");
    let mails = fs::read_to_string(&mail).unwrap();
    assert_eq!(mails.matches("Subject: ").count(), 1, "after three minutes, and once: {mails}");
    let status = host.osmon(&["status"]);
    assert!(status.code == 1 && status.out.contains("Memory 57.7 %"), "the newest counts: {}", status.out);
    let archive = host.path("rescue.tar.gz").display().to_string();
    host.osmon(&["backup", &archive]).ok();
    tool("mount", &["-o", "remount,rw", &disk.0]).ok();
    minute(&mut host).ok();
    assert_eq!(host.snapshots().len(), 8, "every minute is there");
    assert_eq!(host.marks().len(), 0, "and so nothing was missed");
    assert_eq!(host.events(), ["fired warning Memory"]);
    assert_eq!(fs::read_to_string(&mail).unwrap().matches("Subject: ").count(), 1);
}

#[test]
fn an_alert_that_waited_when_the_disk_went_read_only_is_sent_once() {
    let mut host = Host::recorded("vm");
    let Some(disk) = SmallDisk::new(&host, "4m") else {
        return skip("a waiting alert on a read-only disk", "a tmpfs cannot be mounted here");
    };
    let (mail, program) = (host.path("mail"), host.path("sendmail"));
    let script = |text: &str| {
        fs::write(&program, format!("#!/bin/sh\n{text}\n")).unwrap();
        tool("chmod", &["755", program.to_str().unwrap()]).ok();
    };
    host.config = format!(
        "[alert]\nto = [\"ops@example.org\"]\n[alert.sendmail]\nprogram = \"{}\"\n[rule.memory]\nwarning = 50\nfor = \"0s\"\n",
        program.display()
    );
    script("exit 75");
    assert_eq!(minute(&mut host).code, 74);
    tool("mount", &["-o", "remount,ro", &disk.0]).ok();
    script(&format!("cat >> {}", mail.display()));
    minute(&mut host);
    tool("mount", &["-o", "remount,rw", &disk.0]).ok();
    minute(&mut host).ok();
    minute(&mut host).ok();
    assert_eq!(fs::read_to_string(&mail).unwrap().matches("Subject: ").count(), 1);
    assert_eq!(fs::read_dir(host.data().join("outbox/new")).unwrap().count(), 0);
}

/// A small file system of its own, unmounted when dropped.
pub struct SmallDisk(pub String);
impl SmallDisk {
    pub fn new(host: &Host, size: &str) -> Option<Self> {
        fs::create_dir_all(host.data()).unwrap();
        let path = host.data().display().to_string();
        let done = tool("mount", &["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs", &path]);
        (done.code == 0).then_some(Self(path))
    }
}
impl Drop for SmallDisk {
    fn drop(&mut self) {
        tool("umount", &[&self.0]);
    }
}

#[test]
fn a_full_disk_loses_no_snapshot_that_was_stored_and_stops_no_alert() {
    let mut host = Host::recorded("vm");
    let Some(_disk) = SmallDisk::new(&host, "400k") else {
        return skip("a full disk", "a tmpfs cannot be mounted here");
    };
    let mail = host.path("mail");
    let program = host.path("sendmail");
    fs::write(&program, format!("#!/bin/sh\ncat >> {}\n", mail.display())).unwrap();
    tool("chmod", &["755", program.to_str().unwrap()]).ok();
    host.config = format!(
        "[alert]\nto = [\"ops@example.org\"]\n[alert.sendmail]\nprogram = \"{}\"\n[rule.memory]\nwarning = 50\nfor = \"2m\"\n",
        program.display()
    );
    minute(&mut host).ok();
    let filler = host.data().join("filler");
    // Fills the disk: dd ends with "No space left on device".
    tool("dd", &["if=/dev/zero", &format!("of={}", filler.display()), "bs=512"]);
    let before = fs::read(host.day_file("snapshots")).unwrap();
    let done = minute(&mut host);
    assert_eq!(done.code, 74, "{}", done.err);
    assert!(done.err.contains("No space left on device"), "{}", done.err);
    let status = |host: &Host, code: i32, text: &str| {
        let done = host.osmon(&["status"]);
        assert!(done.code == code && done.out.contains(text), "{}", done.out);
    };
    status(&host, 1, "WARNING web-01: the last run failed: store: ");
    assert!(host.osmon(&["run", "-v"]).out.contains("the last run failed: store: "), "the verdict of a run");
    for _ in 0..5 {
        assert_eq!(minute(&mut host).code, 74);
    }
    status(&host, 1, "since 6 min [memory]; the last run failed: store: could not write");
    let after = fs::read(host.day_file("snapshots")).unwrap();
    assert!(after.starts_with(&before) && after.ends_with(b"\n"), "nothing half-written stays");
    let mails = fs::read_to_string(&mail).unwrap_or_default();
    assert_eq!(mails.matches("Subject: WARNING web-01: Memory").count(), 1, "the alert went out once: {mails}");
    fs::remove_file(filler).unwrap();
    minute(&mut host).ok();
    assert!(host.snapshots().len() >= 2, "recording goes on by itself");
    assert!(!host.osmon(&["status"]).out.contains("the last run failed"), "over");
}
