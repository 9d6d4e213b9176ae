//! Space that the files below a directory take.

use super::Root;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Instant;

/// Bytes of a block of `st_blocks` (stat(2)).
const BLOCK_BYTES: u64 = 512;
/// Deepest directory that is looked into.
const DEPTH_MAX: usize = 16;

impl Root {
    /// Space allocated to the regular files below a directory whose names fit, in bytes; links are not followed. `directory`
    /// is relative to the root. After `until`, the sum so far; 0: there is no such directory.
    pub fn allocated_below(&self, directory: &str, fits: &dyn Fn(&str) -> bool, until: Instant) -> u64 {
        let mut waiting: Vec<(PathBuf, usize)> = vec![(self.base.join(directory), 0)];
        let mut total: u64 = 0;
        while let Some((directory, depth)) = waiting.pop() {
            for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
                if Instant::now() > until {
                    return total;
                }
                // Of the entry itself, not of what it links to.
                let Ok(meta) = entry.metadata() else { continue };
                if meta.is_dir() && depth < DEPTH_MAX {
                    waiting.push((entry.path(), depth + 1));
                } else if meta.is_file() && fits(&entry.file_name().to_string_lossy()) {
                    total = total.saturating_add(meta.blocks().saturating_mul(BLOCK_BYTES));
                }
            }
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::time::Duration;

    #[test]
    fn files_that_fit_are_added_up_without_following_links() {
        let host = tempfile::tempdir().unwrap();
        let (inside, outside) = (host.path().join("var/a"), host.path().join("other"));
        fs::create_dir_all(inside.join("deep")).unwrap();
        fs::create_dir_all(&outside).unwrap();
        for path in [inside.join("deep/x.deb"), inside.join("y.deb"), inside.join("z.txt"), outside.join("w.deb")] {
            fs::write(path, vec![7; 8192]).unwrap();
        }
        symlink(&outside, inside.join("link")).unwrap();
        symlink(outside.join("w.deb"), inside.join("link.deb")).unwrap();
        let root = Root::new(Some(host.path()));
        let until = Instant::now() + Duration::from_secs(60);
        assert_eq!(root.allocated_below("var/a", &|name| name.ends_with(".deb"), until), 2 * 8192);
        assert_eq!(root.allocated_below("var/none", &|_| true, until), 0);
    }
}
