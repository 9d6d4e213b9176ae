//! Space and inodes of file systems: what is mounted, and `statvfs(3)` of each.

use crate::base::text::{NAME_MAX, clean_bytes};
use crate::config;
use crate::host::file_system::{Access, Space, SpaceQuery};
use crate::model::metric::Selector;
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use crate::probe::mounts::{self, Mount};
use crate::probe::rates::percent;
use serde::Serialize;
use std::collections::BTreeMap;

/// An element of the section `disk`.
#[derive(Debug, Serialize)]
struct Disk {
    mount: String,
    device: String,
    fs: String,
    total_bytes: u64,
    /// Total minus free, as in `df`.
    used_bytes: u64,
    /// Available to users, without the blocks reserved for root.
    available_bytes: u64,
    /// Used share of the space that users can use, as in `df`. Absent for mounts that are read-only on purpose: an image
    /// is always full.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inodes_used_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inodes_free: Option<u64>,
    read_only: bool,
    read_only_by_kernel: bool,
}

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

/// Longest path of a mount point, in characters.
const PATH_MAX: usize = 4096;
/// Smaller file systems are left out.
const SMALLEST_BYTES: u64 = 1024 * 1024;

/// The registration.
pub const RESOURCE: Resource = Resource { name: "disk", scope: Scope::All, has_counters: false, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let content = run.root.mount_info().map_err(|error| error.to_string())?;
    let (mut disks, mut silent) = (Vec::new(), Vec::new());
    let mounts = mounts::parse(&content);
    let beneath: Vec<Vec<u8>> = mounts.iter().filter(|mount| lookup_may_hang(mount)).map(|m| m.point.clone()).collect();
    let mut chosen = choose(mounts, run.settings);
    // Stable: those that may hang come last.
    chosen.sort_by_key(|mount| may_hang(&mount.kind));
    let queries: Vec<SpaceQuery> = chosen.iter().map(|mount| query(mount, &beneath)).collect();
    for (mount, space) in chosen.iter().zip(run.root.spaces(queries)) {
        // Whole, as it identifies the series: paths of volumes may differ in their last characters only.
        let name = clean_bytes(&mount.point, PATH_MAX);
        match space {
            Ok(space) if space.total_bytes >= SMALLEST_BYTES => disks.push(disk(name, mount, &space)),
            // A pseudo file system of a type that is not in the list.
            Ok(_) => {}
            Err(reason) => silent.push(format!("{name}: {reason}")),
        }
    }
    disks.sort_by(|a, b| a.mount.cmp(&b.mount));
    if disks.is_empty() && !silent.is_empty() {
        return Err(silent.join("; "));
    }
    // A file system that does not answer affects only itself.
    run.failed.extend((!silent.is_empty()).then(|| ("mount", silent.join("; "))));
    run.add("disk", &disks)
}

/// One mount per file system: the shortest path to it, preferring mounts of the whole file system.
fn choose(mounts: Vec<Mount>, settings: &config::Probe) -> Vec<Mount> {
    // A later mount on the same point hides the earlier one.
    let mut by_point: BTreeMap<Vec<u8>, Mount> = BTreeMap::new();
    for mount in mounts.into_iter().filter(|mount| !is_left_out(mount, settings)) {
        by_point.insert(mount.point.clone(), mount);
    }
    let rank = |mount: &Mount| (mount.root != b"/", mount.point.len());
    let mut by_device: BTreeMap<String, Mount> = BTreeMap::new();
    for mount in by_point.into_values() {
        match by_device.get(&mount.device_id) {
            Some(other) if rank(other) <= rank(&mount) => {}
            _ => {
                by_device.insert(mount.device_id.clone(), mount);
            }
        }
    }
    by_device.into_values().collect()
}

/// Returns whether a file system depends on a network or a program.
fn may_hang(kind: &str) -> bool {
    NETWORK.contains(&kind) || kind.starts_with("fuse.")
}

/// Returns whether resolving a path through this mount may hang. On other file systems the path of a mount point is
/// cached.
fn lookup_may_hang(mount: &Mount) -> bool {
    may_hang(&mount.kind) || mount.kind == "autofs" || mount.kind == "overlay"
}

fn query(mount: &Mount, beneath: &[Vec<u8>]) -> SpaceQuery {
    let is_beneath = |top: &Vec<u8>| {
        let rest = mount.point.strip_prefix(top.as_slice());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/") || top.as_slice() == b"/")
    };
    let access = if may_hang(&mount.kind) {
        Access::Separate
    } else if IN_MEMORY.contains(&mount.kind.as_str()) && !beneath.iter().any(is_beneath) {
        Access::Direct
    } else {
        Access::Bounded
    };
    SpaceQuery { point: mount.point.clone(), access }
}

fn is_left_out(mount: &Mount, settings: &config::Probe) -> bool {
    let point = String::from_utf8_lossy(&mount.point);
    let below =
        |directory: &str| point.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    (may_hang(&mount.kind) && !settings.network_mounts.iter().any(|named| *named == point))
        || KERNEL.contains(&mount.kind.as_str())
        || ["dev", "proc", "sys"].iter().any(|top| below(&format!("/{top}")))
        || settings.ignore_file_systems.contains(&mount.kind)
        || settings.ignore_mounts.iter().any(|pattern| Selector::pattern_fits(pattern, &point))
}

fn disk(name: String, mount: &Mount, space: &Space) -> Disk {
    let used = space.total_bytes.saturating_sub(space.free_bytes);
    let inodes_used = space.inodes.saturating_sub(space.inodes_free);
    let fills = !mount.is_read_only() || mount.is_read_only_by_kernel();
    Disk {
        mount: name,
        device: clean_bytes(&mount.source, NAME_MAX),
        fs: clean_bytes(mount.kind.as_bytes(), NAME_MAX),
        total_bytes: space.total_bytes,
        used_bytes: used,
        available_bytes: space.available_bytes,
        used_percent: fills.then(|| percent(used as f64, used.saturating_add(space.available_bytes) as f64)),
        inodes_used_percent: (fills && space.inodes > 0).then(|| percent(inodes_used as f64, space.inodes as f64)),
        inodes_free: (fills && space.inodes > 0).then_some(space.inodes_free),
        read_only: mount.is_read_only(),
        read_only_by_kernel: mount.is_read_only_by_kernel(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_disk_seen_twice_is_one() {
        let settings = config::Probe {
            processes: true,
            top_processes: 10,
            command_lines: false,
            services: vec![],
            network_mounts: vec![],
            ignore_file_systems: vec!["squashfs".into()],
            ignore_mounts: vec!["/run/user/*".into()],
        };
        let content = b"1 0 8:1 /sub /srv/bind rw - ext4 /dev/sda1 rw\n2 0 8:1 / / rw - ext4 /dev/sda1 rw\n3 0 8:1 / /mnt/again rw - ext4 /dev/sda1 rw\n\
            4 0 0:4 / /proc rw - proc proc rw\n5 0 0:50 / /mnt/nfs rw - nfs4 s:/x rw\n6 0 7:1 / /snap/a ro - squashfs /dev/loop1 ro\n\
            7 0 0:31 / /tmp rw - tmpfs tmpfs rw\n8 0 0:33 / /run/user/0 rw - tmpfs tmpfs rw\n9 0 0:34 / /dev/shm rw - tmpfs tmpfs rw\n\
            10 0 0:35 / /mnt/s rw - fuse.sshfs u@h: rw\n11 0 0:36 / /tmp rw - tmpfs over rw\n";
        let chosen: Vec<_> =
            choose(mounts::parse(content), &settings).into_iter().map(|mount| (mount.point, mount.device_id)).collect();
        assert_eq!(chosen, [(b"/tmp".to_vec(), "0:36".to_string()), (b"/".to_vec(), "8:1".to_string())]);
    }

    #[test]
    fn only_what_answers_from_memory_is_asked_directly() {
        let content = b"1 0 8:1 / / rw - ext4 a rw\n2 0 0:50 / /mnt/nfs rw - nfs4 s:/x rw\n3 0 8:2 / /mnt/nfs/disk rw - ext4 b rw\n\
            4 0 8:3 / /srv rw - xfs c rw\n5 0 8:4 / /mnt/nfs2 rw - ext4 d rw\n";
        let mounts = mounts::parse(content);
        let beneath = vec![b"/mnt/nfs".to_vec()];
        let access: Vec<Access> = mounts.iter().map(|mount| query(mount, &beneath).access).collect();
        assert_eq!(access, [Access::Direct, Access::Separate, Access::Bounded, Access::Bounded, Access::Direct]);
        assert_eq!(query(&mounts[4], &[b"/".to_vec()]).access, Access::Bounded, "the root is an overlay");
    }
}
