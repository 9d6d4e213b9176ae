//! The directory of a page that a web server publishes.

use super::discover::web::GROUPS;
use crate::base::group::groups;
use anyhow::{Context, Result};
use nix::unistd::geteuid;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, lchown};
use std::path::Path;

/// Makes the directory of a page. On a host with a web server root gives it to the group of that server, together with
/// what is created in it later: the page stays unreadable for other users, and each run replaces it.
///
/// # Errors
/// I/O errors.
pub fn prepare(page: &Path) -> Result<()> {
    let Some(directory) = page.parent() else { return Ok(()) };
    if directory.exists() {
        return Ok(());
    }
    let at = || format!("could not make {}", directory.display());
    fs::create_dir(directory).with_context(at)?;
    let is_server = |name: &str| GROUPS.contains(&name);
    let group = geteuid().is_root().then(groups).into_iter().flatten().find(|group| is_server(&group.name));
    if let Some(group) = group {
        lchown(directory, None, Some(group.gid)).with_context(at)?;
        fs::set_permissions(directory, Permissions::from_mode(0o2750)).with_context(at)?;
    }
    Ok(())
}
