//! Which mounts can be reached by their path: a later mount hides what is below it.

use super::mounts::Mount;
use std::cell::OnceCell;
use std::collections::HashMap;

/// Longest chain of mounts upon mounts that is followed; the kernel's text might have a circle.
const DEPTH_MAX: usize = 64;

/// All mounts, by the mount they are on.
pub struct MountTree<'m> {
    mounts: &'m [Mount],
    by_id: HashMap<u64, usize>,
    /// Position of the last mount on a mount at a mount point.
    by_place: HashMap<(u64, &'m [u8]), usize>,
    /// Visible mounts by mount point, once needed.
    by_point: OnceCell<HashMap<&'m [u8], usize>>,
}

impl<'m> MountTree<'m> {
    /// Orders mounts, which are in the order of mountinfo.
    pub fn new(mounts: &'m [Mount]) -> Self {
        let (mut by_id, mut by_place) = (HashMap::with_capacity(mounts.len()), HashMap::with_capacity(mounts.len()));
        for (at, mount) in mounts.iter().enumerate() {
            by_id.extend(mount.id.map(|id| (id, at)));
            by_place.extend(mount.parent.map(|parent| ((parent, mount.point.as_slice()), at)));
        }
        Self { mounts, by_id, by_place, by_point: OnceCell::new() }
    }

    /// Returns whether the path of a mount leads to it, and not to one that was mounted over it or over a directory above.
    pub fn is_visible(&self, at: usize) -> bool {
        let mut next = Some(at);
        for depth in 0..DEPTH_MAX {
            let Some((at, mount)) = next.and_then(|at| Some((at, self.mounts.get(at)?))) else { break };
            if (depth == 0 && self.is_covered(at, mount)) || self.is_replaced(at, mount) {
                return false;
            }
            next = self.parent(at);
        }
        true
    }

    /// The visible mount with the longest mount point at or above a path.
    pub fn holding(&self, path: &[u8]) -> Option<usize> {
        let visible = |(at, mount): (usize, &'m Mount)| self.is_visible(at).then_some((mount.point.as_slice(), at));
        let by_point = self.by_point.get_or_init(|| self.mounts.iter().enumerate().filter_map(visible).collect());
        let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| end.max(1));
        let mut ends: Vec<usize> = slashes.chain([path.len()]).collect();
        ends.reverse();
        ends.into_iter().find_map(|end| by_point.get(path.get(..end)?).copied())
    }

    /// Returns whether something is mounted on exactly this mount. Not so for the root: a path begins in the root of the
    /// process and crosses nothing that was mounted over it, except for the root of the initial RAM disk.
    fn is_covered(&self, at: usize, mount: &Mount) -> bool {
        let Some(id) = mount.id else { return false };
        let above = self.by_place.get(&(id, mount.point.as_slice())).filter(|above| **above != at);
        above.is_some() && (mount.point != b"/" || mount.kind == "rootfs")
    }

    /// Returns whether a later mount on the same mount has the same mount point, or one above it; or the mount lies upon
    /// the root that the process has.
    fn is_replaced(&self, at: usize, mount: &Mount) -> bool {
        // The first mount of all is on itself.
        let Some(parent) = mount.parent.filter(|parent| Some(*parent) != mount.id) else { return false };
        let later = |point: &[u8]| self.by_place.get(&(parent, point)).is_some_and(|other| *other > at);
        if mount.point == b"/" {
            let below = self.parent(at).and_then(|below| self.mounts.get(below));
            return later(b"/") || below.is_some_and(|below| below.point == b"/" && below.kind != "rootfs");
        }
        let slashes = mount.point.iter().enumerate().skip(1).filter(|(_, byte)| **byte == b'/');
        let mut above = slashes.filter_map(|(end, _)| mount.point.get(..end));
        later(&mount.point) || above.any(later)
    }

    fn parent(&self, at: usize) -> Option<usize> {
        let parent = self.by_id.get(&self.mounts.get(at)?.parent?).copied();
        parent.filter(|parent| *parent != at)
    }
}

#[cfg(test)]
mod tests {
    use super::super::mounts::parse;
    use super::*;
    use proptest::prelude::*;

    fn visible(content: &str) -> Vec<u64> {
        let mounts = parse(content.as_bytes());
        let tree = MountTree::new(&mounts);
        (0..mounts.len()).filter(|at| tree.is_visible(*at)).filter_map(|at| mounts[at].id).collect()
    }

    #[test]
    fn a_later_mount_hides_what_is_below_it() {
        let cases: [(&str, &[u64]); 9] = [
            ("20 1 8:1 / / rw - ext4 a rw\n21 20 8:2 / /m rw - ext4 b rw\n22 21 8:3 / /m rw - ext4 c rw\n", &[20, 22]),
            ("20 1 8:1 / / rw - ext4 a rw\n21 20 8:2 / /m rw - ext4 b rw\n22 20 8:3 / /m rw - ext4 c rw\n", &[20, 22]),
            (
                "20 1 8:1 / / rw - ext4 a rw\n21 20 8:2 / /m/n rw - ext4 b rw\n22 20 8:3 / /m rw - ext4 c rw\n",
                &[20, 22],
            ),
            (
                "20 1 8:1 / / rw - ext4 a rw\n21 20 8:3 / /m rw - ext4 c rw\n22 21 8:2 / /m/n rw - ext4 b rw\n",
                &[20, 21, 22],
            ),
            (
                "20 1 8:1 / / rw - ext4 a rw\n21 20 8:2 / /mn rw - ext4 b rw\n22 20 8:3 / /m rw - ext4 c rw\n",
                &[20, 21, 22],
            ),
            (
                "1 1 0:2 / / rw - rootfs none rw\n20 1 8:1 / / rw - ext4 a rw\n21 20 8:2 / /m rw - ext4 b rw\n",
                &[20, 21],
            ),
            ("20 1 8:1 / / rw - ext4 a rw\n21 20 8:2 / / rw - ext4 b rw\n", &[20]),
            (
                "20 1 8:1 / / rw - ext4 a rw\n21 20 0:9 / /m rw - autofs x rw\n22 21 0:8 / /m rw - nfs4 s:/ rw\n",
                &[20, 22],
            ),
            (
                "20 1 8:1 / / rw - ext4 a rw\n21 20 8:2 / /m rw - ext4 b rw\n22 21 8:3 / /m/n rw - ext4 c rw\n\
                 23 21 8:4 / /m rw - ext4 d rw\n",
                &[20, 23],
            ),
        ];
        for (content, expected) in cases {
            assert_eq!(visible(content), expected, "{content}");
        }
    }

    #[test]
    fn a_path_is_held_by_the_mount_that_is_seen() {
        let mounts = parse(
            b"20 1 8:1 / / rw - ext4 a rw\n21 20 8:2 / /m rw - ext4 b rw\n22 21 8:3 / /m rw - ext4 c rw\n\
              23 20 8:4 / /ma rw - ext4 d rw\n",
        );
        let tree = MountTree::new(&mounts);
        let held = [&b"/m/x"[..], b"/max", b"/ma", b"relative"].map(|path| tree.holding(path));
        assert_eq!(held, [Some(2), Some(0), Some(3), None]);
    }

    proptest! {
        #[test]
        fn any_text_is_followed_to_an_end(
            mounts in prop::collection::vec((0_u64..9, 0_u64..9, "(/[ab]){0,3}/?"), 0..20),
        ) {
            let line = |(id, parent, point): &(u64, u64, String)| format!("{id} {parent} 8:1 / {point} rw - ext4 a rw\n");
            let content: String = mounts.iter().map(line).collect();
            let parsed = parse(content.as_bytes());
            let tree = MountTree::new(&parsed);
            for (at, mount) in parsed.iter().enumerate() {
                let _ = tree.is_visible(at);
                let _ = tree.holding(&mount.point);
            }
        }

        #[test]
        fn what_is_mounted_in_order_is_visible_unless_something_came_over_it(
            points in prop::collection::vec("(/[ab]){1,3}", 1..10),
        ) {
            // As the kernel does it: each is mounted on the mount that its path leads to at that time.
            let mut placed: Vec<(u64, u64, String)> = vec![(1, 0, "/".to_string())];
            let covers = |top: &str, point: &str| {
                point.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || top == "/")
            };
            for (number, point) in points.iter().enumerate() {
                let on = placed.iter().rev().find(|(_, _, top)| covers(top, point)).map_or(1, |(id, ..)| *id);
                placed.push((number as u64 + 2, on, point.clone()));
            }
            let hidden = |at: usize, point: &str| placed.iter().skip(at + 1).any(|(_, _, later)| covers(later, point));
            let expected: Vec<u64> =
                placed.iter().enumerate().filter(|(at, it)| !hidden(*at, &it.2)).map(|(_, it)| it.0).collect();
            let line = |(id, on, point): &(u64, u64, String)| format!("{id} {on} 8:{id} / {point} rw - ext4 a rw\n");
            prop_assert_eq!(visible(&placed.iter().map(line).collect::<String>()), expected);
        }
    }
}
