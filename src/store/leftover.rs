//! Temporary files (`.NAME.PID.tmp`) that an interrupted write left next to its target.

use super::Store;
use super::day::entries;
use super::tier::Tier;
use chrono::{DateTime, Utc};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Longer than any run, in seconds: no process is still writing an older temporary file.
const ABANDONED_SECONDS: i64 = 3600;

/// Directories in which files are replaced, besides the streams and the rollups.
const PLACES: [&str; 6] = [".", "state", "rollups", "outbox/new", "outbox/sent", "outbox/dead"];

impl Store {
    /// Removes the temporary files of interrupted writes. A failure is ignored; the next call tries again.
    pub(super) fn remove_leftovers(&self, now: DateTime<Utc>) {
        let tiers = Tier::ROLLED.map(Tier::directory);
        for place in PLACES.iter().chain(&super::STREAMS).chain(&tiers) {
            for path in entries(&self.directory().join(place)).unwrap_or_default() {
                if is_temporary(&path) && is_abandoned(&path, now) {
                    let _ = fs::remove_file(&path);
                }
            }
        }
    }
}

/// Returns whether a file is the temporary file of a write: `.NAME.PID.tmp`.
pub(super) fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let number = name.strip_suffix(".tmp").filter(|rest| rest.starts_with('.')).and_then(|rest| rest.rsplit_once('.'));
    number.is_some_and(|(_, id)| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Returns whether a file is old, or dated in the future because the clock was set back.
fn is_abandoned(path: &Path, now: DateTime<Utc>) -> bool {
    path.symlink_metadata().is_ok_and(|meta| (now.timestamp() - meta.mtime()).abs() > ABANDONED_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn only_what_was_left_long_ago_goes() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::new(directory.path().to_path_buf());
        let kept = ["state/crisis.json", "state/.crisis.json.tmp", "state/.x.12a.tmp", "snapshots/2026-11-20.jsonl"];
        let gone = [".report.html.12.tmp", "state/.crisis.json.4711.tmp", "rollups/5m/.2026-11-20.jsonl.gz.1.tmp"];
        for name in kept.iter().chain(&gone) {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let written = directory.path().join(gone[0]).metadata().unwrap().mtime();
        let at = |minutes| DateTime::from_timestamp(written, 0).unwrap() + TimeDelta::minutes(minutes);
        let there = || kept.iter().chain(&gone).filter(|name| directory.path().join(name).exists()).count();
        store.remove_leftovers(at(59));
        assert_eq!(there(), kept.len() + gone.len(), "somebody may still write");
        store.remove_leftovers(at(62));
        assert_eq!(there(), kept.len());
        assert!(kept.iter().all(|name| directory.path().join(name).exists()));
    }
}
