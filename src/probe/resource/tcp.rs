//! TCP and UDP: `/proc/net/sockstat`, `/proc/net/sockstat6`, `/proc/net/snmp` (RFC 1213 names), and connection tracking.

use crate::probe::growth::{Counter, rate};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope, UNKNOWN_FORMAT};
use crate::probe::rates::percent;
use serde::{Deserialize, Serialize};

/// Most sockets that a host can have: beyond it, the number is no count, but one below zero.
const SOCKETS_MAX: u64 = 1 << 30;
/// Most segments and datagrams of a host per second.
const SEGMENTS_PER_SECOND_MAX: f64 = 1e9;

/// The section `tcp`; each value alone.
#[derive(Debug, Serialize)]
struct Tcp {
    /// Sockets in use, IPv4 and IPv6.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_use: Option<u64>,
    /// Open connections (`tcpCurrEstab`).
    #[serde(skip_serializing_if = "Option::is_none")]
    established: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_wait: Option<u64>,
    /// Sockets no longer held by any process.
    #[serde(skip_serializing_if = "Option::is_none")]
    orphaned: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retransmitted_segments_per_second: Option<f64>,
    /// Share of the segments sent. A few percent mean a bad line.
    #[serde(skip_serializing_if = "Option::is_none")]
    retransmitted_percent: Option<f64>,
}

/// The section `udp`.
#[derive(Debug, Serialize)]
struct Udp {
    #[serde(skip_serializing_if = "Option::is_none")]
    in_use: Option<u64>,
    /// Datagrams dropped because the receiver was too slow (`RcvbufErrors`).
    #[serde(skip_serializing_if = "Option::is_none")]
    receive_buffer_errors_per_second: Option<f64>,
}

/// The section `conntrack`, absent without connection tracking. When the table is full, new connections are dropped.
#[derive(Debug, Serialize)]
struct Conntrack {
    entries: u64,
    limit: u64,
    /// Absent without a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_percent: Option<f64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct KeptTcp {
    sent: Option<u64>,
    retransmitted: Option<u64>,
    udp_errors: Option<u64>,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "tcp", scope: Scope::All, has_counters: true, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let (sockstat, snmp) = (text(run, "net/sockstat"), text(run, "net/snmp"));
    if sockstat.is_none() && snmp.is_none() {
        return Err("not supported by this kernel".to_string());
    }
    let (sockstat, snmp) = (sockstat.unwrap_or_default(), snmp.unwrap_or_default());
    let sockstat6 = text(run, "net/sockstat6").unwrap_or_default();
    let now = KeptTcp {
        sent: named(&snmp, "Tcp:", "OutSegs"),
        retransmitted: named(&snmp, "Tcp:", "RetransSegs"),
        udp_errors: named(&snmp, "Udp:", "RcvbufErrors"),
    };
    let before = run.previous::<KeptTcp>("tcp");
    run.counters.keep("tcp", &now);
    let (before, seconds) = before.unwrap_or_default();
    let wrap = run.root.is_32_bit().then_some(1 << 32);
    let counter =
        |name, now, before| [Counter { name, now, before, wrap, most: SEGMENTS_PER_SECOND_MAX * (seconds + 1.0) }];
    let [sent] = run.growth_of_device("tcp", counter("sent_segments", now.sent, before.sent));
    let [again] =
        run.growth_of_device("tcp", counter("retransmitted_segments", now.retransmitted, before.retransmitted));
    let [errors] = run.growth_of_device("udp", counter("receive_buffer_errors", now.udp_errors, before.udp_errors));
    let mut gauge = |name: &str, value: Option<u64>| run.at_most(|| name.to_string(), value, SOCKETS_MAX);
    let tcp = Tcp {
        in_use: gauge("tcp.in_use", sum(paired(&sockstat, "TCP:", "inuse"), paired(&sockstat6, "TCP6:", "inuse"))),
        established: gauge("tcp.established", named(&snmp, "Tcp:", "CurrEstab")),
        time_wait: gauge("tcp.time_wait", paired(&sockstat, "TCP:", "tw")),
        orphaned: gauge("tcp.orphaned", paired(&sockstat, "TCP:", "orphan")),
        retransmitted_segments_per_second: again.map(|again| rate(again, seconds)),
        retransmitted_percent: sent.zip(again).map(|(sent, again)| percent(again as f64, sent as f64)),
    };
    let udp = Udp {
        in_use: gauge("udp.in_use", sum(paired(&sockstat, "UDP:", "inuse"), paired(&sockstat6, "UDP6:", "inuse"))),
        receive_buffer_errors_per_second: errors.map(|errors| rate(errors, seconds)),
    };
    let is_unknown = tcp.in_use.is_none() && tcp.established.is_none() && udp.in_use.is_none();
    run.add("tcp", &tcp)?;
    run.add("udp", &udp)?;
    conntrack(run)?;
    if is_unknown { Err(UNKNOWN_FORMAT.to_string()) } else { Ok(()) }
}

fn conntrack(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let number = |name: &str| run.root.proc_line(&format!("sys/net/netfilter/{name}")).ok()?.parse::<u64>().ok();
    let Some((entries, limit)) = number("nf_conntrack_count").zip(number("nf_conntrack_max")) else { return Ok(()) };
    let used_percent = (limit > 0).then(|| percent(entries as f64, limit as f64));
    run.add("conntrack", &Conntrack { entries, limit, used_percent })
}

fn text(run: &Measurement<'_>, name: &str) -> Option<String> {
    run.root.proc(name).ok().map(|content| String::from_utf8_lossy(&content).into_owned())
}

/// IPv4 and IPv6 together; a kernel may lack either.
fn sum(four: Option<u64>, six: Option<u64>) -> Option<u64> {
    (four.is_some() || six.is_some()).then(|| four.unwrap_or(0).saturating_add(six.unwrap_or(0)))
}

/// The number behind a word of a line: `TCP: inuse 5 orphan 0 tw 2 …`.
fn paired(text: &str, line: &str, word: &str) -> Option<u64> {
    let words = text.lines().find_map(|found| found.strip_prefix(line))?;
    words.split_whitespace().skip_while(|found| *found != word).nth(1)?.parse().ok()
}

/// A value from two lines with the same prefix, the first with names, the second with numbers.
fn named(text: &str, line: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|found| found.strip_prefix(line));
    let (names, numbers) = (lines.next()?, lines.next()?);
    let found = names.split_whitespace().zip(numbers.split_whitespace()).find(|(found, _)| *found == name);
    found.and_then(|(_, number)| number.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_of_table() {
        let sockstat =
            "sockets: used 100\nTCP: inuse 5 orphan 1 tw 2 alloc 7 mem 3\nUDP: inuse 4 mem 0\nUDPLITE: inuse 9\n";
        assert_eq!(
            (paired(sockstat, "TCP:", "inuse"), paired(sockstat, "TCP:", "tw"), paired(sockstat, "UDP:", "inuse")),
            (Some(5), Some(2), Some(4))
        );
        assert_eq!(paired("TCP: inuse", "TCP:", "inuse"), None);
        let snmp = "Tcp: MaxConn CurrEstab RetransSegs\nTcp: -1 12 34\nTcp: 9 9 9\n";
        assert_eq!(
            (named(snmp, "Tcp:", "CurrEstab"), named(snmp, "Tcp:", "RetransSegs"), named(snmp, "Udp:", "x")),
            (Some(12), Some(34), None)
        );
    }
}
