//! Mounts: `/proc/self/mountinfo` (proc_pid_mountinfo(5)). Parsed from bytes, because a mount point need not be UTF-8, but
//! is needed to look the file system up.

use super::fields::{lines, number};
use crate::base::identity::identity;
use crate::base::text::unescape;
use crate::host::Root;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// Longest name of a mount point, in characters.
const NAME_MAX: usize = 4096;

/// One line of mountinfo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Number of this mount.
    pub id: Option<u64>,
    /// Number of the mount on which it is mounted.
    pub parent: Option<u64>,
    /// `major:minor` of the device.
    pub device_id: String,
    /// Directory of the file system that is mounted.
    pub root: Vec<u8>,
    /// Mount point, unescaped.
    pub point: Vec<u8>,
    /// Options of this mount.
    pub options: String,
    /// Type of the file system.
    pub kind: String,
    /// Device, or another source.
    pub source: Vec<u8>,
    /// Options of the file system itself, shared by all its mounts.
    pub super_options: String,
}

impl Mount {
    /// The mount point as the identity of series.
    pub fn name(&self) -> String {
        identity(&self.point, NAME_MAX)
    }

    /// Returns whether the file system itself is read-only, through whichever mount.
    pub fn is_read_only(&self) -> bool {
        has(&self.super_options, "ro")
    }

    /// Returns whether this mount is a read-only view, of a file system that others may well write.
    pub fn is_read_only_view(&self) -> bool {
        has(&self.options, "ro")
    }

    /// Returns whether the file system says that an error made it read-only, or ended it (`shutdown` of ext4).
    pub fn is_emergency(&self) -> bool {
        has(&self.super_options, "emergency_ro") || has(&self.super_options, "shutdown")
    }

    /// Value of an option of the file system, such as `upperdir`, unescaped.
    pub fn super_option(&self, name: &str) -> Option<Vec<u8>> {
        let value = |option: &str| Some(unescape(option.strip_prefix(name)?.strip_prefix('=')?.as_bytes()));
        self.super_options.split(',').find_map(value)
    }
}

fn has(options: &str, option: &str) -> bool {
    options.split(',').any(|found| found == option)
}

/// Reads all lines that are complete.
pub fn parse(content: &[u8]) -> Vec<Mount> {
    lines(content).filter_map(parse_line).collect()
}

/// Parses `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`
fn parse_line(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|byte| *byte == b' ');
    let text = |field: Option<&[u8]>| field.map(|field| String::from_utf8_lossy(field).into_owned());
    let id = number(fields.next()?);
    let parent = number(fields.next()?);
    let device_id = text(fields.next())?;
    let root = unescape(fields.next()?);
    let point = unescape(fields.next()?);
    let options = text(fields.next())?;
    // Any number of optional fields, ended by a hyphen.
    fields.by_ref().find(|field| *field == b"-")?;
    let kind = text(fields.next())?;
    let source = unescape(fields.next().unwrap_or_default());
    let super_options = text(fields.next()).unwrap_or_default();
    Some(Mount { id, parent, device_id, root, point, options, kind, source, super_options })
}

/// The mount point at or above a path that `/etc/fstab` names and where nothing is mounted; `/` is none.
pub fn missing_mount(root: &Root, path: &Path) -> Option<PathBuf> {
    let to_path = |bytes: Vec<u8>| PathBuf::from(OsString::from_vec(bytes));
    let fstab = root.etc("fstab").ok()?;
    let mounted: Vec<PathBuf> = parse(&root.mount_info().ok()?).into_iter().map(|mount| to_path(mount.point)).collect();
    let points = lines(&fstab).filter(|line| !line.trim_ascii_start().starts_with(b"#")).filter_map(|line| {
        let mut fields = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
        fields.nth(1).map(|point| to_path(unescape(point)))
    });
    let missing = points.filter(|point| point.parent().is_some() && !mounted.contains(point));
    missing.filter(|point| path.starts_with(point)).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_line() {
        let content = b"36 35 98:0 / /a\\040b\\134 rw,noatime master:1 shared:2 - ext4 /dev/x rw,errors=continue\n\
                        37 35 0:5 / /caf\xe9 rw - tmpfs tmpfs ro,size=4k\nshort line\n38 35 8:1 / /ro ro - ext4 /dev/y rw\n";
        let mounts = parse(content);
        assert_eq!(mounts.len(), 3);
        assert_eq!((mounts[0].id, mounts[0].parent, mounts[0].point.as_slice()), (Some(36), Some(35), &b"/a b\\"[..]));
        assert_eq!((mounts[1].point.as_slice(), mounts[1].is_read_only_view()), (&b"/caf\xe9"[..], false));
        assert_eq!((mounts[1].super_option("size"), mounts[1].super_option("siz")), (Some(b"4k".to_vec()), None));
        let read_only: Vec<bool> = mounts.iter().map(Mount::is_read_only).collect();
        assert_eq!(read_only, [false, true, false], "a read-only view is no read-only file system");
        assert_eq!(unescape(b"\\04"), b"\\04");
    }
}
