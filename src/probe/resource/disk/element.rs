//! What a snapshot says of a file system.

use serde::Serialize;

/// An element of the section `disk`.
#[derive(Debug, Serialize)]
pub struct Disk {
    /// Mount point, the identity.
    pub mount: String,
    /// Device, or another source.
    pub device: String,
    /// Type of the file system.
    pub fs: String,
    /// Size.
    pub total_bytes: u64,
    /// Total minus free, as in `df`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_bytes: Option<u64>,
    /// Available to users, without the blocks reserved for root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available_bytes: Option<u64>,
    /// Used share of the space that users can use, as in `df`. Absent for file systems that are read-only on purpose: an
    /// image is always full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_percent: Option<f64>,
    /// Used share of the inodes; absent without inodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inodes_used_percent: Option<f64>,
    /// Free inodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inodes_free: Option<u64>,
    /// The file system is read-only; a read-only view of one that can be written is not.
    pub read_only: bool,
    /// The kernel made it read-only after an error.
    pub read_only_by_kernel: bool,
}
