//! A disk that is full to the last byte while an incident begins and a day ends, and one that fills up at any point of
//! the work at midnight.

use super::disk_faults::SmallDisk;
use super::harness::{Done, Host, copy, skip, tool};
use super::invariant;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const SIZE: &str = "4m";

/// A host at 23:58 of its first day that mails into a file on another disk and fires at once on a busy CPU.
fn host() -> Host {
    let mut host = Host::recorded("vm");
    let (mail, program) = (host.path("mail"), host.path("sendmail"));
    fs::write(&program, format!("#!/bin/sh\ncat >> {}\n", mail.display())).unwrap();
    tool("chmod", &["755", program.to_str().unwrap()]).ok();
    host.config = format!(
        "[alert]\nto = [\"ops@example.org\"]\n[alert.sendmail]\nprogram = \"{}\"\n{}",
        program.display(),
        concat!(
            "[rule.cpu]\nwarning = 85\nfor = \"0s\"\nclear_for = \"0s\"\n",
            "[rule.load]\nenabled = false\n[rule.disk]\nenabled = false\n[rule.memory]\nenabled = false\n"
        )
    );
    host
}

fn run_at(host: &mut Host, time: &str, busy: u64) -> Done {
    let time: DateTime<Utc> = time.parse().unwrap();
    host.advance((time - host.now).num_seconds(), busy);
    host.osmon(&["run"])
}

fn first_day(host: &mut Host) {
    for time in ["2026-11-20T21:41:00Z", "2026-11-20T22:30:00Z", "2026-11-20T22:31:00Z", "2026-11-20T23:58:00Z"] {
        run_at(host, time, 10).ok();
    }
}

fn begin(host: &Host) -> DateTime<Utc> {
    host.now.duration_trunc(TimeDelta::days(1)).unwrap() - TimeDelta::days(2)
}

/// Writes until the disk is full, then frees `room` bytes.
fn fill(path: &PathBuf, room: u64) {
    let mut file = fs::File::create(path).unwrap();
    for size in [64 * 1024, 4096, 512, 1] {
        while file.write(&vec![b'x'; size]).is_ok_and(|count| count == size) {}
    }
    let length = file.metadata().unwrap().len();
    file.set_len(length.saturating_sub(room)).unwrap();
}

/// Ends the watch, also when a test fails.
struct End<'a>(&'a AtomicBool);
impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Reads the page repeatedly until `is_over`; counts the reads, and whether each page was complete.
fn watch(page: &PathBuf, is_over: &AtomicBool, looks: &AtomicUsize) {
    while !is_over.load(Ordering::Relaxed) {
        let text = fs::read_to_string(page).unwrap();
        assert!(text.starts_with("<!") && text.trim_end().ends_with("</html>"), "{} bytes of the page", text.len());
        looks.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_crisis_on_a_full_disk_is_told_in_its_minute_and_the_day_is_sealed_when_there_is_room() {
    let mut host = host();
    let Some(_disk) = SmallDisk::new(&host, SIZE) else {
        return skip("a crisis on a full disk", "a tmpfs cannot be mounted here");
    };
    first_day(&mut host);
    let day_file = host.day_file("snapshots");
    let before = fs::read(&day_file).unwrap();
    let known = invariant::read(&host.data(), begin(&host), host.now);
    let mail = host.path("mail");
    let mails = |what: &str| {
        fs::read_to_string(&mail).unwrap_or_default().matches(&format!("Subject: {what} web-01: CPU")).count()
    };
    let filler = host.data().join("filler");
    fill(&filler, 0);
    let (is_over, looks, page) = (AtomicBool::new(false), AtomicUsize::new(0), host.data().join("report.html"));
    std::thread::scope(|scope| {
        scope.spawn(|| watch(&page, &is_over, &looks));
        let _end = End(&is_over);
        let done = run_at(&mut host, "2026-11-20T23:59:00Z", 99);
        assert_eq!((done.code, mails("CRITICAL")), (74, 1), "in the same minute: {}", done.err);
        for (time, busy) in [("2026-11-21T00:00:30Z", 99), ("2026-11-21T00:01:00Z", 10), ("2026-11-21T01:00:10Z", 10)] {
            let done = run_at(&mut host, time, busy);
            assert_eq!(done.code, 74, "{}", done.err);
            assert!(!done.err.contains("inside osmon"), "{}", done.err);
            assert!(fs::read(&day_file).unwrap().starts_with(&before), "the old file stays until the new one is whole");
            assert_eq!(invariant::leftovers(&host.data()), Vec::<PathBuf>::new(), "nothing half-written stays");
            invariant::whole(&host.data());
            invariant::inflates(&host.data());
            invariant::read(&host.data(), begin(&host), host.now).keeps(&known, begin(&host));
        }
        assert_eq!((mails("CRITICAL"), mails("RECOVERED")), (1, 1), "its end is told as well");
    });
    assert!(looks.load(Ordering::Relaxed) > 100, "the page was looked at");
    fs::remove_file(filler).unwrap();
    run_at(&mut host, "2026-11-21T01:01:00Z", 10).ok();
    assert_eq!(invariant::unsealed(&host.data(), host.now), Vec::<String>::new(), "sealing catches up at once");
    let all = invariant::read(&host.data(), begin(&host), host.now);
    all.keeps(&known, begin(&host));
    assert!(all.has(host.now) && all.damaged == 0);
    invariant::rolled_up(&host.data(), &all, begin(&host), host.now);
    let told = invariant::told(&host.data());
    let unknown: Vec<_> = told.iter().filter(|id| !all.events.contains_key(*id)).collect();
    assert!(told.len() == 2 && unknown.is_empty(), "what was told is in the history: {told:?}, not {unknown:?}");
    assert_eq!((mails("CRITICAL"), mails("RECOVERED")), (1, 1), "once");
}

/// With free space from none to enough for all work at midnight.
#[test]
fn a_disk_that_fills_up_while_a_day_is_closed_loses_nothing() {
    let mut host = host();
    first_day(&mut host);
    host.advance(150, 99);
    let (pristine, begun) = (host.path("pristine"), host.now);
    fs::rename(host.data(), &pristine).unwrap();
    let clocks = ["proc/stat", "proc/uptime"].map(|file| (file, host.read(file)));
    let known = invariant::read(&pristine, begin(&host), host.now);
    let (mut failed, mut ended_well) = (0, 0);
    for kilobytes in (0..1500).step_by(60) {
        let Some(_disk) = SmallDisk::new(&host, SIZE) else {
            return skip("a disk that fills up", "a tmpfs cannot be mounted here");
        };
        copy(&pristine, &host.data());
        clocks.iter().for_each(|(file, content)| host.write(file, content));
        host.now = begun;
        let _ = fs::remove_file(host.path("mail"));
        let filler = host.data().join("filler");
        fill(&filler, kilobytes * 1024);
        let done = host.osmon(&["run"]);
        *(if done.code == 0 { &mut ended_well } else { &mut failed }) += 1;
        assert!(done.code == 0 || done.err.contains("No space left on device"), "{kilobytes} KiB: {}", done.err);
        let mails = fs::read_to_string(host.path("mail")).unwrap_or_default();
        assert_eq!(mails.matches("Subject: CRITICAL").count(), 1, "{kilobytes} KiB: {}", done.err);
        invariant::whole(&host.data());
        invariant::inflates(&host.data());
        assert_eq!(invariant::leftovers(&host.data()), Vec::<PathBuf>::new(), "{kilobytes} KiB");
        let seen = invariant::read(&host.data(), begin(&host), host.now);
        seen.keeps(&known, begin(&host));
        fs::remove_file(filler).unwrap();
        let since = begin(&host);
        invariant::recovers(&mut host);
        let all = invariant::read(&host.data(), since, host.now);
        assert_eq!((all.snapshots(), all.damaged), (seen.snapshots() + 2, 0), "{kilobytes} KiB");
        invariant::rolled_up(&host.data(), &all, since, host.now);
    }
    assert!(failed > 3 && ended_well > 0, "{failed} failed, {ended_well} ended well");
}
