//! Where the kernel's files are: the only place that knows `/proc`, `/sys`, `/etc` and `/run`.
//!
//! A recorded host is a directory with the same files below it, and `statvfs`, one line per file system:
//! `MOUNT FRAGMENT_SIZE BLOCKS FREE AVAILABLE INODES INODES_FREE`, escaped as the kernel escapes mount points.

use crate::base::file::read_at_most;
use crate::base::subprocess;
use chrono::{DateTime, Utc};
use nix::fcntl::OFlag;
use nix::sys::utsname::uname;
use nix::unistd::{SysconfVar, sysconf};
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

mod past;
mod space;

pub use space::Space;

/// Largest kernel file that is read, in bytes.
const FILE_MAX: u64 = 8 * 1024 * 1024;

/// How long systemd may take to tell of its services.
const SYSTEMCTL_LIMIT: Duration = Duration::from_secs(2);
const NO_SYSTEMD: &str = "this host does not run systemd";

/// This host, or a recorded one.
#[derive(Debug, Clone)]
pub struct Root {
    base: PathBuf,
    recorded: bool,
}

impl Root {
    /// This host, or the recording in `directory`.
    pub fn new(directory: Option<&Path>) -> Self {
        Self { base: directory.unwrap_or(Path::new("/")).to_path_buf(), recorded: directory.is_some() }
    }

    /// Whether the kernel keeps its counters in 32 bits. A recording tells by `/proc/sys/kernel/arch`.
    pub fn is_32_bit(&self) -> bool {
        let machine = if self.recorded {
            self.proc_line("sys/kernel/arch").unwrap_or_default()
        } else {
            uname().map(|name| name.machine().to_string_lossy().into_owned()).unwrap_or_default()
        };
        ["i386", "i486", "i586", "i686", "arm", "armv5tel", "armv6l", "armv7l", "armv8l", "mips", "ppc", "riscv32"]
            .contains(&machine.as_str())
    }

    /// When a device was last read: for a terminal, the last key that was pressed.
    pub fn device_read(&self, name: &str) -> Option<DateTime<Utc>> {
        let inside = !name.is_empty() && !name.split('/').any(|part| part == "..");
        let meta = fs::metadata(self.base.join("dev").join(name)).ok().filter(|_| inside)?;
        DateTime::from_timestamp(meta.atime(), 0)
    }

    /// Whether a file is there, by its path from the top.
    pub fn has(&self, file: &str) -> bool {
        self.base.join(file).exists()
    }

    /// Whether there is a host at all.
    pub fn exists(&self) -> bool {
        self.base.join("proc").is_dir()
    }

    /// Whether this is a recording: it does not move, so waiting for it is pointless.
    pub fn is_recorded(&self) -> bool {
        self.recorded
    }

    /// A file below `/proc`.
    pub fn proc(&self, name: &str) -> io::Result<Vec<u8>> {
        read_at_most(&self.base.join("proc").join(name), FILE_MAX)
    }

    /// A small file of a process into a buffer that is used again. The kernel gives it whole to one read.
    pub fn process_file<'b>(
        &self,
        pid: u32,
        file: &str,
        path: &mut PathBuf,
        buffer: &'b mut [u8; 2048],
    ) -> io::Result<&'b [u8]> {
        let text = path.as_mut_os_string();
        text.clear();
        text.push(&self.base);
        text.push("/proc/");
        text.push(pid.to_string());
        text.push("/");
        text.push(file);
        let mut file = fs::OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(&path)?;
        let length = file.read(buffer)?;
        Ok(buffer.get(..length).unwrap_or(&[]))
    }

    /// A file below `/etc`.
    pub fn etc(&self, name: &str) -> io::Result<Vec<u8>> {
        read_at_most(&self.base.join("etc").join(name), FILE_MAX)
    }

    /// A file below `/run`.
    pub fn run(&self, name: &str) -> io::Result<Vec<u8>> {
        read_at_most(&self.base.join("run").join(name), FILE_MAX)
    }

    /// Names of the block devices that are whole disks (`/sys/block`).
    pub fn block_devices(&self) -> io::Result<Vec<String>> {
        names(&self.base.join("sys/block"))
    }

    /// Names of the files in a directory below `/sys`.
    pub fn sys_names(&self, directory: &str) -> io::Result<Vec<String>> {
        names(&self.base.join("sys").join(directory))
    }

    /// Names of the directories in a directory below `/sys`.
    pub fn sys_directories(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(self.base.join("sys").join(directory)).into_iter().flatten().flatten();
        let directories = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let mut names: Vec<String> =
            directories.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// A file below `/sys` as text.
    pub fn sys_text(&self, name: &str) -> Option<String> {
        let content = read_at_most(&self.base.join("sys").join(name), FILE_MAX).ok()?;
        Some(String::from_utf8_lossy(&content).into_owned())
    }

    /// A file below `/var`.
    pub fn var(&self, name: &str) -> io::Result<Vec<u8>> {
        read_at_most(&self.base.join("var").join(name), FILE_MAX)
    }

    /// Names of the files in a directory below `/var`.
    pub fn var_names(&self, directory: &str) -> io::Result<Vec<String>> {
        names(&self.base.join("var").join(directory))
    }

    /// One line of a file below `/sys`.
    pub fn sys_line(&self, name: &str) -> io::Result<String> {
        let content = read_at_most(&self.base.join("sys").join(name), FILE_MAX)?;
        Ok(crate::base::text::clean_bytes(content.trim_ascii(), 255))
    }

    /// `systemctl show` of all loaded services, and of those named; a recording has it in a file `systemctl-show`.
    ///
    /// # Errors
    /// Why it is not known, in words.
    pub fn systemctl_show(&self, named: &[String]) -> Result<String, String> {
        if self.recorded {
            return self.recorded_text("systemctl-show").ok_or_else(|| NO_SYSTEMD.to_string());
        }
        if !self.base.join("run/systemd/system").exists() {
            return Err(NO_SYSTEMD.to_string());
        }
        let units = named.iter().map(|name| if name.contains('.') { name.clone() } else { format!("{name}.service") });
        let arguments =
            ["show", "--no-pager", "--property", super::service::PROPERTIES, "--", "*.service"].map(str::to_string);
        let arguments: Vec<String> = arguments.into_iter().chain(units).collect();
        let done = subprocess::run("systemctl", &arguments, Vec::new(), SYSTEMCTL_LIMIT)
            .map_err(|error| format!("systemctl: {error}"))?;
        match (done.timed_out, done.code) {
            (true, _) => Err(format!("systemctl did not answer within {} s", SYSTEMCTL_LIMIT.as_secs())),
            (false, Some(0)) => Ok(String::from_utf8_lossy(&done.stdout).into_owned()),
            _ => Err(format!("systemctl: {}", crate::base::text::clean_bytes(done.stderr.trim_ascii(), 200))),
        }
    }

    /// Whether something disciplines the clock; a recording has the answer in a file `adjtimex`.
    pub fn is_clock_synchronized(&self) -> Option<bool> {
        if !self.recorded {
            return crate::base::timex::is_synchronized();
        }
        self.recorded_text("adjtimex").map(|text| text.trim() == "synchronized")
    }

    fn recorded_text(&self, name: &str) -> Option<String> {
        read_at_most(&self.base.join(name), FILE_MAX).ok().and_then(|content| String::from_utf8(content).ok())
    }

    /// Names of the files in a directory below `/run`.
    pub fn run_names(&self, directory: &str) -> io::Result<Vec<String>> {
        names(&self.base.join("run").join(directory))
    }

    /// Process ids.
    pub fn pids(&self) -> io::Result<Vec<u32>> {
        let entries = fs::read_dir(self.base.join("proc"))?;
        Ok(entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect())
    }

    /// One line of a kernel file, cleaned of what does not belong into a name.
    pub fn proc_line(&self, name: &str) -> io::Result<String> {
        let content = self.proc(name)?;
        Ok(crate::base::text::clean_bytes(content.trim_ascii(), 255))
    }

    /// Seconds since boot as the recording has them; `None` on a live host, whose clock is read instead.
    pub fn recorded_boottime(&self) -> Option<f64> {
        if !self.recorded {
            return None;
        }
        let line = self.proc_line("uptime").unwrap_or_default();
        // A recording without it has no time at all: that of this host would be a lie.
        let seconds: Option<f64> = line.split(' ').next().and_then(|word| word.parse().ok());
        Some(seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0).unwrap_or(0.0))
    }

    /// Host name (`/proc/sys/kernel/hostname`).
    pub fn host_name(&self) -> String {
        self.proc_line("sys/kernel/hostname")
            .ok()
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "localhost".to_string())
    }

    /// Identity of this boot (`/proc/sys/kernel/random/boot_id`), empty where the kernel tells none.
    pub fn boot_id(&self) -> String {
        self.proc_line("sys/kernel/random/boot_id").unwrap_or_default()
    }
}

/// Size of a page of memory in bytes.
pub fn page_bytes() -> u64 {
    sysconf(SysconfVar::PAGE_SIZE).ok().flatten().and_then(|size| u64::try_from(size).ok()).unwrap_or(4096)
}

fn names(directory: &Path) -> io::Result<Vec<String>> {
    let mut names: Vec<String> =
        fs::read_dir(directory)?.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}
