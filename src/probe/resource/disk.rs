//! Space and inodes of file systems: what is mounted, and `statvfs(3)` of each.

mod choice;
mod element;
mod kind;
mod overlay;
mod read_only;
mod size;

use crate::base::sort::SmallSort;
use crate::base::text::{NAME_MAX, clean_bytes};
use crate::host::file_system::{Access, NoSpace, Space, SpaceQuery};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use crate::probe::mount_tree::MountTree;
use crate::probe::mounts::{self, Mount};
use choice::Views;
use element::Disk;
use read_only::KeptByDevice;
use size::Size;
use std::collections::HashMap;

/// Smaller file systems are left out.
const SMALLEST_BYTES: u64 = 1024 * 1024;
/// Name under which the read-only views are kept with the counters.
const READ_ONLY: &str = "disk_read_only";

/// The registration.
pub const RESOURCE: Resource = Resource { name: "disk", scope: Scope::All, has_counters: false, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let content = run.root.mount_info().map_err(|error| error.to_string())?;
    let mounts = mounts::parse(&content);
    let tree = MountTree::new(&mounts);
    let by_kernel = read_only_by_kernel(run, &mounts);
    let (mut found, mut silent) = (Vec::new(), Vec::new());
    for (at, answer) in ask(run, &mounts, choice::file_systems(&mounts, &tree, run.settings)) {
        let Some(mount) = mounts.get(at) else { continue };
        // Whole, as it identifies the series: paths of volumes may differ in their last characters only.
        let name = mount.name();
        let space = match answer {
            Ok(space) => space,
            Err(reason) => {
                silent.push(format!("{name}: {reason}"));
                continue;
            }
        };
        let mut discard = |number: &str, reason: String| run.discard(format!("disk {name}.{number}"), reason);
        // Below that size: a pseudo file system of a type that is not in the list.
        if let Some(size) = size::judge(&space, &mut discard).filter(|size| size.total_bytes >= SMALLEST_BYTES) {
            let by_kernel = by_kernel.get(mount.device_id.as_str()).copied().unwrap_or_default();
            found.push((at, space, disk(name, mount, &mounts, &size, by_kernel)));
        }
    }
    let mut disks = overlay::once(found, &mounts, &tree);
    disks.arrange_by(|a, b| a.mount.cmp(&b.mount));
    silent.arrange();
    if disks.is_empty() && !silent.is_empty() {
        return Err(silent.join("; "));
    }
    // A file system that does not answer affects only itself.
    run.failed.extend((!silent.is_empty()).then(|| ("mount", silent.join("; "))));
    run.add("disk", &disks)
}

/// Asks each file system at its best view; a view that is a file is followed by the next best.
fn ask(run: &Measurement<'_>, mounts: &[Mount], mut pending: Vec<Views>) -> Vec<(usize, Result<Space, String>)> {
    let beneath: Vec<&[u8]> =
        mounts.iter().filter(|mount| kind::lookup_may_hang(&mount.kind)).map(|mount| mount.point.as_slice()).collect();
    let mut answers = Vec::with_capacity(pending.len());
    while !pending.is_empty() {
        // Stable: those that may hang come last.
        let last = |views: &Views| views.last().and_then(|at| mounts.get(*at));
        pending.arrange_by_key(|views| last(views).map(|mount| (kind::may_hang(&mount.kind), &mount.device_id)));
        let queries = pending.iter().filter_map(|views| last(views).map(|mount| query(mount, &beneath))).collect();
        let mut files = Vec::new();
        for (mut views, answer) in pending.into_iter().zip(run.root.spaces(queries)) {
            let Some(at) = views.pop() else { continue };
            match answer {
                Ok(space) => answers.push((at, Ok(space))),
                Err(NoSpace::Failed(reason)) => answers.push((at, Err(reason))),
                Err(NoSpace::NotADirectory) if views.is_empty() => {}
                Err(NoSpace::NotADirectory) => files.push(views),
            }
        }
        pending = files;
    }
    answers
}

fn query(mount: &Mount, beneath: &[&[u8]]) -> SpaceQuery {
    let is_beneath = |top: &&[u8]| {
        let rest = mount.point.strip_prefix(*top);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/") || *top == b"/")
    };
    let access = if kind::may_hang(&mount.kind) {
        Access::Separate
    } else if kind::is_in_memory(&mount.kind) && !beneath.iter().any(is_beneath) {
        Access::Direct
    } else {
        Access::Bounded
    };
    SpaceQuery { point: mount.point.clone(), is_part: mount.root != b"/", access }
}

/// Whether the kernel made a file system read-only after an error, by `major:minor`.
fn read_only_by_kernel<'m>(run: &mut Measurement<'_>, mounts: &'m [Mount]) -> HashMap<&'m str, bool> {
    let earlier = run.earlier.filter(|earlier| earlier.boot_id == run.counters.boot_id);
    let earlier: KeptByDevice = earlier.and_then(|earlier| earlier.get(READ_ONLY)).unwrap_or_default();
    let mut by_device: HashMap<&str, Vec<&Mount>> = HashMap::new();
    for mount in mounts.iter().filter(|mount| kind::may_be_switched(&mount.kind)) {
        by_device.entry(&mount.device_id).or_default().push(mount);
    }
    let mut kept = KeptByDevice::new();
    let mut judge = |(device, views): (&'m str, Vec<&Mount>)| {
        let (is, keep) = read_only::by_kernel(views.iter().copied(), earlier.get(device));
        kept.extend(keep.map(|keep| (device.to_string(), keep)));
        (device, is)
    };
    let verdicts = by_device.into_iter().map(&mut judge).collect();
    if !kept.is_empty() {
        run.counters.keep(READ_ONLY, &kept);
    }
    verdicts
}

fn disk(name: String, mount: &Mount, mounts: &[Mount], size: &Size, by_kernel: bool) -> Disk {
    let same = |other: &&Mount| other.device_id == mount.device_id;
    // A tmpfs that nobody sees but for reading was sealed by who made it.
    let is_sealed = mount.kind == "tmpfs" && mounts.iter().filter(same).all(Mount::is_read_only_view);
    let is_image = mount.kind == "overlay" && !choice::has_own_place(mount);
    let fills = by_kernel || !(mount.is_read_only() || is_sealed || is_image);
    Disk {
        mount: name,
        device: clean_bytes(&mount.source, NAME_MAX),
        fs: clean_bytes(mount.kind.as_bytes(), NAME_MAX),
        total_bytes: size.total_bytes,
        used_bytes: size.used_bytes,
        available_bytes: size.available_bytes,
        used_percent: size.used_percent.filter(|_| fills),
        inodes_used_percent: size.inodes_used_percent.filter(|_| fills),
        inodes_free: size.inodes_free.filter(|_| fills),
        read_only: mount.is_read_only() || by_kernel,
        read_only_by_kernel: by_kernel,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_answers_from_memory_is_asked_directly() {
        let content = b"1 0 8:1 / / rw - ext4 a rw\n2 0 0:50 / /mnt/nfs rw - nfs4 s:/x rw\n3 0 8:2 / /mnt/nfs/disk rw - ext4 b rw\n\
            4 0 8:3 / /srv rw - xfs c rw\n5 0 8:4 / /mnt/nfs2 rw - ext4 d rw\n";
        let mounts = mounts::parse(content);
        let access: Vec<Access> = mounts.iter().map(|mount| query(mount, &[b"/mnt/nfs"]).access).collect();
        assert_eq!(access, [Access::Direct, Access::Separate, Access::Bounded, Access::Bounded, Access::Direct]);
        assert_eq!(query(&mounts[4], &[b"/"]).access, Access::Bounded, "the root is an overlay");
    }
}
