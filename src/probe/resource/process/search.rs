//! Which processes an entry of `[process]` means.

use super::stat::ProcessStat;
use super::top::{effective_uid, user_name};
use crate::base::text::clean;
use crate::config::WatchedProcess;
use crate::host::process_files::ProcessFiles;
use crate::model::metric::Selector;

/// Longer names are cut off by the kernel, in bytes.
const NAME_MAX: usize = 15;
/// A script is at most the third argument: `/bin/bash -x /srv/job`.
const SCRIPT_AT_MOST: usize = 3;
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
        let arguments = self.files.read(stat.pid, "cmdline").unwrap_or_default();
        match whole_name(raw, arguments) {
            Some(name) => Selector::pattern_fits(pattern, &String::from_utf8_lossy(name)),
            // A program that has replaced its command line by a title is found by what the kernel kept.
            None => pattern.as_bytes().starts_with(raw),
        }
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
        Selector::pattern_fits(pattern, &joined(arguments))
    }
}

/// The name that the kernel cut off: the file name of the program or, with an interpreter and its option before it, of the
/// script.
fn whole_name<'a>(cut: &[u8], arguments: &'a [u8]) -> Option<&'a [u8]> {
    let arguments = arguments.split(|byte| *byte == 0).take(SCRIPT_AT_MOST);
    let mut names = arguments.filter_map(|argument| argument.rsplit(|byte| *byte == b'/').next());
    names.find(|name| name.starts_with(cut))
}

/// The arguments of a process, joined by blanks.
fn joined(arguments: &[u8]) -> String {
    let end = arguments.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let arguments = arguments.get(..end).unwrap_or_default();
    let line: Vec<u8> = arguments.iter().map(|byte| if *byte == 0 { b' ' } else { *byte }).collect();
    clean(&String::from_utf8_lossy(&line), COMMAND_LINE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_name_that_was_cut_is_completed(directory in "(/[a-z]{1,8}){0,3}/", name in "[a-zA-Z0-9_.-]{16,40}", interpreter in 0..3_usize, more in "[^/]{0,20}") {
            let before = ["", "/usr/bin/python3\0", "/bin/bash\0-x\0"][interpreter];
            let arguments = format!("{before}{directory}{name}\0{more}\0");
            let cut = &name.as_bytes()[..NAME_MAX];
            prop_assert_eq!(whole_name(cut, arguments.as_bytes()), Some(name.as_bytes()));
        }

        #[test]
        fn arguments_keep_their_order_and_blanks(words in proptest::collection::vec("[a-z/.=-]{1,12}", 1..8)) {
            let arguments = words.iter().map(|word| format!("{word}\0")).collect::<String>();
            prop_assert_eq!(joined(arguments.as_bytes()), words.join(" "));
        }

        #[test]
        fn any_bytes(cut in proptest::collection::vec(any::<u8>(), 0..16), arguments in proptest::collection::vec(any::<u8>(), 0..200)) {
            whole_name(&cut, &arguments);
            let line = joined(&arguments);
            let is_clean = !line.contains(['\0', '\n', '\u{1b}']);
            prop_assert!(is_clean, "{}", line);
        }
    }
}
