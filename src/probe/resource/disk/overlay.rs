//! Overlays: their space is that of the file system which holds what is written to them.

use super::choice;
use super::element::Disk;
use crate::host::file_system::Space;
use crate::probe::mount_tree::MountTree;
use crate::probe::mounts::Mount;

/// A file system with the position of its mount and what it stated.
pub type Found = (usize, Space, Disk);

/// The disks without those that are shown twice. An overlay gives way to its file system. The root alone stays, as
/// everybody knows it by this name, where its file system is not seen as a whole, or only for the sake of the overlay; it
/// then has the state of the file system.
pub fn once(mut found: Vec<Found>, mounts: &[Mount], tree: &MountTree<'_>) -> Vec<Disk> {
    let is_overlay = |found: &Found| mounts.get(found.0).is_some_and(|mount| mount.kind == "overlay");
    let (overlays, mut rest): (Vec<Found>, Vec<Found>) = found.drain(..).partition(is_overlay);
    for (at, space, mut disk) in overlays {
        let device = choice::beneath(mounts, tree, at).and_then(|at| mounts.get(at)).map(|mount| &mount.device_id);
        let is_of = |other: &Found| mounts.get(other.0).is_some_and(|mount| Some(&mount.device_id) == device);
        let holder = rest.iter().position(is_of);
        let is_known = holder.is_some();
        let Some(holder) = holder.or_else(|| rest.iter().position(|other| is_same(&other.1, &space))) else {
            rest.push((at, space, disk));
            continue;
        };
        let is_whole = rest.get(holder).and_then(|(at, ..)| mounts.get(*at)).is_some_and(|mount| mount.root == b"/");
        if let Some((_, _, other)) = rest.get_mut(holder).filter(|_| disk.mount == "/" && (is_known || !is_whole)) {
            disk.device = std::mem::take(&mut other.device);
            disk.read_only |= other.read_only;
            disk.read_only_by_kernel |= other.read_only_by_kernel;
            *other = disk;
        }
    }
    rest.into_iter().map(|(_, _, disk)| disk).collect()
}

/// Returns whether two answers are of one file system, which may have been written to in between.
fn is_same(a: &Space, b: &Space) -> bool {
    (a.block_bytes, a.blocks, a.inodes) == (b.block_bytes, b.blocks, b.inodes)
        && a.free.abs_diff(b.free) <= a.blocks / 1000
        && a.inodes_free.abs_diff(b.inodes_free) <= a.inodes / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_system_between_two_answers() {
        let space = |free, inodes_free| Space {
            block_bytes: 4096,
            blocks: 100_000,
            free,
            available: 0,
            inodes: 5000,
            inodes_free,
        };
        assert!(is_same(&space(500, 100), &space(530, 103)));
        assert!(!is_same(&space(500, 100), &space(700, 100)));
        assert!(!is_same(&space(500, 100), &space(500, 200)));
        assert!(!is_same(&space(500, 100), &Space { blocks: 100_001, ..space(500, 100) }));
    }
}
