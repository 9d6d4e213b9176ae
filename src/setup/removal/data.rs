//! History and state that are removed with the data.

use crate::base::sort::SmallSort;
use crate::store::STREAMS;
use std::fs;
use std::path::{Path, PathBuf};

/// Entries of a data directory besides the streams.
const KNOWN: [&str; 11] = [
    "state",
    "columns",
    "rollups",
    "outbox",
    "damaged",
    "lock",
    "run.lock",
    "reserve",
    "report.html",
    "report.json",
    "removed-schedule",
];
/// Endings of the directories that restores leave beside it.
const BESIDE: [&str; 2] = [".before-restore", ".restoring"];

/// Paths with data of osmon.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Data {
    /// Paths to remove, directories with all below them.
    pub removed: Vec<PathBuf>,
    /// Paths that stay, with the reasons.
    pub kept: Vec<String>,
}

impl Data {
    /// A data directory with what restores left beside it. Only osmon's own entries are removed from a directory that has
    /// others too.
    pub fn of(directory: &Path) -> Self {
        let mut data = Self::default();
        // A link goes together with the directory it leads to.
        let real = directory.canonicalize().unwrap_or_else(|_| directory.to_path_buf());
        data.add_contents(&real);
        if real != directory && directory.is_symlink() {
            data.removed.push(directory.to_path_buf());
        }
        data.removed.extend(beside(directory));
        data
    }

    fn add_contents(&mut self, directory: &Path) {
        let entries: Vec<_> = fs::read_dir(directory).into_iter().flatten().flatten().collect();
        let is_own = |entry: &&fs::DirEntry| is_own(&entry.file_name().to_string_lossy());
        let foreign: Vec<String> = entries
            .iter()
            .filter(|entry| !is_own(entry))
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        if !foreign.is_empty() {
            self.removed.extend(entries.iter().filter(is_own).map(fs::DirEntry::path));
            let names = foreign.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
            self.kept.push(format!("{}: {names} in it is not osmon's", directory.display()));
        } else if directory.is_dir() {
            self.removed.push(directory.to_path_buf());
        }
    }
}

fn is_own(name: &str) -> bool {
    // Temporary files of writes and quarantined ones begin with a known name, after a dot or before one.
    let stem = name.trim_start_matches('.').split('.').next().unwrap_or_default();
    let known = || KNOWN.iter().chain(STREAMS.iter());
    known().any(|known| *known == name)
        || (name.contains('.') && known().any(|known| known.split('.').next() == Some(stem)))
}

fn beside(directory: &Path) -> Vec<PathBuf> {
    let (Some(parent), Some(name)) = (directory.parent(), directory.file_name()) else { return Vec::new() };
    let name = name.to_string_lossy().into_owned();
    let is_left = |entry: &fs::DirEntry| {
        let entry = entry.file_name().to_string_lossy().into_owned();
        entry.strip_prefix(&name).is_some_and(|end| BESIDE.iter().any(|ending| end.starts_with(ending)))
    };
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut left: Vec<PathBuf> = entries.filter(is_left).map(|entry| entry.path()).collect();
    left.arrange();
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_entries_of_osmon_are_removed_from_a_shared_directory() {
        let base = tempfile::tempdir().unwrap();
        let data = base.path().canonicalize().unwrap().join("data");
        for name in ["snapshots", "state", "outbox"] {
            fs::create_dir_all(data.join(name)).unwrap();
        }
        fs::write(data.join(".report.html.17.tmp"), "").unwrap();
        for name in ["data.before-restore-2026", "data.restoring", "data2", "other.restoring"] {
            fs::create_dir(data.with_file_name(name)).unwrap();
        }
        let beside = ["data.before-restore-2026", "data.restoring"].map(|name| data.with_file_name(name));
        assert_eq!(Data::of(&data).removed, [&[data.clone()][..], &beside].concat());

        fs::write(data.join("thesis.odt"), "").unwrap();
        let shared = Data::of(&data);
        assert!(!shared.removed.contains(&data) && !shared.removed.contains(&data.join("thesis.odt")));
        assert!(
            shared.removed.contains(&data.join("snapshots"))
                && shared.removed.contains(&data.join(".report.html.17.tmp"))
        );
        assert!(shared.kept.concat().contains("thesis.odt"), "{:?}", shared.kept);

        let link = data.with_file_name("link");
        std::os::unix::fs::symlink(&data, &link).unwrap();
        fs::remove_file(data.join("thesis.odt")).unwrap();
        assert_eq!(Data::of(&link).removed, [data, link]);
        assert_eq!(Data::of(Path::new("/nonexistent/osmon")), Data::default());
    }

    #[test]
    fn names_of_others_are_not_taken_for_own() {
        for own in ["snapshots", "run.lock", "report.html", ".lock.12.tmp", "state.corrupt-1"] {
            assert!(is_own(own), "{own}");
        }
        for other in ["", "home", "snapshots2", "etc", "osmon", ".ssh", "www"] {
            assert!(!is_own(other), "{other}");
        }
    }
}
