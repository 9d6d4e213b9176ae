//! Checks that a program may be started with the rights of osmon: nobody else can have changed it.

use crate::base::group::user_name;
use crate::model::locale::key;
use crate::model::message::Message;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Permissions of the group and of others to write.
const WRITABLE: u32 = 0o022;
/// Of a directory: only the owner of a file may rename or remove it.
const STICKY: u32 = 0o1000;
/// Permissions to execute.
const EXECUTABLE: u32 = 0o111;

/// The reason why a program must not be started; `None`: it may. It and all directories above must belong to root or the user
/// that runs osmon, and others must not be able to write to them; the same for what a link leads to. `uid`: that user.
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
    // The directories of a link decide where it leads.
    path.ancestors().skip(1).chain(real.ancestors()).find_map(|path| {
        let Ok(meta) = fs::metadata(path) else { return Some(about(key::REPAIR_PATH_MISSING, path)) };
        if meta.uid() != 0 && meta.uid() != uid {
            return Some(about(key::REPAIR_PATH_OF_OTHER, path).with("user", user_name(meta.uid())));
        }
        let is_open = meta.mode() & WRITABLE != 0 && !(meta.is_dir() && meta.mode() & STICKY != 0);
        is_open.then(|| about(key::REPAIR_PATH_WRITABLE, path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

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
}
