//! Everything about one process that decides whether it may be ended: proc_pid_stat(5), proc_pid_status(5),
//! proc_pid_cgroup(5), proc_pid_exe(5).

use super::process_stat::{IdentityStat, parse_stat};
use super::{Root, page_bytes};
use crate::base::sort::SmallSort;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Suffix that the kernel adds to the path of a deleted executable.
const DELETED: &[u8] = b" (deleted)";

/// The program that a process executes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executable {
    /// Its path, raw bytes, without the mark of a deleted file.
    pub path: Vec<u8>,
    /// The file was deleted or replaced since the process began.
    pub is_deleted: bool,
    /// Device and inode of the file; `None` on a recorded host.
    pub file: Option<(u64, u64)>,
}

/// Facts about a process. All were read while it had this pid.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessFacts {
    /// Process id.
    pub pid: u32,
    /// The fields of `stat`.
    pub stat: IdentityStat,
    /// Its program; `None`: a kernel thread, or it may not be read.
    pub exe: Option<Executable>,
    /// Real, effective, saved and file system user id.
    pub uids: [u32; 4],
    /// Depth of its pid namespace below that of `/proc`; 1: the same; 0: the kernel does not say.
    pub namespace_depth: usize,
    /// Paths of its control groups, that of the unified or the systemd hierarchy first.
    pub cgroups: Vec<String>,
    /// Adjustment for the killer of the kernel (`oom_score_adj`), −1000…1000.
    pub oom_score_adj: i64,
    /// Base name of the first argument that is no option: the script of an interpreter. Raw.
    pub script: String,
    /// Resident memory in bytes.
    pub memory_bytes: u64,
}

impl Root {
    /// Ids of all processes, ascending.
    pub fn pids(&self) -> Vec<u32> {
        let mut pids = self.process_files().map(|mut files| files.pids()).unwrap_or_default();
        pids.arrange();
        pids
    }

    /// The fields of `/proc/PID/stat`; `pid` may be `self`. `None`: the process has ended.
    pub fn process_stat(&self, pid: &str) -> Option<IdentityStat> {
        parse_stat(&self.proc(&format!("{pid}/stat")).ok()?)
    }

    /// The program of a process; `None`: it has none, has ended, or may not be read.
    pub fn executable(&self, pid: u32) -> Option<Executable> {
        let link = self.base.join(format!("proc/{pid}/exe"));
        let target = fs::read_link(&link).ok()?;
        let path = target.as_os_str().as_bytes();
        let plain = path.strip_suffix(DELETED);
        let file = if self.recorded { None } else { fs::metadata(&link).ok().map(|meta| (meta.dev(), meta.ino())) };
        Some(Executable { path: plain.unwrap_or(path).to_vec(), is_deleted: plain.is_some(), file })
    }

    /// Device and inode of a program of this host; `None` on a recorded host, and when there is no such file.
    pub fn program_file(&self, path: &str) -> Option<(u64, u64)> {
        if self.recorded {
            return None;
        }
        fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
    }

    /// The target of a path that is a link; `None`: it is no link, or leads nowhere.
    pub fn resolved_program(&self, path: &str) -> Option<String> {
        let found = fs::canonicalize(path).ok().filter(|_| !self.recorded)?;
        (found != Path::new(path)).then(|| found.to_string_lossy().into_owned())
    }

    /// Facts about a process; `None`: it has ended, or what must be known of it may not be read.
    pub fn process_facts(&self, pid: u32) -> Option<ProcessFacts> {
        let stat = self.process_stat(&pid.to_string())?;
        let exe = self.executable(pid);
        let status = self.proc(&format!("{pid}/status")).ok()?;
        let cgroup = self.proc(&format!("{pid}/cgroup")).unwrap_or_default();
        let adjustment = self.proc_line(&format!("{pid}/oom_score_adj")).ok()?.parse().ok()?;
        let arguments = self.proc(&format!("{pid}/cmdline")).unwrap_or_default();
        // The number still belongs to the same process, so everything between was read of that one.
        let again = self.process_stat(&pid.to_string())?;
        if again.start_ticks != stat.start_ticks {
            return None;
        }
        Some(ProcessFacts {
            pid,
            memory_bytes: again.resident_pages.saturating_mul(page_bytes()),
            stat: again,
            exe,
            uids: parse_uids(&status)?,
            namespace_depth: namespace_depth(&status),
            cgroups: parse_cgroups(&cgroup),
            oom_score_adj: adjustment,
            script: script(&arguments),
        })
    }

    /// Depth of the pid namespace of osmon below that of `/proc`: other than 1, the numbers in `/proc` are not those that
    /// osmon would signal. 1 on a recorded host.
    pub fn own_namespace_depth(&self) -> usize {
        if self.recorded { 1 } else { self.proc("self/status").map_or(0, |status| namespace_depth(&status)) }
    }
}

/// The words after a key of `status`. The kernel escapes line ends in the name, so that it cannot forge a line.
fn words_of<'a>(status: &'a [u8], key: &[u8]) -> Option<Vec<&'a str>> {
    let line = status.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(key))?;
    Some(std::str::from_utf8(line).ok()?.split_ascii_whitespace().collect())
}

fn parse_uids(status: &[u8]) -> Option<[u32; 4]> {
    let ids: Option<Vec<u32>> = words_of(status, b"Uid:")?.into_iter().map(|word| word.parse().ok()).collect();
    ids?.try_into().ok()
}

fn namespace_depth(status: &[u8]) -> usize {
    words_of(status, b"NSpid:").map_or(0, |words| words.len())
}

fn parse_cgroups(content: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(content);
    let mut paths: Vec<(bool, String)> = text
        .lines()
        .filter_map(|line| {
            let mut parts = line.splitn(3, ':');
            let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
            Some((!matches!(controllers, "" | "name=systemd"), path.to_string()))
        })
        .collect();
    // `systemd` before the unified tree of a hybrid host, which may be empty; stable otherwise.
    paths.arrange_by_key(|(is_other, path)| (*is_other, path == "/"));
    let mut unique: Vec<String> = Vec::new();
    for (_, path) in paths {
        if !unique.contains(&path) {
            unique.push(path);
        }
    }
    unique
}

fn script(arguments: &[u8]) -> String {
    let mut words = arguments.split(|byte| *byte == 0).skip(1);
    let first = words.find(|word| !word.is_empty() && !word.starts_with(b"-")).unwrap_or_default();
    let name = first.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    String::from_utf8_lossy(name).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_says_user_and_namespace() {
        let status = b"Name:\tx\\nUid:\t0\nUid:\t1000\t0\t1000\t1000\nNSpid:\t812\t7\n";
        assert_eq!(parse_uids(status), Some([1000, 0, 1000, 1000]));
        assert_eq!(namespace_depth(status), 2);
        assert_eq!(namespace_depth(b"Uid:\t1\t1\t1\t1\n"), 0);
        for wrong in [b"".as_slice(), b"Uid:\t1\t1\t1\n", b"Uid:\t1\t-1\t1\t1\n"] {
            assert_eq!(parse_uids(wrong), None);
        }
    }

    #[test]
    fn the_tree_of_systemd_comes_first() {
        let hybrid = b"4:memory:/x\n1:name=systemd:/system.slice/a.service\n0::/\n";
        assert_eq!(parse_cgroups(hybrid), ["/system.slice/a.service", "/", "/x"]);
        assert_eq!(parse_cgroups(b"0::/user.slice/a:b.scope\n"), ["/user.slice/a:b.scope"]);
        assert_eq!(parse_cgroups(b"torn"), Vec::<String>::new());
    }

    #[test]
    fn the_script_of_an_interpreter_is_found() {
        for (arguments, name) in [
            (b"python3\0-u\0/usr/bin/borg\0create\0".as_slice(), "borg"),
            (b"/bin/sh\0-c\0\0", ""),
            (b"hog\0", ""),
            (b"", ""),
        ] {
            assert_eq!(script(arguments), name);
        }
    }

    #[test]
    fn this_process_is_described() {
        let root = Root::new(None);
        let facts = root.process_facts(std::process::id()).unwrap();
        let exe = facts.exe.unwrap();
        let own = std::env::current_exe().unwrap();
        assert_eq!((exe.path.as_slice(), exe.is_deleted), (own.as_os_str().as_bytes(), false));
        assert_eq!(exe.file, root.program_file(own.to_str().unwrap()));
        assert_eq!((facts.namespace_depth, root.own_namespace_depth()), (1, 1));
        assert!(facts.memory_bytes > 1 << 20 && root.pids().contains(&facts.pid));
        assert_eq!(root.process_facts(0), None);
    }
}
