//! Directories that are never cleaned, whatever the configuration says.

use crate::base::system_directories::is_system;
use std::path::{Component, Path};

/// A directory that is to be cleaned, without superfluous slashes.
///
/// # Errors
/// A sentence that says why it is refused.
pub fn normal_directory(text: &str) -> Result<String, String> {
    let mut normal = String::new();
    let mut parts = Path::new(text).components();
    if parts.next() != Some(Component::RootDir) {
        return Err(format!("{text:?} must be an absolute path"));
    }
    for part in parts {
        match part {
            Component::Normal(name) => normal = format!("{normal}/{}", name.to_string_lossy()),
            _ => return Err(format!("{text:?} must not contain \"..\"")),
        }
    }
    if normal.contains('*') {
        return Err(format!("{text:?} must be a path, not a pattern"));
    }
    if normal.is_empty() || is_system(Path::new(&normal)) {
        Err(format!("{text:?} is never cleaned; name a directory below it that holds only what may go"))
    } else {
        Ok(normal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_of_the_system_and_those_too_high_in_the_tree_are_refused() {
        for refused in
            ["/", "//", "/home", "/root/", "/etc", "/etc/app", "/usr/local", "/var", "/boot/grub", "/var/./lib"]
        {
            assert!(normal_directory(refused).unwrap_err().contains("is never cleaned"), "{refused}");
        }
        for (wrong, part) in [("tmp", "absolute"), ("", "absolute"), ("/tmp/../etc", "\"..\""), ("/tmp/*", "pattern")] {
            assert!(normal_directory(wrong).unwrap_err().contains(part), "{wrong}");
        }
        for (right, normal) in [
            ("/tmp", "/tmp"),
            ("/tmp/", "/tmp"),
            ("/var//tmp/.", "/var/tmp"),
            ("/scratch", "/scratch"),
            ("/var/log/app", "/var/log/app"),
        ] {
            assert_eq!(normal_directory(right).as_deref(), Ok(normal));
        }
    }
}
