//! Directories that are not cleaned, whatever the configuration says.

use std::path::Path;

/// Directories that are not cleaned themselves; directories in them may be named.
pub const NOT_ITSELF: [&str; 21] = [
    "/",
    "/home",
    "/root",
    "/opt",
    "/srv",
    "/var",
    "/mnt",
    "/media",
    "/data",
    "/export",
    "/net",
    "/lost+found",
    "/var/backups",
    "/var/cache",
    "/var/lib",
    "/var/local",
    "/var/log",
    "/var/opt",
    "/var/spool",
    "/var/www",
    "/var/db",
];

/// Directories in which nothing is cleaned, themselves included.
pub const NOTHING_IN: [&str; 46] = [
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/usr",
    "/etc",
    "/boot",
    "/efi",
    "/dev",
    "/proc",
    "/sys",
    "/run",
    "/nix",
    "/gnu",
    "/snap",
    "/var/run",
    "/var/lock",
    "/var/mail",
    "/var/spool/mail",
    "/var/spool/cron",
    "/var/spool/at",
    "/var/lib/apt",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/docker",
    "/var/lib/dpkg",
    "/var/lib/flatpak",
    "/var/lib/incus",
    "/var/lib/kubelet",
    "/var/lib/libvirt",
    "/var/lib/lxc",
    "/var/lib/lxd",
    "/var/lib/machines",
    "/var/lib/mysql",
    "/var/lib/osmon",
    "/var/lib/pacman",
    "/var/lib/postgresql",
    "/var/lib/rpm",
    "/var/lib/snapd",
    "/var/lib/systemd",
    "/var/lib/rancher",
    "/var/lib/etcd",
    "/var/lib/mongodb",
    "/var/lib/redis",
];

/// Returns whether a path, by its text, is a directory of the system.
pub fn is_system(path: &Path) -> bool {
    let is_child_of = |parent: &str| path.parent() == Some(Path::new(parent));
    let mut names = path.components().skip(1);
    let is_library = names.next().is_some_and(|name| name.as_os_str().as_encoded_bytes().starts_with(b"lib"));
    NOT_ITSELF.iter().any(|other| path == Path::new(other))
        || NOTHING_IN.iter().any(|other| path.starts_with(other))
        || is_library
        || is_child_of("/home")
        || is_child_of("/var/lib")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_of_the_system_are_refused() {
        for path in [
            "/",
            "/home",
            "/root",
            "/etc",
            "/usr",
            "/var",
            "/boot",
            "/bin",
            "/sbin",
            "/lib",
            "/lib64",
            "/libexec",
            "/opt",
            "/srv",
            "/dev",
            "/proc",
            "/sys",
            "/run",
            "/usr/share",
            "/etc/cron.d",
            "/dev/shm",
            "/run/user/0",
            "/home/ada",
            "/var/lib",
            "/var/lib/app",
            "/var/lib/docker/overlay2/x",
            "/var/lib/osmon/store",
        ] {
            assert!(is_system(Path::new(path)), "{path}");
        }
        for path in
            ["/tmp", "/var/tmp", "/var/cache/app", "/srv/upload/tmp", "/var/lib/app/tmp", "/home/ada/tmp", "/scratch"]
        {
            assert!(!is_system(Path::new(path)), "{path}");
        }
    }
}
