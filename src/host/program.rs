//! Checks that a program may be started with the rights of osmon: nobody else can have changed it.

use crate::base::group::user_name;
use crate::model::locale::key;
use crate::model::message::Message;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// Permissions of the group and of others to write.
const WRITABLE: u32 = 0o022;
/// Of a directory: only the owner of a file may rename or remove it.
const STICKY: u32 = 0o1000;
/// More links in a row lead nowhere, as for the kernel.
const LINKS_MAX: u32 = 40;
/// Permissions to execute.
const EXECUTABLE: u32 = 0o111;

/// The reason why a program must not be started; `None`: it may. It and all directories above must belong to root or the user
/// that runs osmon, and others must not be able to write to them; the same for every link on the way and what it leads to. `uid`: that user.
pub fn objection(program: &str, uid: u32) -> Option<Message> {
    let path = Path::new(program);
    let about = |key, path: &Path| Message::new(key).with("path", path.display().to_string());
    if !path.is_absolute() {
        return Some(about(key::REPAIR_PATH_RELATIVE, path));
    }
    let Ok(real) = fs::canonicalize(path) else { return Some(about(key::REPAIR_PATH_MISSING, path)) };
    let is_program = |meta: &Metadata| meta.is_file() && meta.mode() & EXECUTABLE != 0;
    if !fs::metadata(&real).is_ok_and(|meta| is_program(&meta)) {
        return Some(about(key::REPAIR_PATH_NO_PROGRAM, path));
    }
    let found = walk(path, &mut |path, meta| {
        if meta.uid() != 0 && meta.uid() != uid {
            return Some(about(key::REPAIR_PATH_OF_OTHER, path).with("user", user_name(meta.uid())));
        }
        // The mode of a link says nothing.
        let is_kept = meta.is_symlink() || (meta.is_dir() && meta.mode() & STICKY != 0);
        (meta.mode() & WRITABLE != 0 && !is_kept).then(|| about(key::REPAIR_PATH_WRITABLE, path))
    });
    found.unwrap_or_else(|| Some(about(key::REPAIR_PATH_MISSING, path)))
}

/// Follows an absolute path as the kernel does (path_resolution(7)), and asks about every directory and every link on the way
/// and about the file at its end, until there is an objection. `None` instead of an answer: the path leads nowhere.
fn walk(path: &Path, objects: &mut dyn FnMut(&Path, &Metadata) -> Option<Message>) -> Option<Option<Message>> {
    let (mut place, mut links) = (PathBuf::from("/"), 0);
    let mut left: Vec<OsString> = words(path);
    if let Some(objection) = objects(&place, &fs::symlink_metadata(&place).ok()?) {
        return Some(Some(objection));
    }
    while let Some(word) = left.pop() {
        if word == ".." {
            // Its directories were asked about on the way here.
            place.pop();
            continue;
        }
        let next = place.join(&word);
        let meta = fs::symlink_metadata(&next).ok()?;
        if let Some(objection) = objects(&next, &meta) {
            return Some(Some(objection));
        }
        if !meta.is_symlink() {
            place = next;
            continue;
        }
        links += 1;
        let target = fs::read_link(&next).ok().filter(|_| links <= LINKS_MAX)?;
        if target.is_absolute() {
            place = PathBuf::from("/");
        }
        left.extend(words(&target));
    }
    Some(None)
}

/// The names in a path, the last one first.
fn words(path: &Path) -> Vec<OsString> {
    let names = path.components().rev().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    names.map(|part| part.as_os_str().to_os_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};

    #[test]
    fn only_what_nobody_else_can_change_is_started() {
        let uid = nix::unistd::geteuid().as_raw();
        let directory = tempfile::tempdir().unwrap();
        let (program, link) = (directory.path().join("repair"), directory.path().join("link"));
        fs::write(&program, "#!/bin/sh\n").unwrap();
        symlink(&program, &link).unwrap();
        let mode = |path: &Path, mode: u32| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        let answer = |path: &Path| objection(path.to_str().unwrap(), uid).map(|message| message.key);
        mode(&program, 0o644);
        assert_eq!(answer(&program).as_deref(), Some("repair.path_no_program"));
        mode(&program, 0o755);
        assert_eq!((answer(&program), answer(&link)), (None, None));
        for open in [0o775, 0o757] {
            mode(&program, open);
            assert_eq!(answer(&program).as_deref(), Some("repair.path_writable"));
            assert_eq!(answer(&link).as_deref(), Some("repair.path_writable"), "by what the link leads to");
        }
        mode(&program, 0o755);
        mode(directory.path(), 0o777);
        assert_eq!(answer(&program).as_deref(), Some("repair.path_writable"), "anybody could replace it");
        mode(directory.path(), 0o1777);
        assert_eq!(answer(&program), None, "only its owner can");
        assert_eq!(answer(Path::new("repair")).as_deref(), Some("repair.path_relative"));
        assert_eq!(answer(&directory.path().join("none")).as_deref(), Some("repair.path_missing"));
        assert_eq!(answer(directory.path()).as_deref(), Some("repair.path_no_program"));
        // A link in a directory of somebody else to a program of root.
        let other = tempfile::tempdir().unwrap();
        symlink("/bin/true", other.path().join("true")).unwrap();
        if chown(other.path(), Some(65534), None).is_ok() {
            assert_eq!(answer(&other.path().join("true")).as_deref(), Some("repair.path_of_other"));
        }
        assert_eq!(objection("/bin/true", 12345), None, "of root, for everybody");
    }

    #[test]
    fn every_link_of_a_chain_counts() {
        let uid = nix::unistd::geteuid().as_raw();
        let (ours, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (first, middle) = (ours.path().join("first"), other.path().join("middle"));
        symlink("/bin/true", &middle).unwrap();
        symlink(&middle, &first).unwrap();
        let answer = |path: &Path| objection(path.to_str().unwrap(), uid).map(|message| message.key);
        let mode = |mode: u32| fs::set_permissions(other.path(), Permissions::from_mode(mode)).unwrap();
        assert_eq!(answer(&first), None);
        // A link to a directory on the way is a link of the chain too, and so is one that is relative.
        let through = ours.path().join("through");
        symlink(other.path(), &through).unwrap();
        let name = other.path().file_name().unwrap().to_str().unwrap();
        let relative = ours.path().join("relative");
        symlink(format!("../{name}/./middle"), &relative).unwrap();
        let paths = [first.clone(), through.join("middle"), relative];
        mode(0o777);
        for path in &paths {
            assert_eq!(answer(path).as_deref(), Some("repair.path_writable"), "{}", path.display());
        }
        mode(0o1777);
        for path in &paths {
            assert_eq!(answer(path), None, "{}", path.display());
        }
        if lchown(&middle, Some(65534), None).is_ok() {
            for path in &paths {
                assert_eq!(answer(path).as_deref(), Some("repair.path_of_other"), "its owner may replace the link");
            }
        }
        symlink("loop", ours.path().join("loop")).unwrap();
        assert_eq!(answer(&ours.path().join("loop")).as_deref(), Some("repair.path_missing"));
    }
}
