//! `kill -9` at random moments, with hours, days and months that end meanwhile.

use super::harness::{Host, tool};
use super::invariant;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Number of hosts killed concurrently.
const LANES: u64 = 4;

/// A deterministic generator (xorshift64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        for (left, by) in [(true, 13), (false, 7), (true, 17)] {
            self.0 ^= if left { self.0 << by } else { self.0 >> by };
        }
        self.0
    }
    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// A number from the environment.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn host() -> Host {
    let mut host = Host::recorded("vm");
    host.config = concat!(
        "[alert]\nto = [\"ops@example.org\"]\n[alert.sendmail]\nprogram = \"/bin/true\"\n",
        "[rule.cpu]\nwarning = 85\nfor = \"0s\"\nclear_for = \"0s\"\n",
        "[rule.load]\nenabled = false\n[rule.disk]\nenabled = false\n",
    )
    .to_string();
    host
}

/// Advances the clock: by a minute, to the next hour, or to the next day; sometimes with a reboot.
fn go_on(host: &mut Host, random: &mut Random) {
    let begin = |step| host.now.duration_trunc(step).unwrap() + step;
    let next = match random.below(10) {
        0..=4 => host.now + TimeDelta::seconds(60),
        5..=7 => begin(TimeDelta::hours(1)) + TimeDelta::seconds(2),
        _ => begin(TimeDelta::days(1)) + TimeDelta::seconds(2),
    };
    let busy = if random.below(4) == 0 { 99 } else { 10 };
    host.advance((next - host.now).num_seconds(), busy);
    if random.below(20) == 0 {
        let identity = format!("{:016x}-{:016x}\n", random.next(), random.next());
        host.write("proc/sys/kernel/random/boot_id", &identity);
    }
}

/// The longest duration of several runs that close a day.
fn usual() -> Duration {
    let mut host = host();
    let mut longest = Duration::ZERO;
    for _ in 0..3 {
        host.advance(86_400, 10);
        let started = Instant::now();
        host.osmon(&["run"]).ok();
        longest = longest.max(started.elapsed());
    }
    longest
}

/// Printed by a run whose maintenance reached its time limit.
const MAINTENANCE_LATE: &str = "osmon run: maintenance: did not finish within 5 s; abandoned\n";

/// Killed rounds on one host; how many were killed before they ended.
fn lane(rounds: u64, mut usual: Duration, random: &mut Random) -> usize {
    let mut host = host();
    let (begin, mut killed, mut known) = (day_of(host.now), 0, invariant::History::default());
    let mut snapshots = 0;
    for round in 0..rounds {
        go_on(&mut host, random);
        let moment = usual.mul_f64(random.below(1000) as f64 / 1000.0);
        let mut command = host.command("osmon", &["run"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(moment);
        // It may have ended.
        let _ = child.kill();
        let done = child.wait_with_output().unwrap();
        let since = host.now - TimeDelta::days(2);
        let now = invariant::read(&host.data(), since, host.now);
        now.keeps(&known, since);
        invariant::whole(&host.data());
        match done.status.code() {
            // On a machine that is busy with other tests a step may reach its time limit: nothing may be lost then either.
            Some(70) if String::from_utf8_lossy(&done.stderr) == MAINTENANCE_LATE => {}
            Some(code) => {
                assert_eq!((code, String::from_utf8_lossy(&done.stderr).as_ref()), (0, ""), "round {round}");
                assert!(now.has(host.now), "round {round} ended well and stored nothing");
                if random.below(4) == 0 {
                    let events = invariant::read(&host.data(), begin, host.now).events;
                    let lost: Vec<_> =
                        invariant::told(&host.data()).into_iter().filter(|id| !events.contains_key(id)).collect();
                    assert!(lost.is_empty(), "round {round}: told and not in the history: {lost:?}");
                }
            }
            None => killed += 1,
        }
        // A busy machine is slower than it was: about one of four is to end by itself.
        usual = usual.mul_f64(if done.status.success() { 0.97 } else { 1.01 });
        snapshots += usize::from(now.has(host.now));
        known = now;
    }
    invariant::recovers(&mut host);
    let (data, now) = (host.data(), host.now);
    let all = invariant::read(&data, begin, now);
    assert_eq!(all.snapshots(), snapshots + 2, "every acknowledged snapshot, once");
    assert!(all.damaged <= killed, "{} torn lines of {killed} kills", all.damaged);
    let events = all.events.values().filter(|count| **count > 1).count();
    assert!(events <= killed, "{events} events twice");
    assert!(invariant::inflates(&data) > 0, "days were sealed");
    invariant::rolled_up(&data, &all, begin, now);
    invariant::verified(&host, killed);
    abandoned(&mut host);
    killed
}

/// Temporary files of killed writes are removed once they are old enough.
fn abandoned(host: &mut Host) {
    for path in invariant::leftovers(&host.data()) {
        tool("touch", &["-d", "2026-11-01T00:00:00Z", path.to_str().unwrap()]).ok();
    }
    host.advance(3600, 10);
    host.osmon(&["run"]).ok();
    assert_eq!(invariant::leftovers(&host.data()), Vec::<std::path::PathBuf>::new());
}

fn day_of(time: DateTime<Utc>) -> DateTime<Utc> {
    time.duration_trunc(TimeDelta::days(1)).unwrap()
}

/// `OSMON_TEST_KILLS=2000 cargo test kill` for a long one; `OSMON_TEST_SEED` repeats one.
#[test]
fn kill_9_while_hours_and_days_end_loses_nothing_and_doubles_nothing() {
    let rounds = setting("OSMON_TEST_KILLS", 200);
    let started = Instant::now();
    let seed = setting("OSMON_TEST_SEED", (u64::from(std::process::id()) << 20) + 1);
    let usual = usual();
    println!("seed {seed}, {rounds} rounds, usual duration {usual:?}");
    let killed: usize = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES)
            .map(|number| {
                let mut random = Random((seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number) | 1);
                scope.spawn(move || lane(rounds / LANES, usual, &mut random))
            })
            .collect();
        lanes.into_iter().map(|lane| lane.join().unwrap()).sum()
    });
    println!("{killed} killed in {:?}", started.elapsed());
    assert!(killed as u64 * 3 > rounds, "only {killed} of {rounds} were killed before they ended");
}

/// Unsynced data from before a boot is not relied on: the hours before midnight are closed nevertheless.
#[test]
fn a_boot_across_midnight_leaves_no_gap() {
    for lost in ["the boot", "the progress"] {
        let mut host = host();
        for (minutes, busy) in [(30, 10), (60, 20), (20, 30)] {
            host.advance(minutes * 60, busy);
            host.osmon(&["run"]).ok();
        }
        if lost == "the boot" {
            host.write("proc/sys/kernel/random/boot_id", "another-boot\n");
        } else {
            std::fs::remove_file(host.data().join("rollups/progress.json")).unwrap();
        }
        host.advance(1800, 10);
        host.osmon(&["run"]).ok();
        let begin = day_of(host.now) - TimeDelta::days(1);
        let all = invariant::read(&host.data(), begin, host.now);
        assert_eq!((all.snapshots(), invariant::unsealed(&host.data(), host.now).len()), (4, 0), "{lost}");
        invariant::rolled_up(&host.data(), &all, begin, host.now);
    }
}

/// An alert is sent once by its id; a new incident must not reuse the id of one that was sent.
#[test]
fn a_new_incident_is_told_after_the_state_was_lost() {
    let mut host = host();
    for begun in [1, 2] {
        for busy in [10, 99, 10] {
            host.advance(60, busy);
            host.osmon(&["run"]).ok();
        }
        assert_eq!(invariant::told(&host.data()).len(), 2 * begun, "fired and recovered, {begun} times");
        for name in ["crisis.json", "crisis.json.1"] {
            std::fs::remove_file(host.data().join("state").join(name)).unwrap();
        }
    }
    let ids = invariant::read(&host.data(), day_of(host.now), host.now).events;
    assert_eq!(ids.len(), 4);
}
