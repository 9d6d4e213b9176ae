//! The group of those who may read (`osmon`), and names in `/etc/group` and `/etc/passwd`. No name service is asked,
//! because it may hang and a static binary has none.

use super::file::read_at_most;
use nix::sys::stat::{Mode, umask};
use nix::unistd::geteuid;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::path::Path;

/// Members of this group may read history, state and page.
pub const READERS: &str = "osmon";
/// Files of the group database are read up to this size, in bytes.
const FILE_MAX: u64 = 1024 * 1024;

/// A group: its name, number and members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Number.
    pub gid: u32,
    /// Users listed as members; those whose own group it is are not among them.
    pub members: Vec<String>,
}

/// The groups of this host.
pub fn groups() -> Vec<Group> {
    parse(&text("/etc/group"))
}

/// The name of a user; its number when it has none.
pub fn user_name(uid: u32) -> String {
    let passwd = text("/etc/passwd");
    let find = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_string())
    };
    passwd.lines().find_map(find).unwrap_or_else(|| uid.to_string())
}

fn text(path: &str) -> String {
    String::from_utf8_lossy(&read_at_most(Path::new(path), FILE_MAX).unwrap_or_default()).into_owned()
}

/// The groups in the text of `/etc/group`; lines in another form are left out.
pub fn parse(text: &str) -> Vec<Group> {
    let group = |line: &str| {
        let mut fields = line.split(':');
        let (name, gid) = (fields.next()?, fields.nth(1)?.parse().ok()?);
        let members = fields.next().unwrap_or_default().split(',').filter(|member| !member.is_empty());
        Some(Group { name: name.to_string(), gid, members: members.map(ToString::to_string).collect() })
    };
    text.lines().filter_map(group).collect()
}

/// Lets the group read what root creates from now on, whatever the umask of the shell it is called from: members of the
/// group of readers could not read that day's files otherwise.
pub fn let_group_read() {
    if geteuid().is_root() {
        let before = umask(Mode::S_IRWXO);
        umask(before & !(Mode::S_IRGRP | Mode::S_IXGRP));
    }
}

/// Gives a directory that root has just made to the group of readers, with what is created in it later. Does nothing for
/// other users, and on a host without that group.
///
/// # Errors
/// I/O errors.
pub fn give_to_readers(directory: &Path) -> io::Result<()> {
    let readers = geteuid().is_root().then(groups).into_iter().flatten().find(|group| group.name == READERS);
    match (readers, directory.metadata()) {
        (Some(group), Ok(meta)) if meta.uid() == 0 => {
            lchown(directory, None, Some(group.gid))?;
            std::fs::set_permissions(directory, Permissions::from_mode(0o2750))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_a_name_a_number_and_members() {
        let read = parse("root:x:0:\nosmon:x:112:nagios,anna\nbroken\nodd:x:many:\n");
        assert_eq!(read.len(), 2);
        assert_eq!((read[1].name.as_str(), read[1].gid), ("osmon", 112));
        assert_eq!(read[1].members, ["nagios", "anna"]);
        assert_eq!(user_name(0), "root");
        assert_eq!(user_name(4_000_000_000), "4000000000");
    }
}
