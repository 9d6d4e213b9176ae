//! Checks that this user may read configuration and data: without permission they would look empty. The error names the
//! remedy.

use crate::base::group::{Group, groups, user_name};
use crate::config::location::Source;
use crate::store::STREAMS;
use anyhow::Result;
use nix::unistd::{AccessFlags, access, geteuid, getgroups};
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Paths in a data directory, besides the streams, that commands read.
const PARTS: [&str; 5] = ["", "state", "state/crisis.json", "state/delivery.json", "outbox"];

/// Checks that this user may read the configuration file, if there is one.
///
/// # Errors
/// Permission denied; names the group that may read, and the remedy.
pub fn configuration(source: &Source) -> Result<()> {
    readable(&source.path())
}

/// Checks that this user may read a data directory, if there is one.
///
/// # Errors
/// As [`configuration`].
pub fn data(directory: &Path) -> Result<()> {
    PARTS.iter().chain(&STREAMS).try_for_each(|part| readable(&directory.join(part)))
}

fn readable(path: &Path) -> Result<()> {
    let flags = if path.is_dir() { AccessFlags::R_OK | AccessFlags::X_OK } else { AccessFlags::R_OK };
    match access(path, flags) {
        Err(nix::errno::Errno::EACCES) => Err(denied(path)),
        _ => Ok(()),
    }
}

/// The error for a path that this user may not read.
fn denied(path: &Path) -> anyhow::Error {
    // The metadata of a path inside a closed directory cannot be read; that of the directory can.
    let known = path.ancestors().find_map(|path| Some((path, path.metadata().ok()?)));
    let (user, uid) = (user_name(geteuid().as_raw()), geteuid().as_raw());
    let remedy = known.and_then(|(shut, meta)| remedy(&shut.display().to_string(), &meta, &groups(), &user, uid));
    let remedy = remedy.unwrap_or_else(|| "try it with sudo".to_string());
    let error = io::Error::from(io::ErrorKind::PermissionDenied);
    anyhow::Error::from(error).context(format!("could not read {}; {remedy}", path.display()))
}

/// The command that lets this user read `shut`, with the group that may; `None` when no group may.
fn remedy(shut: &str, meta: &Metadata, groups: &[Group], user: &str, uid: u32) -> Option<String> {
    let bits = if meta.is_dir() { 0o050 } else { 0o040 };
    let group = groups.iter().find(|group| group.gid == meta.gid() && meta.gid() != 0)?;
    if meta.mode() & bits != bits || meta.uid() == uid {
        return None;
    }
    let name = &group.name;
    let is_member = group.members.iter().any(|member| member == user);
    if getgroups().is_ok_and(|groups| groups.iter().any(|own| own.as_raw() == meta.gid())) {
        return None;
    }
    Some(if is_member {
        format!("user {user} is in group {name} from the next login on, or now with: newgrp {name}")
    } else {
        format!("{shut} is for root and group {name}; as root: adduser {user} {name}, then log in again")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_remedy_names_the_group_that_may_read() {
        let directory = tempfile::tempdir().unwrap();
        let set = |mode| std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        set(0o750);
        let meta = directory.path().metadata().unwrap();
        let group = |members: &[&str], gid| Group {
            name: "watchers".to_string(),
            gid,
            members: members.iter().map(ToString::to_string).collect(),
        };
        let stranger = meta.uid() + 1;
        let said = |groups: &[Group]| remedy("/data", &meta, groups, "anna", stranger);
        assert_eq!(said(&[]), None, "no name, no group to join");
        assert_eq!(said(&[group(&[], meta.gid() + 1)]), None);
        if meta.gid() != 0 {
            return;
        }
        assert_eq!(said(&[group(&[], 0)]), None, "the group of root is none to join");
    }
}
