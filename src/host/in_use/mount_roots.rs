//! Directories that are mounted somewhere, perhaps only for some processes: a container's volume, a service's private
//! directory. They are in use even while no process has anything open in them.

use super::super::file_id::FileId;
use super::super::mount_view::below;
use super::super::{Root, local};
use crate::base::text::unescape;
use std::fs;
use std::path::{Path, PathBuf};

/// Options of an overlay that name directories (Documentation/filesystems/overlayfs.rst).
const LAYERS: [&str; 3] = ["lowerdir=", "upperdir=", "workdir="];

impl Root {
    /// Roots of the mounts that a process sees, as far as their file systems are local: others may not answer.
    pub(super) fn mount_roots(&self, pid: u32) -> Vec<FileId> {
        let lines = self.proc(&format!("{pid}/mountinfo")).unwrap_or_default();
        let view = if self.recorded { self.base.clone() } else { self.base.join(format!("proc/{pid}/root")) };
        let lines = lines.split(|byte| *byte == b'\n');
        let paths = lines.flat_map(|line| used_by(line, &view));
        paths.filter_map(|path| fs::metadata(path).ok().as_ref().map(FileId::of)).collect()
    }

    /// Mount points as this process sees them.
    pub fn own_mount_points(&self) -> Vec<PathBuf> {
        let lines = self.proc("self/mountinfo").unwrap_or_default();
        lines.split(|byte| *byte == b'\n').filter_map(|line| Some(below(Path::new("/"), &point(line)?))).collect()
    }
}

fn point(line: &[u8]) -> Option<Vec<u8>> {
    line.split(|byte| *byte == b' ').nth(4).map(unescape)
}

/// Directories that the mount of a line of mountinfo uses: its root, and the layers of an overlay.
fn used_by(line: &[u8], view: &Path) -> Vec<PathBuf> {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let Some(dash) = fields.iter().position(|field| *field == b"-") else { return Vec::new() };
    let kind = fields.get(dash + 1).copied().unwrap_or_default();
    if !local::is_local(kind) {
        return Vec::new();
    }
    let mut used: Vec<PathBuf> = point(line).map(|point| below(view, &point)).into_iter().collect();
    let options = unescape(fields.get(dash + 3).copied().unwrap_or_default());
    for option in options.split(|byte| *byte == b',').filter(|_| kind == b"overlay") {
        let paths = LAYERS.iter().find_map(|layer| option.strip_prefix(layer.as_bytes())).unwrap_or_default();
        used.extend(
            paths.split(|byte| *byte == b':').filter(|path| path.starts_with(b"/")).map(|path| below(view, path)),
        );
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_uses_its_root_and_the_layers_of_an_overlay() {
        let used = |line: &str| used_by(line.as_bytes(), Path::new("/proc/7/root"));
        assert_eq!(used("36 35 8:1 /data /mnt/a\\040b rw - ext4 /dev/sda1 rw"), [Path::new("/proc/7/root/mnt/a b")]);
        assert_eq!(used("36 35 0:40 / /mnt/server rw shared:1 - nfs4 host:/ rw"), Vec::<PathBuf>::new());
        assert_eq!(
            used("36 35 0:41 / /merged rw - overlay overlay rw,lowerdir=/l1:/l2,upperdir=/u,workdir=/w"),
            ["/merged", "/l1", "/l2", "/u", "/w"].map(|path| PathBuf::from(format!("/proc/7/root{path}")))
        );
        for damaged in ["", "36", "36 35 8:1 / /x rw -", "- ext4"] {
            assert!(used(damaged).len() <= 1, "{damaged}");
        }
    }
}
