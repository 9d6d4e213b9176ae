//! Carries out a removal.

use super::plan::Plan;
use crate::base::error_kind::ErrorKind;
use crate::base::lock::acquire;
use crate::setup::schedule::{self, Host};
use anyhow::Result;
use std::io;
use std::path::Path;
use std::time::Duration;

/// Longest wait for a minute that is running; a run ends within 55 s.
const PATIENCE: Duration = Duration::from_secs(60);
/// User and group of those who may read.
const ACCOUNT: &str = "osmon";

/// Removes what the plan names, the data only with `with_data`: first the schedule, then, when no minute is running any
/// more, all files, this program last. Returns what could not be removed, with the reason.
///
/// # Errors
/// The schedule cannot be changed, or a minute does not end; no file was removed then.
pub fn remove(host: &Host, plan: &Plan, with_data: bool) -> Result<Vec<String>> {
    schedule::remove(host, true)?;
    let lock_file = plan.data_directory.join("run.lock");
    let lock = if lock_file.exists() { acquire(&lock_file, PATIENCE)? } else { None };
    if lock.is_none() && lock_file.exists() {
        let text = "a run of osmon does not end; nothing runs it any more, so try again in a minute";
        return Err(ErrorKind::Busy(text.to_string()).into());
    }
    let mut failed = Vec::new();
    let mut note = |path: &Path, result: io::Result<()>| match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => failed.push(format!("{}: {error}", path.display())),
        _ => {}
    };
    let data = plan.data.removed.iter().filter(|_| with_data);
    for path in data.chain(plan.memory.as_ref()) {
        note(path, remove_all(path));
    }
    for file in &plan.installed.files {
        note(file, std::fs::remove_file(file));
    }
    for directory in &plan.installed.directories {
        // Others may have put something there.
        let _ = std::fs::remove_dir(directory);
    }
    if with_data && plan.has_account {
        for (program, what) in [("userdel", "user"), ("groupdel", "group")] {
            // The group goes with its user where no one else is in it.
            let done = host.attempt(program, &[ACCOUNT], "")?;
            if !matches!(done.code, Some(0 | 6)) {
                failed.push(format!("{what} {ACCOUNT}: {}", String::from_utf8_lossy(done.stderr.trim_ascii())));
            }
        }
    }
    Ok(failed)
}

fn remove_all(path: &Path) -> io::Result<()> {
    if path.symlink_metadata()?.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }
}
