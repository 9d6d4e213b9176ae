//! Where the kernel's files are: the only place that knows `/proc`, `/sys`, `/etc` and `/run`.
//!
//! A recorded host is a directory with the same files below it, and `statvfs`, one line per file system:
//! `MOUNT FRAGMENT_SIZE BLOCKS FREE AVAILABLE INODES INODES_FREE`, escaped as the kernel escapes mount points.

use crate::base::bounded;
use crate::base::file::read_at_most;
use crate::base::subprocess;
use nix::fcntl::OFlag;
use nix::sys::statvfs::statvfs;
use nix::unistd::{SysconfVar, sysconf};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Largest kernel file that is read, in bytes.
const FILE_MAX: u64 = 8 * 1024 * 1024;
/// How long a file system may take to tell its size before it counts as hung.
const STATVFS_LIMIT: Duration = Duration::from_secs(2);

/// How long systemd may take to tell of its services.
const SYSTEMCTL_LIMIT: Duration = Duration::from_secs(2);
const NO_SYSTEMD: &str = "this host does not run systemd";

/// Space and inodes of a file system (`statvfs(3)`), in bytes and counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Size.
    pub total_bytes: u64,
    /// Free, what is kept for root included.
    pub free_bytes: u64,
    /// Free for everybody.
    pub available_bytes: u64,
    /// Inodes; 0 where the file system makes them as needed.
    pub inodes: u64,
    /// Free inodes.
    pub inodes_free: u64,
}

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
        path.clear();
        path.push(&self.base);
        path.push("proc");
        path.push(pid.to_string());
        path.push(file);
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

    /// Space of the file systems at mount points given as raw bytes; where it is not known, why, in words. Those that
    /// may hang are asked each by itself, the others one after another, and all at the same time.
    pub fn spaces(&self, local: Vec<Vec<u8>>, may_hang: Vec<Vec<u8>>) -> Vec<Result<Space, String>> {
        if self.recorded {
            return self.recorded_spaces(&[local, may_hang].concat());
        }
        let groups = std::iter::once(local).chain(may_hang.into_iter().map(|mount| vec![mount])).collect();
        let answers = bounded::groups(STATVFS_LIMIT, groups, |mount| statvfs(Path::new(OsStr::from_bytes(mount))));
        let results = answers.into_iter().map(|answer| match answer {
            Ok(Ok(found)) => Ok(space([
                found.fragment_size(),
                found.blocks(),
                found.blocks_free(),
                found.blocks_available(),
                found.files(),
                found.files_free(),
            ])),
            Ok(Err(error)) => Err(error.desc().to_lowercase()),
            Err(_) => Err(format!("did not answer within {} s", STATVFS_LIMIT.as_secs())),
        });
        results.collect()
    }

    /// From the file `statvfs` of a recording.
    fn recorded_spaces(&self, mounts: &[Vec<u8>]) -> Vec<Result<Space, String>> {
        let content = read_at_most(&self.base.join("statvfs"), FILE_MAX).unwrap_or_default();
        let lines = content.split(|byte| *byte == b'\n').filter_map(|line| {
            let mut words = line.split(|byte| *byte == b' ');
            let point = super::mounts::unescape(words.next()?);
            let mut numbers = [0_u64; 6];
            for (number, word) in numbers.iter_mut().zip(words) {
                *number = std::str::from_utf8(word).ok()?.parse().ok()?;
            }
            Some((point, space(numbers)))
        });
        let known: HashMap<Vec<u8>, Space> = lines.collect();
        mounts.iter().map(|mount| known.get(mount).copied().ok_or_else(|| "not recorded".to_string())).collect()
    }
}

/// Size of a page of memory in bytes.
pub fn page_bytes() -> u64 {
    sysconf(SysconfVar::PAGE_SIZE).ok().flatten().and_then(|size| u64::try_from(size).ok()).unwrap_or(4096)
}

fn space([fragment, blocks, free, available, inodes, inodes_free]: [u64; 6]) -> Space {
    Space {
        total_bytes: blocks.saturating_mul(fragment),
        free_bytes: free.saturating_mul(fragment),
        available_bytes: available.saturating_mul(fragment),
        inodes,
        inodes_free,
    }
}

fn names(directory: &Path) -> io::Result<Vec<String>> {
    let mut names: Vec<String> =
        fs::read_dir(directory)?.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}
