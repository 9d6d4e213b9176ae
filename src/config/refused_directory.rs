//! Directories that are never cleaned, whatever the configuration says.

use std::path::{Component, Path};

/// Directories that are too high in the tree to be cleaned as a whole; what is below them may be.
const TOO_HIGH: [&str; 15] = [
    "/",
    "/home",
    "/media",
    "/mnt",
    "/opt",
    "/root",
    "/run",
    "/srv",
    "/var",
    "/var/cache",
    "/var/lib",
    "/var/log",
    "/var/mail",
    "/var/opt",
    "/var/spool",
];
/// Directories of the system: neither they nor anything below is cleaned.
const OF_SYSTEM: [&str; 11] =
    ["/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/sbin", "/sys", "/usr"];

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
    if is_refused(&normal) {
        Err(format!("{text:?} is never cleaned; name a directory below it that holds only what may go"))
    } else {
        Ok(normal)
    }
}

/// Returns whether a directory, given by its absolute path without superfluous slashes, is never cleaned.
pub fn is_refused(path: &str) -> bool {
    let is_below =
        |above: &&str| path.strip_prefix(*above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    path.is_empty() || TOO_HIGH.contains(&path) || OF_SYSTEM.iter().any(|above| is_below(&above))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_of_the_system_and_those_too_high_in_the_tree_are_refused() {
        for refused in [
            "/",
            "//",
            "/home",
            "/root/",
            "/etc",
            "/etc/app",
            "/usr/local",
            "/var",
            "/boot/grub",
            "/var/./lib",
            "/proc/1",
        ] {
            assert!(normal_directory(refused).unwrap_err().contains("is never cleaned"), "{refused}");
        }
        for (wrong, part) in [("tmp", "absolute"), ("", "absolute"), ("/tmp/../etc", "\"..\""), ("/tmp/*", "pattern")] {
            assert!(normal_directory(wrong).unwrap_err().contains(part), "{wrong}");
        }
        for (right, normal) in [
            ("/tmp", "/tmp"),
            ("/tmp/", "/tmp"),
            ("/var//tmp/.", "/var/tmp"),
            ("/usrlocal", "/usrlocal"),
            ("/var/log/app", "/var/log/app"),
        ] {
            assert_eq!(normal_directory(right).as_deref(), Ok(normal));
        }
    }
}
