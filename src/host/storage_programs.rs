//! Programs that know what the kernel does not show in files: smartctl, zpool, dmsetup.

use super::Root;
use crate::base::text::clean_bytes;
use crate::base::{bounded, subprocess};
use std::io::ErrorKind;
use std::time::Duration;

/// Time limit of a program. All answer within milliseconds, but for smartctl, which asks the disk.
const LIMIT: Duration = Duration::from_millis(1000);
const DISK_LIMIT: Duration = Duration::from_millis(2000);
/// How much longer a program is waited for that does not end when it is killed, because a disk hangs.
const END_LIMIT: Duration = Duration::from_millis(200);
/// Longest reason of a failure, in characters.
const REASON_MAX: usize = 200;

impl Root {
    /// Standard output of a program, or the file `recorded` of a recorded host; `None` where the program is not installed. A
    /// program that fails and says nothing on its standard output is an error.
    ///
    /// # Errors
    /// It failed, did not end in time, or there was no time for it ([`NO_TIME`](super::deadline::NO_TIME)).
    pub fn storage_program(&self, program: &str, arguments: &[&str], recorded: &str) -> Result<Option<String>, String> {
        if self.recorded {
            return Ok(self.recorded_text(recorded));
        }
        let limit = self.spare_time_for(if program == "smartctl" { DISK_LIMIT } else { LIMIT })?;
        let late = || format!("{program} did not answer within {} ms", limit.as_millis());
        let (name, arguments): (String, Vec<String>) =
            (program.to_string(), arguments.iter().map(ToString::to_string).collect());
        let run = move || subprocess::run_confined(&name, &arguments, Vec::new(), limit);
        let done = match bounded::run(limit + END_LIMIT, run).map_err(|_| late())? {
            Ok(done) => done,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{program}: {error}")),
        };
        match (done.timed_out, done.code) {
            (true, _) => Err(late()),
            (false, Some(0)) => Ok(Some(String::from_utf8_lossy(&done.stdout).into_owned())),
            _ if !done.stdout.trim_ascii().is_empty() => Ok(Some(String::from_utf8_lossy(&done.stdout).into_owned())),
            _ => Err(format!("{program}: {}", clean_bytes(done.stderr.trim_ascii(), REASON_MAX))),
        }
    }

    /// Names of the directories in a directory below `/proc`.
    pub fn proc_directories(&self, directory: &str) -> Vec<String> {
        super::directories(&self.base.join("proc").join(directory))
    }
}
