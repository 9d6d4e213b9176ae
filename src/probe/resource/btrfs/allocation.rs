//! The space of metadata. Btrfs divides its devices into areas for data and areas for metadata; when the areas for metadata
//! are full and nothing is left to make another, writing fails although `df` shows space.

use crate::host::Root;
use crate::probe::rates::percent;
use serde::Serialize;

/// Size of the sectors in which the kernel counts devices, in bytes.
const SECTOR_BYTES: u64 = 512;

/// Free metadata at which the kernel refuses to write, beside the reserve (`btrfs_statfs`), in bytes.
const MARGIN_BYTES: u64 = 4 << 20;
/// The beginning of each device is never allocated, in bytes.
const DEVICE_BEGIN_BYTES: u64 = 1 << 20;

/// The metadata of a file system.
#[derive(Debug, PartialEq, Serialize)]
pub struct Metadata {
    /// Size of the areas for metadata.
    pub metadata_total_bytes: u64,
    /// Used in them.
    pub metadata_used_bytes: u64,
    /// Space of the devices that belongs to no area yet; `None`: their size is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unallocated_bytes: Option<u64>,
    /// Used and reserved share of what metadata has and can still get.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata_used_percent: Option<f64>,
}

/// Numbers of `allocation`, in bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Numbers {
    total: u64,
    used: u64,
    /// Kept for the file system itself.
    reserve: u64,
    /// The areas for metadata on the devices: twice `total` where there are two copies.
    on_devices: u64,
}

/// Reads the metadata of a file system; `None` where it shares areas with data, which `disk` shows, and on kernels that do
/// not say.
pub fn metadata(root: &Root, directory: &str, devices: &[String], is_incomplete: bool) -> Option<Metadata> {
    let number = |name: &str| root.sys_line(&format!("{directory}/{name}")).ok()?.parse::<u64>().ok();
    let of = |kind: &str, name: &str| number(&format!("allocation/{kind}/{name}"));
    let numbers = Numbers {
        total: of("metadata", "total_bytes")?,
        used: of("metadata", "bytes_used")?,
        reserve: number("allocation/global_rsv_size").unwrap_or(0),
        on_devices: of("metadata", "disk_total").unwrap_or(0),
    };
    let areas =
        ["data", "metadata", "system"].iter().try_fold(0_u64, |sum, kind| sum.checked_add(of(kind, "disk_total")?));
    let size = |device: &String| {
        let sectors = |file: String| root.sys_line(&file).ok()?.parse::<u64>().ok();
        let own = sectors(format!("{directory}/devices/{device}/size"));
        own.or_else(|| sectors(format!("class/block/{device}/size")))?.checked_mul(SECTOR_BYTES)
    };
    let sizes = devices.iter().try_fold(0_u64, |sum, device| sum.checked_add(size(device)?));
    let unallocated = match (sizes, areas) {
        (Some(size), Some(areas)) if !is_incomplete && !devices.is_empty() => Some(size.saturating_sub(areas)),
        _ => None,
    };
    Some(of_numbers(numbers, unallocated, devices.len() as u64))
}

fn of_numbers(numbers: Numbers, unallocated_bytes: Option<u64>, devices: u64) -> Metadata {
    let Numbers { total, used, reserve, on_devices } = numbers;
    let copies = if total > 0 { (on_devices as f64 / total as f64).max(1.0) } else { 1.0 };
    let begin = devices.saturating_mul(DEVICE_BEGIN_BYTES);
    let share = |free: u64| {
        let used = used.saturating_add(reserve).saturating_add(MARGIN_BYTES) as f64;
        percent(used, total as f64 + free.saturating_sub(begin) as f64 / copies).min(100.0)
    };
    Metadata {
        metadata_total_bytes: total,
        metadata_used_bytes: used,
        unallocated_bytes,
        metadata_used_percent: unallocated_bytes.filter(|_| total > 0).map(share),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    #[test]
    fn metadata_is_full_only_when_nothing_can_be_added() {
        let numbers = Numbers { total: GIB, used: GIB / 10 * 9, reserve: GIB / 20, on_devices: 2 * GIB };
        let used = |free: Option<u64>| of_numbers(numbers, free, 2).metadata_used_percent;
        assert_eq!(used(Some(0)), Some(95.391));
        // Two copies: of 18 GiB that are left, metadata can get 9.
        assert_eq!(used(Some(18 * GIB)), Some(9.54));
        assert_eq!(used(None), None);
        let beyond = Numbers { used: GIB, reserve: GIB, ..numbers };
        assert_eq!(of_numbers(beyond, Some(0), 2).metadata_used_percent, Some(100.0));
        assert_eq!(of_numbers(Numbers::default(), Some(0), 2).metadata_used_percent, None);
    }

    /// A file system of 300 MB that refused to write a small file while half of its data was free.
    #[test]
    fn a_real_one_that_was_full_counts_as_full() {
        let numbers = Numbers { total: 32_505_856, used: 22_822_912, reserve: 5_767_168, on_devices: 32_505_856 };
        assert_eq!(of_numbers(numbers, Some(1_048_576), 1).metadata_used_percent, Some(100.0));
    }
}
