//! Traffic of interfaces: `/proc/net/dev` (proc_net(5)).

use super::Root;
use super::measure::{Measure, not_understood};
use super::rate::{per_second, unwrapped};
use crate::base::text::{NAME_MAX, clean};
use procfs_core::FromBufRead;
use procfs_core::net::{DeviceStatus, InterfaceDeviceStatus};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An element of the section `network`: one interface over the interval.
#[derive(Debug, Serialize)]
struct Network {
    interface: String,
    #[serde(flatten)]
    rates: Option<Rates>,
    /// The link is there (`operstate`); a virtual interface, which has none, counts as up.
    #[serde(skip_serializing_if = "Option::is_none")]
    up: Option<bool>,
    /// Speed of the link (`speed`, Mbit/s); virtual interfaces have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    speed_bits_per_second: Option<u64>,
    counters: Counters,
}

#[derive(Debug, Serialize)]
struct Rates {
    received_bytes_per_second: f64,
    sent_bytes_per_second: f64,
    received_packets_per_second: f64,
    sent_packets_per_second: f64,
    /// Both directions.
    errors_per_second: f64,
    dropped_per_second: f64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Counters {
    received_bytes: u64,
    sent_bytes: u64,
    received_packets: u64,
    sent_packets: u64,
    errors: u64,
    dropped: u64,
}

pub fn measure(measure: &mut Measure<'_>) -> Result<(), String> {
    let content = measure.root.proc("net/dev").map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&content);
    // "eth0:123" without a space is how old kernels write large numbers.
    let spaced = text.replace(':', ": ");
    let devices = InterfaceDeviceStatus::from_buf_read(spaced.as_bytes()).map_err(not_understood)?;
    let before: Option<(BTreeMap<String, Counters>, f64)> =
        measure.before.and_then(|(previous, seconds)| Some((previous.get("network")?, seconds)));
    let is_32_bit = measure.root.is_32_bit();
    let (mut interfaces, mut kept) = (Vec::new(), BTreeMap::new());
    // An interface that never carried a packet is not in use.
    for device in devices
        .0
        .into_values()
        .filter(|device| device.name != "lo" && (device.recv_packets > 0 || device.sent_packets > 0))
    {
        let interface = clean(&device.name, NAME_MAX);
        let counters = counters(&device);
        let (up, speed) = link(measure.root, &device.name);
        let rates = before
            .as_ref()
            .and_then(|(before, seconds)| rates(&counters, before.get(&interface)?, *seconds, is_32_bit));
        let rates = match rates {
            Some(rates) if is_beyond(&rates, speed) => {
                // More than the link can carry: a counter that jumped, not traffic.
                measure.discarded += 1;
                None
            }
            rates => rates,
        };
        kept.insert(interface.clone(), counters.clone());
        interfaces.push(Network { interface, rates, up, speed_bits_per_second: speed, counters });
    }
    interfaces.sort_by(|a, b| a.interface.cmp(&b.interface));
    measure.counters.keep("network", &kept);
    measure.add("network", &interfaces)
}

fn link(root: &Root, name: &str) -> (Option<bool>, Option<u64>) {
    let state = root.sys_line(&format!("class/net/{name}/operstate")).ok();
    // -1 or an error where nothing is plugged in, or nothing can be.
    let speed = root.sys_line(&format!("class/net/{name}/speed")).ok().and_then(|speed| speed.parse::<u64>().ok());
    (
        state.map(|state| state == "up" || state == "unknown"),
        speed.filter(|speed| *speed > 0).map(|speed| speed.saturating_mul(1_000_000)),
    )
}

/// A fifth more than the link's speed is room for clocks that disagree.
fn is_beyond(rates: &Rates, speed_bits_per_second: Option<u64>) -> bool {
    let limit = speed_bits_per_second.map(|speed| speed as f64 / 8.0 * 1.2);
    limit.is_some_and(|limit| rates.received_bytes_per_second > limit || rates.sent_bytes_per_second > limit)
}

fn counters(device: &DeviceStatus) -> Counters {
    Counters {
        received_bytes: device.recv_bytes,
        sent_bytes: device.sent_bytes,
        received_packets: device.recv_packets,
        sent_packets: device.sent_packets,
        errors: device.recv_errs.saturating_add(device.sent_errs),
        dropped: device.recv_drop.saturating_add(device.sent_drop),
    }
}

/// `None` when a counter fell: the interface was taken down and made anew.
fn rates(now: &Counters, before: &Counters, seconds: f64, is_32_bit: bool) -> Option<Rates> {
    let per_second =
        |now: u64, before: u64, seconds: f64| per_second(unwrapped(now, before, is_32_bit), before, seconds);
    Some(Rates {
        received_bytes_per_second: per_second(now.received_bytes, before.received_bytes, seconds)?,
        sent_bytes_per_second: per_second(now.sent_bytes, before.sent_bytes, seconds)?,
        received_packets_per_second: per_second(now.received_packets, before.received_packets, seconds)?,
        sent_packets_per_second: per_second(now.sent_packets, before.sent_packets, seconds)?,
        errors_per_second: per_second(now.errors, before.errors, seconds)?,
        dropped_per_second: per_second(now.dropped, before.dropped, seconds)?,
    })
}
