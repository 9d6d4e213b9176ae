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

/// A rule over a state that lasts until somebody repairs it.
const fn lasting(name: &'static str) -> RuleSpec<'static> {
    RuleSpec { hold: "2m", clear_for: "2m", ..RuleSpec::named(name) }
}
