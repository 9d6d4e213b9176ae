//! Work that the kernel refused because a queue or a table was full: connections at listening sockets
//! (`/proc/net/netstat`), packets before they were processed (`/proc/net/softnet_stat`), connections that could not be
//! tracked (`/proc/net/stat/nf_conntrack`).

use crate::probe::fields::{lines, number, words};
use crate::probe::growth::{growth, rate};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use serde::{Deserialize, Serialize};

/// No host refuses more than this in a second.
const MOST_PER_SECOND: f64 = 1e9;

/// The section `drop`; what the kernel does not count is left out.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Drop {
    /// Connections refused because the queue of a listening socket was full (`ListenOverflows`).
    #[serde(skip_serializing_if = "Option::is_none")]
    listen_overflows_per_second: Option<f64>,
    /// Connections that a listening socket could not take, for any reason (`ListenDrops`).
    #[serde(skip_serializing_if = "Option::is_none")]
    listen_drops_per_second: Option<f64>,
    /// Packets dropped because the queue of a core was full.
    #[serde(skip_serializing_if = "Option::is_none")]
    backlog_packets_per_second: Option<f64>,
    /// Times that a core had to leave packets for later (`time_squeeze`).
    #[serde(skip_serializing_if = "Option::is_none")]
    squeezes_per_second: Option<f64>,
    /// Packets dropped because their connection could not be tracked, and connections ended early for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    untracked_packets_per_second: Option<f64>,
}

/// The counters, in the order of the section; `None`: not counted.
type Counts = [Option<u64>; 5];

/// The registration.
pub const RESOURCE: Resource = Resource { name: "drop", scope: Scope::All, has_counters: true, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let read = |name: &str| run.root.proc(name).unwrap_or_default();
    let netstat = read("net/netstat");
    let [dropped, squeezed] = softnet(&read("net/softnet_stat"));
    // Without connection tracking there is no such file, which rarely changes.
    let has_conntrack = |run: &mut Measurement<'_>| Ok(run.root.proc(CONNTRACK).is_ok());
    let is_tracking = run.periodic("drop.conntrack", 600.0, has_conntrack)?.0;
    let untracked = if is_tracking { conntrack(&run.proc(CONNTRACK).unwrap_or_default()) } else { None };
    let now: Counts =
        [extended(&netstat, b"ListenOverflows"), extended(&netstat, b"ListenDrops"), dropped, squeezed, untracked];
    let before = run.previous::<Kept>("drop");
    run.counters.keep("drop", &Kept { counts: now });
    let Some((Kept { counts: before }, seconds)) = before else { return Ok(()) };
    let names = ["listen_overflows", "listen_drops", "backlog_packets", "squeezes", "untracked_packets"];
    let rates: Vec<Option<f64>> = (now.into_iter().zip(before).zip(names))
        .map(|((now, before), name)| {
            let grown = growth(now?, before?, seconds * MOST_PER_SECOND);
            let by = grown.map_err(|reason| run.discard(format!("drop {name}"), reason)).ok()?;
            // A few within an hour must not become nothing.
            Some(if by == 0 { 0.0 } else { rate(by, seconds).max(0.001) })
        })
        .collect();
    let &[
        listen_overflows_per_second,
        listen_drops_per_second,
        backlog_packets_per_second,
        squeezes_per_second,
        untracked_packets_per_second,
    ] = rates.as_slice()
    else {
        return Ok(());
    };
    let section = Drop {
        listen_overflows_per_second,
        listen_drops_per_second,
        backlog_packets_per_second,
        squeezes_per_second,
        untracked_packets_per_second,
    };
    if section == Drop::default() { Ok(()) } else { run.add("drop", &section) }
}

const CONNTRACK: &str = "net/stat/nf_conntrack";

/// The counters as they are kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    counts: Counts,
}

/// A value of `TcpExt:`, of two lines with the same prefix: the first has the names, the second the numbers.
fn extended(netstat: &[u8], name: &[u8]) -> Option<u64> {
    let mut of_tcp = lines(netstat).filter_map(|line| line.strip_prefix(b"TcpExt:"));
    let (names, numbers) = (of_tcp.next()?, of_tcp.next()?);
    let at = words(names).position(|found| found == name)?;
    number(words(numbers).nth(at)?)
}

/// Packets dropped and times squeezed, each summed over the cores: the second and third of the hexadecimal columns.
fn softnet(content: &[u8]) -> [Option<u64>; 2] {
    let column = |at: usize| lines(content).filter_map(move |line| hexadecimal(words(line).nth(at)?));
    [1, 2].map(|at| column(at).reduce(u64::saturating_add))
}

/// `drop` and `early_drop`, summed over the cores. The columns have names, because kernels differ.
fn conntrack(content: &[u8]) -> Option<u64> {
    let mut all = lines(content);
    let names: Vec<&[u8]> = words(all.next()?).collect();
    let columns: Vec<usize> =
        [b"drop".as_slice(), b"early_drop"].iter().filter_map(|name| names.iter().position(|it| it == name)).collect();
    let of = |line: &[u8]| {
        let values: Vec<&[u8]> = words(line).collect();
        let numbers = columns.iter().map(|at| hexadecimal(values.get(*at)?));
        numbers.collect::<Option<Vec<u64>>>().map(|numbers| numbers.into_iter().fold(0, u64::saturating_add))
    };
    if columns.is_empty() { None } else { all.filter_map(of).reduce(u64::saturating_add) }
}

fn hexadecimal(word: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NETSTAT: &[u8] = b"TcpExt: SyncookiesSent ListenOverflows ListenDrops\nTcpExt: 1 12 34\nIpExt: X\nIpExt: 5\n";
    const CONNTRACK: &[u8] = b"entries  clashres found new drop early_drop\n00000005 0 0 0 0000000a 00000001\n00000005 0 0 0 00000001 00000000\n";

    #[test]
    fn columns_are_found_by_their_names() {
        assert_eq!((extended(NETSTAT, b"ListenOverflows"), extended(NETSTAT, b"ListenDrops")), (Some(12), Some(34)));
        assert_eq!((extended(NETSTAT, b"Listen"), extended(b"TcpExt: A\n", b"A")), (None, None));
        assert_eq!(softnet(b"0000ffff 00000010 00000002 0 0\n00000001 00000001 00000001\n"), [Some(17), Some(3)]);
        assert_eq!((softnet(b""), softnet(b"x y z\n")), ([None; 2], [None; 2]));
        assert_eq!((softnet(b"1 10\n"), softnet(b"1 10 x\n1 x 2\n")), ([Some(16), None], [Some(16), Some(2)]));
        assert_eq!((conntrack(CONNTRACK), conntrack(b"entries\n5\n"), conntrack(b"")), (Some(12), None, None));
    }

    proptest! {
        #[test]
        fn arbitrary_text_costs_no_neighbour(noise in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = (extended(&noise, b"ListenDrops"), softnet(&noise), conntrack(&noise));
            prop_assume!(!noise.contains(&b'\n'));
            let with = |text: &[u8]| [text, noise.as_slice(), b"\n"].concat();
            prop_assert_eq!(extended(&with(NETSTAT), b"ListenDrops"), Some(34));
            // A line that is not understood is left out.
            for (at, expected) in [16, 2].into_iter().enumerate() {
                if words(&noise).nth(at + 1).and_then(hexadecimal).is_none() {
                    prop_assert_eq!(softnet(&with(b"1 10 2\n"))[at], Some(expected));
                }
            }
        }
    }
}
