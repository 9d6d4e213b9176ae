//! TCP and UDP: `/proc/net/sockstat`, `/proc/net/sockstat6`, `/proc/net/snmp` (RFC 1213 names), and connection tracking.

use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use crate::probe::rates::{per_second, percent};
use serde::{Deserialize, Serialize};

/// The section `tcp`.
#[derive(Debug, Serialize)]
struct Tcp {
    /// Sockets in use, IPv4 and IPv6.
    in_use: u64,
    /// Open connections (`tcpCurrEstab`).
    established: u64,
    time_wait: u64,
    /// Sockets no longer held by any process.
    orphaned: u64,
    #[serde(flatten)]
    rates: Option<TcpRates>,
}

#[derive(Debug, Serialize)]
struct TcpRates {
    #[serde(skip_serializing_if = "Option::is_none")]
    retransmitted_segments_per_second: Option<f64>,
    /// Share of the segments sent. A few percent mean a bad line.
    #[serde(skip_serializing_if = "Option::is_none")]
    retransmitted_percent: Option<f64>,
}

/// The section `udp`.
#[derive(Debug, Serialize)]
struct Udp {
    in_use: u64,
    /// Datagrams dropped because the receiver was too slow (`RcvbufErrors`).
    #[serde(skip_serializing_if = "Option::is_none")]
    receive_buffer_errors_per_second: Option<f64>,
}

/// The section `conntrack`, absent without connection tracking. When the table is full, new connections are dropped.
#[derive(Debug, Serialize)]
struct Conntrack {
    entries: u64,
    limit: u64,
    used_percent: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct KeptTcp {
    sent: u64,
    retransmitted: u64,
    udp_errors: u64,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "tcp", scope: Scope::All, has_counters: true, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let sockstat = text(run, "net/sockstat").ok_or("not supported by this kernel")?;
    let sockstat6 = text(run, "net/sockstat6").unwrap_or_default();
    let snmp = text(run, "net/snmp").unwrap_or_default();
    let now = KeptTcp {
        sent: named(&snmp, "Tcp:", "OutSegs"),
        retransmitted: named(&snmp, "Tcp:", "RetransSegs"),
        udp_errors: named(&snmp, "Udp:", "RcvbufErrors"),
    };
    let before = run.previous::<KeptTcp>("tcp");
    run.counters.keep("tcp", &now);
    let rates = before.map(|(before, seconds)| TcpRates {
        retransmitted_segments_per_second: per_second(now.retransmitted, before.retransmitted, seconds),
        retransmitted_percent: share(&now, &before),
    });
    run.add(
        "tcp",
        &Tcp {
            in_use: paired(&sockstat, "TCP:", "inuse") + paired(&sockstat6, "TCP6:", "inuse"),
            established: named(&snmp, "Tcp:", "CurrEstab"),
            time_wait: paired(&sockstat, "TCP:", "tw"),
            orphaned: paired(&sockstat, "TCP:", "orphan"),
            rates,
        },
    )?;
    run.add(
        "udp",
        &Udp {
            in_use: paired(&sockstat, "UDP:", "inuse") + paired(&sockstat6, "UDP6:", "inuse"),
            receive_buffer_errors_per_second: before
                .and_then(|(before, seconds)| per_second(now.udp_errors, before.udp_errors, seconds)),
        },
    )?;
    conntrack(run)
}

fn conntrack(run: &mut Measurement<'_>) -> Result<(), String> {
    let number = |name: &str| run.root.proc_line(&format!("sys/net/netfilter/{name}")).ok()?.parse::<u64>().ok();
    let Some((entries, limit)) = number("nf_conntrack_count").zip(number("nf_conntrack_max")) else { return Ok(()) };
    run.add("conntrack", &Conntrack { entries, limit, used_percent: percent(entries as f64, limit as f64) })
}

fn text(run: &Measurement<'_>, name: &str) -> Option<String> {
    run.root.proc(name).ok().map(|content| String::from_utf8_lossy(&content).into_owned())
}

fn share(now: &KeptTcp, before: &KeptTcp) -> Option<f64> {
    let (sent, again) = (now.sent.checked_sub(before.sent)?, now.retransmitted.checked_sub(before.retransmitted)?);
    Some(percent(again as f64, sent as f64))
}

/// The number behind a word of a line: `TCP: inuse 5 orphan 0 tw 2 …`.
fn paired(text: &str, line: &str, word: &str) -> u64 {
    let words = text.lines().find_map(|found| found.strip_prefix(line)).unwrap_or_default();
    let mut words = words.split_whitespace().skip_while(|found| *found != word).skip(1);
    words.next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// A value from two lines with the same prefix, the first with names, the second with numbers.
fn named(text: &str, line: &str, name: &str) -> u64 {
    let mut lines = text.lines().filter_map(|found| found.strip_prefix(line));
    let (Some(names), Some(numbers)) = (lines.next(), lines.next()) else { return 0 };
    let found = names.split_whitespace().zip(numbers.split_whitespace()).find(|(found, _)| *found == name);
    found.and_then(|(_, number)| number.parse().ok()).unwrap_or_default()
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
            (5, 2, 4)
        );
        assert_eq!(paired("TCP: inuse", "TCP:", "inuse"), 0);
        let snmp = "Tcp: MaxConn CurrEstab RetransSegs\nTcp: -1 12 34\n";
        assert_eq!(
            (named(snmp, "Tcp:", "CurrEstab"), named(snmp, "Tcp:", "RetransSegs"), named(snmp, "Udp:", "x")),
            (12, 34, 0)
        );
    }
}
