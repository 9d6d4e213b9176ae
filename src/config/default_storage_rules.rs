//! The default rules for arrays, pools and disks. `data/osmon.toml` explains them; a test compares both.

use super::rule_spec::RuleSpec;

pub(super) const BTRFS_ERRORS: RuleSpec<'static> = RuleSpec {
    title: "Btrfs {mount} has device errors",
    metric: "btrfs.device_errors",
    warning: Some(1.0),
    warning_clear: Some(1.0),
    ..lasting("btrfs_errors")
};
pub(super) const BTRFS_METADATA: RuleSpec<'static> = RuleSpec {
    title: "Btrfs metadata of {mount}",
    metric: "btrfs.metadata_used_percent",
    warning: Some(90.0),
    warning_clear: Some(85.0),
    critical: Some(98.0),
    critical_clear: Some(95.0),
    ..lasting("btrfs_metadata")
};
pub(super) const BTRFS_MISSING: RuleSpec<'static> = RuleSpec {
    title: "Btrfs {mount} lacks a device",
    metric: "btrfs.missing_devices",
    critical: Some(1.0),
    critical_clear: Some(1.0),
    ..lasting("btrfs_missing")
};
pub(super) const RAID: RuleSpec<'static> = RuleSpec {
    title: "RAID {array} is degraded",
    metric: "raid.missing_members",
    warning: Some(1.0),
    warning_clear: Some(1.0),
    critical: Some(1.0),
    critical_clear: Some(1.0),
    critical_only_if: "raid.rebuilding < 1",
    boot_grace: "5m",
    ..lasting("raid")
};
pub(super) const RAID_INACTIVE: RuleSpec<'static> = RuleSpec {
    title: "RAID {array} does not run",
    metric: "raid.inactive",
    critical: Some(1.0),
    critical_clear: Some(1.0),
    boot_grace: "5m",
    ..lasting("raid_inactive")
};
pub(super) const RAID_MEMBER: RuleSpec<'static> = RuleSpec {
    title: "RAID {array} has a failed device",
    metric: "raid.failed_members",
    warning: Some(1.0),
    warning_clear: Some(1.0),
    only_if: "raid.missing_members < 1",
    ..lasting("raid_member")
};
pub(super) const RAID_MISMATCH: RuleSpec<'static> = RuleSpec {
    title: "RAID {array} has inconsistent parity",
    metric: "raid.mismatches",
    warning: Some(1.0),
    warning_clear: Some(1.0),
    only_if: "raid.parity >= 1",
    ..lasting("raid_mismatch")
};
pub(super) const DISK_ERRORS: RuleSpec<'static> = RuleSpec {
    title: "Disk {device} reports new errors",
    metric: "disk_health.new_errors",
    total: "24h",
    warning: Some(1.0),
    warning_clear: Some(1.0),
    ..lasting("disk_errors")
};
pub(super) const DISK_FAILING: RuleSpec<'static> = RuleSpec {
    title: "Disk {device} predicts its failure",
    metric: "disk_health.failing",
    critical: Some(1.0),
    critical_clear: Some(1.0),
    ..lasting("disk_failing")
};
pub(super) const DISK_HOT: RuleSpec<'static> = RuleSpec {
    title: "Disk {device} is too hot",
    metric: "disk_health.too_hot",
    warning: Some(1.0),
    warning_clear: Some(1.0),
    ..lasting("disk_hot")
};
pub(super) const DISK_MISSING: RuleSpec<'static> = RuleSpec {
    title: "Disk {device} is no longer found",
    metric: "disk_health.missing",
    warning: Some(1.0),
    warning_clear: Some(1.0),
    ..lasting("disk_missing")
};
pub(super) const DISK_SECTORS: RuleSpec<'static> = RuleSpec {
    title: "Disk {device} has unreadable sectors",
    metric: "disk_health.pending_sectors",
    warning: Some(1.0),
    warning_clear: Some(1.0),
    ..lasting("disk_sectors")
};
pub(super) const DISK_WEAR: RuleSpec<'static> = RuleSpec {
    title: "Wear of disk {device}",
    metric: "disk_health.wear_percent",
    warning: Some(90.0),
    warning_clear: Some(89.0),
    critical: Some(100.0),
    critical_clear: Some(99.0),
    ..lasting("disk_wear")
};
pub(super) const MULTIPATH: RuleSpec<'static> = RuleSpec {
    title: "Paths to {device} failed",
    metric: "multipath.failed_paths",
    warning: Some(1.0),
    warning_clear: Some(1.0),
    critical: Some(1.0),
    critical_clear: Some(1.0),
    critical_only_if: "multipath.usable_paths < 1",
    ..lasting("multipath")
};
pub(super) const THIN_POOL: RuleSpec<'static> = RuleSpec {
    title: "Thin pool {pool}",
    metric: "thin_pool.data_used_percent",
    warning: Some(85.0),
    warning_clear: Some(80.0),
    critical: Some(95.0),
    critical_clear: Some(90.0),
    ..lasting("thin_pool")
};
pub(super) const THIN_POOL_FAILED: RuleSpec<'static> = RuleSpec {
    title: "Thin pool {pool} takes no more data",
    metric: "thin_pool.failed",
    critical: Some(1.0),
    critical_clear: Some(1.0),
    ..lasting("thin_pool_failed")
};
pub(super) const THIN_POOL_METADATA: RuleSpec<'static> = RuleSpec {
    title: "Metadata of thin pool {pool}",
    metric: "thin_pool.metadata_used_percent",
    warning: Some(80.0),
    warning_clear: Some(75.0),
    critical: Some(95.0),
    critical_clear: Some(90.0),
    ..lasting("thin_pool_metadata")
};
pub(super) const ZFS_DATA_ERRORS: RuleSpec<'static> = RuleSpec {
    title: "ZFS pool {pool} has damaged data",
    metric: "zfs_pool.data_errors",
    critical: Some(1.0),
    critical_clear: Some(1.0),
    ..lasting("zfs_data_errors")
};
pub(super) const ZFS_ERRORS: RuleSpec<'static> = RuleSpec {
    title: "ZFS pool {pool} has errors",
    metric: "zfs_pool.device_errors",
    warning: Some(1.0),
    warning_clear: Some(1.0),
    ..lasting("zfs_errors")
};
pub(super) const ZFS_POOL: RuleSpec<'static> = RuleSpec {
    title: "ZFS pool {pool} is degraded",
    metric: "zfs_pool.degraded",
    warning: Some(1.0),
    warning_clear: Some(1.0),
    critical: Some(1.0),
    critical_clear: Some(1.0),
    critical_only_if: "zfs_pool.resilvering < 1",
    boot_grace: "5m",
    ..lasting("zfs_pool")
};
pub(super) const ZFS_POOL_FULL: RuleSpec<'static> = RuleSpec {
    title: "ZFS pool {pool} fills up",
    metric: "zfs_pool.used_percent",
    warning: Some(90.0),
    warning_clear: Some(87.0),
    critical: Some(97.0),
    critical_clear: Some(95.0),
    ..lasting("zfs_pool_full")
};

/// A rule over a state that lasts until somebody repairs it.
const fn lasting(name: &'static str) -> RuleSpec<'static> {
    RuleSpec { hold: "2m", clear_for: "2m", ..RuleSpec::named(name) }
}
