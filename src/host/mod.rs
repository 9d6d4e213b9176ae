//! Access to kernel files: the only module that knows the paths `/proc`, `/sys`, `/etc`, `/run` and `/var`.
//!
//! A recorded host is a directory with the same files, and replacements for values that are not files on a live host:
//! `statvfs`, one line per file system (`MOUNT FRAGMENT_SIZE BLOCKS FREE AVAILABLE INODES INODES_FREE`, with the mount
//! point escaped as in mountinfo), `systemctl-show`, `smartctl-scan`, `smartctl-sda`, `zpool-list`, `zpool-status`,
//! `dmsetup-status`, `adjtimex`, `chronyc-tracking`, `freshness-NAME` and `suspended`. Programs that would change it are in
//! its `bin`.

use crate::base::file::read_at_most;
use crate::base::sort::SmallSort;
use crate::base::text::clean_bytes;
use chrono::{DateTime, Utc};
use nix::fcntl::OFlag;
use nix::sys::utsname::uname;
use nix::unistd::{SysconfVar, sysconf};
use rustix::buffer::spare_capacity;
use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

mod clock;
mod container;
pub mod deadline;
pub mod directory_size;
pub mod file_id;
pub mod file_system;
pub mod full_name;
mod hidden_processes;
pub mod in_use;
pub mod kernel_log;
mod links;
pub mod local;
mod machine;
mod mount_view;
mod network_namespace;
pub mod newest_file;
mod open_file_limit;
pub mod open_files;
mod past;
pub mod process_facts;
pub mod process_files;
pub mod process_stat;
pub mod program;
mod programs;
pub mod rights;
mod storage_programs;
mod success_time;
pub mod systemctl;
pub mod users;
mod work;

/// Largest kernel file that is read, in bytes.
const FILE_MAX: u64 = 8 * 1024 * 1024;

/// A kernel file whose first read returns less than this is whole. The kernel ends a read early only when the next record
/// does not fit into its page; the records of all files read this way are shorter than the other half of a page.
const WHOLE_BELOW: usize = 2048;
/// Most bytes of the first read of a kernel file.
const FIRST_BYTES: usize = 8192;
/// Longest line taken from a one-line file, in characters.
const LINE_MAX: usize = 255;

/// The host to measure: this one, or a recorded one.
#[derive(Debug, Clone)]
pub struct Root {
    base: PathBuf,
    recorded: bool,
    constant: Arc<Constant>,
    /// See [`Root::until`].
    deadline: Option<Instant>,
}

/// Facts that do not change during a run, each read on first use.
#[derive(Debug, Default)]
struct Constant {
    host_name: OnceLock<String>,
    boot_id: OnceLock<String>,
    is_confined: OnceLock<bool>,
}

impl Root {
    /// This host, or the recording in `directory`.
    pub fn new(directory: Option<&Path>) -> Self {
        let base = directory.unwrap_or(Path::new("/")).to_path_buf();
        Self { base, recorded: directory.is_some(), constant: Arc::default(), deadline: None }
    }

    /// Returns whether the kernel keeps its counters in 32 bits, from the machine's architecture
    /// (`/proc/sys/kernel/arch` of a recorded host).
    pub fn is_32_bit(&self) -> bool {
        let machine = if self.recorded {
            self.proc_line("sys/kernel/arch").unwrap_or_default()
        } else {
            uname().map(|name| name.machine().to_string_lossy().into_owned()).unwrap_or_default()
        };
        ["i386", "i486", "i586", "i686", "arm", "armv5tel", "armv6l", "armv7l", "armv8l", "mips", "ppc", "riscv32"]
            .contains(&machine.as_str())
    }

    /// Release of the kernel (`/proc/sys/kernel/osrelease` of a recorded host); `None` where it is not known.
    pub fn kernel_release(&self) -> Option<String> {
        if self.recorded {
            return self.proc_line("sys/kernel/osrelease").ok();
        }
        uname().ok().map(|name| name.release().to_string_lossy().into_owned())
    }

    /// Time at which a device was last read; for a terminal, of the last key press.
    pub fn device_read(&self, name: &str) -> Option<DateTime<Utc>> {
        let inside = !name.is_empty() && !name.split('/').any(|part| part == "..");
        let meta = fs::metadata(self.base.join("dev").join(name)).ok().filter(|_| inside)?;
        DateTime::from_timestamp(meta.atime(), 0)
    }

    /// Returns whether a file exists; `file` is relative to the root.
    pub fn has(&self, file: &str) -> bool {
        self.base.join(file).exists()
    }

    /// Number of the device that holds a file, which is relative to the root; `None` where there is none.
    pub fn device(&self, file: &str) -> Option<u64> {
        fs::metadata(self.base.join(file)).ok().map(|meta| meta.dev())
    }

    /// Returns whether the root contains a host: its `/proc`.
    pub fn exists(&self) -> bool {
        self.base.join("proc").is_dir()
    }

    /// Returns whether this is a recorded host, which does not change while osmon waits.
    pub fn is_recorded(&self) -> bool {
        self.recorded
    }

    /// A file below `/proc`, except `mountinfo`.
    ///
    /// # Errors
    /// The error of the operating system; for a recorded host also when it is not a regular file.
    pub fn proc(&self, name: &str) -> io::Result<Vec<u8>> {
        self.kernel_file(&self.base.join("proc").join(name))
    }

    /// Reads a file below `/proc` or `/sys` with as few system calls as possible.
    fn kernel_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        if self.recorded {
            return read_at_most(path, FILE_MAX);
        }
        read_first(path, WHOLE_BELOW)
    }

    /// Writes a setting of the kernel below `/proc/sys`.
    ///
    /// # Errors
    /// The error of the operating system.
    pub fn set_kernel_value(&self, name: &str, value: &str) -> io::Result<()> {
        fs::write(self.base.join("proc/sys").join(name), value)
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
        directories(&self.base.join("sys").join(directory))
    }

    /// A file below `/sys` as text.
    pub fn sys_text(&self, name: &str) -> Option<String> {
        let content = self.kernel_file(&self.base.join("sys").join(name)).ok()?;
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

    /// A one-line file below `/sys`, without characters that do not belong into a name.
    pub fn sys_line(&self, name: &str) -> io::Result<String> {
        let content = self.kernel_file(&self.base.join("sys").join(name))?;
        Ok(clean_bytes(content.trim_ascii(), LINE_MAX))
    }

    fn recorded_text(&self, name: &str) -> Option<String> {
        read_at_most(&self.base.join(name), FILE_MAX).ok().and_then(|content| String::from_utf8(content).ok())
    }

    /// Names of the files in a directory below `/run`.
    pub fn run_names(&self, directory: &str) -> io::Result<Vec<String>> {
        names(&self.base.join("run").join(directory))
    }

    /// A one-line file below `/proc`, without characters that do not belong into a name.
    pub fn proc_line(&self, name: &str) -> io::Result<String> {
        let content = self.proc(name)?;
        Ok(clean_bytes(content.trim_ascii(), LINE_MAX))
    }

    /// Seconds since boot of a recorded host; `None` on a live host, whose clock is read instead.
    pub fn recorded_boottime(&self) -> Option<f64> {
        if !self.recorded {
            return None;
        }
        let line = self.proc_line("uptime").unwrap_or_default();
        // A recording without the file has no boot time; that of this host would be wrong.
        let seconds: Option<f64> = line.split(' ').next().and_then(|word| word.parse().ok());
        Some(seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0).unwrap_or(0.0))
    }

    /// Host name (`/proc/sys/kernel/hostname`).
    pub fn host_name(&self) -> String {
        let read = || self.proc_line("sys/kernel/hostname").ok().filter(|name| !name.is_empty());
        self.constant.host_name.get_or_init(|| read().unwrap_or_else(|| "localhost".to_string())).clone()
    }

    /// Identity of this boot (`/proc/sys/kernel/random/boot_id`); empty where the kernel has none.
    pub fn boot_id(&self) -> String {
        self.constant.boot_id.get_or_init(|| self.proc_line("sys/kernel/random/boot_id").unwrap_or_default()).clone()
    }
}

/// Reads a kernel file into memory that is not cleared before. It is whole when the first read returns less than
/// `whole_below` bytes.
fn read_first(path: &Path, whole_below: usize) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)?;
    let mut content = Vec::with_capacity(FIRST_BYTES);
    let length = rustix::io::read(&file, spare_capacity(&mut content))?;
    if length >= whole_below {
        file.take(FILE_MAX).read_to_end(&mut content)?;
    }
    Ok(content)
}

/// Size of a page of memory in bytes.
pub fn page_bytes() -> u64 {
    sysconf(SysconfVar::PAGE_SIZE).ok().flatten().and_then(|size| u64::try_from(size).ok()).unwrap_or(4096)
}

fn names(directory: &Path) -> io::Result<Vec<String>> {
    let mut names: Vec<String> =
        fs::read_dir(directory)?.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.arrange();
    Ok(names)
}

fn directories(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let directories = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut names: Vec<String> = directories.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.arrange();
    names
}
