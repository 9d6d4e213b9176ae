//! The lines of `/proc/net/dev` (proc_net(5)).

use crate::base::identity::identity;
use crate::base::text::NAME_MAX;
use crate::probe::fields::{lines, number, words};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Counters of an interface since it was created; each `None` when it is not readable.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkCounters {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_packets: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_packets: Option<u64>,
    /// Both directions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped: Option<u64>,
}

/// The interfaces by name. Lines without a name and numbers are skipped: the heading, and whatever else there may be.
pub fn parse(content: &[u8]) -> BTreeMap<String, NetworkCounters> {
    lines(content).filter_map(parse_line).collect()
}

/// `  eth0: 1 2 …`; old kernels leave out the blank before a large number: `eth0:123 2 …`. A name may contain `:`.
fn parse_line(line: &[u8]) -> Option<(String, NetworkCounters)> {
    let (name, fields) = line.split_at_checked(line.iter().rposition(|byte| *byte == b':')?)?;
    let name = name.trim_ascii_start();
    let mut words = words(fields.get(1..)?);
    let numbers = [(); 12].map(|()| words.next().and_then(number));
    if name.is_empty() || numbers.iter().all(Option::is_none) {
        return None;
    }
    let [
        received_bytes,
        received_packets,
        received_errors,
        received_drops,
        ..,
        sent_bytes,
        sent_packets,
        sent_errors,
        sent_drops,
    ] = numbers;
    // A sum without one of its parts would be another counter.
    let both = |a: Option<u64>, b: Option<u64>| Some(a?.saturating_add(b?));
    let counters = NetworkCounters {
        received_bytes,
        sent_bytes,
        received_packets,
        sent_packets,
        errors: both(received_errors, sent_errors),
        dropped: both(received_drops, sent_drops),
    };
    Some((identity(name, NAME_MAX), counters))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: &str = "Inter-| Receive\n face |bytes\n";
    const NUMBERS: &str = "1 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0";

    #[test]
    fn both_forms_of_the_line() {
        let content =
            format!("{HEAD}  eth0: 9{NUMBERS}\neth1:8{NUMBERS}\n br0: 1 x 3\n veth0:1: {NUMBERS}\nbad: x\n: 1 2\n");
        let found = parse(content.as_bytes());
        assert_eq!(found.keys().collect::<Vec<_>>(), ["br0", "eth0", "eth1", "veth0:1"]);
        let eth1 = &found["eth1"];
        assert_eq!(
            (eth1.received_bytes, eth1.sent_bytes, eth1.errors, eth1.dropped),
            (Some(81), Some(5), Some(10), Some(12))
        );
        let br0 = &found["br0"];
        assert_eq!((br0.received_bytes, br0.received_packets, br0.sent_bytes), (Some(1), None, None));
        assert!(parse(HEAD.as_bytes()).is_empty());
        let names = parse(format!("e\u{fe}: {NUMBERS}\ne\u{ff}: {NUMBERS}\n").as_bytes()).len();
        assert_eq!((names, parse(b"e\xfe: 1 2\ne\xff: 1 2\n").len()), (2, 2), "names that are no text stay apart");
    }

    proptest! {
        #[test]
        fn no_line_costs_another(noise in "[ -9;-~]{0,60}", garbage in proptest::collection::vec(any::<u8>(), 0..200)) {
            let file = format!("  eth0: {NUMBERS}\n");
            let found = parse(format!("{noise}\n{file}{noise}\n").as_bytes());
            prop_assert_eq!(found, parse(file.as_bytes()));
            parse(&garbage);
        }
    }
}
