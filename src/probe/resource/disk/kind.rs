//! Types of file systems: which are left out, which may hang, and which an error can switch to read-only.

/// Pseudo file systems of the kernel.
const KERNEL: [&str; 22] = [
    "autofs",
    "bpf",
    "binfmt_misc",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "fusectl",
    "hugetlbfs",
    "mqueue",
    "nsfs",
    "proc",
    "pstore",
    "ramfs",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "sysfs",
    "tracefs",
];

/// Types behind a network or a program, which may not answer; so are all that begin with `fuse.`.
const NETWORK: [&str; 17] = [
    "nfs",
    "nfs4",
    "nfsd",
    "cifs",
    "smb3",
    "smbfs",
    "ncpfs",
    "afs",
    "ceph",
    "glusterfs",
    "lustre",
    "9p",
    "fuse",
    "beegfs",
    "davfs",
    "coda",
    "virtiofs",
];

/// Types whose statvfs(3) answers from memory, whatever the disk does.
const IN_MEMORY: [&str; 7] = ["ext2", "ext3", "ext4", "tmpfs", "squashfs", "iso9660", "erofs"];

/// Types without a disk that could fail, or that are never written: read-only is what somebody wanted.
const NEVER_SWITCHED: [&str; 10] =
    ["overlay", "tmpfs", "rootfs", "zfs", "squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs"];

/// Returns whether it is a pseudo file system of the kernel.
pub fn is_of_kernel(kind: &str) -> bool {
    KERNEL.contains(&kind)
}

/// Returns whether a file system depends on a network or a program.
pub fn may_hang(kind: &str) -> bool {
    NETWORK.contains(&kind) || kind.starts_with("fuse.")
}

/// Returns whether resolving a path through such a mount may hang. On other file systems the path of a mount point is
/// cached.
pub fn lookup_may_hang(kind: &str) -> bool {
    may_hang(kind) || kind == "autofs" || kind == "overlay"
}

/// Returns whether statvfs(3) answers at once.
pub fn is_in_memory(kind: &str) -> bool {
    IN_MEMORY.contains(&kind)
}

/// Returns whether the kernel may switch such a file system to read-only after an error.
pub fn may_be_switched(kind: &str) -> bool {
    !NEVER_SWITCHED.contains(&kind) && !is_of_kernel(kind) && !may_hang(kind)
}
