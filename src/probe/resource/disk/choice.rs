//! Which mounts are asked: one that is seen for each file system.

use super::kind;
use crate::base::sort::SmallSort;
use crate::config;
use crate::model::metric::Selector;
use crate::probe::mount_tree::MountTree;
use crate::probe::mounts::Mount;
use std::collections::HashMap;

/// Plugins of kubelet whose volumes hold what the cluster hands to a pod.
const HANDED_OUT: [&str; 4] = ["secret", "projected", "configmap", "downward-api"];

/// The mounts of one file system that can be reached, the best last: mounts of the whole file system, then the shortest path.
/// Positions in the list of all mounts.
pub type Views = Vec<usize>;

/// The file systems to ask, in no order.
pub fn file_systems(mounts: &[Mount], tree: &MountTree<'_>, settings: &config::Probe) -> Vec<Views> {
    let is_taken = |(at, mount): &(usize, &Mount)| !is_left_out(mount, settings) && tree.is_visible(*at);
    let mut by_device: HashMap<&str, Views> = HashMap::new();
    for (at, mount) in mounts.iter().enumerate().filter(is_taken) {
        by_device.entry(&mount.device_id).or_default().push(at);
    }
    let is_asked = |at: usize| mounts.get(at).is_some_and(|mount| by_device.contains_key(mount.device_id.as_str()));
    let adds_space = |at: &usize| match mounts.get(*at) {
        Some(mount) if mount.kind == "overlay" && mount.point != b"/" => {
            // Its space is that of another file system, which is asked where it is seen.
            has_own_place(mount) && !beneath(mounts, tree, *at).is_some_and(is_asked)
        }
        _ => true,
    };
    let mut chosen: Vec<Views> =
        by_device.values().map(|views| views.iter().copied().filter(adds_space).collect()).collect();
    chosen.retain(|views| !views.is_empty());
    for views in &mut chosen {
        let rank = |at: &usize| mounts.get(*at).map(|mount| (mount.root != b"/", mount.point.len(), &mount.point));
        views.arrange_by(|a, b| rank(b).cmp(&rank(a)));
    }
    chosen
}

/// The mount that holds the files written to an overlay, as far as this can be seen from here.
pub fn beneath(mounts: &[Mount], tree: &MountTree<'_>, at: usize) -> Option<usize> {
    let upper = mounts.get(at)?.super_option("upperdir").filter(|upper| upper.starts_with(b"/"))?;
    tree.holding(&upper).filter(|holder| *holder != at)
}

/// Returns whether an overlay can be written: it has a directory for what is written.
pub fn has_own_place(overlay: &Mount) -> bool {
    overlay.super_option("upperdir").is_some() || !overlay.super_options.contains("lowerdir")
}

fn is_left_out(mount: &Mount, settings: &config::Probe) -> bool {
    if kind::is_of_kernel(&mount.kind) {
        return true;
    }
    let point = String::from_utf8_lossy(&mount.point);
    let below =
        |directory: &str| point.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    (kind::may_hang(&mount.kind) && !settings.network_mounts.iter().any(|named| *named == point))
        || ["dev", "proc", "sys"].iter().any(|top| below(&format!("/{top}")))
        || (mount.kind == "tmpfs" && is_of_container(mount, &point))
        || settings.ignore_file_systems.contains(&mount.kind)
        || settings.ignore_mounts.iter().any(|pattern| Selector::pattern_fits(pattern, &point))
}

/// Returns whether a tmpfs is one that a runtime makes for each container: its `/dev/shm`, or a volume with what the cluster
/// hands out.
fn is_of_container(tmpfs: &Mount, point: &str) -> bool {
    let plugin = point.split_once("/volumes/kubernetes.io~").and_then(|(_, rest)| rest.split('/').next());
    tmpfs.source == b"shm" || plugin.is_some_and(|plugin| HANDED_OUT.contains(&plugin))
}
