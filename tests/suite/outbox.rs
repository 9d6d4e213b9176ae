//! An outbox that cannot be listed, written or trusted: every event is sent all the same, and once.

use super::disk_faults::SmallDisk;
use super::harness::{Done, Host, skip, tool};
use super::scripted_server::{Behavior, Phase, ScriptedServer};
use super::web_server::{RULES, WebServer, secret};
use std::fs;
use std::path::{Path, PathBuf};

fn count(directory: &Path) -> usize {
    fs::read_dir(directory).map_or(0, |entries| entries.flatten().filter(|entry| entry.path().is_file()).count())
}

fn minute(host: &mut Host) -> Done {
    host.advance(60, 5);
    host.osmon(&["run"])
}

fn hook(host: &Host, web: &WebServer) -> String {
    let url = secret(host, "url", &format!("http://127.0.0.1:{}/", web.port));
    format!("[alert.route.chat]\nkind = \"webhook\"\nurl_file = \"{url}\"\n")
}

fn smtp(server: &ScriptedServer, to: &str) -> String {
    format!("[alert]\nto = [{to}]\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n", server.port)
}

#[test]
fn without_an_outbox_events_are_sent_from_memory_once() {
    let web = WebServer::start("200 OK");
    let mut host = Host::recorded("vm");
    host.config = hook(&host, &web) + RULES;
    fs::create_dir_all(host.data().join("outbox")).unwrap();
    fs::write(host.data().join("outbox/new"), "").unwrap();
    for _ in 0..3 {
        let done = minute(&mut host);
        assert!(done.code == 74 && web.bodies().len() == 1, "{} {}", done.code, done.err);
        host.osmon(&["send-alert"]);
    }
    assert_eq!(host.events().len(), 1);
    fs::remove_file(host.data().join("outbox/new")).unwrap();
    minute(&mut host).ok();
    minute(&mut host).ok();
    assert_eq!((web.bodies().len(), count(&host.data().join("outbox/sent"))), (1, 1), "once, and it is kept");
}

#[test]
fn without_outbox_and_server_events_are_sent_in_the_end() {
    let web = WebServer::start("500 Internal Server Error");
    let mut host = Host::recorded("vm");
    host.config = hook(&host, &web) + RULES;
    fs::create_dir_all(host.data().join("outbox")).unwrap();
    fs::write(host.data().join("outbox/new"), "").unwrap();
    assert_eq!(minute(&mut host).code, 74);
    *web.status.lock().unwrap() = "200 OK";
    fs::remove_file(host.data().join("outbox/new")).unwrap();
    host.advance(120, 5);
    host.osmon(&["run"]).ok();
    assert_eq!(web.bodies().len(), 2, "tried, and told");
    let json = host.osmon(&["alerts", "--json"]).ok().json();
    assert_eq!(json["alert"][0]["state"], "sent");
}

#[test]
fn a_damaged_alert_that_cannot_be_moved_stops_no_other() {
    let web = WebServer::start("200 OK");
    let mut host = Host::recorded("vm");
    host.config = hook(&host, &web) + RULES;
    fs::create_dir_all(host.data().join("outbox/new")).unwrap();
    fs::write(host.data().join("outbox/new/other-1.1-fired.json"), "?").unwrap();
    fs::write(host.data().join("outbox/dead"), "").unwrap();
    let done = minute(&mut host);
    assert!(done.code == 74 && done.err.contains("outbox/dead"), "{} {}", done.code, done.err);
    assert_eq!(web.bodies().len(), 1);
    assert_eq!(minute(&mut host).code, 74, "it is still so");
    assert_eq!(web.bodies().len(), 1, "once");
}

/// A configuration of which only a part is valid, and no last good one instead of it.
fn half(host: &mut Host) -> (String, Done) {
    let right = host.config.clone();
    host.config = right.replace("to = [\"ops@example.org\"]", "to = 7");
    fs::remove_file(host.data().join("state/last-good.toml")).unwrap();
    (right, minute(host))
}

#[test]
fn a_partial_configuration_discards_no_alert() {
    let (mail, web) =
        (ScriptedServer::start(Behavior::Say(Phase::Banner, "421 later\r\n")), WebServer::start("200 OK"));
    let mut host = Host::recorded("vm");
    host.config = smtp(&mail, "\"ops@example.org\"") + &hook(&host, &web) + "min_severity = \"critical\"\n" + RULES;
    assert_eq!(minute(&mut host).code, 74);
    let (right, done) = half(&mut host);
    assert!(done.code == 78 && done.err.contains("valid of [alert]"), "{} {}", done.code, done.err);
    assert_eq!(count(&host.data().join("outbox/new")), 1, "it waits");
    mail.behave(Behavior::Good);
    host.config = right;
    host.advance(120, 5);
    host.osmon(&["run"]).ok();
    assert!(mail.arrived().len() == 1 && web.bodies().is_empty(), "{:?}", mail.arrived());
    assert_eq!(count(&host.data().join("outbox/sent")), 1);
}

#[test]
fn a_route_that_is_missing_for_a_while_gets_its_alerts_later() {
    let (mail, web) =
        (ScriptedServer::start(Behavior::Say(Phase::Banner, "421 later\r\n")), WebServer::start("200 OK"));
    let mut host = Host::recorded("vm");
    host.config = smtp(&mail, "\"ops@example.org\"") + &hook(&host, &web) + RULES;
    assert_eq!(minute(&mut host).code, 74);
    assert_eq!(web.bodies().len(), 1);
    let (right, done) = half(&mut host);
    assert_eq!(done.code, 78, "{}", done.err);
    assert_eq!(minute(&mut host).code, 78);
    assert_eq!(count(&host.data().join("outbox/new")), 1, "the mail has not told it");
    mail.behave(Behavior::Good);
    host.config = right;
    host.advance(120, 5);
    host.osmon(&["run"]).ok();
    assert_eq!((mail.arrived().len(), web.bodies().len()), (1, 1));
    // Alerts do not wait for a removed route.
    assert_eq!(count(&host.data().join("outbox/new")), 0);
}

/// The fallback store that a run reports; removed with the test.
struct Refuge(PathBuf);
impl Refuge {
    fn said(done: &Done) -> Self {
        let path = done.err.split("history is kept in ").nth(1).and_then(|rest| rest.split(' ').next());
        Self(PathBuf::from(path.unwrap_or_else(|| panic!("{} {}", done.code, done.err))))
    }
}
impl Drop for Refuge {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn returning_from_the_fallback_store_loses_no_queued_alert() {
    let mail = ScriptedServer::start(Behavior::Say(Phase::Banner, "421 later\r\n"));
    let mut host = Host::recorded("vm");
    let Some(disk) = SmallDisk::new(&host, "4m") else {
        return skip("coming home with an alert", "a tmpfs cannot be mounted here");
    };
    let to = smtp(&mail, "\"ops@example.org\"");
    host.config = to.clone() + "[rule.memory]\nenabled = false\n[rule.disk]\nenabled = false\n";
    minute(&mut host).ok();
    host.config = to + RULES;
    tool("mount", &["-o", "remount,ro", &disk.0]).ok();
    let refuge = Refuge::said(&minute(&mut host));
    let waiting = refuge.0.join("outbox/new");
    assert_eq!(count(&waiting), 1);
    tool("mount", &["-o", "remount,rw", &disk.0]).ok();
    let _ = fs::remove_dir_all(host.data().join("outbox/new"));
    fs::create_dir_all(host.data().join("outbox")).unwrap();
    fs::write(host.data().join("outbox/new"), "").unwrap();
    let done = minute(&mut host);
    assert_eq!(done.code, 74, "{}", done.err);
    assert!(done.err.contains("outbox/new"), "{}", done.err);
    assert_eq!(count(&waiting), 1, "it stays where it is: {}", done.err);
    mail.behave(Behavior::Good);
    fs::remove_file(host.data().join("outbox/new")).unwrap();
    host.advance(3600, 5);
    host.osmon(&["run"]).ok();
    let subjects: Vec<String> = mail.arrived().iter().map(|mail| mail.header("Subject")).collect();
    assert!(subjects.len() == 1 && subjects[0].contains("Memory"), "{subjects:?}");
    assert!(!refuge.0.exists() && count(&host.data().join("outbox/sent")) == 1);
    assert_eq!(host.events().len(), 1, "{:?}", host.events());
    assert_eq!(host.snapshots().len(), 4, "every minute is there");
}

#[test]
fn on_a_read_only_disk_nothing_is_sent_twice() {
    let mail = ScriptedServer::start(Behavior::Say(Phase::Banner, "421 later\r\n"));
    let mut host = Host::recorded("vm");
    let Some(disk) = SmallDisk::new(&host, "4m") else {
        return skip("sending from a read-only disk", "a tmpfs cannot be mounted here");
    };
    host.config = smtp(&mail, "\"ops@example.org\"") + RULES;
    assert_eq!(minute(&mut host).code, 74);
    tool("mount", &["-o", "remount,ro", &disk.0]).ok();
    let refuge = Refuge::said(&minute(&mut host));
    mail.behave(Behavior::Good);
    host.advance(3600, 5);
    for _ in 0..3 {
        host.osmon(&["send-alert"]).ok();
        host.advance(300, 5);
    }
    assert_eq!(mail.arrived().len(), 1, "the first of them told it");
    assert_eq!(host.osmon(&["alerts", "--json"]).ok().json()["alert"][0]["state"], "sent");
    // It cannot be recorded anywhere.
    fs::remove_dir_all(&refuge.0).unwrap();
    fs::write(&refuge.0, "").unwrap();
    for _ in 0..2 {
        let done = host.osmon(&["send-alert"]);
        assert_eq!((done.code, mail.arrived().len()), (74, 1), "{}", done.err);
        assert!(done.err.contains("is not writable") && done.err.contains("nothing is sent"), "{}", done.err);
    }
    fs::remove_file(&refuge.0).unwrap();
    tool("mount", &["-o", "remount,rw", &disk.0]).ok();
    minute(&mut host).ok();
    assert_eq!(mail.arrived().len(), 2, "what was remembered in memory is lost with it, and it waited here");
}

#[test]
fn an_unconfirmed_mail_to_several_is_repeated_unchanged_to_each() {
    let mail = ScriptedServer::start(Behavior::CutAfterDot);
    let mut host = Host::recorded("vm");
    let people = ["a@example.org", "bb@example.org", "ccc@example.org", "dddd@example.org"];
    let to: Vec<String> = people.iter().map(|who| format!("{who:?}")).collect();
    host.config = smtp(&mail, &to.join(", ")) + RULES;
    assert_eq!(minute(&mut host).code, 74);
    // Another incident begins before the retries, which are at a different second for each target.
    host.config = host.config.replace("[rule.disk]\nenabled = false\n", "[rule.disk]\nwarning = 60\nfor = \"0s\"\n");
    host.advance(50, 5);
    host.osmon(&["run"]);
    for second in 51..70 {
        host.advance(1, 5);
        // Some attempts fail before the mail is sent and say nothing about the first one.
        mail.behave(if second % 2 == 0 {
            Behavior::CutAfterDot
        } else {
            Behavior::Say(Phase::Banner, "421 later\r\n")
        });
        host.osmon(&["send-alert"]);
    }
    mail.behave(Behavior::Good);
    for _ in 0..4 {
        host.advance(400, 5);
        host.osmon(&["run"]);
    }
    let arrived = mail.arrived();
    for who in people {
        let ids: Vec<String> =
            arrived.iter().filter(|mail| mail.to == who).map(|mail| mail.header("Message-ID")).collect();
        let (first, others): (Vec<&String>, Vec<&String>) = ids.iter().partition(|id| **id == ids[0]);
        assert!(first.len() >= 2 && first[0].starts_with("<memory-"), "{who}: {ids:?}");
        assert_eq!(arrived[0].header("Message-ID"), ids[0], "the same for all");
        assert!(others.len() == 1 && others[0].starts_with("<disk-"), "{who}: {ids:?}");
    }
    assert_eq!(count(&host.data().join("outbox/new")), 0);
}
