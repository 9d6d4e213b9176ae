//! Which processes an entry of `[process]` means.

use super::stat::ProcessStat;
use super::top::{effective_uid, user_name};
use crate::base::text::clean;
use crate::config::WatchedProcess;
use crate::host::process_files::ProcessFiles;
use crate::model::metric::Selector;

/// Longer names are cut off by the kernel, in bytes.
const NAME_MAX: usize = 15;
/// Longest command line that is compared, in characters.
const COMMAND_LINE_MAX: usize = 4096;

/// Compares processes with what is watched.
pub struct Search<'a> {
    /// Files of processes.
    pub files: &'a mut ProcessFiles,
    /// Content of `/etc/passwd`.
    pub passwd: Vec<u8>,
}

impl Search<'_> {
    /// Returns whether a process is one of those that an entry means.
    pub fn is_meant(&mut self, watch: &WatchedProcess, stat: &ProcessStat) -> bool {
        (watch.matches.is_empty() || self.has_name(&watch.matches, stat))
            && (watch.user.is_empty() || self.has_user(&watch.user, stat))
            && (watch.command_line.is_empty() || self.has_command_line(&watch.command_line, stat))
    }

    fn has_name(&mut self, pattern: &str, stat: &ProcessStat) -> bool {
        let raw = stat.name.raw();
        if raw == pattern.as_bytes() || Selector::pattern_fits(pattern, &String::from_utf8_lossy(raw)) {
            return true;
        }
        // The kernel keeps the beginning of a long name only; the whole is the file name of the program.
        if raw.len() != NAME_MAX || (pattern.len() <= NAME_MAX && !pattern.contains('*')) {
            return false;
        }
        let Ok(arguments) = self.files.read(stat.pid, "cmdline") else { return false };
        let program = arguments.split(|byte| *byte == 0).next().unwrap_or_default();
        let name = program.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        name.starts_with(raw) && Selector::pattern_fits(pattern, &String::from_utf8_lossy(name))
    }

    fn has_user(&mut self, user: &str, stat: &ProcessStat) -> bool {
        let uid = self.files.read(stat.pid, "status").ok().and_then(effective_uid);
        uid.is_some_and(|uid| self.is_user(user, uid))
    }

    fn is_user(&self, user: &str, uid: u32) -> bool {
        user_name(&self.passwd, uid) == user || uid.to_string() == user
    }

    /// Returns whether only processes of the user that runs osmon are meant.
    pub fn is_own(&self, watch: &WatchedProcess, own: u32) -> bool {
        !watch.user.is_empty() && self.is_user(&watch.user, own)
    }

    fn has_command_line(&mut self, pattern: &str, stat: &ProcessStat) -> bool {
        // Threads of the kernel have no memory and no command line.
        if stat.resident_pages == 0 {
            return false;
        }
        let Ok(arguments) = self.files.read(stat.pid, "cmdline") else { return false };
        let end = arguments.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let arguments = arguments.get(..end).unwrap_or_default();
        let line: Vec<u8> = arguments.iter().map(|byte| if *byte == 0 { b' ' } else { *byte }).collect();
        Selector::pattern_fits(pattern, &clean(&String::from_utf8_lossy(&line), COMMAND_LINE_MAX))
    }
}
