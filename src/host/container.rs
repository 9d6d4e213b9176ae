//! The container engine that this host is a container of.

use super::Root;
use crate::base::text::{NAME_MAX, clean_bytes};

/// File system by which LXC gives a container files of `/proc` with its own memory and cores.
const LXCFS: &[u8] = b" - fuse.lxcfs ";

impl Root {
    /// The engine, such as `docker`, `lxc`, `systemd-nspawn`; `None`: no container is known.
    pub fn container(&self) -> Option<String> {
        // systemd in the container leaves this file: its engine said so.
        if let Ok(engine) = self.run("systemd/container") {
            return Some(clean_bytes(engine.trim_ascii(), NAME_MAX));
        }
        for (file, engine) in [(".dockerenv", "docker"), ("run/.containerenv", "podman")] {
            if self.has(file) {
                return Some(engine.to_string());
            }
        }
        // Other init systems keep the engine's name in their environment, which only root may read.
        let environment = self.proc("1/environ").unwrap_or_default();
        let said = environment.split(|byte| *byte == 0).find_map(|variable| variable.strip_prefix(b"container="));
        if let Some(engine) = said.filter(|engine| !engine.is_empty()) {
            return Some(clean_bytes(engine, NAME_MAX));
        }
        let mounts = self.proc("self/mountinfo").unwrap_or_default();
        if memchr::memmem::find(&mounts, LXCFS).is_some() && memchr::memmem::find(&mounts, b" /proc/").is_some() {
            return Some("lxc".to_string());
        }
        // OpenVZ shows the second file on its hosts only.
        (self.has("proc/vz") && !self.has("proc/bc")).then(|| "openvz".to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn each_engine_is_known_by_what_it_leaves() {
        let cases = [
            ("run/systemd/container", "lxc\n", Some("lxc")),
            (".dockerenv", "", Some("docker")),
            ("run/.containerenv", "engine=podman\n", Some("podman")),
            ("proc/1/environ", "PATH=/bin\0container=lxc\0", Some("lxc")),
            ("proc/1/environ", "PATH=/bin\0container=\0", None),
            ("proc/self/mountinfo", "9 8 0:5 /proc/stat /proc/stat rw - fuse.lxcfs lxcfs rw\n", Some("lxc")),
            // A host that has LXC containers.
            ("proc/self/mountinfo", "9 8 0:5 / /var/lib/lxcfs rw - fuse.lxcfs lxcfs rw\n", None),
            ("proc/vz/version", "", Some("openvz")),
        ];
        for (file, content, expected) in cases {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
            assert_eq!(Root::new(Some(directory.path())).container().as_deref(), expected, "{file} {content:?}");
        }
    }
}
