//! Work that concerns the host as a whole: starting, stopping, and work on packages and file systems.

use super::Root;
use super::file_id::FileId;
use crate::base::subprocess;
use crate::base::text::{NAME_MAX, clean_bytes};
use std::time::Duration;

/// Time limit of `systemctl is-system-running`.
const SYSTEMCTL_LIMIT: Duration = Duration::from_secs(2);
/// Programs; while one of them is running, nothing is repaired. The kernel keeps 15 bytes of a name.
/// `packagekitd` is none of them: it stays for as long as a desktop likes, at work or not. While it works, it holds the lock of
/// dpkg or rpm.
const WORKERS: [&str; 28] = [
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
    "dnf-automatic",
    "microdnf",
    "yum",
    "yum-cron",
    "rpm-ostree",
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
/// Waits for the shutdown of the host from its boot on, under the same 15 bytes as `unattended-upgrade`.
const WAITING: [&str; 2] = ["unattended-upgrade-shutdown", "--wait-for-signal"];
/// Files that package managers lock while they work.
const LOCKS: [&str; 4] =
    ["var/lib/dpkg/lock-frontend", "var/lib/dpkg/lock", "var/lib/rpm/.rpm.lock", "usr/lib/sysimage/rpm/.rpm.lock"];
/// The answer when it cannot be known.
const HIDDEN: &str = "an unknown program (the processes of root are hidden from this user)";

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

    /// The program that installs packages or works on file systems now: one of root, or the holder of a package manager's
    /// lock. Processes that are hidden (the mount option `hidepid` of proc(5)) count as work.
    pub fn package_work(&self) -> Option<String> {
        let seen = self.worker().unwrap_or_else(|| Some(HIDDEN.to_string()));
        self.held_lock().or(seen)
    }

    /// A program of root at work; `None` instead of an answer: its processes are hidden.
    fn worker(&self) -> Option<Option<String>> {
        let Ok(mut processes) = self.process_files() else { return self.recorded.then_some(None) };
        let pids = processes.pids();
        if !self.recorded && (!pids.contains(&1) || processes.read(1, "status").is_err()) {
            return None;
        }
        let found = pids.into_iter().find_map(|pid| {
            let status = processes.read(pid, "status").ok()?;
            let text = String::from_utf8_lossy(status);
            let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            let (name, uid) = (field("Name:")?.to_string(), field("Uid:")?.split_whitespace().next()?);
            // Anybody may give a process any name; only root's can be at work on packages.
            let is_worker =
                WORKERS.contains(&name.as_str()) || WORKER_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
            if uid != "0" || !is_worker {
                return None;
            }
            let is_waiting = name == "unattended-upgr" && processes.read(pid, "cmdline").is_ok_and(is_waiting);
            (!is_waiting).then(|| format!("{name} ({pid})"))
        });
        Some(found)
    }

    /// The lock of a package manager that somebody holds.
    fn held_lock(&self) -> Option<String> {
        let locked = self.locks();
        let is_held = |path: &str| {
            let Ok(meta) = std::fs::metadata(self.base.join(path)) else { return false };
            let id = FileId::of(&meta);
            // A subvolume of btrfs has a device of its own for stat(2), and that of the file system in the list of locks;
            // both have the major number 0.
            let is_nameless = |device: u64| rustix::fs::major(device) == 0;
            locked.iter().any(|lock| {
                let is_device = lock.device == id.device || (is_nameless(lock.device) && is_nameless(id.device));
                lock.inode == id.inode && is_device
            })
        };
        LOCKS.iter().find(|path| is_held(path)).map(|path| format!("what holds the lock /{path}"))
    }
}

/// Returns whether a command line, its words ended by NUL, is that of the program that waits for the shutdown.
fn is_waiting(command: &[u8]) -> bool {
    let words: Vec<&[u8]> = command.split(|byte| *byte == 0).collect();
    let [program, option] = WAITING.map(str::as_bytes);
    words.iter().any(|word| word.ends_with(program)) && words.contains(&option)
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

    fn add(root: &Root, pid: u32, name: &str, command: &str) {
        let place = root.base.join(format!("proc/{pid}"));
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join("status"), format!("Name:\t{name}\nUid:\t0\t0\t0\t0\n")).unwrap();
        fs::write(place.join("cmdline"), command.replace(' ', "\0") + "\0").unwrap();
    }

    #[test]
    fn what_waits_for_the_shutdown_is_no_work_and_what_upgrades_is() {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::new(Some(directory.path()));
        let shutdown = "/usr/bin/python3 /usr/share/unattended-upgrades/unattended-upgrade-shutdown";
        add(&root, 700, "unattended-upgr", &format!("{shutdown} --wait-for-signal"));
        add(&root, 701, "packagekitd", "/usr/libexec/packagekitd");
        assert_eq!(root.package_work(), None);
        // Without the option it installs at the shutdown.
        add(&root, 800, "unattended-upgr", shutdown);
        assert_eq!(root.package_work().as_deref(), Some("unattended-upgr (800)"));
        add(&root, 800, "unattended-upgr", "/usr/bin/python3 /usr/bin/unattended-upgrade");
        assert_eq!(root.package_work().as_deref(), Some("unattended-upgr (800)"));
        for name in ["dnf-automatic", "microdnf", "yum-cron", "rpm-ostree"] {
            add(&root, 800, name, name);
            assert_eq!(root.package_work(), Some(format!("{name} (800)")));
        }
    }

    #[test]
    fn who_holds_the_lock_of_a_package_manager_is_at_work() {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::new(Some(directory.path()));
        add(&root, 1, "systemd", "/sbin/init");
        for path in LOCKS {
            let file = directory.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, "").unwrap();
            let id = FileId::of(&fs::metadata(&file).unwrap());
            let (major, minor) = (rustix::fs::major(id.device), rustix::fs::minor(id.device));
            let lock = |major, inode| {
                let line = format!("1: POSIX  ADVISORY  WRITE 4242 {major:02x}:{minor:02x}:{inode} 0 EOF\n");
                fs::write(directory.path().join("proc/locks"), line).unwrap();
            };
            lock(major, id.inode + 1_000_000);
            assert_eq!(root.package_work(), None, "another file");
            lock(major + 1, id.inode);
            assert_eq!(root.package_work(), None, "another file system");
            lock(major, id.inode);
            assert_eq!(root.package_work(), Some(format!("what holds the lock /{path}")));
        }
    }

    #[test]
    fn hidden_processes_of_root_count_as_work() {
        let directory = tempfile::tempdir().unwrap();
        let root = Root { recorded: false, ..Root::new(Some(directory.path())) };
        assert_eq!(root.package_work().as_deref(), Some(HIDDEN), "no /proc");
        add(&root, 4242, "osmon", "osmon run");
        assert_eq!(root.package_work().as_deref(), Some(HIDDEN), "hidepid=2");
        fs::create_dir(directory.path().join("proc/1")).unwrap();
        assert_eq!(root.package_work().as_deref(), Some(HIDDEN), "hidepid=1");
        add(&root, 1, "systemd", "/sbin/init");
        assert_eq!(root.package_work(), None);
    }
}
