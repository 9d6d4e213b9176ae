//! Facts about an array, a pool or a disk: its state, which part of it is affected, and what helps.

use crate::model::locale::key;
use crate::model::message::Message;
use crate::model::metric::Label;
use crate::model::snapshot::Snapshot;

/// Sections whose elements have a state in words.
const SECTIONS: [&str; 6] = ["raid", "btrfs", "zfs_pool", "thin_pool", "multipath", "disk_health"];

/// The facts about a metric of such a section.
pub fn facts(metric: &str, labels: &[Label], snapshot: &Snapshot) -> Vec<Message> {
    let (Some((section, _)), Some((_, identity))) = (metric.split_once('.'), labels.first()) else { return Vec::new() };
    if !SECTIONS.contains(&section) {
        return Vec::new();
    }
    let words = |member: &str| snapshot.words.get(&(format!("{section}.{member}"), identity.clone()));
    let state = words("state").map(|state| Message::new(key::FACT_STATE).with("state", &**state));
    let problem = words("problem").map(|problem| Message::new(key::FACT_PROBLEM).with("problem", &**problem));
    let model = words("model").map(|model| Message::new(key::FACT_MODEL).with("model", &**model));
    model.into_iter().chain(state).chain(problem).chain(advice(metric, identity)).collect()
}

/// What a person can do about it.
fn advice(metric: &str, identity: &str) -> Option<Message> {
    let (key, label) = match metric {
        "raid.missing_members" if identity.starts_with("md") => (key::FACT_RAID_NEXT, "array"),
        "btrfs.device_errors" => (key::FACT_BTRFS_ERRORS, "mount"),
        "btrfs.metadata_used_percent" => (key::FACT_BTRFS_METADATA, "mount"),
        "disk_health.failing"
        | "disk_health.pending_sectors"
        | "disk_health.new_errors"
        | "disk_health.wear_percent"
            if !identity.contains(' ') =>
        {
            (key::FACT_DISK_NEXT, "device")
        }
        "zfs_pool.degraded" | "zfs_pool.device_errors" | "zfs_pool.data_errors" => (key::FACT_ZFS_NEXT, "pool"),
        "thin_pool.data_used_percent" | "thin_pool.metadata_used_percent" => (key::FACT_THIN_NEXT, "pool"),
        _ => return None,
    };
    Some(Message::new(key).with(label, identity))
}
