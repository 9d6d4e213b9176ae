//! Decides whether two snapshots are of the same host: by boot and machine, because names change.

use super::host_change::HostState;
use chrono::TimeDelta;

/// Difference of two clocks that says nothing, in minutes.
const SLACK_MINUTES: i64 = 5;
/// Names of a host that has none yet.
const PLACEHOLDERS: [&str; 5] = ["", "(none)", "localhost", "localhost.localdomain", "localhost6.localdomain6"];

/// Returns whether a name is that of a host that has none yet.
pub fn is_placeholder(name: &str) -> bool {
    PLACEHOLDERS.contains(&name)
}

/// Returns whether `now` is a later state of the host of `before`. `machines`: what [`super::Root::machine`] says of both.
///
/// Within one boot it is the same host, except for containers that differ in machine and name. Across boots a known
/// machine decides, but clones share it: a boot that began before the last snapshot of the other one, under another name,
/// is another host.
pub fn is_same_host(before: &HostState, now: &HostState, machines: (Option<&str>, Option<&str>)) -> bool {
    let is_renamed = before.host != now.host;
    let is_other_machine = machines.0.zip(machines.1).is_some_and(|(before, now)| before != now);
    if !before.boot_id.is_empty() && before.boot_id == now.boot_id {
        return !(is_other_machine && is_renamed);
    }
    let is_named = !is_placeholder(&before.host) && !is_placeholder(&now.host);
    let is_beside = is_renamed && is_named && overlap(before, now);
    !(is_other_machine || is_beside)
}

/// Returns whether the boot of `now` had begun before the last snapshot of another boot, which was not taken in the
/// future of either clock.
fn overlap(before: &HostState, now: &HostState) -> bool {
    let slack = TimeDelta::minutes(SLACK_MINUTES);
    let up = TimeDelta::try_milliseconds((now.boottime_seconds * 1e3) as i64).unwrap_or_default();
    let begun = now.wall.checked_sub_signed(up).unwrap_or(now.wall);
    begun + slack < before.wall && before.wall <= now.wall + slack
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Now;
    use chrono::DateTime;

    fn state(host: &str, boot: &str, minute: i64, up_minutes: f64) -> HostState {
        let wall = DateTime::from_timestamp(1_795_000_000 + minute * 60, 0).unwrap();
        HostState::new(&Now { wall, boottime_seconds: up_minutes * 60.0 }, boot.into(), host.into())
    }

    #[test]
    fn boot_and_machine_decide() {
        let before = state("db-01", "x", 100, 5000.0);
        let (m, n) = (Some("m"), Some("n"));
        let cases = [
            ("the next minute", state("db-01", "x", 101, 5001.0), (m, m), true),
            ("renamed", state("web-01", "x", 101, 5001.0), (m, m), true),
            ("a new machine id", state("db-01", "x", 101, 5001.0), (m, n), true),
            ("another container", state("web-01", "x", 101, 5001.0), (m, n), false),
            ("a reboot", state("db-01", "y", 104, 2.0), (m, m), true),
            ("a reboot with a late name", state("localhost", "y", 104, 2.0), (m, m), true),
            ("the same without machine ids", state("dhcp-7", "y", 104, 2.0), (None, None), true),
            ("a machine id that comes late", state("db-01", "y", 104, 2.0), (None, n), true),
            ("copied to a host that is up", state("web-01", "y", 104, 9000.0), (m, n), false),
            ("the same without machine ids", state("web-01", "y", 104, 9000.0), (None, None), false),
            ("copied to a clone that is up", state("web-01", "y", 104, 9000.0), (m, m), false),
            ("another machine of that name", state("db-01", "y", 104, 2.0), (m, n), false),
            ("a clone that just started", state("web-01", "y", 104, 2.0), (m, m), true),
            ("the clock was in the future before", state("db-02", "y", -9000, 2.0), (m, m), true),
            ("the clock was in the future before", state("db-02", "y", -9000, 2.0), (None, None), true),
        ];
        for (what, now, machines, expected) in cases {
            assert_eq!(is_same_host(&before, &now, machines), expected, "{what}");
        }
    }
}
