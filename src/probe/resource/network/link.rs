//! The link of an interface: whether it is up, its speed, and whether the speed says anything about the traffic.

use crate::host::Root;
use serde::{Deserialize, Serialize};

/// Fastest link there may be, in Mbit/s. Drivers without a speed give -1, 65535 or 4294967295.
const SPEED_MAX: u64 = 10_000_000;
const SPEED_UNKNOWN: u64 = 65_535;
/// Drivers of virtual machines whose speed is a constant, whatever the interface carries.
const PARAVIRTUAL: [&str; 9] =
    ["virtio_net", "vmxnet3", "hv_netvsc", "netvsc", "vif", "xen_netfront", "xen-netfront", "ena", "gve"];
/// Names of virtual interfaces, for recorded hosts that do not say it otherwise.
const VIRTUAL: [&str; 20] = [
    "tun", "tap", "veth", "vnet", "virbr", "br", "docker", "wg", "cali", "flannel", "cni", "vxlan", "dummy", "lxc",
    "lxd", "ifb", "bond", "team", "sit", "gre",
];

/// What the speed of an interface is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A device with a cable: nothing passes it faster.
    Physical,
    /// Shown, but no limit: bonds, network devices of virtual machines.
    Nominal,
    /// Without a link: the speed of tunnels, pairs and bridges is a constant.
    Virtual,
}

impl Kind {
    /// Looks the kind up. Needed once for an interface, not each minute.
    pub fn of(root: &Root, name: &str) -> Self {
        let class = |file: &str| format!("sys/class/net/{name}/{file}");
        if root.has(&class("bonding")) {
            Self::Nominal
        } else if root.has(&class("device")) {
            let uevent = root.sys_text(&format!("class/net/{name}/device/uevent")).unwrap_or_default();
            let driver = uevent.lines().find_map(|line| line.strip_prefix("DRIVER=")).unwrap_or_default();
            if PARAVIRTUAL.contains(&driver) { Self::Nominal } else { Self::Physical }
        } else if root.has(&format!("sys/devices/virtual/net/{name}")) || !root.is_recorded() {
            Self::Virtual
        } else {
            let is_virtual = |prefix: &str| {
                name.strip_prefix(prefix)
                    .is_some_and(|rest| prefix.len() >= 3 || !rest.starts_with(|c: char| c.is_ascii_alphabetic()))
            };
            if VIRTUAL.iter().any(|prefix| is_virtual(prefix)) { Self::Virtual } else { Self::Physical }
        }
    }
}

/// The link is up (`operstate`); a virtual interface, which has no link, counts as up.
pub fn is_up(root: &Root, name: &str) -> Option<bool> {
    let state = root.sys_line(&format!("class/net/{name}/operstate")).ok()?;
    Some(state == "up" || state == "unknown")
}

/// Speed of the link in bits per second; `None` without a cable, or where the driver knows none.
pub fn speed(root: &Root, name: &str) -> Option<u64> {
    let speed = root.sys_line(&format!("class/net/{name}/speed")).ok()?;
    plausible_speed(&speed)
}

fn plausible_speed(text: &str) -> Option<u64> {
    let speed = text.parse::<u64>().ok()?;
    ((1..=SPEED_MAX).contains(&speed) && speed != SPEED_UNKNOWN).then(|| speed * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_that_mean_no_speed() {
        for text in ["-1", "0", "65535", "4294967295", "18446744073709551615", "", "x"] {
            assert_eq!(plausible_speed(text), None, "{text}");
        }
        assert_eq!((plausible_speed("10"), plausible_speed("800000")), (Some(10_000_000), Some(800_000_000_000)));
    }
}
