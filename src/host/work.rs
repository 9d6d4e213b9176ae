//! Work that concerns the host as a whole: starting, stopping, and work on packages and file systems.

use super::Root;
use crate::base::subprocess;
use crate::base::text::{NAME_MAX, clean_bytes};
use std::time::Duration;

/// Time limit of `systemctl is-system-running`.
const SYSTEMCTL_LIMIT: Duration = Duration::from_secs(2);
/// Programs; while one of them is running, nothing is repaired. The kernel keeps 15 bytes of a name.
const WORKERS: [&str; 24] = [
    "apt",
    "apt-get",
    "aptitude",
    "dpkg",
    "dpkg-deb",
    "dpkg-preconfigu",
    "unattended-upgr",
    "do-release-upgr",
    "rpm",
    "dnf",
    "dnf5",
    "yum",
    "zypper",
    "pacman",
    "apk",
    "mkinitramfs",
    "update-initramf",
    "dracut",
    "e2fsck",
    "resize2fs",
    "xfs_repair",
    "xfs_growfs",
    "btrfs",
    "pvmove",
];
/// Beginnings of such names.
const WORKER_PREFIXES: [&str; 2] = ["fsck", "mkfs"];

impl Root {
    /// State of the system as systemd sees it: `running`, `degraded`, `starting`, `stopping`, `maintenance`, …; empty on a
    /// host without systemd, `unknown` when systemd does not answer. A recorded host has it in the file `system-state`.
    pub fn system_state(&self) -> String {
        if self.recorded {
            return self.recorded_text("system-state").unwrap_or_default().trim().to_string();
        }
        if !self.base.join("run/systemd/system").exists() {
            return String::new();
        }
        let arguments = ["is-system-running".to_string()];
        match subprocess::run("systemctl", &arguments, Vec::new(), SYSTEMCTL_LIMIT) {
            // Its exit status is that of `degraded` too.
            Ok(done) if !done.timed_out && !done.stdout.is_empty() => clean_bytes(done.stdout.trim_ascii(), NAME_MAX),
            _ => "unknown".to_string(),
        }
    }

    /// A program of root that installs packages or works on file systems right now.
    pub fn package_work(&self) -> Option<String> {
        let mut processes = self.process_files().ok()?;
        let pids = processes.pids();
        pids.into_iter().find_map(|pid| {
            let status = processes.read(pid, "status").ok()?;
            let text = String::from_utf8_lossy(status);
            let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            let (name, uid) = (field("Name:")?, field("Uid:")?.split_whitespace().next()?);
            // Anybody may give a process any name; only root's can be at work on packages.
            let is_at_work = WORKERS.contains(&name) || WORKER_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
            (uid == "0" && is_at_work).then(|| format!("{name} ({pid})"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn only_programs_of_root_are_package_work() {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::new(Some(directory.path()));
        let process = |pid: u32, name: &str, uid: u32| {
            let place = directory.path().join(format!("proc/{pid}"));
            fs::create_dir_all(&place).unwrap();
            let text = format!("Name:\t{name}\nUmask:\t0022\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n");
            fs::write(place.join("status"), text).unwrap();
        };
        process(10, "nginx", 0);
        process(11, "dpkg", 1000);
        assert_eq!(root.package_work(), None);
        process(12, "fsck.ext4", 0);
        assert_eq!(root.package_work().as_deref(), Some("fsck.ext4 (12)"));
        assert_eq!(root.system_state(), "", "a recording without systemd");
        fs::write(directory.path().join("system-state"), "stopping\n").unwrap();
        assert_eq!(root.system_state(), "stopping");
    }
}
