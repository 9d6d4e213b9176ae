//! Block devices, their names, and which lie on others (LVM, LUKS, md, multipath), where one transfer is counted at each
//! level.

use super::diskstats::Device;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The block devices of this run.
#[derive(Debug, Default)]
pub struct BlockDevices {
    /// Disks that were used.
    pub disks: Vec<Device>,
    /// Name of each device by its numbers (`8:0`), partitions included.
    pub names: BTreeMap<String, String>,
    /// The stack of devices.
    pub stack: Stack,
    /// It differs from that of the previous snapshot, so sums over levels do not compare.
    pub changed: bool,
}

/// The devices with a mapping, or with others below them, by name.
pub type Stack = BTreeMap<String, Stacked>;

/// What is known of such a device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stacked {
    /// Name of the mapping: `vg0-home`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<String>,
    /// Names of the disks below it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<String>,
}

impl BlockDevices {
    /// The name for people: that of the mapping. Where two devices would have the same, both names.
    pub fn shown(&self, name: &str) -> String {
        let Some(mapping) = self.stack.get(name).and_then(|stacked| stacked.mapping.as_deref()) else {
            return name.to_string();
        };
        let is_taken = self.names.values().any(|other| other == mapping)
            || self.stack.iter().any(|(other, stacked)| other != name && stacked.mapping.as_deref() == Some(mapping));
        if is_taken { format!("{mapping} ({name})") } else { mapping.to_string() }
    }

    /// Names for people of the disks directly below a device.
    pub fn below(&self, name: &str) -> Vec<String> {
        let on = self.stack.get(name).map(|stacked| stacked.on.as_slice()).unwrap_or_default();
        on.iter().map(|disk| self.shown(disk)).collect()
    }

    /// Sum over devices, given by their numbers, of which each transfer is counted once: what went through a device
    /// on others, and of those what did not come from above. Loop and RAM devices have their data elsewhere.
    pub fn sum_once(&self, bytes: &[(&str, u64)]) -> u64 {
        let named: Vec<(&str, u64)> = bytes
            .iter()
            .map(|(id, bytes)| (self.names.get(*id).map_or(*id, String::as_str), *bytes))
            .filter(|(name, _)| !self.has_data_elsewhere(name, 0))
            .collect();
        let of = |name: &str| {
            let from_above = named.iter().filter(|(upper, _)| {
                self.stack.get(*upper).is_some_and(|stacked| stacked.on.iter().any(|lower| lower == name))
            });
            from_above.fold(0_u64, |sum, (_, bytes)| sum.saturating_add(*bytes))
        };
        named.iter().fold(0, |sum, (name, bytes)| sum.saturating_add(bytes.saturating_sub(of(name))))
    }

    /// Whether a device, or all below it, is a loop or RAM device.
    fn has_data_elsewhere(&self, name: &str, depth: usize) -> bool {
        let is_memory = ["loop", "ram", "zram"]
            .iter()
            .any(|prefix| name.strip_prefix(prefix).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit())));
        let on = self.stack.get(name).map(|stacked| stacked.on.as_slice()).unwrap_or_default();
        is_memory || (!on.is_empty() && depth < 8 && on.iter().all(|lower| self.has_data_elsewhere(lower, depth + 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices(names: &[(&str, &str)], stack: &[(&str, &str, &[&str])]) -> BlockDevices {
        let stacked = |(name, mapping, on): &(&str, &str, &[&str])| {
            let mapping = Some((*mapping).to_string()).filter(|mapping| !mapping.is_empty());
            (name.to_string(), Stacked { mapping, on: on.iter().map(ToString::to_string).collect() })
        };
        BlockDevices {
            names: names.iter().map(|(id, name)| (id.to_string(), name.to_string())).collect(),
            stack: stack.iter().map(stacked).collect(),
            ..BlockDevices::default()
        }
    }

    #[test]
    fn each_transfer_counts_once() {
        let names =
            [("8:0", "sda"), ("8:16", "sdb"), ("9:0", "md0"), ("253:0", "dm-0"), ("253:1", "dm-1"), ("7:0", "loop0")];
        // LVM on LUKS on a partition of sda, beside /boot on sda.
        let luks = devices(&names, &[("dm-0", "", &["dm-1"]), ("dm-1", "", &["sda"])]);
        assert_eq!(luks.sum_once(&[("8:0", 650), ("253:1", 600), ("253:0", 600)]), 650);
        assert_eq!(luks.sum_once(&[("253:0", 600)]), 600);
        // A mirror writes twice, a stripe half to each.
        let raid = devices(&names, &[("md0", "", &["sda", "sdb"])]);
        assert_eq!(raid.sum_once(&[("8:0", 600), ("8:16", 600), ("9:0", 600)]), 600);
        assert_eq!(raid.sum_once(&[("8:0", 300), ("8:16", 300), ("9:0", 600)]), 600);
        // Two logical volumes, one on a second disk.
        let lvm = devices(&names, &[("dm-0", "", &["sda"]), ("dm-1", "", &["sdb"])]);
        assert_eq!(lvm.sum_once(&[("8:0", 5), ("8:16", 7), ("253:0", 5), ("253:1", 7)]), 12);
        let looped = devices(&names, &[("dm-0", "", &["loop0"])]);
        assert_eq!(looped.sum_once(&[("8:0", 5), ("7:0", 5), ("253:0", 5), ("259:9", 1)]), 6, "and an unknown device");
    }

    #[test]
    fn mappings_are_shown_and_stay_apart() {
        let stack: [(&str, &str, &[&str]); 3] =
            [("dm-0", "vg0-home", &["dm-1"]), ("dm-1", "sda", &["sda"]), ("dm-2", "", &[])];
        let devices = devices(&[("8:0", "sda"), ("253:0", "dm-0")], &stack);
        assert_eq!(
            ["dm-0", "dm-1", "dm-2", "sda"].map(|name| devices.shown(name)),
            ["vg0-home", "sda (dm-1)", "dm-2", "sda"]
        );
        assert_eq!((devices.below("dm-0"), devices.below("sda")), (vec!["sda (dm-1)".to_string()], vec![]));
    }
}
