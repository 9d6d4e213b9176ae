//! File systems that are known to be of this host alone: what uses their files is seen here, and they answer at once.

/// Name of the type and its number in `statfs(2)`.
const LOCAL: [(&str, u64); 15] = [
    ("ext2", 0xef53),
    ("ext3", 0xef53),
    ("ext4", 0xef53),
    ("xfs", 0x5846_5342),
    ("btrfs", 0x9123_683e),
    ("tmpfs", 0x0102_1994),
    ("overlay", 0x794c_7630),
    ("f2fs", 0xf2f5_2010),
    ("zfs", 0x2fc1_2fc1),
    ("bcachefs", 0xca45_1a4e),
    ("jfs", 0x3153_464a),
    ("reiserfs", 0x5265_4973),
    ("nilfs2", 0x3434),
    ("ramfs", 0x8584_58f6),
    ("ubifs", 0x2405_1905),
];

/// Returns whether a type of file system in mountinfo is local.
pub fn is_local(kind: &[u8]) -> bool {
    LOCAL.iter().any(|(name, _)| name.as_bytes() == kind)
}

/// Returns whether the `f_type` of statfs(2) is that of a local file system.
pub fn is_local_number(number: u64) -> bool {
    LOCAL.iter().any(|(_, known)| *known == number)
}
