//! Current users of the space of a file system: deleted files that are still open, and open files that grow.

use super::mounts;
use crate::base::sort::SmallSort;
use crate::host::Root;
use crate::host::open_files::OpenFile;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Time limit of the search, and the time in which a file must grow.
const SEARCH_LIMIT: Duration = Duration::from_millis(250);
const WATCHED: Duration = Duration::from_millis(200);
/// Number of files that are watched.
const WATCHED_MAX: usize = 200;

/// A file and the process that has it open.
#[derive(Debug, Clone, PartialEq)]
pub struct Holder {
    /// Path.
    pub path: String,
    /// Name of the process.
    pub name: String,
    /// Its id.
    pub pid: u32,
    /// Space in bytes, or growth in bytes per second.
    pub bytes: f64,
}

/// Open files of one file system.
#[derive(Debug, Default)]
pub struct Found {
    /// Space of all deleted files that are still open, in bytes, and the largest of them.
    pub deleted: Option<(f64, Holder)>,
    /// The file that grows most.
    pub growing: Option<Holder>,
}

/// Searches the file system whose mount point has the name `mount`. A file that grows on another one is never named.
pub fn open_files(root: &Root, mount: &str) -> Found {
    let Ok(info) = root.mount_info() else { return Found::default() };
    let mounts = mounts::parse(&info);
    let Some(named) = mounts.iter().find(|known| known.name() == mount) else { return Found::default() };
    let points: Vec<&[u8]> = mounts.iter().map(|mount| mount.point.as_slice()).collect();
    let is_below = |path: &[u8]| {
        points.iter().filter(|point| is_below(path, point)).max_by_key(|it| it.len()) == Some(&named.point.as_slice())
    };
    let point = Path::new(OsStr::from_bytes(&named.point));
    let files = root.open_files(point, &is_below, Instant::now() + SEARCH_LIMIT);
    let holder = |file: &OpenFile, bytes: f64| Holder {
        path: file.path.clone(),
        name: root.process_name(file.pid),
        pid: file.pid,
        bytes,
    };
    let deleted = files.iter().filter(|file| file.is_deleted && file.allocated > 0);
    let total: u64 = deleted.clone().map(|file| file.allocated).sum();
    let largest = deleted.max_by_key(|file| file.allocated);
    Found {
        deleted: largest.map(|file| (total as f64, holder(file, file.allocated as f64))),
        growing: growing(root, &files).map(|(file, rate)| holder(file, rate)),
    }
}

/// Returns whether a path is at or below a mount point.
fn is_below(path: &[u8], point: &[u8]) -> bool {
    let rest = path.strip_prefix(point);
    rest.is_some_and(|rest| point.ends_with(b"/") || rest.is_empty() || rest.starts_with(b"/"))
}

fn growing<'f>(root: &Root, files: &'f [OpenFile]) -> Option<(&'f OpenFile, f64)> {
    let mut written: Vec<&OpenFile> = files.iter().filter(|file| file.is_written).collect();
    written.arrange_by_key(|file| std::cmp::Reverse(file.length));
    written.truncate(WATCHED_MAX);
    // A recorded host does not change.
    if written.is_empty() || root.is_recorded() {
        return None;
    }
    let begin: Vec<(&OpenFile, Option<u64>, Instant)> =
        written.into_iter().map(|file| (file, root.length_now(file), Instant::now())).collect();
    sleep(WATCHED);
    let grown = begin.into_iter().filter_map(|(file, before, since)| {
        let more = root.length_now(file)?.checked_sub(before?).filter(|more| *more > 0)?;
        Some((file, more as f64 / since.elapsed().as_secs_f64().max(0.001)))
    });
    grown.max_by(|(_, a), (_, b)| a.total_cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::Write;

    #[test]
    fn a_file_that_grows_is_found_on_its_own_file_system_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("grows.log");
        let mut file = File::create(&path).unwrap();
        let writer = std::thread::spawn(move || {
            for _ in 0..150 {
                file.write_all(&[b'x'; 65_536]).unwrap();
                sleep(Duration::from_millis(10));
            }
        });
        let info = std::fs::read_to_string(["", "proc", "self", "mountinfo"].join("/")).unwrap();
        let points: Vec<String> =
            mounts::parse(info.as_bytes()).iter().map(|it| String::from_utf8_lossy(&it.point).into_owned()).collect();
        let path = path.to_str().unwrap();
        let mount =
            points.iter().filter(|it| is_below(path.as_bytes(), it.as_bytes())).max_by_key(|it| it.len()).unwrap();
        let found = open_files(&Root::new(None), mount).growing.expect("a file that grows");
        assert!(found.path != path || (found.pid == std::process::id() && found.bytes > 1e5), "{found:?}");
        let other = points.iter().find(|it| *it != mount && !is_below(path.as_bytes(), it.as_bytes())).unwrap();
        assert!(open_files(&Root::new(None), other).growing.is_none_or(|found| found.path != path));
        writer.join().unwrap();
    }

    #[test]
    fn a_mount_point_is_no_prefix_of_a_name() {
        let cases: [(&str, &str, bool); 5] = [
            ("/var/x", "/var", true),
            ("/variable", "/var", false),
            ("/x", "/", true),
            ("/var", "/var", true),
            ("x", "/", false),
        ];
        for (path, point, expected) in cases {
            assert_eq!(is_below(path.as_bytes(), point.as_bytes()), expected, "{path} {point}");
        }
    }
}
