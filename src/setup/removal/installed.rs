//! The files of an installation: those that install.sh listed, else the programs beside this one.

use crate::base::file::read_at_most;
use crate::base::sort::SmallSort;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The list that install.sh writes, below the prefix.
const LIST: &str = "share/osmon/installed";
/// Largest list that is read, in bytes.
const LIST_MAX: u64 = 1024 * 1024;
/// Files of the package, as dpkg knows them.
const PACKAGE: &str = "var/lib/dpkg/info/osmon.list";
/// The programs besides `osmon`.
const PROGRAMS: [&str; 6] =
    ["osmon-probe", "osmon-detect-crisis", "osmon-send-alert", "osmon-graph", "osmon-backup", "osmon-restore"];

/// The files of an installation.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Installed {
    /// Files and links, this program last.
    pub files: Vec<PathBuf>,
    /// Directories that were made for them, the deepest first; removed where they are empty.
    pub directories: Vec<PathBuf>,
}

/// Returns whether the program at `program` belongs to the Debian package.
pub fn is_of_package(base: &Path, program: &Path) -> bool {
    let list = read_at_most(&base.join(PACKAGE), LIST_MAX).unwrap_or_default();
    program.to_str().is_some_and(|program| String::from_utf8_lossy(&list).lines().any(|line| line == program))
}

impl Installed {
    /// The installation of the program at `program`. What stands in no directory named `bin`, such as a build directory,
    /// was not installed.
    pub fn of(program: &Path) -> Self {
        let Some(directory) = program.parent().filter(|directory| directory.ends_with("bin")) else {
            return Self::default();
        };
        let prefix = directory.parent().unwrap_or(directory);
        let text = read_at_most(&prefix.join(LIST), LIST_MAX).unwrap_or_default();
        let mut installed = Self::listed(&String::from_utf8_lossy(&text), prefix);
        installed.files.extend(PROGRAMS.iter().map(|name| directory.join(name)));
        installed.files.retain(|file| file != program && fs::symlink_metadata(file).is_ok());
        installed.files.arrange();
        installed.files.dedup();
        installed.files.push(program.to_path_buf());
        installed
    }

    /// The entries of a list that are below the prefix, or the prefix itself where it was made.
    fn listed(text: &str, prefix: &Path) -> Self {
        let is_below =
            |path: &Path| path.starts_with(prefix) && !path.components().any(|part| part == Component::ParentDir);
        let (mut files, mut directories) = (Vec::new(), Vec::new());
        for line in text.lines().filter(|line| is_below(Path::new(line))) {
            if line.ends_with('/') { directories.push(PathBuf::from(line)) } else { files.push(PathBuf::from(line)) }
        }
        directories.arrange_by_key(|path| std::cmp::Reverse(path.components().count()));
        Self { files, directories }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_nothing_outside_its_prefix() {
        let text = "/usr/local/share/osmon/\n/usr/local/share/osmon/a/\n/usr/local/bin/osmon\n/etc/passwd\n/usr/local/../../etc/passwd\nbin/x\n\n/usr/local\n/usr/local/\n/usr/localx/y\n";
        let installed = Installed::listed(text, Path::new("/usr/local"));
        assert_eq!(installed.files, ["/usr/local/bin/osmon", "/usr/local"].map(PathBuf::from));
        assert_eq!(
            installed.directories,
            ["/usr/local/share/osmon/a/", "/usr/local/share/osmon/", "/usr/local/"].map(PathBuf::from)
        );
    }

    #[test]
    fn a_build_directory_is_no_installation() {
        assert_eq!(Installed::of(Path::new("/nonexistent/target/release/osmon")), Installed::default());
        let of_bin = Installed::of(Path::new("/nonexistent/bin/osmon"));
        assert_eq!((of_bin.files, of_bin.directories), (vec![PathBuf::from("/nonexistent/bin/osmon")], Vec::new()));
    }
}
