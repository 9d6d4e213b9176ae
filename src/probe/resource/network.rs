//! Traffic of interfaces: `/proc/net/dev` (proc_net(5)).

use crate::base::text::{NAME_MAX, clean};
use crate::host::Root;
use crate::probe::fields::{lines, number, words};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope, UNKNOWN_FORMAT};
use crate::probe::rates::{per_second, unwrapped};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An element of the section `network`: one interface over the interval.
#[derive(Debug, Serialize)]
struct Network {
    interface: String,
    #[serde(flatten)]
    rates: Option<NetworkRates>,
    /// The link is up (`operstate`); a virtual interface, which has no link, counts as up.
    #[serde(skip_serializing_if = "Option::is_none")]
    up: Option<bool>,
    /// Speed of the link (from `speed`, in Mbit/s); absent for virtual interfaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    speed_bits_per_second: Option<u64>,
    counters: NetworkCounters,
}

#[derive(Debug, Serialize)]
struct NetworkRates {
    received_bytes_per_second: f64,
    sent_bytes_per_second: f64,
    received_packets_per_second: f64,
    sent_packets_per_second: f64,
    /// Both directions.
    errors_per_second: f64,
    dropped_per_second: f64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct NetworkCounters {
    received_bytes: u64,
    sent_bytes: u64,
    received_packets: u64,
    sent_packets: u64,
    errors: u64,
    dropped: u64,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "network", scope: Scope::All, has_counters: true, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let devices = parse(&run.proc("net/dev")?)?;
    let before = run.previous::<BTreeMap<String, NetworkCounters>>("network");
    let is_32_bit = run.root.is_32_bit();
    let (mut interfaces, mut kept) = (Vec::new(), BTreeMap::new());
    for (name, counters) in devices {
        // An interface that never carried a packet is not in use.
        if name == "lo" || (counters.received_packets == 0 && counters.sent_packets == 0) {
            continue;
        }
        let interface = clean(&name, NAME_MAX);
        let (up, speed) = link(run.root, &name);
        let rates = before
            .as_ref()
            .and_then(|(before, seconds)| rates(&counters, before.get(&interface)?, *seconds, is_32_bit));
        let rates = match rates {
            Some(rates) if is_beyond(&rates, speed) => {
                // A counter that jumped, not traffic.
                run.discarded += 1;
                None
            }
            rates => rates,
        };
        kept.insert(interface.clone(), counters.clone());
        interfaces.push(Network { interface, rates, up, speed_bits_per_second: speed, counters });
    }
    interfaces.sort_by(|a, b| a.interface.cmp(&b.interface));
    run.counters.keep("network", &kept);
    run.add("network", &interfaces)
}

fn link(root: &Root, name: &str) -> (Option<bool>, Option<u64>) {
    let state = root.sys_line(&format!("class/net/{name}/operstate")).ok();
    // -1 or an error without a cable, and for virtual interfaces.
    let speed = root.sys_line(&format!("class/net/{name}/speed")).ok().and_then(|speed| speed.parse::<u64>().ok());
    (
        state.map(|state| state == "up" || state == "unknown"),
        speed.filter(|speed| *speed > 0).map(|speed| speed.saturating_mul(1_000_000)),
    )
}

/// Returns whether a rate exceeds the speed of the link; 20 % more are allowed for clocks that disagree.
fn is_beyond(rates: &NetworkRates, speed_bits_per_second: Option<u64>) -> bool {
    let limit = speed_bits_per_second.map(|speed| speed as f64 / 8.0 * 1.2);
    limit.is_some_and(|limit| rates.received_bytes_per_second > limit || rates.sent_bytes_per_second > limit)
}

/// The interfaces by name; incomplete lines are skipped.
fn parse(content: &[u8]) -> Result<BTreeMap<String, NetworkCounters>, Absent> {
    let devices: BTreeMap<_, _> = lines(content).skip(2).filter_map(parse_line).collect();
    if devices.is_empty() && lines(content).nth(2).is_some() {
        return Err(UNKNOWN_FORMAT.to_string());
    }
    Ok(devices)
}

/// `  eth0: 1 2 …`; old kernels leave out the blank before a large number: `eth0:123 2 …`.
fn parse_line(line: &[u8]) -> Option<(String, NetworkCounters)> {
    let (name, fields) = line.split_at_checked(line.iter().rposition(|byte| *byte == b':')?)?;
    let mut numbers = [0; 12];
    let mut fields = words(fields.get(1..)?);
    for slot in &mut numbers {
        *slot = number(fields.next()?)?;
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
    let counters = NetworkCounters {
        received_bytes,
        sent_bytes,
        received_packets,
        sent_packets,
        errors: received_errors.saturating_add(sent_errors),
        dropped: received_drops.saturating_add(sent_drops),
    };
    Some((String::from_utf8_lossy(name.trim_ascii()).into_owned(), counters))
}

/// Rates over the interval; `None` when a counter fell: the interface was removed and created again.
fn rates(now: &NetworkCounters, before: &NetworkCounters, seconds: f64, is_32_bit: bool) -> Option<NetworkRates> {
    let per_second =
        |now: u64, before: u64, seconds: f64| per_second(unwrapped(now, before, is_32_bit), before, seconds);
    Some(NetworkRates {
        received_bytes_per_second: per_second(now.received_bytes, before.received_bytes, seconds)?,
        sent_bytes_per_second: per_second(now.sent_bytes, before.sent_bytes, seconds)?,
        received_packets_per_second: per_second(now.received_packets, before.received_packets, seconds)?,
        sent_packets_per_second: per_second(now.sent_packets, before.sent_packets, seconds)?,
        errors_per_second: per_second(now.errors, before.errors, seconds)?,
        dropped_per_second: per_second(now.dropped, before.dropped, seconds)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_line() {
        let head = "Inter-| Receive\n face |bytes\n";
        let numbers = "1 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0";
        let content = format!("{head}  eth0: 9{numbers}\neth1:8{numbers}\n br0: 1 2\n veth0:1: {numbers}\n");
        let found = parse(content.as_bytes()).unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["eth0", "eth1", "veth0:1"]);
        let eth1 = &found["eth1"];
        assert_eq!((eth1.received_bytes, eth1.sent_bytes, eth1.errors, eth1.dropped), (81, 5, 10, 12));
        assert!(parse(head.as_bytes()).unwrap().is_empty() && parse(b"a\nb\nc: x\n").is_err());
    }
}
