//! External commands: `osmon x` runs the program `osmon-x` if osmon has no command `x`, as git and cargo do.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Finds the program of an external command, first beside this binary, then on `PATH`.
pub fn find(name: &str) -> Option<PathBuf> {
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
        return None;
    }
    let file = format!("osmon-{name}");
    let own = std::env::current_exe().ok();
    let beside = own.as_deref().and_then(Path::parent).map(|directory| directory.join(&file));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path =
        std::env::split_paths(&path).filter(|directory| directory.is_absolute()).map(|directory| directory.join(&file));
    beside.into_iter().chain(on_path).find(|candidate| is_program(candidate))
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
