//! Traffic of interfaces: `/proc/net/dev` (proc_net(5)).

mod dev;
mod link;

use crate::probe::growth::{Counter, rate};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope, UNKNOWN_FORMAT};
use dev::NetworkCounters;
use link::Kind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most bytes per second through an interface whose speed is not known, or no limit: what a memory can move.
const BYTES_PER_SECOND_MAX: f64 = 1e12;
/// Most packets per second.
const PACKETS_PER_SECOND_MAX: f64 = 1e10;
/// Bytes of the smallest packet on a cable, with the gap behind it.
const PACKET_BYTES: f64 = 84.0;
/// Allowed above the speed of the link, for clocks that disagree: a share, and bytes.
const EXCESS: f64 = 1.2;
const EXCESS_BYTES: f64 = 1e6;

/// An element of the section `network`: one interface over the interval.
#[derive(Debug, Serialize)]
struct Network {
    interface: String,
    #[serde(flatten)]
    rates: Option<NetworkRates>,
    #[serde(skip_serializing_if = "Option::is_none")]
    up: Option<bool>,
    /// Speed of the link (from `speed`, in Mbit/s); absent for virtual interfaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    speed_bits_per_second: Option<u64>,
    counters: NetworkCounters,
}

#[derive(Debug, Serialize)]
struct NetworkRates {
    #[serde(skip_serializing_if = "Option::is_none")]
    received_bytes_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_bytes_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    received_packets_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_packets_per_second: Option<f64>,
    /// Both directions.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped_per_second: Option<f64>,
}

/// What is kept of an interface for the next snapshot.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct KeptInterface {
    #[serde(flatten)]
    counters: NetworkCounters,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<Kind>,
    /// Bits per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    speed: Option<u64>,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "network", scope: Scope::All, has_counters: true, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let content = run.proc("net/dev")?;
    let devices = dev::parse(&content);
    if devices.is_empty() && content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).nth(2).is_some() {
        return Err(UNKNOWN_FORMAT.to_string());
    }
    let previous = run.previous::<BTreeMap<String, KeptInterface>>("network");
    let wrap = run.root.is_32_bit().then_some(1 << 32);
    let (mut interfaces, mut kept) = (Vec::new(), BTreeMap::new());
    for (interface, counters) in devices {
        // An interface that never carried a packet is not in use.
        if interface == "lo" || (counters.received_packets == Some(0) && counters.sent_packets == Some(0)) {
            continue;
        }
        let before = previous.as_ref().and_then(|(before, seconds)| Some((before.get(&interface)?, *seconds)));
        let is_path = !interface.contains('/');
        let kind = before.and_then(|(before, _)| before.kind);
        let kind = kind.unwrap_or_else(|| if is_path { Kind::of(run.root, &interface) } else { Kind::Virtual });
        let up = if is_path { link::is_up(run.root, &interface) } else { None };
        let speed = if kind == Kind::Virtual { None } else { link::speed(run.root, &interface) };
        let rates = before.map(|(before, seconds)| {
            // A link that was slowed down meanwhile was faster before.
            let bits = speed.max(before.speed).filter(|_| kind == Kind::Physical);
            rates(run, &interface, (&counters, &before.counters), seconds, bits, wrap)
        });
        kept.insert(interface.clone(), KeptInterface { counters: counters.clone(), kind: Some(kind), speed });
        interfaces.push(Network { interface, rates, up, speed_bits_per_second: speed, counters });
    }
    run.counters.keep("network", &kept);
    run.add("network", &interfaces)
}

/// Rates over the interval, each alone. `bits` is the speed of the link, where it bounds the traffic.
fn rates(
    run: &mut Measurement<'_>,
    interface: &str,
    (now, before): (&NetworkCounters, &NetworkCounters),
    seconds: f64,
    bits: Option<u64>,
    wrap: Option<u64>,
) -> NetworkRates {
    let bytes = bits.map_or(BYTES_PER_SECOND_MAX, |bits| bits as f64 / 8.0 * EXCESS) * seconds + EXCESS_BYTES;
    let packets = bits.map_or(PACKETS_PER_SECOND_MAX * (seconds + 1.0), |_| bytes / PACKET_BYTES);
    let counter = |name, now, before, most| Counter { name, now, before, wrap, most };
    let counters = [
        counter("received_bytes", now.received_bytes, before.received_bytes, bytes),
        counter("sent_bytes", now.sent_bytes, before.sent_bytes, bytes),
        counter("received_packets", now.received_packets, before.received_packets, packets),
        counter("sent_packets", now.sent_packets, before.sent_packets, packets),
        counter("errors", now.errors, before.errors, PACKETS_PER_SECOND_MAX * (seconds + 1.0)),
        counter("dropped", now.dropped, before.dropped, PACKETS_PER_SECOND_MAX * (seconds + 1.0)),
    ];
    let grown = run.growth_of_device(&format!("network {interface}"), counters);
    let [received, sent, packets_received, packets_sent, errors, dropped] =
        grown.map(|grown| grown.map(|grown| rate(grown, seconds)));
    NetworkRates {
        received_bytes_per_second: received,
        sent_bytes_per_second: sent,
        received_packets_per_second: packets_received,
        sent_packets_per_second: packets_sent,
        errors_per_second: errors,
        dropped_per_second: dropped,
    }
}
